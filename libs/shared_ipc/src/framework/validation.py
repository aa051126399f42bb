"""Checks a config against the schema of the run."""

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.errors import ConfigError
from libs.shared_ipc.src.framework.runtime import RunContext, current_context


def validate_config(config: dict[str, JSONValue]) -> None:
    """Check `config` against the strategy's schema; ConfigError lists every problem, one a line.

    The config that the run was launched with was validated before and passes at once. Call this in `__init__` before
    reading any parameter. Outside a run, where there is no schema, it only checks that the config is a dict.
    """
    if not isinstance(config, dict):
        raise ConfigError(f"config: expected a dict of parameters, found {config!r} of type {type(config).__name__}")
    context = current_context()
    if context is None or _same(config, context.config):
        return
    problems = _problems(context, config)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError("\n".join([f"the config breaks its schema: {count}", *(f"- {text}" for text in problems)]))


def _problems(context: RunContext, config: dict[str, JSONValue]) -> list[str]:
    if context.validate is not None:
        return context.validate(config)
    try:
        from periscope.strategies.parameters import config_sentences
    except ImportError:
        return []
    return config_sentences(context.schema, config)


def _same(left: object, right: object) -> bool:
    """Equality that tells 1, 1.0 and True apart."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return left == right
