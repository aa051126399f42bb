"""Bars that repeat: a feed that hung, or bars that a vendor invented where nothing traded."""

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.bar_files import joined, take
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series

LONGEST_BY_CHANCE = {BarTimeSpan.SECOND: 30, BarTimeSpan.MINUTE: 10, BarTimeSpan.HOUR: 5, BarTimeSpan.DAY: 3}
"""So many equal bars on end are still taken for chance."""

SMALL_VOLUME = 10
"""So many contracts or shares are easily traded twice on end at the same price."""

TIMES_BY_CHANCE = 3
"""A run of bars with a small or an unknown volume must be so many times longer."""


class StaleRule:
    """STALE_RUN: open, high, low, close and volume equal those of the bar before, more often than chance allows.

    Runs across a weekend count as well: what matters is that bar follows bar. A volume of zero counts like a great one:
    nothing traded, so somebody filled in the bars.
    """

    def __init__(self, series: Series, log: FindingLog) -> None:
        self._series = series
        self._log = log
        self._last: BarColumns | None = None
        self._run = 1
        self._begun = 0

    def feed(self, bars: BarColumns) -> None:
        """Follow the runs through the next bars."""
        one = bars if self._last is None else joined([self._last, bars])
        differs = np.zeros(len(one) - 1, dtype=np.bool_)
        for column in (one.open, one.high, one.low, one.close, one.volume):
            differs |= column[1:] != column[:-1]
        if self._last is None:
            self._begun = int(one.start[0])
        firsts = np.flatnonzero(differs) + 1
        begins = np.concatenate([[0], firsts])
        stops = np.concatenate([firsts, [len(one)]])
        lengths = stops - begins
        lengths[0] += self._run - 1
        for run in np.flatnonzero(lengths[:-1] > min(LONGEST_BY_CHANCE.values())).tolist():
            begun = self._begun if run == 0 else int(one.start[begins[run]])
            self._close(begun, int(lengths[run]), take(one, slice(int(stops[run]) - 1, int(stops[run]))))
        if len(begins) > 1:
            self._begun = int(one.start[begins[-1]])
        self._run = int(lengths[-1])
        self._last = take(one, slice(len(one) - 1, None))

    def finish(self) -> None:
        """The last run is over."""
        if self._last is not None:
            self._close(self._begun, self._run, self._last)

    def _close(self, begun: int, length: int, bar: BarColumns) -> None:
        price, volume = self._series.price(int(bar.close[0])), int(bar.volume[0])
        small = volume == UNKNOWN_VOLUME or 0 < volume <= SMALL_VOLUME * 10**self._series.instrument.volume_scale
        if length > LONGEST_BY_CHANCE[self._series.span] * (TIMES_BY_CHANCE if small else 1):
            self._log.add(
                "STALE_RUN",
                np.array([begun], dtype=np.int64),
                lambda _: (
                    f"{length} bars with the same prices (close {price}) and volume"
                    f" ({'unknown' if volume == UNKNOWN_VOLUME else volume})"
                ),
                count=length,
            )
