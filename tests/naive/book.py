"""Cash, positions and buying power."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderType
from periscope.engine.settings import AccountName, Settings
from periscope.instruments.instrument import Instrument
from tests.naive.exact import half_even
from tests.naive.market import Key
from tests.naive.order import Order


@dataclass(slots=True)
class Position:
    """`quantity` is signed; `cost` is the exact sum of quantity x price x multiplier, signed like it.

    `settled` is what daily settlement has brought for what is still open; `since` the moment from which the next
    settlement counts; `margin` what has been deposited for it.
    """

    instrument: Instrument
    quantity: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    settled: Fraction = Fraction(0)
    since: int = 0
    margin: Fraction = Fraction(0)

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
        now = replace(self)
        if now.quantity * signed < 0:
            closed = min(abs(signed), abs(now.quantity))
            side = 1 if now.quantity > 0 else -1
            removed = now.cost if closed == abs(now.quantity) else half_even(now.cost * closed / abs(now.quantity), 12)
            now.realised += side * closed * price * self.multiplier - removed
            whole = closed == abs(now.quantity)
            now.settled -= now.settled if whole else half_even(now.settled * closed / abs(now.quantity), 12)
            now.quantity -= side * closed
            now.cost -= removed
            signed += side * closed
        now.quantity += signed
        now.cost += signed * price * self.multiplier
        return now


class Book:
    """The account: cash, positions, and what of the cash is free.

    `last_price` answers the close of the last complete execution bar of an instrument, None if there was none yet;
    `opening_moment` the moment from which a position that is opened now counts for daily settlement; `margins` what one
    contract needs on the present trading day to be opened and to be kept.
    """

    def __init__(
        self,
        settings: Settings,
        last_price: Callable[[Instrument], Fraction | None],
        opening_moment: Callable[[], int],
        margins: Callable[[Instrument], tuple[Fraction, Fraction | None]],
    ) -> None:
        self.margins = margins
        self.settings = settings
        self.opening_moment = opening_moment
        self.last_price = last_price
        self.cash = Fraction(0)
        self.paid: dict[str, Fraction] = defaultdict(Fraction)  # what has gone to an account, less what came from it
        self.called = False  # a margin call stands
        self.positions: dict[Key, Position] = {}
        self.lends = settings.account is AccountName.MARGIN
        self.initial = Fraction(settings.margin.initial) if self.lends else Fraction(1)
        self.maintenance = Fraction(settings.margin.maintenance) if self.lends else Fraction(1)

    def position(self, instrument: Instrument) -> Position:
        """The position in an instrument, flat if there never was one."""
        return self.positions.setdefault(instrument.key, Position(instrument))

    def quantity(self, instrument: Instrument) -> Fraction:
        """The signed quantity held."""
        return self.position(instrument).quantity

    def pay(self, account: str, amount: Fraction) -> None:
        """Cash that comes from an account (below zero: goes to it)."""
        self.cash += amount
        self.paid[account] -= amount

    def accounts(self) -> dict[str, Fraction]:
        """What every account of the ledger holds, plus for a debit."""
        found = defaultdict(Fraction, self.paid)
        found["cash"] = self.cash
        for position in self.positions.values():
            symbol = position.instrument.symbol
            found[f"realised:{symbol}"] -= position.realised
            found[f"unrealised:{symbol}"] -= position.settled
            found[f"margin:{symbol}"] += position.margin
            found["cash"] -= position.margin
            if not position.instrument.is_future:
                found[f"position:{symbol}"] += position.cost
        return found

    def cash_change(self, instrument: Instrument, signed: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """What trading `signed` units at `price` does to cash."""
        before = self.position(instrument)
        if instrument.is_future:
            after = before.after(signed, price)
            return after.realised - before.realised + after.settled - before.settled - fee
        return -signed * price * before.multiplier - fee

    def trade(self, instrument: Instrument, signed: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """Book a trade; the realised profit or loss of it, before fees."""
        before = self.position(instrument)
        self.cash += self.cash_change(instrument, signed, price, fee)
        self.paid["fees"] += fee
        after = self.positions[instrument.key] = before.after(signed, price)
        after.margin = self.required(after) if instrument.is_future else Fraction(0)
        if before.quantity == 0:
            after.since = self.opening_moment()
        self.called = self.called and bool(self.held())
        return after.realised - before.realised

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
        if not self.lends and not instrument.is_future and after.quantity < 0:
            return "SHORT_NOT_ALLOWED"
        left = self.cash + self.cash_change(instrument, signed, price, fee)
        for position in self.positions.values():
            if position.instrument.key != instrument.key:
                left += self.worth(position) - self.required(position)
        left += self.worth(after, base_price) - self.required(after, base_price)
        return "OUT_OF_CASH" if left < 0 else None

    def free(self, resting: Iterable[Order]) -> Fraction:
        """The portfolio's value less what positions require and what resting orders reserve."""
        orders = list(resting)
        left = self.value()
        for position in self.positions.values():
            left -= self.required(position)
        keys = {order.instrument.key: order.instrument for order in orders}
        return left - sum((self.reserve(instrument, orders) for instrument in keys.values()), Fraction(0))

    def required(self, position: Position, price: Fraction | None = None) -> Fraction:
        """What opening a position needs: a part of the value of shares, the initial margin of futures."""
        if position.instrument.is_future:
            return self._margin(position.instrument, abs(position.quantity))
        return self.initial * abs(self.worth(position, price))

    def kept(self, position: Position) -> Fraction:
        """What keeping a position needs."""
        instrument = position.instrument
        if instrument.is_future:
            initial, maintenance = self.margins(instrument)
            return abs(position.quantity) * (initial if maintenance is None else maintenance)
        return self.maintenance * abs(self.worth(position))

    def missing(self) -> Fraction:
        """How far equity is below the maintenance requirement; negative where it is above."""
        return sum((self.kept(position) for position in self.positions.values()), Fraction(0)) - self.value()

    def held(self) -> list[Position]:
        """The positions that are not flat, by name."""
        return [position for _, position in sorted(self.positions.items()) if position.quantity != 0]

    def reserve(self, instrument: Instrument, resting: Iterable[Order]) -> Fraction:
        """What the resting orders of one instrument hold back. Close orders hold back nothing."""
        orders = [order for order in resting if order.instrument.key == instrument.key and not order.closing]
        held = self.quantity(instrument)
        needs, fees = [Fraction(0)], Fraction(0)
        for side in (1, -1):
            mine = [order for order in orders if order.side == side]
            units = sum((order.remaining for order in mine), Fraction(0))
            beyond = abs(held + side * units) - abs(held)
            if beyond <= 0 or (side < 0 and not self.lends and not instrument.is_future):
                continue
            fees += sum((self._fee_to_come(order, self._reference(order)) for order in mine), Fraction(0))
            value = sum((order.remaining * self._reference(order) for order in mine), Fraction(0))
            value *= Fraction(instrument.multiplier)
            if beyond != units:
                value = half_even(value * beyond / units, 12)
            needs.append(self._margin(instrument, beyond) if instrument.is_future else value * self.initial)
        return max(needs) + fees

    def value(self) -> Fraction:
        """Cash, shares at their last price, and the open profit and loss of futures."""
        return self.cash + sum((self.worth(position) for position in self.positions.values()), Fraction(0))

    def worth(self, position: Position, price: Fraction | None = None) -> Fraction:
        """What a position is worth besides cash, at `price` or the last one known."""
        if position.quantity == 0:
            return Fraction(0)
        known = self.last_price(position.instrument) if price is None else price
        value = position.cost if known is None else position.quantity * known * position.multiplier
        return value - position.cost - position.settled if position.instrument.is_future else value

    def _fee_to_come(self, order: Order, price: Fraction) -> Fraction:
        return order.fee(order.remaining, price, price, order.placed_at, self.settings.fees, order.placed_in)

    def _reference(self, order: Order) -> Fraction:
        """The price at which an order counts."""
        match order.action.order_type:
            case OrderType.LIMIT | OrderType.STOP_LIMIT:
                price = order.limit
            case OrderType.STOP:
                price = order.stop
            case OrderType.MARKET:
                price = order.reference
        return price or Fraction(0)

    def _margin(self, instrument: Instrument, quantity: Fraction) -> Fraction:
        return quantity * self.margins(instrument)[0]
