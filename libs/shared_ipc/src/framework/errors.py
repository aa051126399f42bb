"""What the framework raises when a strategy's config is wrong."""


class ConfigError(ValueError):
    """A strategy's config breaks its schema, or a parameter was read as something that it is not.

    The message names the parameter, what was expected and what was found.
    """
