"""How much of the account is free, and what resting orders hold back: the `cash` account.

Equities are paid in full and cannot be sold short; futures are held against the instrument's initial margin. The
reserve of resting orders is, per symbol, what the worst reachable net position needs beyond the present one. Orders
with a close intent reserve nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from periscope.execution.costs import order_fee
from periscope.execution.order import Order
from periscope.execution.schedules import FeeSchedule
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, InstrumentKey, Position
from periscope.portfolio.exact import ZERO

type LastPrice = Callable[[Instrument], Decimal | None]


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What the resting orders of one symbol, close intents left out, could still trade.

    `buys` and `sells` are units, `cost` what the buys would cost at their reference prices, `buy_fees` and `fees` the
    fees of the buys and of all.
    """

    instrument: Instrument
    buys: Decimal = ZERO
    sells: Decimal = ZERO
    cost: Decimal = ZERO
    buy_fees: Decimal = ZERO
    fees: Decimal = ZERO

    def plus(self, order: Order, schedule: FeeSchedule, factor: int = 1) -> "Exposure":
        """With `order` added (or taken away, `factor` -1)."""
        remaining = order.quantity - order.filled
        units = remaining * factor
        fee = order_fee(order.instrument, remaining, schedule) * factor
        if order.sign < 0:
            sells = self.sells + units
            return Exposure(self.instrument, self.buys, sells, self.cost, self.buy_fees, self.fees + fee)
        cost = self.cost + units * order.reference * order.instrument.multiplier
        return Exposure(self.instrument, self.buys + units, self.sells, cost, self.buy_fees + fee, self.fees + fee)

    def reserve(self, position: Position | None) -> Decimal:
        """Money held back for these orders."""
        if not self.instrument.is_future:
            return self.cost + self.buy_fees
        held = position.quantity if position is not None else ZERO
        worst = max(abs(held + self.buys), abs(held - self.sells))
        return max(ZERO, worst - abs(held)) * margin_per_contract(self.instrument) + self.fees


def margin_per_contract(instrument: Instrument) -> Decimal:
    """Initial margin of one contract; admission refuses futures whose margin is unknown."""
    return instrument.initial_margin if instrument.initial_margin is not None else ZERO


def equity_of_futures(positions: Iterable[Position], last_price: LastPrice) -> Decimal:
    """Unsettled profit of the futures among `positions` less their initial margins."""
    total = ZERO
    for position in positions:
        if position.instrument.is_future:
            price = last_price(position.instrument)
            unsettled = position.worth_at(price) if price is not None else ZERO
            total += unsettled - abs(position.quantity) * margin_per_contract(position.instrument)
    return total


def free_cash(book: Book, exposures: Mapping[InstrumentKey, Exposure], last_price: LastPrice) -> Decimal:
    """Cash that neither a position's margin nor a resting order holds."""
    reserved = sum((exposure.reserve(book.positions.get(key)) for key, exposure in exposures.items()), ZERO)
    return book.cash + equity_of_futures(book.positions.values(), last_price) - reserved
