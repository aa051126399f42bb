"""Single bars with prices far beyond their neighbours'."""

import numpy as np

from periscope.market.bar_files import joined, take
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series

NEIGHBOURS = 50
"""How many bars before, and as many after, say what is usual."""

TIMES_USUAL = 20
"""A spike is farther away than so many times the usual move."""

PARTS_OF_PRICE = 200
"""And than the price divided by this: half a per cent."""


class SpikeRule:
    """SPIKE: a bar's high lies above both neighbours' highs, or its low below both lows, by far.

    By far means by more than 1/200 of the price before, and more than 20 times the usual move, which is the median of
    the absolute moves from close to close among the 50 bars before and after (the bar's own two moves left out), or a
    tick if that is more. A price that moves and stays is no spike, however far. Bars outside of the regular sessions
    are not judged: single trades far from the market are usual there. All in scaled integers. The median of absolute
    deviations as a scale for outliers is Hampel's: The influence curve and its role in robust estimation (1974).
    """

    def __init__(self, series: Series, log: FindingLog) -> None:
        self._series = series
        self._log = log
        self._kept: BarColumns | None = None
        self._judged = 1

    def feed(self, bars: BarColumns) -> None:
        """Judge the bars whose neighbours are all known."""
        window = bars if self._kept is None else joined([self._kept, bars])
        until = len(window) - NEIGHBOURS
        if until > self._judged:
            self._judge(window, self._judged, until)
            self._judged = until
        cut = max(self._judged - NEIGHBOURS - 1, 0)
        self._kept = take(window, slice(cut, None))
        self._judged -= cut

    def finish(self) -> None:
        """Judge the rest, which has fewer bars after it."""
        if self._kept is not None:
            self._judge(self._kept, self._judged, len(self._kept) - 1)

    def _judge(self, bars: BarColumns, begin: int, stop: int) -> None:
        """Judge rows [begin, stop), each of which has a bar before and after it."""
        if stop <= begin:
            return
        rows = np.arange(begin, stop, dtype=np.int64)
        above = bars.high[rows] - np.maximum(bars.high[rows - 1], bars.high[rows + 1])
        below = np.minimum(bars.low[rows - 1], bars.low[rows + 1]) - bars.low[rows]
        far = np.maximum(above, below)
        # Divided, not multiplied: prices may have 18 digits.
        possible = far > np.abs(bars.close[rows - 1]) // PARTS_OF_PRICE
        possible &= (far - 1) // TIMES_USUAL >= self._series.tick
        rows, far, up = rows[possible], far[possible], (above >= below)[possible]
        grid = self._series.grid
        if grid is not None and self._series.intraday:
            regular = grid.index_at(bars.start[rows])[1]
            rows, far, up = rows[regular], far[regular], up[regular]
        if len(rows) == 0:
            return
        usual = _usual_moves(bars.close, rows, self._series.tick)
        spikes = (far - 1) // TIMES_USUAL >= usual
        rows, far, up, usual = rows[spikes], far[spikes], up[spikes], usual[spikes]

        def describe(i: int) -> str:
            row, price = int(rows[i]), self._series.price
            which, extreme = ("high", bars.high) if up[i] else ("low", bars.low)
            return (
                f"a {which} of {price(int(extreme[row]))}, {price(int(far[i]))} beyond those of the bars before and"
                f" after; the usual move is {price(int(usual[i]))}"
            )

        self._log.add("SPIKE", bars.start[rows], describe)


def _usual_moves(close: IntColumn, rows: IntColumn, tick: int) -> IntColumn:
    """For each row the median absolute move among its neighbours; the lower of two middle ones."""
    moves = np.abs(np.diff(close))
    usual = np.full(len(rows), tick, dtype=np.int64)
    for i, row in enumerate(rows.tolist()):
        # Move m leads to close m + 1: the bar's own are row - 1 and row.
        near = np.concatenate([moves[max(row - 1 - NEIGHBOURS, 0) : row - 1], moves[row + 1 : row + 1 + NEIGHBOURS]])
        if len(near) > 0:
            middle = (len(near) - 1) // 2
            usual[i] = max(tick, int(np.partition(near, middle)[middle]))
    return usual
