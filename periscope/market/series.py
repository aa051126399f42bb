"""One instrument's bars at one span, read forward through a window that moves with the run."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from periscope.instruments.scaling import Scaling, Scalings
from periscope.market.columns import BarColumns, Columns, IntColumn, QuoteColumns

type BoolColumn = npt.NDArray[np.bool_]

_EMPTY: IntColumn = np.empty(0, dtype=np.int64)


class Window[C: Columns]:
    """Rows in ascending order of which only a window is in memory.

    `first_start` and `last_start` are the starts of the first and the last row read so far, None before that.
    `scalings` says what the integers of prices and volumes stand for, by the starts of rows, ascending, the first of
    them before all rows.
    Rows are numbered from 0 over the whole series and keep their number for ever; `first` is the number of the first
    row in the window. Chunks are read on demand by `reach`, and rows that nobody needs any more are dropped by
    `release`, so memory is bounded by the chunk size and not by the length of the series. The columns are attributes
    with the names of the chunks' columns.
    """

    __slots__ = (
        "_chunks",
        "_names",
        "_scalings",
        "_since",
        "end",
        "exhausted",
        "first",
        "first_start",
        "last_start",
        "start",
        "stop",
    )

    def __init__(self, kind: type[C], chunks: Iterable[C], scalings: Sequence[Scalings]) -> None:
        self._chunks: Iterator[C] = iter(chunks)
        self._names = kind.NAMES
        self._since = [scaling.since for scaling in scalings]
        self._scalings = list(scalings)
        self.first = 0
        self.stop = 0
        self.exhausted = False
        self.first_start: int | None = None
        self.last_start: int | None = None
        self.start: IntColumn = _EMPTY
        self.end: IntColumn = _EMPTY

    def reach(self, time: int) -> None:
        """Bring every row that starts at or before `time` into the window (microseconds, UTC)."""
        while not self.exhausted and (self.stop == self.first or self.start[-1] <= time):
            self._read()

    def reach_row(self, row: int) -> bool:
        """Bring row number `row` into the window; False where the series ends before it."""
        while row >= self.stop and not self.exhausted:
            self._read()
        return row < self.stop

    def row_from(self, time: int) -> int:
        """Number of the first row that starts at or after `time`; the series' length if there is none."""
        self.reach(time)
        return self.first + int(self.start.searchsorted(time))

    def row_ended_by(self, time: int) -> int:
        """Number of the last row that has ended at `time`, -1 if there is none in the window."""
        self.reach(time)
        index = int(self.end.searchsorted(time, "right"))
        return self.first + index - 1 if index else -1

    def scaling(self, row: int) -> Scaling:
        """What the prices of row number `row`, which is in the window, stand for."""
        return self.scalings(row).price

    def scalings(self, row: int) -> Scalings:
        """What the integers of row number `row` stand for; those of the last row where the series ends before it."""
        if len(self._scalings) == 1:
            return self._scalings[0]
        index = min(row, self.stop - 1) - self.first
        return self._scalings[bisect_right(self._since, int(self.start[index])) - 1 if index >= 0 else 0]

    def scaling_stop(self, row: int) -> int:
        """Number of the first row after `row` whose prices stand for something else; `stop` if there is none yet."""
        later = bisect_right(self._since, int(self.start[row - self.first])) if len(self._since) > 1 else 1
        if later == len(self._since):
            return self.stop
        return self.first + int(self.start.searchsorted(self._since[later]))

    def release(self, time: int) -> None:
        """Forget the rows that ended before `time`, but for the last of them."""
        index = int(self.end.searchsorted(time)) - 1
        if index * 2 < self.stop - self.first or index <= 0:
            return
        for name in self._names:
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
            for name in self._names:
                setattr(self, name, np.concatenate((getattr(self, name), getattr(chunk, name))))
        else:
            for name in self._names:
                setattr(self, name, np.ascontiguousarray(getattr(chunk, name), dtype=np.int64))
        self.stop += len(chunk)
        if self.first_start is None:
            self.first_start = int(chunk.start[0])
        self.last_start = int(chunk.start[-1])


class BarSeries(Window[BarColumns]):
    """A window of trade bars."""

    __slots__ = ("close", "high", "low", "open", "volume")

    def __init__(self, chunks: Iterable[BarColumns], scalings: Sequence[Scalings]) -> None:
        super().__init__(BarColumns, chunks, scalings)
        self.open: IntColumn = _EMPTY
        self.high: IntColumn = _EMPTY
        self.low: IntColumn = _EMPTY
        self.close: IntColumn = _EMPTY
        self.volume: IntColumn = _EMPTY

    def tradable(self, _low: int, _high: int, /) -> BoolColumn | None:
        """Which rows of a range can be traded on; None where all can, as in trade bars."""
        return None


class QuoteSeries(Window[QuoteColumns]):
    """A window of quote bars; a missing side is NO_PRICE and UNKNOWN_VOLUME as in `QuoteColumns`."""

    __slots__ = (
        "ask_close",
        "ask_high",
        "ask_low",
        "ask_open",
        "ask_size",
        "bid_close",
        "bid_high",
        "bid_low",
        "bid_open",
        "bid_size",
    )

    def __init__(self, chunks: Iterable[QuoteColumns], scalings: Sequence[Scalings]) -> None:
        super().__init__(QuoteColumns, chunks, scalings)
        self.bid_open: IntColumn = _EMPTY
        self.bid_high: IntColumn = _EMPTY
        self.bid_low: IntColumn = _EMPTY
        self.bid_close: IntColumn = _EMPTY
        self.bid_size: IntColumn = _EMPTY
        self.ask_open: IntColumn = _EMPTY
        self.ask_high: IntColumn = _EMPTY
        self.ask_low: IntColumn = _EMPTY
        self.ask_close: IntColumn = _EMPTY
        self.ask_size: IntColumn = _EMPTY
