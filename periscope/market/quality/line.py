"""A series in few points, for a picture."""

from dataclasses import dataclass

import numpy as np

from periscope.market.columns import BarColumns, IntColumn

MOST_POINTS = 1_200


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Consecutive stretches of a series: when each starts (microseconds since 1970-01-01 UTC), its extremes, its last
    close; prices are scaled. Every stretch has the same number of bars, but for the last ones."""

    start: IntColumn
    low: IntColumn
    high: IntColumn
    close: IntColumn


class LineSampler:
    """Thins a series while it passes: stretches get twice as long whenever there are too many of them."""

    def __init__(self) -> None:
        empty = np.empty(0, dtype=np.int64)
        self._points = LinePoints(empty, empty, empty, empty)
        self._bars_each = 1
        self._rest = LinePoints(empty, empty, empty, empty)

    def feed(self, bars: BarColumns) -> None:
        """Take in the next bars."""
        raw = _chained(self._rest, LinePoints(bars.start, bars.low, bars.high, bars.close))
        whole = len(raw.start) // self._bars_each * self._bars_each
        self._points = _chained(self._points, _merged(_part(raw, 0, whole), self._bars_each))
        self._rest = _part(raw, whole, len(raw.start))
        while len(self._points.start) > MOST_POINTS:
            even = len(self._points.start) // 2 * 2
            left = _part(self._points, even, len(self._points.start))
            self._points = _chained(_merged(_part(self._points, 0, even), 2), left)
            self._bars_each *= 2

    def finish(self) -> None:
        """The series is over: the last stretch may be shorter."""
        if len(self._rest.start) > 0:
            self._points = _chained(self._points, _merged(self._rest, len(self._rest.start)))

    @property
    def points(self) -> LinePoints:
        """The series so far."""
        return self._points


def _part(points: LinePoints, begin: int, stop: int) -> LinePoints:
    cut = slice(begin, stop)
    return LinePoints(points.start[cut], points.low[cut], points.high[cut], points.close[cut])


def _chained(one: LinePoints, other: LinePoints) -> LinePoints:
    return LinePoints(
        np.concatenate([one.start, other.start]),
        np.concatenate([one.low, other.low]),
        np.concatenate([one.high, other.high]),
        np.concatenate([one.close, other.close]),
    )


def _merged(points: LinePoints, each: int) -> LinePoints:
    """Points of `each` one after the other as one; their number is a multiple of `each`."""
    shape = (-1, each)
    return LinePoints(
        points.start.reshape(shape)[:, 0],
        points.low.reshape(shape).min(axis=1),
        points.high.reshape(shape).max(axis=1),
        points.close.reshape(shape)[:, -1],
    )
