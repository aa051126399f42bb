"""Bundles, parameter schemas and static checks."""

from libs.common_types.src.types import JSONValue


def config_sentences(schema: dict[str, JSONValue], config: dict[str, JSONValue]) -> list[str]:
    """What is wrong with a config, a sentence each; empty when it fits the schema."""
    raise NotImplementedError
