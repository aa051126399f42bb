"""When orders fill, for how much, and what that causes."""

from dataclasses import replace
from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderState, TimeInForce
from periscope.instruments.instrument import Instrument
from tests.naive.corporate import real_quantity, unit_step
from tests.naive.costs import slipped
from tests.naive.desk import OWN_FILL, Desk
from tests.naive.exact import decimal_of, round_down
from tests.naive.market import Bar, Key, price_of
from tests.naive.order import ONE_PRICE, Meeting, Order, inside, on_close

STOPS, LIMITS, CLOSING_AUCTION = range(3)
"""The order of the fills that become known at one time."""


class Fills(Desk):
    """What the bars do to the orders."""

    def close_bars(self) -> None:
        """All fills inside bars that end now are booked before the first of them is told."""
        hits = []
        self.bars_closed_at = self.now
        for order in self.resting():
            bar = self.bar_of(order, self.offer_ending)
            last = self.last_offer.get((order.instrument.key, order.side))
            if bar is not None and order.may_meet_inside(bar):
                met = inside(order, bar, touch=self.touch)
                if met is not Meeting.NOTHING:
                    hits.append((STOPS if order.is_stop else LIMITS, order.sequence, order, bar, met))
            elif last is not None and last.offered and order.takes_close(last, self.now):
                price = on_close(order, last, touch=self.touch)
                if price is not None:
                    hits.append((CLOSING_AUCTION, order.sequence, order, last, price))
        held_before = {order.instrument.key: self.book.quantity(order.instrument) for _, _, order, _, _ in hits}
        stopped_out: set[Key] = set()
        consequences: list[Order] = []
        for turn, _, order, bar, met in sorted(hits, key=lambda hit: hit[:2]):
            if not order.live:
                continue
            if isinstance(met, Meeting):
                order.touched, order.met = True, bar.start
                continue
            before = held_before[order.instrument.key]
            if turn == LIMITS and order.instrument.key in stopped_out and self.exceeds_position(order, before):
                continue
            was_filled = order.filled
            self.allow_event()
            self.meet(order, bar, met, self.cap(order, bar, self.measure(order, bar, turn)), consequences)
            if turn == STOPS and order.filled > was_filled and order.side * before < 0:
                stopped_out.add(order.instrument.key)
        for order in consequences:
            self.cause(order)

    def measure(self, order: Order, bar: Bar, turn: int) -> Bar | None:
        """The bar whose volume counts: in the closing auction the session's last one with trades."""
        return self.last_of_session(order, bar) if turn == CLOSING_AUCTION else bar

    def last_of_session(self, order: Order, bar: Bar) -> Bar:
        """The last bar with trades of the order's session; where it has none, `bar` without any volume."""
        last = self.last_closed.get(order.instrument.key)
        assert order.auctions is not None
        return last if last is not None and last.end > order.auctions.open else replace(bar, volume=0)

    def exceeds_position(self, order: Order, before: Fraction) -> bool:
        """Whether a limit order would trade more than the stops of this moment have left of the position."""
        if order.closing or order.side * before >= 0:
            return False
        now = self.book.quantity(order.instrument)
        left = abs(now) if now * before > 0 else Fraction(0)
        return order.remaining > left

    def fill_at_close(self, order: Order) -> None:
        """A market order under `current_close` meets the bar that ended when it was placed."""
        bar, order.closing_bar = order.closing_bar, None
        assert bar is not None
        self.fill_now(order, bar, price_of(order.instrument, bar.close), self.cap(order, bar, bar))

    def fill_now(self, order: Order, bar: Bar, price: Fraction, cap: Fraction | None) -> None:
        """A fill by itself, with what it causes."""
        if not self.comes_to_nothing(order, cap):
            self.allow_event()
        consequences: list[Order] = []
        self.meet(order, bar, price, cap, consequences)
        for other in consequences:
            self.cause(other)

    def comes_to_nothing(self, order: Order, cap: Fraction | None) -> bool:
        """Whether there is no volume for the order, and it simply waits for another bar."""
        return cap == 0 and order.time_in_force not in ONE_PRICE

    def meet(self, order: Order, bar: Bar, base: Fraction, cap: Fraction | None, consequences: list[Order]) -> None:
        """The order's condition holds on this bar at the price `base`: fill what may be filled."""
        order.met = bar.start
        order.touched = order.touched or order.is_stop
        remaining = order.remaining
        if order.closing:
            remaining = min(remaining, abs(self.book.quantity(order.instrument)))
        quantity = remaining if cap is None else min(remaining, cap)
        if order.time_in_force is TimeInForce.FOK and quantity < remaining:
            quantity = Fraction(0)
        if quantity == 0:
            if order.time_in_force in ONE_PRICE:
                self.finish(order, order.last_state)
                self.queue(OWN_FILL, order)
            return
        measure = bar if self.now >= bar.end else self.bar_before(order, bar)
        if order.time_in_force is TimeInForce.ATC:
            measure = self.last_of_session(order, bar)
        volume = None if measure is None else self.traded_volume(order.instrument, measure)
        taken = self.taken[order.instrument.key, bar.start] + quantity
        known = self.means(order.instrument)
        price = slipped(order.deal_in(known), base, self.settings.slippage, taken, volume)
        fee = order.fee(quantity, price, self.last_price(order.instrument), self.now, self.settings.fees, known)
        refused = self.book.refusal(order, quantity, price, base, fee)
        if refused is not None:
            self.finish(order, OrderState.REJECTED, refused)
            self.queue(OWN_FILL, order)
            return
        order.quantity = order.filled + remaining
        consequences += self.book_fill(order, bar, quantity, price, base, fee)
        self.queue(OWN_FILL, order)
        if order.live and order.time_in_force in ONE_PRICE:
            self.finish(order, order.last_state)
            self.queue(OWN_FILL, order)

    def book_fill(
        self, order: Order, bar: Bar, quantity: Fraction, price: Fraction, base: Fraction, fee: Fraction
    ) -> list[Order]:
        """Write a fill down; the close orders that it leaves without a position."""
        signed = order.side * quantity
        before = self.book.quantity(order.instrument)
        realised = self.book.trade(order.instrument, signed, price, fee)
        order.filled += quantity
        order.real_filled += real_quantity(quantity, self.means(order.instrument))
        order.fees += fee
        order.net_money += -signed * price * Fraction(order.instrument.multiplier) - fee
        self.taken[order.instrument.key, bar.start] += quantity
        if order.remaining == 0:
            self.finish(order, OrderState.FILLED)
        after = self.book.quantity(order.instrument)
        numbers = (price, quantity, fee, base, self.book.cash, after, realised)
        self.trace.fills.append((order.sequence, self.now, *(decimal_of(number) for number in numbers)))
        self.booked()
        if after * before > 0 or before == 0:
            return []
        left = [one for one in self.resting() if one.closing and one.instrument.key == order.instrument.key]
        for one in left:
            self.finish(one, OrderState.CANCELLED)
        return left

    def settle(self, instrument: Instrument) -> None:
        """Close what is held of an instrument that expires, at its last price and without a fee."""
        position = self.book.position(instrument)
        if position.quantity == 0:
            return
        price = self.last_price(instrument)
        if price is None:
            price = position.average_price
        held = position.quantity
        realised = self.book.trade(instrument, -held, price, Fraction(0))
        numbers = (held, price, realised)
        self.trace.settlements.append((self.now, *instrument.key, *(decimal_of(number) for number in numbers)))
        self.booked()

    def bar_of(self, order: Order, table: dict[tuple[Key, int, int], Bar]) -> Bar | None:
        """The bar that the order meets and that starts (or ends) now, if it has a price for its side."""
        found = table.get((order.instrument.key, order.side, self.now))
        return found if found is not None and found.offered else None

    def bar_before(self, order: Order, bar: Bar) -> Bar | None:
        """The last execution bar that was complete when `bar` started."""
        earlier = [other for other in self.executions[order.instrument.key] if other.end <= bar.start]
        return earlier[-1] if earlier else None

    def cap(self, order: Order, bar: Bar, measure: Bar | None) -> Fraction | None:
        """How much of `bar` may still be taken, judged by the volume of `measure`; None is no cap."""
        share = self.settings.participation
        volume = None if measure is None else self.traded_volume(order.instrument, measure)
        if share is None or volume is None:
            return None
        step = unit_step(order.instrument, self.settings, self.means(order.instrument))
        allowed = round_down(Fraction(share) * volume, step)
        return max(Fraction(0), allowed - self.taken[order.instrument.key, bar.start])
