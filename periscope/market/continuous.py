"""One long series of a futures root, for charts and research. Its prices were never traded: no fill may use them.

Each contract gives its bars for the time for which the rolls name it. A contract's price says nothing about the next
one's, so at each roll the series jumps; an adjusted series moves the older contracts so that it does not. The newest
contract keeps its prices. The measure of a roll is the closes of both contracts in the last bar that both had before
it: the difference is added (DIFFERENCE), or the ratio multiplied (RATIO), as described by Masteika, Rutkauskas and
Alexander, "Continuous futures data series for back testing and technical analysis" (2012).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from itertools import pairwise

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import joined, rescaled, take
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.rolls import NoRollsError, RollBy, RollSchedule, Tenure, roll_schedule

RATIO_DECIMALS = 6
"""Prices multiplied by a ratio are rounded half-even to so many decimals; all else is exact."""

LOOK_BACK = 10 * 86_400_000_000
"""The last common bar of two contracts may be ten days before the roll."""

_EVER = 2**62


class Adjustment(Enum):
    """How the prices of older contracts are moved."""

    RAW = "raw"
    DIFFERENCE = "difference"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Splice:
    """A roll in a series: at `at` (microseconds UTC) from one contract to the next.

    `common` is the start of the bar whose closes `from_close` and `to_close`, scaled by the series' price scale before
    adjustment, measure the roll; all three are None in a raw series without such a bar.
    """

    from_symbol: str
    to_symbol: str
    at: int
    common: int | None
    from_close: int | None
    to_close: int | None


@dataclass(frozen=True, slots=True)
class ContinuousSeries:
    """Bars of several contracts as one series; see the module.

    `contract` names for each bar its place in `contracts`. Prices are scaled by `price_scale`, which is at least six
    for a ratio-adjusted series, volume by `volume_scale`. `splices` are the rolls inside the series, ascending.
    """

    root: str
    span: BarTimeSpan
    adjustment: Adjustment
    bars: BarColumns
    contracts: tuple[str, ...]
    contract: IntColumn
    price_scale: int
    volume_scale: int
    splices: tuple[Splice, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A contract's bars in its tenure, at the series' scales."""

    instrument: Instrument
    tenure: Tenure
    bars: BarColumns


def continuous(
    catalog: Catalog,
    root: str,
    span: BarTimeSpan,
    by: RollBy = RollBy.VOLUME,
    adjustment: Adjustment = Adjustment.RAW,
    *,
    start: int = -_EVER,
    end: int = _EVER,
) -> ContinuousSeries:
    """The series of a root at a span, rolled as `roll_schedule` says; tenures without bars of the span are left out.

    It holds bars with a start in [`start`, `end`), microseconds since 1970-01-01 UTC.

    Raises `NoRollsError`: what `roll_schedule` raises, NO_BARS where no contract has bars of the span in its tenure,
    NO_COMMON_BAR where a roll of an adjusted series can't be measured, NOT_POSITIVE where a ratio is of prices of zero
    or below.
    """
    schedule = roll_schedule(catalog, root, by)
    pieces = _pieces(catalog, schedule, span, start, end)
    if not pieces:
        raise NoRollsError("NO_BARS", f"the catalog has no {span.value} bars of {root} while a contract counts")
    splices = tuple(_splice(catalog, span, old, new, adjustment) for old, new in pairwise(pieces))
    scale = max(piece.instrument.price_scale for piece in pieces)
    parts = [piece.bars for piece in pieces]
    match adjustment:
        case Adjustment.DIFFERENCE:
            parts = _shifted(parts, splices)
        case Adjustment.RATIO:
            parts, scale = _multiplied(parts, splices, scale), max(scale, RATIO_DECIMALS)
        case Adjustment.RAW:
            pass
    lengths = [len(part) for part in parts]
    return ContinuousSeries(
        root,
        span,
        adjustment,
        joined(parts),
        tuple(piece.tenure.symbol for piece in pieces),
        np.repeat(np.arange(len(parts), dtype=np.int64), lengths),
        scale,
        max(piece.instrument.volume_scale for piece in pieces),
        splices,
    )


