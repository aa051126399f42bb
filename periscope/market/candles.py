"""Bars merged into longer candles: the rule of open, high, low, close and volume, and which bars belong together.

A candle of less than a day covers the bars that start in the same stretch of so many seconds since 1970-01-01 UTC, and
belong to the same trading day. One of a day covers a trading day. Longer ones cover whole weeks, from Monday, counted
from 1970 on. So a candle is the same whichever window is asked for.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from periscope.market.bar_files import joined, take
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn

type Days = npt.NDArray[np.int32]
"""Trading days, as days since 1970-01-01."""

DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * DAY_SECONDS
_SECOND = 1_000_000
_TO_MONDAY = 3
"""The first day was a Thursday."""
_WITHIN_A_DAY = (5, 10, 30, 60, 300, 900, 1_800, 3_600, 14_400)


def merged(bars: BarColumns, first: npt.NDArray[np.intp]) -> BarColumns:
    """One bar for the rows from each of `first` to the next one; the volume is unknown where that of any of them is."""
    last = np.append(first[1:], len(bars)) - 1
    unknown = np.logical_or.reduceat(bars.volume == UNKNOWN_VOLUME, first)
    return BarColumns(
        start=bars.start[first],
        end=np.maximum.reduceat(bars.end, first),
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=np.where(unknown, UNKNOWN_VOLUME, np.add.reduceat(bars.volume, first)),
    )


def up_to_days() -> Iterator[int]:
    """Lengths of candles in seconds, each longer than the one before: up to a trading day."""
    yield from _WITHIN_A_DAY
    yield DAY_SECONDS


def up_to_any_length() -> Iterator[int]:
    """Lengths without an end: after a day a week, four, and then always twice as long."""
    yield from up_to_days()
    yield _WEEK_SECONDS
    length = 4 * _WEEK_SECONDS
    while True:
        yield length
        length *= 2


def marks(starts: IntColumn, days: Days, seconds: int) -> IntColumn:
    """A number for each bar that only the bars of the same candle of that length share, in order."""
    if seconds < DAY_SECONDS:
        whole: IntColumn = starts // (seconds * _SECOND)
        return whole
    wide = days.astype(np.int64)
    return wide if seconds == DAY_SECONDS else (wide + _TO_MONDAY) // (seconds // DAY_SECONDS)


def first_rows(starts: IntColumn, days: Days, seconds: int) -> npt.NDArray[np.intp]:
    """The first row of each candle of that length."""
    found = marks(starts, days, seconds)
    changed = np.diff(found, prepend=found[0] - 1) != 0
    if seconds < DAY_SECONDS:
        changed |= np.diff(days, prepend=days[0] - 1) != 0
    return np.flatnonzero(changed)


class Candles:
    """Takes bars as they come and merges them into longer candles whenever they become too many, so that memory stays
    small however long the series is. `seconds` is how much time a candle covers, `stored` how many bars came."""

    def __init__(self, span_seconds: int, limit: int, lengths: Callable[[], Iterator[int]] = up_to_days) -> None:
        self.seconds = span_seconds
        self.stored = 0
        self._limit = limit
        self._longer = (seconds for seconds in lengths() if seconds > span_seconds)
        self._bars: list[BarColumns] = []
        self._days: list[Days] = []
        self.is_merged = False

    def add(self, bars: BarColumns, days: Days) -> None:
        """Take the bars that follow, with their trading days."""
        if len(bars) == 0:
            return
        self.stored += len(bars)
        self._bars.append(bars)
        self._days.append(days)
        self._shrink(2 * self._limit)

    def finish(self) -> tuple[BarColumns, Days]:
        """All candles with their trading days; there must have been a bar."""
        self._shrink(self._limit)
        if self.is_merged:
            self._merge()
        return joined(self._bars), np.concatenate(self._days)

    def _shrink(self, most: int) -> None:
        while sum(map(len, self._bars)) > most:
            if self.is_merged:
                self._merge()
                if len(self._bars[0]) <= most:
                    return
            longer = next(self._longer, None)
            if longer is None:
                return
            self.seconds, self.is_merged = longer, True
            self._merge()

    def _merge(self) -> None:
        bars, days = joined(self._bars), np.concatenate(self._days)
        first = first_rows(bars.start, days, self.seconds)
        self._bars, self._days = [merged(bars, first)], [days[first]]


def rows_of_mark(bars: BarColumns, days: Days, seconds: int, like: tuple[int, int]) -> BarColumns:
    """The bars of the candle of that length to which a bar of that start and trading day belongs."""
    start, day = like
    wanted = marks(np.array([start], dtype=np.int64), np.array([day], dtype=np.int32), seconds)[0]
    same = marks(bars.start, days, seconds) == wanted
    return take(bars, same & (days == day) if seconds < DAY_SECONDS else same)
