"""What splits and dividends do to positions and resting orders."""

from abc import ABC, abstractmethod
from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderState
from periscope.engine.settings import Adjustment
from periscope.instruments.instrument import Instrument
from tests.naive.corporate import Corporate, in_run, on_tick, real_quantity, unit_step
from tests.naive.desk import Desk
from tests.naive.exact import decimal_of, half_even, round_down
from tests.naive.market import price_of
from tests.naive.order import Order


class CorporateActions(Desk, ABC):
    """Splits and dividends as a day begins, and cash for fractions at the first price after."""

    @abstractmethod
    def tell_updates(self) -> None:
        """Deliver what waits."""

    def take_corporate_actions(self) -> None:
        """All that takes effect now, before anything else."""
        for instrument in sorted(self.market.instruments, key=lambda one: one.key):
            for event in in_run(self.market.events(instrument), self.settings):
                if event.time == self.now:
                    self._take(instrument, event)
        self.tell_updates()

    def _take(self, instrument: Instrument, event: Corporate) -> None:
        held = self.book.quantity(instrument)
        if self.settings.adjustment is Adjustment.TOTAL_RETURN:
            return
        if held and event.dividend:
            before = self.market.means(instrument, self.settings, self.now - 1)
            amount = real_quantity(held, before) * event.dividend
            self.book.pay(f"dividends_{'received' if amount > 0 else 'paid'}:{instrument.symbol}", amount)
            self.booked()
        if event.ratio == 1 or self.settings.adjustment is not Adjustment.RAW:
            return
        if held:
            self.book.position(instrument).quantity = half_even(held * event.ratio, 12)
            self.booked()
            if self._fraction(instrument):
                self.fractions[instrument.key] = self.now
        for order in self.resting():
            if order.instrument.key == instrument.key:
                self._split(order, event.ratio)

    def _split(self, order: Order, ratio: Fraction) -> None:
        """A resting order in new shares: prices away from the market, quantity down to the step."""
        known = self.means(order.instrument)
        step = unit_step(order.instrument, self.settings, known)
        remaining = round_down(half_even(order.remaining * ratio, 12), step)
        prices = []
        for price, up in ((order.limit, order.side < 0), (order.stop, order.side > 0)):
            prices.append(None if price is None else on_tick(price / ratio, order.instrument, known, up=up))
        if remaining == 0 or any(price is not None and price <= 0 for price in prices):
            self.finish(order, OrderState.CANCELLED)
            self.cause(order)
            return
        order.quantity = order.filled + remaining
        order.limit, order.stop = prices
        if order.reference is not None:
            order.reference = half_even(order.reference / ratio, 12)

    def _fraction(self, instrument: Instrument) -> Fraction:
        """What of a position is below the step, signed."""
        held = self.book.quantity(instrument)
        step = unit_step(instrument, self.settings, self.means(instrument))
        return held - (1 if held > 0 else -1) * round_down(abs(held), step)

    def pay_fractions(self) -> None:
        """Fractions of which the first bar after the split starts now."""
        for key in sorted(self.fractions):
            bar = self.starting.get((key, self.now))
            if bar is None:
                continue
            del self.fractions[key]
            instrument = self.book.positions[key].instrument
            fraction = self._fraction(instrument)
            if fraction:
                self._pay_out(instrument, fraction, price_of(instrument, bar.open))
            self.tell_updates()

    def _pay_out(self, instrument: Instrument, fraction: Fraction, price: Fraction) -> None:
        realised = self.book.trade(instrument, -fraction, price, Fraction(0))
        numbers = (fraction, price, realised)
        self.trace.settlements.append((self.now, *instrument.key, *(decimal_of(number) for number in numbers)))
        self.booked()
        if self.book.quantity(instrument) == 0:
            for one in self.resting():
                if one.closing and one.instrument.key == instrument.key:
                    self.finish(one, OrderState.CANCELLED)
                    self.cause(one)
