"""What a fill costs beyond its price: slippage and fees. Small pure functions of the run's settings."""

from decimal import Decimal

from libs.shared_ipc.src.protocol import OrderType
from periscope.execution.order import Order
from periscope.execution.schedules import FeeSchedule, Slippage
from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO, step_down, step_up

_BASIS_POINT = Decimal("0.0001")


def slipped(price: Decimal, order: Order, slippage: Slippage) -> Decimal:
    """The price after slippage: always against the order, to the tick against it, never past a limit."""
    tick = order.instrument.tick
    if slippage.ticks:
        moved = price + order.sign * slippage.ticks * tick
    elif slippage.basis_points:
        moved = price + order.sign * abs(price) * slippage.basis_points * _BASIS_POINT
    else:
        return price
    moved = step_up(moved, tick) if order.sign > 0 else step_down(moved, tick)
    if not order.instrument.is_future and moved < tick:
        moved = min(price, tick)
    limit = order.limit
    if limit is not None and order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        moved = min(moved, limit) if order.sign > 0 else max(moved, limit)
    return moved


def order_fee(instrument: Instrument, quantity: Decimal, schedule: FeeSchedule) -> Decimal:
    """The fee of a whole order of which `quantity` units have been filled, in the run's currency."""
    if instrument.is_future:
        return schedule.per_contract * quantity
    fee = schedule.per_share * quantity
    if quantity > 0 and schedule.minimum is not None:
        fee = max(fee, schedule.minimum)
    if schedule.maximum is not None:
        fee = min(fee, schedule.maximum)
    return fee if quantity > 0 else ZERO


def fill_fee(order: Order, quantity: Decimal, schedule: FeeSchedule) -> Decimal:
    """The fee of the order's next fill: what the order owes after it, less what it has been charged."""
    return order_fee(order.instrument, order.filled + quantity, schedule) - order.fees
