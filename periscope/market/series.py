"""One instrument's bars at one span, read forward through a window that moves with the run."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from periscope.instruments.scaling import Scaling
from periscope.market.columns import BarColumns, IntColumn

_NAMES = ("start", "end", "open", "high", "low", "close", "volume")


class BarSeries:
    """Bars in ascending order of which only a window is in memory.

    `first_start` and `last_start` are the starts of the first and the last bar read so far, None before that.
    `scalings` says what the integers of the price columns stand for: pairs of a moment (microseconds, UTC) and the
    scaling of the bars that start from it on, ascending, the first pair before all bars.
    Rows are numbered from 0 over the whole series and keep their number for ever; `first` is the number of the first
    row in the window. Chunks are read on demand by `reach`, and rows that nobody needs any more are dropped by
    `release`, so memory is bounded by the chunk size and not by the length of the series.
    """

    __slots__ = (
        "_chunks",
        "_scalings",
        "_since",
        "close",
        "end",
        "exhausted",
        "first",
        "first_start",
        "high",
        "last_start",
        "low",
        "open",
        "start",
        "stop",
        "volume",
    )

    def __init__(self, chunks: Iterable[BarColumns], scalings: Sequence[tuple[int, Scaling]]) -> None:
        self._chunks: Iterator[BarColumns] = iter(chunks)
        self._since = [since for since, _ in scalings]
        self._scalings = [scaling for _, scaling in scalings]
        self.first = 0
        self.stop = 0
        self.exhausted = False
        self.first_start: int | None = None
        self.last_start: int | None = None
        empty = np.empty(0, dtype=np.int64)
        self.start: IntColumn = empty
        self.end: IntColumn = empty
        self.open: IntColumn = empty
        self.high: IntColumn = empty
        self.low: IntColumn = empty
        self.close: IntColumn = empty
        self.volume: IntColumn = empty

    def reach(self, time: int) -> None:
        """Bring every bar that starts at or before `time` into the window (microseconds, UTC)."""
        while not self.exhausted and (self.stop == self.first or self.start[-1] <= time):
            self._read()

    def reach_row(self, row: int) -> bool:
        """Bring row number `row` into the window; False where the series ends before it."""
        while row >= self.stop and not self.exhausted:
            self._read()
        return row < self.stop

    def row_from(self, time: int) -> int:
        """Number of the first row whose bar starts at or after `time`; the series' length if there is none."""
        self.reach(time)
        return self.first + int(self.start.searchsorted(time))

    def row_ended_by(self, time: int) -> int:
        """Number of the last row whose bar has ended at `time`, -1 if there is none in the window."""
        self.reach(time)
        index = int(self.end.searchsorted(time, "right"))
        return self.first + index - 1 if index else -1

    def scaling(self, row: int) -> Scaling:
        """What the prices of row number `row`, which is in the window, stand for."""
        if len(self._scalings) == 1:
            return self._scalings[0]
        return self._scalings[bisect_right(self._since, int(self.start[row - self.first])) - 1]

    def scaling_stop(self, row: int) -> int:
        """Number of the first row after `row` whose prices stand for something else; `stop` if there is none yet."""
        later = bisect_right(self._since, int(self.start[row - self.first])) if len(self._since) > 1 else 1
        if later == len(self._since):
            return self.stop
        return self.first + int(self.start.searchsorted(self._since[later]))

    def release(self, time: int) -> None:
        """Forget the bars that ended before `time`, but for the last of them."""
        index = int(self.end.searchsorted(time)) - 1
        if index * 2 < self.stop - self.first or index <= 0:
            return
        for name in _NAMES:
            setattr(self, name, getattr(self, name)[index:].copy())
        self.first += index

    def _read(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            self.exhausted = True
            return
        if len(chunk) == 0:
            return
        if self.stop > self.first:
            assert chunk.start[0] >= self.end[-1], "bars of one series must ascend and not overlap"
            for name in _NAMES:
                setattr(self, name, np.concatenate((getattr(self, name), getattr(chunk, name))))
        else:
            for name in _NAMES:
                setattr(self, name, np.ascontiguousarray(getattr(chunk, name), dtype=np.int64))
        self.stop += len(chunk)
        if self.first_start is None:
            self.first_start = int(chunk.start[0])
        self.last_start = int(chunk.start[-1])
