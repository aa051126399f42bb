"""What a fill costs beyond its price: the rules that hold for every slippage and every fee model."""

from decimal import Decimal
from typing import NamedTuple

from libs.shared_ipc.src.protocol import OrderType
from periscope.execution.fees import FeeModel, Traded
from periscope.execution.order import Order
from periscope.execution.slippage import Offer, SlippageModel
from periscope.instruments.unit import Unit
from periscope.portfolio.exact import ZERO


def slipped(order: Order, offer: Offer, unit: Unit, slippage: SlippageModel) -> Decimal:
    """The price after slippage: always against the order, to the tick against it, never past a limit.

    What trades as an equity never falls below one tick by slippage; a price that no slippage moves is taken as the bar
    has it.
    """
    price, tick = offer.price, unit.price_step
    distance = slippage.distance(offer)
    if distance == 0:
        return price
    moved = unit.tick_up(price + distance) if order.sign > 0 else unit.tick_down(price - distance)
    if not order.instrument.is_future and moved < tick:
        moved = min(price, tick)
    limit = order.limit
    if limit is not None and order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        moved = min(moved, limit) if order.sign > 0 else max(moved, limit)
    return moved


class Marked(NamedTuple):
    """What prices and quantities count in at the moment of a fill, and the last price known then."""

    unit: Unit
    last_price: Decimal | None


def fee_of_fill(order: Order, quantity: Decimal, price: Decimal, time: int, fees: FeeModel, marks: Marked) -> Decimal:
    """The fee of the order's next fill: what the order owes after it, less what it owed before.

    `quantity` and `price` are those of the fill; the fee model sees the real contract of that day.
    """
    if fees.is_free:
        return ZERO
    real = marks.unit.real_quantity(quantity)
    owed = fees.owed(_traded(order, real, quantity * price * order.instrument.multiplier, time, marks))
    if order.charged_units == 0:
        return owed
    return owed - fees.owed(_traded(order, ZERO, ZERO, time, marks))


def fee_to_reserve(order: Order, fees: FeeModel) -> Decimal:
    """What the rest of the order will owe if it fills at the price at which its buying power is reserved."""
    if fees.is_free:
        return ZERO
    marks = Marked(order.unit, order.reference)
    return fee_of_fill(order, order.remaining, order.reference, order.placed_at, fees, marks)


def _traded(order: Order, quantity: Decimal, value: Decimal, time: int, marks: Marked) -> Traded:
    own = order.limit if order.limit is not None else order.stop
    real = marks.unit.real_price
    return Traded(
        instrument=order.instrument,
        sign=order.sign,
        quantity=order.charged_units + quantity,
        value=order.charged_value + value,
        time=time,
        last_price=None if marks.last_price is None else real(marks.last_price),
        order_price=None if own is None else real(own),
    )
