"""Bars that an importer read on a wrong clock: their volume lies beside the sessions, by whole hours."""

from dataclasses import dataclass

import numpy as np

from periscope.instruments.times import time_text
from periscope.market.bar_files import take
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.importers.intervals import HOUR, SessionGrid
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series

SHIFTS = tuple(hours for hours in range(-14, 15) if hours != 0)
"""Whole hours by which stamps can be wrong: the time zones of the world lie between UTC-12 and UTC+14."""

OUTSIDE_PER_MILLE = 20
"""Where less than this of the bars lies outside of the sessions, the clock is right."""

BARS_FIT_PER_MILLE = 2
"""A shift fits if at most this of the bars then lies outside, …"""

VOLUME_GAIN_PER_MILLE = 50
"""… or if so much more of the volume then lies inside."""

FEWEST_SESSIONS = 2
_QUARTER = 900_000_000
_MONTH = 28 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class _Profile:
    """Bars and volume by quarter of an hour, ascending; the quarter is that of a bar's middle."""

    quarter: IntColumn
    bars: IntColumn
    volume: IntColumn

    def outside(self, grid: SessionGrid, hours: int) -> tuple[int, int]:
        """Bars and volume outside of the sessions, in thousandths, if all stamps are moved by so many hours."""
        middle = self.quarter * _QUARTER + _QUARTER // 2 + hours * HOUR
        beside = ~grid.index_at(middle)[1]
        bars, volume = int(self.bars.sum()), int(self.volume.sum())
        return (
            int(self.bars[beside].sum()) * 1000 // max(bars, 1),
            int(self.volume[beside].sum()) * 1000 // max(volume, 1),
        )


class ClockRule:
    """WRONG_TIME_ZONE: in four weeks on end, shifting by whole hours puts bars or volume into the sessions.

    Judged for every four weeks by itself, since stamps without daylight saving are wrong in one half of the year only.
    Of several shifts that fit alike the smallest is named. Hours within a session cannot be told apart: a wrong clock
    that leaves every bar in a session of 23 hours is not seen.
    """

    def __init__(self, series: Series, log: FindingLog, grid: SessionGrid) -> None:
        self._series = series
        self._log = log
        self._grid = grid
        self._since: int | None = None
        self._parts: list[_Profile] = []

    def feed(self, bars: BarColumns) -> None:
        """Count the next bars; judge whenever four weeks are over."""
        while len(bars.start) > 0:
            if self._since is None:
                self._since = int(bars.start[0])
            stop = int(np.searchsorted(bars.start, self._since + _MONTH))
            if stop > 0:
                self._parts.append(_profile(bars, stop))
            if stop == len(bars.start):
                return
            self.finish()
            bars = take(bars, slice(stop, None))

    def finish(self) -> None:
        """Judge what was counted."""
        if self._since is None or not self._parts:
            return
        profile = _summed(self._parts)
        first, self._since, self._parts = self._since, None, []
        shift = _best_shift(profile, self._grid)
        if shift is None:
            return
        before, after = profile.outside(self._grid, 0), profile.outside(self._grid, shift)
        self._log.add(
            "WRONG_TIME_ZONE",
            np.array([first], dtype=np.int64),
            lambda _: (
                f"{before[0] / 10:.1f} % of the bars and {before[1] / 10:.1f} % of the volume of the four weeks from"
                f" {time_text(first)} lie outside of the sessions; {after[0] / 10:.1f} % and {after[1] / 10:.1f} % if"
                f" shifted by {shift:+d} hours"
            ),
            count=int(profile.bars.sum()),
        )


def _profile(bars: BarColumns, stop: int) -> _Profile:
    quarter = (bars.start[:stop] + (bars.end[:stop] - bars.start[:stop]) // 2) // _QUARTER
    first = np.flatnonzero(np.diff(quarter, prepend=quarter[0] - 1))
    counts = np.diff(first, append=stop)
    return _Profile(quarter[first], counts, np.add.reduceat(np.maximum(bars.volume[:stop], 0), first))


def _summed(parts: list[_Profile]) -> _Profile:
    return _Profile(
        np.concatenate([part.quarter for part in parts]),
        np.concatenate([part.bars for part in parts]),
        np.concatenate([part.volume for part in parts]),
    )


def _best_shift(profile: _Profile, grid: SessionGrid) -> int | None:
    """The shift under which the profile fits the sessions; None if it fits as it is, or under none."""
    bars_outside, volume_outside = profile.outside(grid, 0)
    days = len(np.unique(profile.quarter // 96))
    if bars_outside < OUTSIDE_PER_MILLE or days < FEWEST_SESSIONS:
        return None
    best: tuple[int, int, int] | None = None
    for hours in SHIFTS:
        bars, volume = profile.outside(grid, hours)
        fits = bars <= BARS_FIT_PER_MILLE or volume + VOLUME_GAIN_PER_MILLE <= volume_outside
        if fits and (best is None or (bars + volume, abs(hours), hours) < best):
            best = (bars + volume, abs(hours), hours)
    return None if best is None else best[2]
