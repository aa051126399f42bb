"""What the analyses look at, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from libs.common_types.src.types import JSONValue
from periscope.engine.backtest import Outcome
from periscope.portfolio.statistics_equity import EquitySummary
from periscope.runs.feed import CatalogFeed
from periscope.runs.recorder import Recorder
from periscope.runs.traces import Traces


class Finding(NamedTuple):
    """One cause, as an issue of the run: its code, a sentence with the figures, and what it is about (a symbol)."""

    code: str
    message: str
    subject: str = ""


@dataclass(frozen=True)
class EndedRun:
    """A run that came to its end by itself or was stopped. `parameters` are the values of the strategy's own."""

    outcome: Outcome
    recorder: Recorder
    feed: CatalogFeed
    parameters: Mapping[str, JSONValue]

    @property
    def traces(self) -> Traces:
        """What was kept of orders and fills."""
        return self.recorder.traces

    @cached_property
    def equity(self) -> EquitySummary:
        """The equity curve by trading days."""
        return self.recorder.accumulator.summary()
