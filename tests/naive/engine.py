"""The per-event engine: visits every instant, looks at every order, and knows nothing of what comes next.

What happens at one instant, in this order: fills inside the bars that just ended; first updates of orders placed
now; what else was caused now; market orders at the close of a bar that just ended; orders that expire; bars;
instruments that expire; what the account does by itself; the timer; and at last the opens of the bars that start now.
Whatever a handler causes is told before the next of these steps.
"""

import heapq
from fractions import Fraction
from uuid import NAMESPACE_OID, uuid5

from libs.shared_ipc.src.protocol import (
    AssetType,
    BarEvent,
    Direction,
    ExpirationEvent,
    OrderState,
    OrderUpdateEvent,
    StrategyBar,
    StrategyPosition,
    TimerEvent,
)
from periscope.engine.settings import Settings
from tests.naive.accounting import Accounting
from tests.naive.corporate_actions import CorporateActions
from tests.naive.desk import CAUSED_NOW, Registration, Update
from tests.naive.exact import decimal_of
from tests.naive.fills import Fills
from tests.naive.host import Host, RunEndedError, StrategyFactory, moment
from tests.naive.market import SPANS, Bar, Market, price_of, volume_of
from tests.naive.order import Meeting, at_open
from tests.naive.trace import Trace


def run_naive(factory: StrategyFactory, market: Market, settings: Settings) -> Trace:
    """Run a strategy over a market and tell everything that happened."""
    return _Run(factory, market, settings).run()


