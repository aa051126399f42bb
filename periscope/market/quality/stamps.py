"""Stamps that do not fit: beside the marks, at the ends of bars, or two DAY bars in a trading day."""

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.sessions import day_of_number
from periscope.instruments.times import time_text
from periscope.market.columns import BarColumns
from periscope.market.importers.intervals import SessionGrid
from periscope.market.quality.coverage import SessionCoverage
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series, visits

SHARE_OF_SESSIONS = 2
"""Stamps are taken for ends if this is so in more than one of so many sessions."""


class MarkRule:
    """MISALIGNED_STAMPS: an intraday bar starts neither at its span's mark in exchange time nor when trading begins, at
    a session's open or after a break."""

    def __init__(self, series: Series, log: FindingLog) -> None:
        self._series = series
        self._log = log

    def feed(self, bars: BarColumns) -> None:
        """Compare the starts with the marks."""
        length = self._series.length
        beside = bars.start % length != 0
        if self._series.span is BarTimeSpan.HOUR and self._series.grid is not None and bool(beside.any()):
            # Full hours of the exchange's clock, where that is half an hour beside UTC.
            grid = self._series.grid
            beside &= (bars.start - grid.local_midnight(grid.local_day(bars.start))) % length != 0
        rows = np.flatnonzero(beside)
        if self._series.grid is not None:
            grid = self._series.grid
            opens = (grid.opens, grid.extended_opens, self._series.pauses.ends)
            at_open = np.isin(bars.start[rows], np.concatenate(opens))
            rows = rows[~at_open]
        span = self._series.span.value
        self._log.add(
            "MISALIGNED_STAMPS",
            bars.start[rows],
            lambda i: f"a bar of one {span} starts at {time_text(int(bars.start[rows[i]]))}",
        )

    def finish(self) -> None:
        """Nothing is left."""


class EndStampRule:
    """END_STAMPED: in most sessions a bar starts exactly at the close, and none at the open.

    Bars stamped with their ends look like that: 09:31 to 16:00 instead of 09:30 to 15:59. A bar at the close alone is
    no sign, since extended hours have one.
    """

    def __init__(self, series: Series, log: FindingLog, grid: SessionGrid) -> None:
        self._series = series
        self._log = log
        self._grid = grid
        self._starts_at_close = np.zeros(len(grid.opens), dtype=np.bool_)
        self._starts_at_open = np.zeros(len(grid.opens), dtype=np.bool_)
        self._seen = np.zeros(len(grid.opens), dtype=np.bool_)

    def feed(self, bars: BarColumns) -> None:
        """Note which sessions have a bar at the open and one at the close."""
        low, high = np.searchsorted(self._grid.closes, [bars.start[0], bars.start[-1] + 1])
        near = np.arange(low, min(high + 1, len(self._grid.opens)))
        self._starts_at_close[near] |= _is_among(self._grid.closes[near], bars)
        self._starts_at_open[near] |= _is_among(self._grid.opens[near], bars)
        self._seen[visits(self._grid, bars.start).session] = True

    def finish(self) -> None:
        """Report if most sessions look like that."""
        # A next session that begins at this one's close would have the bar for its own.
        like = np.flatnonzero(self._seen & self._starts_at_close & ~self._starts_at_open)
        if len(like) * SHARE_OF_SESSIONS <= int(self._seen.sum()):
            return
        opens, closes = self._grid.opens, self._grid.closes
        self._log.add(
            "END_STAMPED",
            closes[like],
            lambda i: (
                f"a bar starts at the close, {time_text(int(closes[like[i]]))}, and none at the open,"
                f" {time_text(int(opens[like[i]]))}"
            ),
        )


def _is_among(times: np.ndarray[tuple[int], np.dtype[np.int64]], bars: BarColumns) -> np.ndarray[tuple[int]]:
    place = np.minimum(np.searchsorted(bars.start, times), len(bars) - 1)
    return np.asarray(bars.start[place] == times)


def find_double_days(table: SessionCoverage, log: FindingLog) -> None:
    """TWO_DAY_BARS: a trading day with more than one DAY bar."""
    which = np.flatnonzero(table.bars > 1)
    log.add(
        "TWO_DAY_BARS",
        table.first[which],
        lambda i: (
            f"{int(table.bars[which[i]])} DAY bars in the trading day {day_of_number(int(table.grid.days[which[i]]))}"
        ),
    )
