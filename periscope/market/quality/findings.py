"""What a check of bars found: counted by code, with the first time, an example in words, and marks for a picture."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.quality.rules import RULES, Rule, Severity

MOST_MARKS = 500
"""How many places of a finding are kept for the picture; all are counted."""


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One code found in one series.

    `first` is the time of its first place and `marks` are those of its first places, microseconds since 1970-01-01
    UTC; `count` counts what the rule says (bars, sessions, trading days); `example` describes the first place. `data`
    is what the series holds: bars or quote bars.
    """

    code: str
    symbol: str
    asset_type: str
    span: BarTimeSpan
    first: int
    count: int
    example: str
    marks: tuple[int, ...] = ()
    data: str = BarColumns.WHAT

    @property
    def rule(self) -> Rule:
        """Meaning, severity and remedy of the code."""
        return RULES[self.code]

    @property
    def place(self) -> str:
        """Symbol, span and first time."""
        data = "" if self.data == BarColumns.WHAT else f" {self.data}"
        return f"{self.symbol} {self.span.value}{data} {time_text(self.first)}"

    @property
    def counted(self) -> str:
        """The count in words: 1 bar, 12 sessions."""
        return self.rule.counted(self.count)

    def __str__(self) -> str:
        return f"{self.place}: {self.example} [{self.code}]"

    def to_json(self) -> dict[str, Any]:
        """The finding as a JSON document."""
        return {
            "code": self.code,
            "severity": self.rule.severity.value,
            "symbol": self.symbol,
            "asset_type": self.asset_type,
            "span": self.span.value,
            "data": self.data,
            "first": time_text(self.first),
            "count": self.count,
            "counts": self.rule.counts,
            "example": self.example,
            "meaning": self.rule.what,
            "mend": self.rule.mend,
        }


@dataclass(slots=True)
class _Tally:
    count: int = 0
    first: int = 0
    example: str = ""
    marks: list[int] = field(default_factory=list)


class FindingLog:
    """Collects what the rules find in one series."""

    def __init__(self, instrument: Instrument, span: BarTimeSpan, data: str = BarColumns.WHAT) -> None:
        self._instrument = instrument
        self._span = span
        self._data = data
        self._tallies: dict[str, _Tally] = {}

    def add(self, code: str, times: IntColumn, describe: Callable[[int], str], *, count: int | None = None) -> None:
        """Count what was found at `times`; `count` where that is not one each; `describe(i)` words the i-th place."""
        assert code in RULES, code
        if len(times) == 0:
            return
        tally = self._tallies.setdefault(code, _Tally())
        earliest = int(np.argmin(times))
        if tally.count == 0 or int(times[earliest]) < tally.first:
            tally.first, tally.example = int(times[earliest]), describe(earliest)
        tally.count += len(times) if count is None else count
        tally.marks.extend(times[: MOST_MARKS - len(tally.marks)].tolist())

    def findings(self) -> list[QualityFinding]:
        """What was found, problems first, each in the order of the table of rules."""
        found = [
            QualityFinding(
                code,
                self._instrument.symbol,
                self._instrument.asset_type.name,
                self._span,
                tally.first,
                tally.count,
                tally.example,
                tuple(tally.marks),
                self._data,
            )
            for code in RULES
            if (tally := self._tallies.get(code)) is not None
        ]
        return sorted(found, key=lambda each: each.rule.severity is Severity.NOTE)