class _Run(Fills, Accounting, CorporateActions):
    def __init__(self, factory: StrategyFactory, market: Market, settings: Settings) -> None:
        super().__init__(market, settings)
        self.grid = self.fixed_instants()
        self.host = Host(factory, settings.limits.actions_per_reply, self.position_now, market.front_month)

    def run(self) -> Trace:
        """Everything from on_start to on_stop."""
        try:
            self.call("on_start", moment(self.settings.start))
            self.tell_updates()
            self.open_bars()
            while (following := self.next_instant()) is not None:
                self.now = following
                self.instant()
            self.now = self.settings.end
            self.host.stop(self.now)
        except RunEndedError as ended:
            self.trace.status, self.trace.error = "error", str(ended)
        return self.finished()

    def fixed_instants(self) -> list[int]:
        """Every time at which something can happen that the strategy does not cause, ascending."""
        times = {one.expires_at for one in self.market.instruments if one.expires_at is not None}
        times.update(event.time for one in self.market.instruments for event in self.market.events(one))
        for bars in (*self.executions.values(), *self.offers.values(), *self.streams.values()):
            times.update(time for bar in bars for time in (bar.start, bar.end))
        return sorted(time for time in times if self.settings.start < time <= self.settings.end)

    def next_instant(self) -> int | None:
        """The next time at which anything can happen."""
        while self.grid and self.grid[0] <= self.now:
            self.grid.pop(0)
        times = self.grid[:1]
        times += [order.until for order in self.resting() if order.until is not None and order.until > self.now]
        times += [request[0] for request in self.cancels if request[0] > self.now]
        if self.timer is not None:
            times.append(self.timer.next)
        times += self.due_times()
        return min((time for time in times if time <= self.settings.end), default=None)

    def instant(self) -> None:
        """Everything at one time."""
        for key in self.executions:
            if (key, self.now) in self.ending:
                self.last_closed[key] = self.ending[key, self.now]
        self.take_corporate_actions()
        for which in self.offers:
            if (*which, self.now) in self.offer_ending:
                self.last_offer[which] = self.offer_ending[*which, self.now]
        self.close_bars()
        self.tell_updates()
        self.expire_orders()
        self.tell_bars()
        self.expire_instruments()
        self.do_accounting()
        self.tell_updates()
        if self.timer is not None and self.timer.next == self.now:
            self.allow_event()
            self.timer.fired += 1
            self.tell("on_timer", TimerEvent(moment(self.now), "time_step"), ("TIMER", self.now, "time_step"))
            self.tell_updates()
        self.open_bars()

    def expire_orders(self) -> None:
        """Orders whose time is up."""
        for order in self.orders:
            if order.live and order.until == self.now:
                self.allow_event()
                self.finish(order, OrderState.EXPIRED)
                self.queue(CAUSED_NOW, order)
                self.tell_updates()

    def tell_bars(self) -> None:
        """Bars that end now: finer spans first, then by registration."""
        for one in sorted(self.registrations, key=lambda r: (SPANS.index(r.asked.bar_time_span), r.number)):
            bar = self.complete.get((one.instrument.key, one.asked.bar_time_span, self.now))
            if bar is not None and bar.start >= one.since and one in self.registrations:
                self.tell_bar(one, bar)
                self.tell_updates()

    def expire_instruments(self) -> None:
        """Instruments that trade no longer: the position is closed at the last price, the registrations end."""
        for instrument in sorted(self.market.instruments, key=lambda one: one.key):
            if instrument.expires_at != self.now:
                continue
            mine = [one for one in self.registrations if one.instrument.key == instrument.key]
            if mine:
                self.allow_event()
            self.settle(instrument)
            self.registrations = [one for one in self.registrations if one not in mine]
            if mine:
                asked = mine[0].asked
                event = ExpirationEvent(moment(self.now), asked.symbol, asked.asset_type)
                self.tell("on_expiration", event, ("EXPIRATION", self.now, asked.symbol, asked.asset_type))
                self.tell_updates()

    def open_bars(self) -> None:
        """Orders meet the opens of the bars that start now, by placement, orders placed meanwhile included."""
        done: set[int] = set()
        self.pay_fractions()
        while True:
            waiting = [
                (order, bar)
                for order in self.resting()
                if order.sequence not in done
                and (bar := self.bar_of(order, self.offer_starting)) is not None
                and order.may_meet_open(bar)
            ]
            if not waiting:
                return
            order, bar = min(waiting, key=lambda pair: pair[0].sequence)
            done.add(order.sequence)
            met = at_open(order, bar, touch=self.touch)
            if met is Meeting.MISSED:
                self.allow_event()
                self.finish(order, order.last_state)
                self.queue(CAUSED_NOW, order)
            elif met is Meeting.TOUCHED:
                order.touched = True
            elif isinstance(met, Fraction):
                self.fill_now(order, bar, met, self.cap(order, bar, self.bar_before(order, bar)))
            self.tell_updates()

    def tell_updates(self) -> None:
        """Deliver what waits, and fill market orders at a close, until nothing of the kind is left."""
        while True:
            at_close = [order for order in self.resting() if order.closing_bar is not None]
            news = self.updates and self.updates[0][0][0] < CAUSED_NOW
            if self.bars_closed_at == self.now and not news:
                self.cancel_what_is_due()
            if self.updates:
                self.allow_event()
                _, update = heapq.heappop(self.updates)
                self.tell_update(update)
            elif at_close:
                self.fill_at_close(at_close[0])
            else:
                return

    def tell_update(self, update: Update) -> None:
        """Deliver one update."""
        order, state, filled, money = update
        settings = self.settings
        name = f"{settings.version}/{settings.config_hash}/{settings.seed}/{order.sequence}"
        known = (order.action.symbol, order.action.asset_type, state, decimal_of(filled), decimal_of(money))
        event = OrderUpdateEvent(moment(self.now), uuid5(NAMESPACE_OID, name), *known, moment(self.now))
        self.tell("on_order_update", event, ("ORDER", self.now, order.sequence, *known, self.now))

    def tell_bar(self, one: Registration, bar: Bar) -> None:
        """Deliver one bar."""
        volume = volume_of(one.instrument, bar.volume)
        shown = StrategyBar(
            timestamp=moment(bar.start),
            open=decimal_of(price_of(one.instrument, bar.open)),
            high=decimal_of(price_of(one.instrument, bar.high)),
            low=decimal_of(price_of(one.instrument, bar.low)),
            close=decimal_of(price_of(one.instrument, bar.close)),
            volume=None if volume is None else decimal_of(volume),
        )
        name = (one.asked.symbol, one.asked.asset_type)
        numbers = (shown.open, shown.high, shown.low, shown.close, shown.volume)
        self.tell("on_bar", BarEvent(moment(self.now), *name, shown), ("BAR", self.now, *name, bar.start, *numbers))

    def tell(self, handler: str, event: object, row: tuple[object, ...]) -> None:
        """Deliver one event and apply what the strategy answers."""
        self.trace.events.append(row)
        if row[0] != "BAR":
            self.told_at[self.now] += 1
        self.call(handler, event)

    def call(self, handler: str, argument: object) -> None:
        """Call a handler and apply its actions."""
        for action in self.host.call(handler, self.now, argument):
            self.trace.actions.append((self.now, action))
            self.apply(action)

    def position_now(self, symbol: str, asset_type: AssetType) -> StrategyPosition | None:
        """The position as the strategy sees it."""
        instrument = self.market.find(symbol, asset_type)
        if instrument is None or self.book.quantity(instrument) == 0:
            return None
        position = self.book.position(instrument)
        direction = Direction.LONG if position.quantity > 0 else Direction.SHORT
        return StrategyPosition(
            symbol, direction, decimal_of(abs(position.quantity)), decimal_of(position.average_price)
        )

    def finished(self) -> Trace:
        """The trace with what is known at the end."""
        for order in self.orders:
            numbers = (decimal_of(n) for n in (order.filled, order.net_money, order.fees))
            self.trace.orders.append((order.sequence, order.state, order.reject_code, *numbers, order.closed_at))
        for _, position in sorted(self.book.positions.items()):
            held = position.quantity != 0
            average = decimal_of(position.average_price) if held else None
            if held or position.realised != 0:
                row = (*position.instrument.key, decimal_of(position.quantity), average, decimal_of(position.realised))
                self.trace.positions.append(row)
        self.trace.registrations = self.registered
        self.trace.final_cash = decimal_of(self.book.cash)
        self.trace.final_value = decimal_of(self.book.value())
        self.trace.observations = list(getattr(self.host.strategy, "observations", []))
        return self.trace
