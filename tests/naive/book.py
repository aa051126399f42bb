"""Cash, positions and buying power."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderType
from periscope.engine.settings import Settings
from periscope.instruments.instrument import Instrument
from tests.naive.costs import fee_of
from tests.naive.exact import half_even
from tests.naive.market import Key
from tests.naive.order import Order


@dataclass(slots=True)
class Position:
    """`quantity` is signed; `cost` is the exact sum of quantity x price x multiplier, signed like it."""

    instrument: Instrument
    quantity: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)

    @property
    def multiplier(self) -> Fraction:
        """Money per price unit and contract."""
        return Fraction(self.instrument.multiplier)

    @property
    def average_price(self) -> Fraction:
        """Per unit, before fees."""
        return half_even(self.cost / (self.quantity * self.multiplier), 10)

    def after(self, signed: Fraction, price: Fraction) -> "Position":
        """What the position is after trading `signed` units at `price`; this one stays as it is."""
        now = Position(self.instrument, self.quantity, self.cost, self.realised)
        if now.quantity * signed < 0:
            closed = min(abs(signed), abs(now.quantity))
            side = 1 if now.quantity > 0 else -1
            removed = now.cost if closed == abs(now.quantity) else half_even(now.cost * closed / abs(now.quantity), 12)
            now.realised += side * closed * price * self.multiplier - removed
            now.quantity -= side * closed
            now.cost -= removed
            signed += side * closed
        now.quantity += signed
        now.cost += signed * price * self.multiplier
        return now


class Book:
    """The account: cash, positions, and what of the cash is free.

    `last_price` answers the close of the last complete execution bar of an instrument, None if there was none yet.
    """

    def __init__(self, settings: Settings, last_price: Callable[[Instrument], Fraction | None]) -> None:
        self.settings = settings
        self.last_price = last_price
        self.cash = Fraction(0)
        self.positions: dict[Key, Position] = {}

    def position(self, instrument: Instrument) -> Position:
        """The position in an instrument, flat if there never was one."""
        return self.positions.setdefault(instrument.key, Position(instrument))

    def quantity(self, instrument: Instrument) -> Fraction:
        """The signed quantity held."""
        return self.position(instrument).quantity

    def cash_change(self, instrument: Instrument, signed: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """What trading `signed` units at `price` does to cash."""
        before = self.position(instrument)
        if instrument.is_future:
            return before.after(signed, price).realised - before.realised - fee
        return -signed * price * before.multiplier - fee

    def trade(self, instrument: Instrument, signed: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """Book a trade; the realised profit or loss of it, before fees."""
        before = self.position(instrument)
        self.cash += self.cash_change(instrument, signed, price, fee)
        self.positions[instrument.key] = before.after(signed, price)
        return self.positions[instrument.key].realised - before.realised

    def refusal(
        self, order: Order, quantity: Fraction, price: Fraction, base_price: Fraction, fee: Fraction
    ) -> str | None:
        """Why this fill may not happen; None if it may."""
        instrument = order.instrument
        signed = order.side * quantity
        before = self.position(instrument)
        if before.quantity * signed < 0 and quantity <= abs(before.quantity):
            return None
        after = before.after(signed, price)
        if not instrument.is_future and after.quantity < 0:
            return "SHORT_NOT_ALLOWED"
        worth = self.cash + self.cash_change(instrument, signed, price, fee)
        for position in self.positions.values():
            if position.instrument.key != instrument.key and position.instrument.is_future:
                worth += self._unsettled(position, None) - self._margin(position.instrument, position.quantity)
        if instrument.is_future:
            worth += self._unsettled(after, base_price) - self._margin(instrument, after.quantity)
        return "OUT_OF_CASH" if worth < 0 else None

    def free(self, resting: Iterable[Order]) -> Fraction:
        """Cash that is neither margin nor reserved by resting orders, open futures profit and loss included."""
        orders = list(resting)
        worth = self.cash
        for position in self.positions.values():
            if position.instrument.is_future:
                worth += self._unsettled(position, None) - self._margin(position.instrument, position.quantity)
        keys = {order.instrument.key: order.instrument for order in orders}
        return worth - sum((self.reserve(instrument, orders) for instrument in keys.values()), Fraction(0))

    def reserve(self, instrument: Instrument, resting: Iterable[Order]) -> Fraction:
        """What the resting orders of one instrument hold back. Close orders hold back nothing."""
        orders = [order for order in resting if order.instrument.key == instrument.key and not order.closing]
        if not instrument.is_future:
            return sum((self._price_of_buy(order) for order in orders if order.side > 0), Fraction(0))
        held = self.quantity(instrument)
        buys = sum((order.remaining for order in orders if order.side > 0), Fraction(0))
        sells = sum((order.remaining for order in orders if order.side < 0), Fraction(0))
        worst = max(abs(held + buys), abs(held - sells))
        fees = sum((fee_of(instrument, order.remaining, self.settings.fees) for order in orders), Fraction(0))
        return self._margin(instrument, max(Fraction(0), worst - abs(held))) + fees

    def value(self) -> Fraction:
        """Cash, shares at their last price, and the open profit and loss of futures."""
        worth = self.cash
        for position in self.positions.values():
            if position.quantity != 0:
                unsettled = self._unsettled(position, None)
                worth += unsettled if position.instrument.is_future else unsettled + position.cost
        return worth

    def _price_of_buy(self, order: Order) -> Fraction:
        instrument = order.instrument
        match order.action.order_type:
            case OrderType.LIMIT | OrderType.STOP_LIMIT:
                price = order.limit
            case OrderType.STOP:
                price = order.stop
            case OrderType.MARKET:
                if order.reference is None:
                    order.reference = self.last_price(instrument) or Fraction(0)
                price = order.reference
        money = order.remaining * (price or Fraction(0)) * Fraction(instrument.multiplier)
        return money + fee_of(instrument, order.remaining, self.settings.fees)

    def _unsettled(self, position: Position, price: Fraction | None) -> Fraction:
        """Profit or loss of the open position at `price`, by default the last known one."""
        if position.quantity == 0:
            return Fraction(0)
        known = self.last_price(position.instrument) if price is None else price
        if known is None:
            known = position.average_price
        return position.quantity * known * position.multiplier - position.cost

    def _margin(self, instrument: Instrument, quantity: Fraction) -> Fraction:
        return Fraction(0) if quantity == 0 else abs(quantity) * Fraction(instrument.initial_margin or 0)