def _pieces(catalog: Catalog, schedule: RollSchedule, span: BarTimeSpan, start: int, end: int) -> list[_Piece]:
    """The contracts that have bars while they count, all at the finest scales among them."""
    chain = {contract.symbol: contract for contract in catalog.instruments.chain(schedule.root)}
    price = max(contract.price_scale for contract in chain.values())
    volume = max(contract.volume_scale for contract in chain.values())
    pieces: list[_Piece] = []
    ended = start
    for tenure in schedule.tenures():
        contract = chain[tenure.symbol]
        bars = joined(list(_bars_from(catalog, contract, span, max(tenure.since, ended), min(tenure.until, end))))
        if len(bars) > 0:
            bars = rescaled(bars, price - contract.price_scale, volume - contract.volume_scale)
            at_scales = replace(contract, price_scale=price, volume_scale=volume)
            pieces.append(_Piece(at_scales, tenure, bars))
            ended = int(bars.end[-1])
    return pieces


def _bars_from(
    catalog: Catalog, contract: Instrument, span: BarTimeSpan, since: int, until: int
) -> Iterator[BarColumns]:
    """The bars that start in [since, until): one under way at a roll still belongs to the contract before it."""
    for bars in catalog.all_bars(contract, span, since, _EVER):
        stop = int(np.searchsorted(bars.start, until))
        if stop > 0:
            yield take(bars, slice(0, stop))
        if stop < len(bars):
            return


def _splice(catalog: Catalog, span: BarTimeSpan, old: _Piece, new: _Piece, adjustment: Adjustment) -> Splice:
    """The roll between two pieces, with the closes that measure it."""
    at = new.tenure.since
    ends = [
        joined(list(catalog.all_bars(piece.instrument, span, min(at, old.tenure.until) - LOOK_BACK, at)))
        for piece in (old, new)
    ]
    common, of_old, of_new = np.intersect1d(ends[0].start, ends[1].start, assume_unique=True, return_indices=True)
    if len(common) == 0:
        if adjustment is not Adjustment.RAW:
            raise NoRollsError(
                "NO_COMMON_BAR",
                f"{old.tenure.symbol} and {new.tenure.symbol} have no {span.value} bar in common in the ten days before"
                f" the roll at {time_text(at)}: the series can't be adjusted there, only raw",
            )
        return Splice(old.tenure.symbol, new.tenure.symbol, at, None, None, None)
    closes = int(ends[0].close[of_old[-1]]), int(ends[1].close[of_new[-1]])
    return Splice(old.tenure.symbol, new.tenure.symbol, at, int(common[-1]), *closes)


def _measure(splice: Splice) -> tuple[int, int]:
    """The two closes of a roll in an adjusted series."""
    assert splice.from_close is not None
    assert splice.to_close is not None
    return splice.from_close, splice.to_close


def _shifted(parts: list[BarColumns], splices: tuple[Splice, ...]) -> list[BarColumns]:
    """Each part plus the differences of all later rolls."""
    moved, shift = [parts[-1]], 0
    for part, splice in zip(reversed(parts[:-1]), reversed(splices), strict=True):
        old, new = _measure(splice)
        shift += new - old
        moved.append(replace(part, **{name: getattr(part, name) + shift for name in part.PRICES}))
    return moved[::-1]


def _multiplied(parts: list[BarColumns], splices: tuple[Splice, ...], scale: int) -> list[BarColumns]:
    """Each part times the ratios of all later rolls, with at least six decimals."""
    steps = max(RATIO_DECIMALS - scale, 0)
    # A scale of more than six decimals is kept; the rounding is to the sixth all the same.
    unit = 10 ** max(scale - RATIO_DECIMALS, 0)
    moved, factor = [rescaled(parts[-1], steps, 0)], Fraction(1)
    for part, splice in zip(reversed(parts[:-1]), reversed(splices), strict=True):
        old, new = _measure(splice)
        lowest = min(int(part.low.min()), old, new)
        if lowest <= 0:
            raise NoRollsError(
                "NOT_POSITIVE",
                f"{splice.from_symbol} and {splice.to_symbol} have a price of zero or below: there is no ratio; use the"
                " difference",
            )
        factor *= Fraction(new, old)
        exact = factor * 10**steps / unit
        prices = {name: _times(getattr(part, name), exact) * unit for name in part.PRICES}
        moved.append(replace(part, **prices))
    return moved[::-1]


def _times(column: IntColumn, factor: Fraction) -> IntColumn:
    """Each price times the factor, half-even; every price that occurs is worked out once, in exact fractions."""
    prices, place = np.unique(column, return_inverse=True)
    return np.array([round(price * factor) for price in prices.tolist()], dtype=np.int64)[place]
