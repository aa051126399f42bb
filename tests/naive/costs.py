"""Slippage and fees, from the parameters of the run's models. Exact fractions; the auditor uses them too."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

from periscope.execution.fee_schedules import BrokerFees, Dated, EquitiesOnly, PartOf, PerContractByRoot, SellsOnly
from periscope.execution.fees import BasisPoints, Bounded, FeeModel, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.slippage import NoSlippage, PriceBasisPoints, SlippageModel, Ticks, VolumeShare

NOTHING = Fraction(0)
LEAN_PER_CONTRACT = {"ES": "2.15", "NQ": "2.15", "GC": "2.47", "MES": "0.57", "HSI": "40"}
"""All parts added up; every other root costs 2.47."""


class Snap(Protocol):
    """Moves a price to the tick."""

    def __call__(self, price: Fraction, *, up: bool) -> Fraction: ...


@dataclass(frozen=True, slots=True)
class Deal:
    """Who trades: side +1 or -1, the order's limit and stop, and what is traded.

    `snapped` moves a price to the tick, up or down.
    """

    side: int
    limit: Fraction | None
    stop: Fraction | None
    is_future: bool
    root: str | None
    tick: Fraction
    multiplier: Fraction
    snapped: Snap


def slipped(deal: Deal, price: Fraction, model: SlippageModel, taken: Fraction, volume: Fraction | None) -> Fraction:
    """The price that the order pays or gets: moved against it, on the tick, never past its limit.

    `taken` is what was traded on the bar with this fill, of the volume that counts.
    """
    worse = _worse(model, price, deal.tick, taken, volume)
    if worse == 0:
        return price
    moved = deal.snapped(price + worse, up=True) if deal.side > 0 else deal.snapped(price - worse, up=False)
    if not deal.is_future:
        moved = max(moved, min(price, deal.tick))
    if deal.limit is not None:
        moved = min(moved, deal.limit) if deal.side > 0 else max(moved, deal.limit)
    return moved


def _worse(model: SlippageModel, price: Fraction, tick: Fraction, taken: Fraction, volume: Fraction | None) -> Fraction:
    match model:
        case NoSlippage():
            return NOTHING
        case Ticks(count):
            return count * tick
        case PriceBasisPoints(rate):
            return abs(price) * Fraction(rate) / 10000
        case VolumeShare(impact, power):
            if volume is None:
                return NOTHING
            share = min(Fraction(1), taken / volume) if volume else Fraction(1)
            return abs(price) * Fraction(impact) * share**power
    raise NotImplementedError(model)


class Paid(NamedTuple):
    """What an order has traded by now, for how much; the last price and the time of now."""

    quantity: Fraction
    value: Fraction
    last: Fraction | None
    now: int


def fee_of(deal: Deal, paid: Paid, fees: FeeModel) -> Fraction:
    """The whole fee of an order."""
    quantity, value, last, _ = paid
    if quantity == 0:
        return NOTHING
    match fees:
        case NoFees():
            fee = NOTHING
        case PerShare(rate):
            fee = NOTHING if deal.is_future else Fraction(rate) * quantity
        case PerContract(rate):
            fee = Fraction(rate) * quantity if deal.is_future else NOTHING
        case BasisPoints(rate):
            fee = abs(value) * Fraction(rate) / 10000
        case Sum(parts):
            fee = sum((fee_of(deal, paid, part) for part in parts), NOTHING)
        case Bounded():
            fee = fee_of(deal, paid, fees.inner)
            fee = fee if deal.is_future else _bounded(fee, value, fees)
        case LeanFees():
            fee = _lean(deal, quantity, value, last)
        case _:
            fee = _of_broker(deal, paid, fees)
    return fee


def _of_broker(deal: Deal, paid: Paid, fees: FeeModel) -> Fraction:
    match fees:
        case BrokerFees():
            return sum((fee_of(deal, paid, part) for _, part in fees.parts), NOTHING)
        case SellsOnly(inner):
            return fee_of(deal, paid, inner) if deal.side < 0 else NOTHING
        case EquitiesOnly(inner):
            return NOTHING if deal.is_future else fee_of(deal, paid, inner)
        case PartOf(whole, rate):
            return fee_of(deal, paid, whole) * Fraction(rate)
        case Dated(since, models):
            begun = [model for start, model in zip(since, models, strict=True) if start <= paid.now]
            return fee_of(deal, paid, begun[-1] if begun else models[0])
        case PerContractByRoot(rates):
            return Fraction(rates[deal.root]) * paid.quantity if deal.root in rates else NOTHING
    raise NotImplementedError(fees)


def _bounded(fee: Fraction, value: Fraction, bounds: Bounded) -> Fraction:
    share = bounds.maximum_basis_points
    highest = [] if bounds.maximum is None else [Fraction(bounds.maximum)]
    highest += [] if share is None else [abs(value) * Fraction(share) / 10000]
    return min([max(fee, Fraction(bounds.minimum or 0)), *highest])


def _lean(deal: Deal, quantity: Fraction, value: Fraction, last: Fraction | None) -> Fraction:
    if deal.is_future:
        return quantity * Fraction(LEAN_PER_CONTRACT.get(deal.root or "", "2.47"))
    if quantity < 200:
        return Fraction(1)
    own = deal.limit if deal.limit is not None else deal.stop
    if last is not None:
        best = last if own is None else min(last, own) if deal.side > 0 else max(last, own)
        value = best * quantity
    return min(quantity / 200, value / 200)
