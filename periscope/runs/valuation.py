"""The equity curve: portfolio value at every delivered bar and at every fill, worked out a block at a time.

Between two changes of the books a portfolio is worth its cash plus, per position, a constant times the last close. So
the values of a whole block are a few vector operations on close columns, in exact integer arithmetic: whole
millionths of the run's currency, each position's value rounded half-even.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from periscope.engine.blocks import Stream
from periscope.engine.markets import Markets
from periscope.engine.records import Booked
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import InstrumentKey, Position
from periscope.portfolio.exact import scaled
from periscope.runs.holdings import Holdings
from periscope.runs.marks import Marks, half_even_quotients, marks_at

type IntColumn = npt.NDArray[np.int64]

MONEY_DIGITS = 6
_SAFE = 1 << 62
"""Products below this leave room for rounding in 64 bits."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Consecutive samples of the equity curve: times in microseconds UTC, money in millionths."""

    times: IntColumn
    values: IntColumn
    cash: IntColumn
    in_market: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Cash that came from outside (or went there, negative) between samples, in millionths."""

    time: int
    value_before: int
    amount: int


class Sampling(Protocol):
    """When a run's portfolio is looked at. Feed it every `Booked` in order, and each block when it is over."""

    def streams(self, streams: Iterable[Stream]) -> None:
        """These streams may have rows in the block that follows."""

    def note(self, change: Booked) -> None:
        """The books changed within the present block."""

    def close_block(
        self, columns: IntColumn, delivered: npt.NDArray[np.bool_], markets: Markets
    ) -> list[Samples | Flow]:
        """The samples and flows of a block, in the order of time."""

    def finish(self, now: int, markets: Markets) -> list[Samples | Flow]:
        """Those that are left when the run is over."""


class Valuation(Sampling):
    """Follows the books and values them at every delivered bar and every fill."""

    def __init__(self) -> None:
        self._books = Holdings()
        self._changes: list[Booked] = []

    def streams(self, streams: Iterable[Stream]) -> None:
        """The rows of a block tell all that there is to know."""

    def finish(self, now: int, markets: Markets) -> list[Samples | Flow]:  # noqa: ARG002
        """Nothing is left."""
        return []

    def note(self, change: Booked) -> None:
        """The books changed within the present block."""
        self._changes.append(change)

    def close_block(
        self, columns: IntColumn, delivered: npt.NDArray[np.bool_], markets: Markets
    ) -> list[Samples | Flow]:
        """The samples and flows of a block, in the order of time."""
        ends = columns[1]
        rows = np.flatnonzero(delivered)
        told = ends[rows]
        rows = rows[np.append(told[1:] != told[:-1], True)] if len(rows) else rows
        pieces: list[Samples | Flow] = []
        changes, self._changes = self._changes, []
        done = 0
        start = 0
        for index, change in enumerate(changes):
            if change.flow is None:
                continue
            stop = int(rows.searchsorted(change.row))
            pieces += self._samples(rows[start:stop], ends, changes[done:index], markets)
            start, done = stop, index + 1
            pieces += self._flow(change, markets)
        pieces += self._samples(rows[start:], ends, changes[done:], markets)
        return pieces

    def _flow(self, change: Booked, markets: Markets) -> list[Samples | Flow]:
        time = change.entry.time
        before = self._value(time, markets, None)
        assert change.flow is not None
        amount = scaled(change.flow, MONEY_DIGITS)
        self._books.take(change)
        sample = _samples(
            [time], [before + amount], [scaled(self._books.cash, MONEY_DIGITS)], int(bool(self._books.positions))
        )
        return [Flow(time, before, amount), sample]

    def _samples(
        self, rows: npt.NDArray[np.intp], ends: IntColumn, changes: list[Booked], markets: Markets
    ) -> list[Samples | Flow]:
        """Samples of some rows of the block and of the fills among them."""
        if len(rows) == 0 and not changes:
            return []
        times = ends[rows]
        edges = [0, *(int(rows.searchsorted(change.row)) for change in changes), len(rows)]
        cash = np.empty(len(rows), dtype=np.int64)
        units: dict[InstrumentKey, list[tuple[int, int, Position]]] = {}
        in_market = 0
        at_fill: list[tuple[int, int, int]] = []
        for number, (low, high) in enumerate(pairwise(edges)):
            cash[low:high] = scaled(self._books.cash, MONEY_DIGITS)
            in_market += (high - low) if self._books.positions else 0
            if low < high:
                for key, position in self._books.positions.items():
                    units.setdefault(key, []).append((low, high, position))
            if number < len(changes):
                change = changes[number]
                self._books.take(change)
                if not change.sampled:
                    continue
                value = self._value(change.entry.time, markets, change)
                at_fill.append((change.entry.time, value, scaled(self._books.cash, MONEY_DIGITS)))
                in_market += bool(self._books.positions)
        values = cash.copy()
        for segments in units.values():
            _add_position(values, segments, times, markets)
        if at_fill:
            where = [edge for edge, change in zip(edges[1:-1], changes, strict=True) if change.sampled]
            times = np.insert(times, where, [time for time, _, _ in at_fill])
            values = np.insert(values, where, [value for _, value, _ in at_fill])
            cash = np.insert(cash, where, [money for _, _, money in at_fill])
        return [Samples(times, values, cash, in_market)]

    def _value(self, time: int, markets: Markets, change: Booked | None) -> int:
        """Portfolio value at one moment, the instrument of `change` at the price that it just traded at."""
        total = scaled(self._books.cash, MONEY_DIGITS)
        for position in self._books.positions.values():
            instrument = position.instrument
            mark = None
            if change is not None and change.instrument is instrument:
                mark = change.mark
            price = markets.last_price(instrument, time) if mark is None else mark
            total += scaled(position.worth_at(price), MONEY_DIGITS)
        return total


