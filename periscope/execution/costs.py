"""What a fill costs beyond its price: the rules that hold for every slippage and every fee model."""

from decimal import Decimal

from libs.shared_ipc.src.protocol import OrderType
from periscope.execution.fees import FeeModel, Traded
from periscope.execution.order import Order
from periscope.execution.slippage import Offer, SlippageModel
from periscope.portfolio.exact import ZERO, step_down, step_up


def slipped(order: Order, offer: Offer, slippage: SlippageModel) -> Decimal:
    """The price after slippage: always against the order, to the tick against it, never past a limit.

    What trades as an equity never falls below one tick by slippage; a price that no slippage moves is taken as the bar
    has it.
    """
    price, tick = offer.price, offer.tick
    distance = slippage.distance(offer)
    if distance == 0:
        return price
    moved = step_up(price + distance, tick) if order.sign > 0 else step_down(price - distance, tick)
    if not order.instrument.is_future and moved < tick:
        moved = min(price, tick)
    limit = order.limit
    if limit is not None and order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        moved = min(moved, limit) if order.sign > 0 else max(moved, limit)
    return moved


def fee_of_fill(
    order: Order, quantity: Decimal, price: Decimal, time: int, fees: FeeModel, last_price: Decimal | None
) -> Decimal:
    """The fee of the order's next fill: what the order owes after it, less what it owed before.

    `quantity` and `price` are those of the real contract on that day.
    """
    owed = fees.owed(_traded(order, quantity, quantity * price * order.instrument.multiplier, time, last_price))
    if order.charged_units == 0:
        return owed
    return owed - fees.owed(_traded(order, ZERO, ZERO, time, last_price))


def fee_to_reserve(order: Order, fees: FeeModel) -> Decimal:
    """What the rest of the order will owe if it fills at the price at which its buying power is reserved."""
    return fee_of_fill(order, order.remaining, order.reference, order.placed_at, fees, order.reference)


def _traded(order: Order, quantity: Decimal, value: Decimal, time: int, last_price: Decimal | None) -> Traded:
    return Traded(
        instrument=order.instrument,
        sign=order.sign,
        quantity=order.charged_units + quantity,
        value=order.charged_value + value,
        time=time,
        last_price=last_price,
        order_price=order.limit if order.limit is not None else order.stop,
    )
