"""One row for each session of a series: how many bars, from when to when, at which prices, with which holes."""

import numpy as np

from periscope.market.columns import BarColumns, IntColumn
from periscope.market.importers.intervals import SessionGrid
from periscope.market.quality.series import Series, visits


class SessionCoverage:
    """What a series has in each regular session of its window.

    All columns have one element for each session of the grid. Times are microseconds since 1970-01-01 UTC and zero
    where `bars` is zero. `hole_begin`/`hole_end` and `second_begin`/`second_end` are the longest and the second longest
    stretch without bars between two bars of the session, by their trading time `hole` and `second`, breaks left out;
    `holes` is the number of all of them. `low` and `high` are the extremes, `open` and `close` the first and last
    price, scaled; `volume` is the sum of the known volumes.
    """

    def __init__(self, series: Series, grid: SessionGrid) -> None:
        self.series = series
        self.grid = grid
        size = len(grid.opens)
        names = ("bars", "first", "last", "open", "high", "low", "close", "volume")
        self.bars, self.first, self.last, self.open, self.high, self.low, self.close, self.volume = (
            np.zeros(size, dtype=np.int64) for _ in names
        )
        self.hole_begin, self.hole_end, self.second_begin, self.second_end, self.hole, self.second, self.holes = (
            np.zeros(size, dtype=np.int64) for _ in range(7)
        )

    def feed(self, bars: BarColumns) -> None:
        """Enter the next bars."""
        found = visits(self.grid, bars.start)
        if len(found.session) == 0:
            return
        session, begin, stop = found.session, found.begin, found.stop
        # Only the first session of a piece can have bars from the piece before.
        before = int(self.last[session[0]]) if self.bars[session[0]] > 0 else None
        new = self.bars[session] == 0
        self._holes(bars, session, begin, stop, before)
        self.first[session] = np.where(new, bars.start[begin], self.first[session])
        self.open[session] = np.where(new, bars.open[begin], self.open[session])
        self.close[session] = bars.close[stop - 1]
        self.last[session] = np.maximum(bars.end[stop - 1], np.where(new, 0, self.last[session]))
        # Every other element is the part of one session; those between belong to none.
        edges = np.stack([begin, stop], axis=1).reshape(-1)
        high, low = _parts(np.maximum, bars.high, edges), _parts(np.minimum, bars.low, edges)
        self.high[session] = np.where(new, high, np.maximum(self.high[session], high))
        self.low[session] = np.where(new, low, np.minimum(self.low[session], low))
        self.volume[session] += _parts(np.add, np.maximum(bars.volume, 0), edges)
        self.bars[session] += stop - begin

    def finish(self) -> None:
        """Nothing is left: the table is complete after every piece."""

    def _holes(
        self, bars: BarColumns, session: IntColumn, begin: IntColumn, stop: IntColumn, before: int | None
    ) -> None:
        """Keep the two longest stretches without bars of each session."""
        until = np.concatenate([bars.end[:1], bars.end[:-1]])
        if before is not None:
            until[begin[0]] = before
        gaps = bars.start - until
        inner = np.ones(len(gaps), dtype=np.bool_)
        inner[begin[1:] if before is not None else begin] = False
        inner[: begin[0]] = False
        rows = np.flatnonzero(inner & (gaps > 0))
        lost = self.series.pauses.trading_time(until[rows], bars.start[rows])
        rows, lost = rows[lost > 0], lost[lost > 0]
        place = np.searchsorted(stop, rows, side="right")
        inside = (place < len(stop)) & (begin[np.minimum(place, len(stop) - 1)] <= rows)
        rows, place, lost = rows[inside], place[inside], lost[inside]
        self.holes[session] += np.bincount(place, minlength=len(session))
        kept = session[[0]] if before is not None else session[:0]
        known = [
            (self.hole_begin, self.hole_end, self.hole),
            (self.second_begin, self.second_end, self.second),
        ]
        found = [until[rows], bars.start[rows], lost]
        columns = [np.concatenate([found[i], known[0][i][kept], known[1][i][kept]]) for i in range(3)]
        places = np.concatenate([place, np.zeros(2 * len(kept), dtype=np.int64)])
        order = np.lexsort((columns[0], -columns[2], places))
        longest = np.searchsorted(places[order], np.arange(len(session)))
        counts = np.searchsorted(places[order], np.arange(len(session)), side="right") - longest
        for rank, targets in enumerate(known):
            has = counts > rank
            for target, column in zip(targets, columns, strict=True):
                target[session[has]] = column[order][longest[has] + rank]

    @property
    def possible(self) -> IntColumn:
        """How many bars each session can have, at least 1."""
        time = self.series.pauses.trading_time(self.grid.opens, self.grid.closes)
        return np.asarray(np.maximum(time // self.series.length, 1))


def _parts(function: np.ufunc, column: IntColumn, edges: IntColumn) -> IntColumn:
    """The function over [edges[0], edges[1]), [edges[2], edges[3]), …; a last edge may be the end."""
    padded = np.concatenate([column, column[-1:]])
    return np.asarray(function.reduceat(padded, edges)[::2])