def _samples(times: list[int], values: list[int], cash: list[int], in_market: int) -> Samples:
    return Samples(
        np.array(times, dtype=np.int64), np.array(values, dtype=np.int64), np.array(cash, dtype=np.int64), in_market
    )


def _add_position(
    values: IntColumn, segments: list[tuple[int, int, Position]], times: IntColumn, markets: Markets
) -> None:
    """Add one instrument's market value to the rows in which it was held."""
    instrument: Instrument = segments[0][2].instrument
    series = markets.execution(instrument)
    first, stop = segments[0][0], segments[-1][1]
    held = [(low - first, high - first, position) for low, high, position in segments]
    costs = _stretched([(low, high, scaled(each.cost, MONEY_DIGITS)) for low, high, each in held], stop - first)
    if instrument.is_future:
        known = [(low, high, scaled(each.cost + each.settled, MONEY_DIGITS)) for low, high, each in held]
        values[first:stop] -= _stretched(known, stop - first)
    if series is None:
        values[first:stop] += costs
        return
    units = [(low, high, each.quantity * instrument.multiplier) for low, high, each in held]
    found = marks_at(markets, instrument, series, times[first:stop])
    worth = np.concatenate([_worth(piece, _cut(units, piece.low, piece.high)) for piece in found.pieces])
    values[first:stop] += worth if found.known_from == 0 else np.where(found.known, worth, costs)


def _cut(segments: list[tuple[int, int, Decimal]], low: int, high: int) -> list[tuple[int, int, Decimal]]:
    """What of the segments lies in rows [low, high), counted from there."""
    return [
        (max(start, low) - low, min(stop, high) - low, units)
        for start, stop, units in segments
        if start < high and stop > low
    ]


def _worth(piece: Marks, segments: list[tuple[int, int, Decimal]]) -> IntColumn:
    """Units times price in millionths, half-even, for the rows of a piece; zero where nothing is held."""
    marks, size = piece.integers, piece.high - piece.low
    if marks is None:
        worth = np.zeros(size, dtype=np.int64)
        for low, high, units in segments:
            worth[low:high] = [scaled(units * price, MONEY_DIGITS) for price in piece.prices(low, high)]
        return worth
    shift = MONEY_DIGITS - piece.digits
    digits = max(0, *(-_exponent(units) - shift for _, _, units in segments)) if segments else 0
    factors = [(low, high, int(units.scaleb(shift + digits))) for low, high, units in segments]
    largest = int(np.abs(marks).max(initial=0)) * max((abs(factor) for _, _, factor in factors), default=0)
    if largest < _SAFE:
        return _quotient(marks * _stretched(factors, size), 10**digits)
    exact = np.zeros(size, dtype=np.int64)
    for low, high, factor in factors:
        products = (int(mark) * factor for mark in marks[low:high])
        exact[low:high] = [_half_even(product, 10**digits) for product in products]
    return exact


def _stretched(segments: list[tuple[int, int, int]], size: int) -> IntColumn:
    """A column of `size` rows that holds each segment's number in its rows, and zero between them."""
    edges = [0, *(edge for low, high, _ in segments for edge in (low, high)), size]
    numbers = [0, *(entry for _, _, number in segments for entry in (number, 0))]
    column: IntColumn = np.repeat(np.array(numbers, dtype=np.int64), np.diff(edges))
    assert len(column) == size, "segments must be in order and not overlap"
    return column


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _quotient(product: IntColumn, divisor: int) -> IntColumn:
    """product / divisor, rounded half-even."""
    return product if divisor == 1 else half_even_quotients(product, divisor)


def _half_even(product: int, divisor: int) -> int:
    quotient, rest = divmod(product, divisor)
    return quotient + (rest * 2 > divisor or (rest * 2 == divisor and quotient % 2 == 1))
