"""Slippage and fees."""

from fractions import Fraction

from periscope.engine.settings import FeeSchedule, Slippage
from periscope.instruments.instrument import Instrument
from tests.naive.exact import round_down, round_up
from tests.naive.order import Order


def slipped(order: Order, price: Fraction, slippage: Slippage) -> Fraction:
    """The price that the order pays or gets: moved against it, on the tick, never past its limit."""
    tick = Fraction(order.instrument.tick)
    if slippage.ticks == 0 and slippage.basis_points == 0:
        return price
    moved = price + order.side * slippage.ticks * tick
    moved += order.side * abs(price) * Fraction(slippage.basis_points) / 10000
    moved = round_up(moved, tick) if order.side > 0 else round_down(moved, tick)
    if not order.instrument.is_future:
        moved = max(moved, tick)
    if order.limit is not None:
        moved = min(moved, order.limit) if order.side > 0 else max(moved, order.limit)
    return moved


def fee_of(instrument: Instrument, quantity: Fraction, fees: FeeSchedule) -> Fraction:
    """The whole fee of an order that has traded `quantity` so far."""
    if instrument.is_future:
        return Fraction(fees.per_contract) * quantity
    fee = Fraction(fees.per_share) * quantity
    if fees.minimum is not None:
        fee = max(fee, Fraction(fees.minimum))
    if fees.maximum is not None:
        fee = min(fee, Fraction(fees.maximum))
    return fee
