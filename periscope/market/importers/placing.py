"""From the times of rows to the intervals of bars: their span, the clock they are on, which end they mark."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.columns import IntColumn, Mask
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.intervals import (
    DAY,
    HOUR,
    LENGTHS,
    SECOND,
    SessionGrid,
    day_intervals,
    hour_intervals,
)
from periscope.market.importers.options import END
from periscope.market.importers.timestamps import time_zone, wall_to_utc

_SPANS = {SECOND: BarTimeSpan.SECOND, 60 * SECOND: BarTimeSpan.MINUTE, HOUR: BarTimeSpan.HOUR}


def guess_span(steps: Counter[int], path: Path, note: Callable[[str], None]) -> BarTimeSpan:
    """The span of a file's bars from the distances of its rows. Raises `ImportProblem` SPAN_REQUIRED (exit code 2)."""
    if not steps:
        raise ImportProblem("SPAN_REQUIRED", f"{path} does not tell its bars' span; use --span", exit_code=2)
    most = max(steps.values())
    usual = min(step for step, count in steps.items() if count == most)
    if usual in _SPANS or usual >= 20 * HOUR:
        span = _SPANS.get(usual, BarTimeSpan.DAY)
        note(f"no --span given: the rows are mostly a {span.value} apart, so they are {span.value} bars")
        return span
    raise ImportProblem(
        "SPAN_REQUIRED",
        f"the rows of {path} are mostly {usual // SECOND} seconds apart; bars are of a second, minute, hour or"
        " day. If they are one of these, say which with --span",
        exit_code=2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How the times of one file become intervals.

    `zoned`: the times are moments, not wall-clock times. `days_only`: they are dates, or all midnights. `zone` is the
    name of the clock that wall-clock times are on, None for the exchange's. `stamp` is the end that times mark.
    """

    path: Path
    grid: SessionGrid
    span: BarTimeSpan
    zoned: bool
    days_only: bool
    zone: str | None
    stamp: str | None

    def check(self) -> None:
        """Raise `ImportProblem` STAMP_REQUIRED or UNKNOWN_TIME_ZONE (exit code 2) where the user has to say more."""
        if self.zone is not None:
            time_zone(self.zone)
        if self.span is not BarTimeSpan.DAY and self.stamp is None:
            raise ImportProblem(
                "STAMP_REQUIRED",
                f"{self.path} does not tell whether a bar's time is its start or its end; use --stamp start or"
                " --stamp end (a 09:30 bar of the NYSE's first minute is stamped at its start)",
                exit_code=2,
            )

    def intervals(self, times: IntColumn) -> tuple[IntColumn, IntColumn, Mask]:
        """Start and end of the bars of these times, and which times the clock showed exactly once."""
        if self.span is BarTimeSpan.DAY:
            return *day_intervals(self._days(times), self.grid), np.ones(len(times), dtype=np.bool_)
        moments, ok = self._moments(times)
        return *self._intraday(moments), ok

    def _moments(self, times: IntColumn) -> tuple[IntColumn, Mask]:
        if self.zoned:
            return times, np.ones(len(times), dtype=np.bool_)
        return wall_to_utc(times, self.grid.zone if self.zone is None else time_zone(self.zone))

    def _intraday(self, times: IntColumn) -> tuple[IntColumn, IntColumn]:
        if self.span is not BarTimeSpan.HOUR:
            start = times - LENGTHS[self.span] if self.stamp == END else times
            return start, start + LENGTHS[self.span]
        return hour_intervals(_hour_starts(times, self.grid) if self.stamp == END else times, self.grid)

    def _days(self, times: IntColumn) -> IntColumn:
        """The trading day of each DAY bar: the date where the time is midnight, else that of the session it lies in."""
        days = times // DAY
        if self.days_only:
            return days
        grid = self.grid
        moments = self._moments(times)[0]
        local = grid.local_day(moments)
        at_midnight = (times % DAY == 0) | (moments == grid.local_midnight(local))
        index, inside = grid.index_at(moments - 1 if self.stamp == END else moments)
        session_day = np.where(inside, grid.days[index] if len(grid.days) > 0 else local, local)
        return np.where(times % DAY == 0, days, np.where(at_midnight, local, session_day))


def _hour_starts(ends: IntColumn, grid: SessionGrid) -> IntColumn:
    """The first moments of HOUR bars stamped at their end: an hour before, or the full hour before an end off the mark
    that is a session's close (a 17:15 close ends the hour of 17:00)."""
    starts = ends - HOUR
    at_close = np.isin(ends, grid.closes) & (ends % HOUR != 0)
    return np.where(at_close, ends // HOUR * HOUR, starts)
