"""What the account does by itself: daily settlement of futures, interest and borrow fees, margin calls."""

from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderIntent, OrderType, PlaceOrderAction
from periscope.engine.settings import MarginCallPolicy
from tests.naive.actions import Actions
from tests.naive.book import Position
from tests.naive.exact import decimal_of, half_even, round_up
from tests.naive.sessions import session_from

DAY = 86_400_000_000


class Accounting(Actions):
    """Done once at an instant, after bars and expiries."""

    def due_times(self) -> list[int]:
        """Moments at which the account has something to do, besides the ends of bars."""
        times = [self.settlement_time(position) for position in self.book.held() if position.instrument.is_future]
        rates = self.settings.interest
        if rates.cash or rates.debit or rates.borrow:
            times.append((self.now // DAY + 1) * DAY)
        return times

    def settlement_time(self, position: Position) -> int:
        """The session close at which a position is settled next."""
        return session_from(position.instrument.exchange, self.settings.extended_hours, position.since).close

    def do_accounting(self) -> None:
        """Settle, pay, call."""
        for position in self.book.held():
            if position.instrument.is_future and self.settlement_time(position) == self.now:
                self.settle_daily(position)
                self.deposit(position)
        if self.now % DAY == 0:
            self.pay_interest()
        if any((position.instrument.key, self.now) in self.ending for position in self.book.held()):
            self.check_margin()
        self.accounted = self.now

    def settle_daily(self, position: Position) -> None:
        """What the open position has gained since it was last settled goes to cash."""
        position.since = self.now
        gained = self.book.worth(position)
        if self.last_price(position.instrument) is None or gained == 0:
            return
        position.settled += gained
        self.book.cash += gained
        self.booked()

    def deposit(self, position: Position) -> None:
        """What the trading day that follows asks for is deposited."""
        margin = self.book.required(position)
        if margin != position.margin:
            position.margin = margin
            self.booked()

    def pay_interest(self) -> None:
        """A 360th of each yearly rate, on shares that are short and on cash without what was got for them."""
        rates = self.settings.interest
        short = [one for one in self.book.held() if one.quantity < 0 and not one.instrument.is_future]
        values = {one.instrument.symbol: self.book.worth(one) for one in short}
        balance = self.book.cash + sum(values.values(), Fraction(0))
        for symbol, value in values.items():
            self.pay(f"borrow_fees:{symbol}", -half_even(-value * Fraction(rates.borrow) / 360, 6))
        rate = Fraction(rates.cash if balance > 0 else rates.debit)
        account = "interest_received" if balance > 0 else "interest_paid"
        self.pay(account, half_even(balance * rate / 360, 6))

    def pay(self, account: str, amount: Fraction) -> None:
        """Change cash, if by anything."""
        if amount != 0:
            self.book.pay(account, amount)
            self.booked()

    def check_margin(self) -> None:
        """Tell a margin call once; sell where the run asks for it and nothing is being sold yet."""
        missing = self.book.missing()
        if missing <= 0:
            self.book.called = False
            return
        if not self.book.called:
            self.book.called = True
            self.issue("MARGIN_CALL")
        if self.settings.on_margin_call is not MarginCallPolicy.LIQUIDATE:
            return
        if any(order.of_margin_call for order in self.resting()):
            return
        for position in sorted(self.book.held(), key=lambda one: (-self.book.kept(one), one.instrument.key)):
            side = 1 if position.quantity > 0 else -1
            cost = half_even(position.cost / abs(position.quantity), 12)
            a_unit = self.book.kept(Position(position.instrument, Fraction(side), cost))
            if missing <= 0 or a_unit == 0:
                return
            wanted = round_up(missing / a_unit, Fraction(position.instrument.quantity_step))
            quantity = min(wanted, abs(position.quantity))
            missing -= quantity * a_unit
            name, kind = position.instrument.key
            action = PlaceOrderAction(name, kind, OrderIntent.CLOSE, OrderType.MARKET, decimal_of(quantity))
            self.place(action, of_margin_call=True)
