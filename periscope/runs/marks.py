"""The last prices of an instrument at many moments at once, as integers where they fit.

Along the moments the meaning of the integers may change (a split, with adjusted prices), and between a split and the
first bar after it, where prices are as traded, the last close is carried over into new shares.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from periscope.engine.markets import Markets
from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scaling
from periscope.market.adjustment import carried
from periscope.market.series import BarSeries

type IntColumn = npt.NDArray[np.int64]

_SAFE = 1 << 62


@dataclass(frozen=True, slots=True)
class Marks:
    """Moments `low` to `high` with one meaning of the integers.

    `integers` are the prices times 10**`digits`, None where they do not fit 64 bits and `prices` has to be asked.
    """

    low: int
    high: int
    integers: IntColumn | None
    digits: int
    raw: IntColumn
    scaling: Scaling
    ratio: Fraction

    def prices(self, low: int, high: int) -> Iterator[Decimal]:
        """The prices of rows [low, high), counted from the piece's first."""
        known: dict[int, Decimal] = {}
        for value in self.raw[low:high].tolist():
            price = known.get(value)
            if price is None:
                price = self.scaling.price(value)
                known[value] = price = price if self.ratio == 1 else carried(price, self.ratio)
            yield price


@dataclass(frozen=True, slots=True)
class MarksAt:
    """Marks at ascending moments; before moment number `known_from` no bar had ended."""

    pieces: list[Marks]
    known: npt.NDArray[np.bool_]
    known_from: int


def marks_at(markets: Markets, instrument: Instrument, series: BarSeries, times: IntColumn) -> MarksAt:
    """The last closes at `times`, which ascend; all bars that they need are in the series' window."""
    ended = series.end.searchsorted(times, "right") - 1
    rows = np.maximum(ended, 0)
    closes = series.close[rows]
    pieces = []
    for low, high in _edges(markets, instrument, series, rows, times):
        start = int(series.start[rows[low]])
        ratio = markets.split_since(instrument, start, int(times[low]))
        pieces.append(_piece(low, high, closes[low:high], series.scaling(series.first + int(rows[low])), ratio))
    known = ended >= 0
    return MarksAt(pieces, known, int(known.argmax()) if len(known) and known.any() else len(known))


def _edges(
    markets: Markets, instrument: Instrument, series: BarSeries, rows: npt.NDArray[np.intp], times: IntColumn
) -> list[tuple[int, int]]:
    adjusted = markets.adjusted(instrument)
    edges = {0, len(times)}
    if len(adjusted.periods) > 1 or adjusted.changes:
        starts = series.start[rows]
        moments = [*(period.since for period in adjusted.periods), *(change.time for change in adjusted.changes)]
        edges.update(starts.searchsorted(moments).tolist())
        edges.update(times.searchsorted(moments).tolist())
    return list(pairwise(sorted(edges)))


def _piece(low: int, high: int, closes: IntColumn, scaling: Scaling, ratio: Fraction) -> Marks:
    if ratio != 1:
        return Marks(low, high, None, 0, closes, scaling, ratio)
    if scaling.is_plain:
        return Marks(low, high, closes, scaling.digits, closes, scaling, ratio)
    places = scaling.places
    if places is not None:
        factor = Fraction(scaling.numerator * 10**places, scaling.denominator * 10**scaling.digits)
        numerator, denominator = factor.numerator, factor.denominator
        if int(np.abs(closes).max(initial=0)) * numerator < _SAFE and denominator < _SAFE:
            integers = half_even_quotients(closes * np.int64(numerator), denominator)
            return Marks(low, high, integers, places, closes, scaling, ratio)
    return Marks(low, high, None, 0, closes, scaling, ratio)


def half_even_quotients(product: IntColumn, divisor: int) -> IntColumn:
    """product / divisor, rounded half-even."""
    quotient, rest = np.divmod(product, np.int64(divisor))
    up = (rest * 2 > divisor) | ((rest * 2 == divisor) & (quotient % 2 == 1))
    rounded: IntColumn = quotient + up
    return rounded
