"""What the platform hands to the framework: the clock of a strategy, and the schema and config of the run.

Strategy code has no need of this module. Tests of a strategy may call `install_context` to read symbols.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from libs.common_types.src.types import JSONValue

CLOCK_ATTRIBUTE = "_periscope_clock"


class Clock:
    """The simulation time that a strategy sees. Setting `now` is all that the platform does per event."""

    __slots__ = ("now",)

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now


def attach_clock(strategy: object, clock: Clock) -> None:
    """Let `strategy.simulation_time` read `clock`. Works whatever the subclass did in its `__init__`."""
    if not hasattr(type(strategy), CLOCK_ATTRIBUTE):
        raise TypeError(f"a clock can only be attached to a StrategyBase, found {type(strategy).__name__}")
    object.__setattr__(strategy, CLOCK_ATTRIBUTE, clock)


@dataclass(frozen=True, slots=True)
class RunContext:
    """The schema of the strategy's parameters, the config that the run was launched with, and a validator.

    `validate` takes a config and returns one sentence per problem, none when the config is valid. Without one,
    `validate_config` uses the validator of an installed Periscope.
    """

    schema: dict[str, JSONValue]
    config: dict[str, JSONValue]
    validate: Callable[[dict[str, JSONValue]], list[str]] | None = None


_installed: RunContext | None = None


def install_context(context: RunContext | None) -> None:
    """Make `context` the one that `validate_config` and the extractors read; None removes it.

    The config is copied, so that a strategy that edits its config afterwards does not edit what was launched.
    """
    global _installed  # noqa: PLW0603 - one strategy lives in one process; the extractors take no handle
    _installed = None if context is None else replace(context, config=_copy_object(context.config))


def current_context() -> RunContext | None:
    """The context of this process, None outside a run."""
    return _installed


def _copy_object(value: dict[str, JSONValue]) -> dict[str, JSONValue]:
    return {key: _copy(item) for key, item in value.items()}


def _copy(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        return _copy_object(value)
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
