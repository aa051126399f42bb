"""When an account next falls below its maintenance requirement, or comes back: found by comparing columns of closes.

While the books stay as they are, the cushion above the requirement is a sum of constants times prices, so it changes
only where an execution bar of something held ends. All such moments of a stretch of time are looked at at once, in
exact integers.
"""

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from periscope.engine.markets import Markets
from periscope.execution.accounts.model import Cushion, Part
from periscope.market.series import BarSeries
from periscope.portfolio.exact import decimals, rounded_up, scaled

type IntColumn = npt.NDArray[np.int64]

_FIRST_ROWS = 128
_MOST_ROWS = 8192
_SAFE = 1 << 61


NEVER = 1 << 62
"""A moment after every other: a watch that begins there finds nothing."""


class MarginWatch:
    """Looks for the first moment from `since` on (microseconds UTC) at which the cushion is below zero, or is not.

    `below` says which; None takes the first moment at all. The result is a function of the cushion and the bars alone,
    so forks of the engine's state share a watch until the books change.
    """

    __slots__ = ("_below", "_cushion", "_found", "_markets", "_next")

    def __init__(self, cushion: Cushion, markets: Markets, since: int, *, below: bool | None) -> None:
        self._cushion = cushion
        self._markets = markets
        self._next = since
        self._below = below
        self._found: int | None = None

    def until(self, horizon: int) -> int | None:
        """The moment, None if there is none up to `horizon`."""
        rows = _FIRST_ROWS
        while self._found is None and self._next <= horizon:
            priced, fixed, stop = self._stretch(horizon, rows)
            moments = _ends(priced, self._next, stop)
            if len(moments):
                self._look(moments, priced, fixed)
            self._next = stop + 1
            rows = min(rows * 4, _MOST_ROWS)
        return self._found

    def _look(self, moments: IntColumn, priced: list[tuple[Part, BarSeries]], fixed: Decimal) -> None:
        if self._below is None:
            self._found = int(moments[0])
            return
        hits = np.flatnonzero(_is_below(moments, priced, fixed) == self._below)
        if len(hits):
            self._found = int(moments[hits[0]])

    def _stretch(self, horizon: int, rows: int) -> tuple[list[tuple[Part, BarSeries]], Decimal, int]:
        """Instruments that count at their closes, what the others add, and the end of the stretch in which that is so.

        No stretch holds more than `rows` bars of any instrument.
        """
        priced, fixed, stop = [], self._cushion.fixed, horizon
        for part in self._cushion.parts:
            series = self._markets.execution(part.instrument)
            if series is None:
                fixed += part.unpriced
                continue
            series.reach(horizon)
            known = self._constant(part, series)
            if known is not None:
                fixed += known
                after = int(series.end.searchsorted(self._next, "right"))
                stop = min(stop, int(series.end[after]) - 1) if after < len(series.end) else stop
                continue
            bars = _between(series, self._next, stop)
            if bars.stop - bars.start > rows:
                stop = int(series.end[bars.start + rows - 1])
            priced.append((part, series))
        return priced, fixed, stop

    def _constant(self, part: Part, series: BarSeries) -> Decimal | None:
        """What an instrument adds until its next bar ends, where that is not its last close: before its first bar, and
        between a split and the first bar after it."""
        row = series.row_ended_by(self._next)
        if row < 0:
            return part.unpriced
        start = int(series.start[row - series.first])
        if self._markets.split_since(part.instrument, start, self._next) == 1:
            return None
        price = self._markets.last_price(part.instrument, self._next)
        return part.unpriced if price is None else part.per_price * price


def _between(series: BarSeries, first: int, last: int) -> slice:
    """The bars that end within [first, last], as places in the window."""
    return slice(int(series.end.searchsorted(first)), int(series.end.searchsorted(last, "right")))


def _ends(priced: list[tuple[Part, BarSeries]], first: int, last: int) -> IntColumn:
    """When bars end within [first, last], ascending; of several instruments, a moment may be there more than once."""
    ends = [series.end[_between(series, first, last)] for _, series in priced]
    if not ends:
        return np.empty(0, dtype=np.int64)
    return ends[0] if len(ends) == 1 else np.sort(np.concatenate(ends), kind="stable")


def _is_below(moments: IntColumn, priced: list[tuple[Part, BarSeries]], fixed: Decimal) -> npt.NDArray[np.bool_]:
    """Whether the cushion is below zero, at each moment."""
    columns = [(part, *_closes(series, moments)) for part, series in priced]
    digits = max(decimals(part.per_price) + places for part, _, places in columns)
    factors = [scaled(part.per_price, digits - places) for part, _, places in columns]
    largest = sum(
        int(np.abs(closes).max(initial=0)) * abs(factor)
        for (_, closes, _), factor in zip(columns, factors, strict=True)
    )
    wide = largest >= _SAFE or any(closes.dtype == object for _, closes, _ in columns)
    total = np.zeros(len(moments), dtype=object if wide else np.int64)
    for (_, closes, _), factor in zip(columns, factors, strict=True):
        total += (closes.astype(object) if wide else closes) * factor
    needed = rounded_up(-fixed, digits)
    below: npt.NDArray[np.bool_] = np.asarray(total < (needed if wide else max(-_SAFE, min(_SAFE, needed))), dtype=bool)
    return below


def _closes(series: BarSeries, moments: IntColumn) -> tuple[IntColumn, int]:
    """The last close at each moment as an integer, and its decimals; unrounded adjusted prices may need wide ones."""
    places = series.end.searchsorted(moments, "right") - 1
    values = series.close[places]
    scalings = []
    row, last = series.first + int(places[0]), series.first + int(places[-1])
    while row <= last:
        stop = series.scaling_stop(row)
        scalings.append((row, stop, series.scaling(row)))
        row = stop
    if len(scalings) == 1 and scalings[0][2].is_plain:
        return values, scalings[0][2].digits
    prices: list[Decimal] = []
    for first, stop, scaling in scalings:
        chosen = values[(places + series.first >= first) & (places + series.first < stop)]
        known = {value: scaling.price(value) for value in set(chosen.tolist())}
        prices += [known[value] for value in chosen.tolist()]
    digits = max(decimals(price) for price in prices)
    integers = [scaled(price, digits) for price in prices]
    wide = max(map(abs, integers)) >= _SAFE
    return np.array(integers, dtype=object if wide else np.int64), digits
