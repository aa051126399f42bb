"""The per-event engine: visits every instant, looks at every order, and knows nothing of what comes next.

What happens at one instant, in this order: fills inside the bars that just ended; first updates of orders placed
now; what else was caused now; market orders at the close of a bar that just ended; orders that expire; bars;
instruments that expire; the timer; and at last the opens of the bars that start now. Whatever a handler causes is
told before the next of these steps.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import NAMESPACE_OID, uuid5

from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    CancelLimitsAction,
    Direction,
    ExpirationEvent,
    InsertCashAction,
    OrderState,
    OrderType,
    OrderUpdateEvent,
    PlaceOrderAction,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    StrategyBar,
    StrategyPosition,
    TimeInForce,
    TimerEvent,
    UnregisterBarAction,
    UnregisterQuoteAction,
    WithdrawCashAction,
)
from periscope.engine.settings import FillModelName, LimitFill, Settings
from periscope.instruments.instrument import Instrument
from tests.naive.admission import admit
from tests.naive.book import Book
from tests.naive.costs import fee_of, slipped
from tests.naive.exact import decimal_of, half_up, round_down
from tests.naive.host import Host, RunEndedError, StrategyFactory, moment
from tests.naive.market import SPANS, Bar, Key, Market, price_of, volume_of
from tests.naive.order import AT_FIRST_PRICE, Meeting, Order, at_open, inside
from tests.naive.trace import Trace

type Update = tuple[Order, OrderState, Fraction, Fraction]
"""An order with its state, cumulative quantity and net money at the moment that the update tells of."""

FILLED_INSIDE, PLACED_NOW, CAUSED_NOW = range(3)
"""The order in which updates that wait at one time are told."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A live stream of bars."""

    number: int
    instrument: Instrument
    asked: BarRegistrationRequest
    since: int


@dataclass(slots=True)
class Timer:
    """The recurring timer: the k-th firing is at `since` + k x `step` microseconds."""

    since: int
    step: Fraction
    fired: int = 0

    @property
    def next(self) -> int:
        """The time of the next firing."""
        return self.since + half_up((self.fired + 1) * self.step)


def run_naive(factory: StrategyFactory, market: Market, settings: Settings) -> Trace:
    """Run a strategy over a market and tell everything that happened."""
    return _Run(factory, market, settings).run()


class _Run:
    def __init__(self, factory: StrategyFactory, market: Market, settings: Settings) -> None:
        self.market = market
        self.settings = settings
        self.touch = settings.limit_fill is LimitFill.TOUCH
        self.now = settings.start
        self.trace = Trace()
        self.book = Book(settings, self.last_price)
        self.orders: list[Order] = []
        self.registrations: list[Registration] = []
        self.registered = 0
        self.timer: Timer | None = None
        self.updates: list[tuple[tuple[int, int], Update]] = []
        self.caused = 0
        self.told_at: dict[int, int] = defaultdict(int)
        self.taken: dict[tuple[Key, int], Fraction] = defaultdict(Fraction)
        self.executions = {one.key: market.execution_stream(one, settings) for one in market.instruments}
        self.streams = {
            (one.key, span): market.stream(one, span, settings) for one in market.instruments for span in SPANS
        }
        self.grid = self.fixed_instants()
        self.complete = {(*name, bar.end): bar for name, bars in self.streams.items() for bar in bars}
        self.ending = {(key, bar.end): bar for key, bars in self.executions.items() for bar in bars}
        self.starting = {(key, bar.start): bar for key, bars in self.executions.items() for bar in bars}
        self.last_closed: dict[Key, Bar] = {}
        self.host = Host(factory, settings.limits.actions_per_reply, self.position_now, market.front_month)

    # The course of a run

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
        for bars in (*self.executions.values(), *self.streams.values()):
            times.update(time for bar in bars for time in (bar.start, bar.end))
        return sorted(time for time in times if self.settings.start < time <= self.settings.end)

    def next_instant(self) -> int | None:
        """The next time at which anything can happen."""
        while self.grid and self.grid[0] <= self.now:
            self.grid.pop(0)
        times = self.grid[:1]
        times += [order.until for order in self.resting() if order.until is not None and order.until > self.now]
        if self.timer is not None:
            times.append(self.timer.next)
        return min((time for time in times if time <= self.settings.end), default=None)

    def instant(self) -> None:
        """Everything at one time."""
        for key in self.executions:
            if (key, self.now) in self.ending:
                self.last_closed[key] = self.ending[key, self.now]
        self.close_bars()
        self.tell_updates()
        self.expire_orders()
        self.tell_bars()
        self.expire_instruments()
        if self.timer is not None and self.timer.next == self.now:
            self.allow_event()
            self.timer.fired += 1
            self.tell("on_timer", TimerEvent(moment(self.now), "time_step"), ("TIMER", self.now, "time_step"))
            self.tell_updates()
        self.open_bars()

    # The steps of one instant

    def close_bars(self) -> None:
        """All fills inside bars that end now are booked before the first of them is told."""
        hits = []
        for order in self.resting():
            bar = self.bar_of(order, self.ending)
            if bar is not None and order.may_meet(bar):
                met = inside(order, bar, touch=self.touch)
                if met is not Meeting.NOTHING:
                    hits.append((not order.is_stop, order.sequence, order, bar, met))
        held_before = {order.instrument.key: self.book.quantity(order.instrument) for _, _, order, _, _ in hits}
        stopped_out: set[Key] = set()
        consequences: list[Order] = []
        for after_stops, _, order, bar, met in sorted(hits, key=lambda hit: hit[:2]):
            if not order.live:
                continue
            if isinstance(met, Meeting):
                order.touched, order.met = True, bar.start
                continue
            before = held_before[order.instrument.key]
            if after_stops and order.instrument.key in stopped_out and self.exceeds_position(order, before):
                continue
            was_filled = order.filled
            self.allow_event()
            self.meet(order, bar, met, self.cap(order, bar, bar), FILLED_INSIDE, consequences)
            if not after_stops and order.filled > was_filled and order.side * before < 0:
                stopped_out.add(order.instrument.key)
        for order in consequences:
            self.cause(order)

    def exceeds_position(self, order: Order, before: Fraction) -> bool:
        """Whether a limit order would trade more than the stops of this moment have left of the position."""
        if order.closing or order.side * before >= 0:
            return False
        now = self.book.quantity(order.instrument)
        left = abs(now) if now * before > 0 else Fraction(0)
        return order.remaining > left

    def tell_updates(self) -> None:
        """Deliver what waits, and fill market orders at a close, until nothing of the kind is left."""
        while True:
            at_close = [order for order in self.resting() if order.closing_bar is not None]
            if self.updates:
                self.allow_event()
                _, update = heapq.heappop(self.updates)
                self.tell_update(update)
            elif at_close:
                self.fill_at_close(at_close[0])
            else:
                return

    def fill_at_close(self, order: Order) -> None:
        """A market order under `current_close` meets the bar that ended when it was placed."""
        bar, order.closing_bar = order.closing_bar, None
        assert bar is not None
        self.fill_now(order, bar, price_of(order.instrument, bar.close), self.cap(order, bar, bar))

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
        while True:
            waiting = [
                (order, bar)
                for order in self.resting()
                if (bar := self.bar_of(order, self.starting)) is not None
                and order.sequence not in done
                and order.may_meet(bar)
            ]
            if not waiting:
                return
            order, bar = min(waiting, key=lambda pair: pair[0].sequence)
            done.add(order.sequence)
            met = at_open(order, bar, touch=self.touch)
            if met is Meeting.MISSED:
                self.allow_event()
                self.finish(order, OrderState.CANCELLED)
                self.queue(CAUSED_NOW, order)
            elif met is Meeting.TOUCHED:
                order.touched = True
            elif isinstance(met, Fraction):
                self.fill_now(order, bar, met, self.cap(order, bar, self.bar_before(order, bar)))
            self.tell_updates()

    # Fills

    def bar_of(self, order: Order, table: dict[tuple[Key, int], Bar]) -> Bar | None:
        """The execution bar of the order's instrument that starts (or ends) now."""
        return table.get((order.instrument.key, self.now))

    def bar_before(self, order: Order, bar: Bar) -> Bar | None:
        """The last execution bar that was complete when `bar` started."""
        earlier = [other for other in self.executions[order.instrument.key] if other.end <= bar.start]
        return earlier[-1] if earlier else None

    def cap(self, order: Order, bar: Bar, measure: Bar | None) -> Fraction | None:
        """How much of `bar` may still be taken, judged by the volume of `measure`; None is no cap."""
        share = self.settings.participation
        volume = None if measure is None else volume_of(order.instrument, measure.volume)
        if share is None or volume is None:
            return None
        allowed = round_down(Fraction(share) * volume, Fraction(order.instrument.quantity_step))
        return max(Fraction(0), allowed - self.taken[order.instrument.key, bar.start])

    def fill_now(self, order: Order, bar: Bar, price: Fraction, cap: Fraction | None) -> None:
        """A fill by itself, with what it causes."""
        if not self.comes_to_nothing(order, cap):
            self.allow_event()
        consequences: list[Order] = []
        self.meet(order, bar, price, cap, CAUSED_NOW, consequences)
        for other in consequences:
            self.cause(other)

    def comes_to_nothing(self, order: Order, cap: Fraction | None) -> bool:
        """Whether there is no volume for the order, and it simply waits for another bar."""
        return cap == 0 and order.time_in_force not in AT_FIRST_PRICE

    def meet(
        self, order: Order, bar: Bar, base: Fraction, cap: Fraction | None, phase: int, consequences: list[Order]
    ) -> None:
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
            if order.time_in_force in AT_FIRST_PRICE:
                self.finish(order, OrderState.CANCELLED)
                self.queue(phase, order)
            return
        price = slipped(order, base, self.settings.slippage)
        fee = fee_of(order.instrument, order.filled + quantity, self.settings.fees) - order.fees
        refused = self.book.refusal(order, quantity, price, base, fee)
        if refused is not None:
            self.finish(order, OrderState.REJECTED, refused)
            self.queue(phase, order)
            return
        order.quantity = order.filled + remaining
        consequences += self.book_fill(order, bar, quantity, price, base, fee)
        self.queue(phase, order)
        if order.live and order.time_in_force is TimeInForce.IOC:
            self.finish(order, OrderState.CANCELLED)
            self.queue(phase, order)

    def book_fill(
        self, order: Order, bar: Bar, quantity: Fraction, price: Fraction, base: Fraction, fee: Fraction
    ) -> list[Order]:
        """Write a fill down; the close orders that it leaves without a position."""
        signed = order.side * quantity
        before = self.book.quantity(order.instrument)
        realised = self.book.trade(order.instrument, signed, price, fee)
        order.filled += quantity
        order.fees += fee
        order.net_money += -signed * price * Fraction(order.instrument.multiplier) - fee
        self.taken[order.instrument.key, bar.start] += quantity
        if order.remaining == 0:
            self.finish(order, OrderState.FILLED)
        after = self.book.quantity(order.instrument)
        numbers = (price, quantity, fee, base, self.book.cash, after, realised)
        self.trace.fills.append((order.sequence, self.now, *(decimal_of(number) for number in numbers)))
        self.trace.cash.append((self.now, decimal_of(self.book.cash)))
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
        self.trace.cash.append((self.now, decimal_of(self.book.cash)))

    # Updates and events

    def resting(self) -> list[Order]:
        """Orders that can still fill, by placement."""
        return [order for order in self.orders if order.live]

    def finish(self, order: Order, state: OrderState, code: str | None = None) -> None:
        """The order ends."""
        assert order.live
        order.state, order.closed_at, order.reject_code = state, self.now, code
        if code is not None:
            self.issue(code)

    def cause(self, order: Order) -> None:
        """Tell of something that happened to the order because of something else."""
        self.queue(CAUSED_NOW, order)

    def queue(self, phase: int, order: Order) -> None:
        """Let an update wait for its turn."""
        self.caused += 1
        place = order.sequence if phase == PLACED_NOW else self.caused
        heapq.heappush(self.updates, ((phase, place), (order, order.state, order.filled, order.net_money)))

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

    def allow_event(self) -> None:
        """Another event at this time is about to happen: no more of them than the limit."""
        if self.told_at[self.now] >= self.settings.limits.events_per_instant:
            raise RunEndedError("events_per_instant")

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

    # Actions

    def apply(self, action: Action) -> None:
        """Do what the strategy asks for."""
        match action:
            case PlaceOrderAction():
                self.place(action)
            case CancelLimitsAction():
                self.cancel_limits(action)
            case RegisterSecurityAction(request=BarRegistrationRequest() as request):
                self.register(request)
            case UnregisterBarAction():
                self.unregister(action)
            case RegisterTimeStepAction():
                self.start_timer(Decimal(str(action.time_step_seconds)))
            case RegisterSecurityAction() | UnregisterQuoteAction():
                self.issue("QUOTES_DISABLED")
            case InsertCashAction() | WithdrawCashAction():
                self.move_cash(action)

    def issue(self, code: str) -> None:
        """Note a problem that does not end the run."""
        self.trace.issues.append((self.now, code))

    def place(self, action: PlaceOrderAction) -> None:
        """Accept or refuse an order."""
        order = Order(sequence=len(self.orders) + 1, action=action, placed_at=self.now)
        code = admit(order, self.market, self.book, self.resting(), self.settings)
        self.orders.append(order)
        if code is not None:
            self.finish(order, OrderState.REJECTED, code)
        elif self.settings.fill_model is FillModelName.CURRENT_CLOSE and action.order_type is OrderType.MARKET:
            order.closing_bar = self.bar_of(order, self.ending)
        self.queue(PLACED_NOW, order)

    def cancel_limits(self, action: CancelLimitsAction) -> None:
        """Cancel what rests as a limit order."""
        instrument = self.market.find(action.symbol, action.asset_type)
        if instrument is None:
            self.issue("UNKNOWN_SYMBOL")
            return
        for order in self.resting():
            if order.is_limit and order.instrument.key == instrument.key:
                self.finish(order, OrderState.CANCELLED)
                self.cause(order)

    def register(self, request: BarRegistrationRequest) -> None:
        """Start a stream of bars."""
        instrument = self.market.find(request.symbol, request.asset_type)
        if instrument is None:
            self.issue("UNKNOWN_SYMBOL")
        elif self.live_registration(instrument, request.bar_time_span) is not None:
            self.issue("DUPLICATE_REGISTRATION")
        elif not self.market.history(instrument, request.bar_time_span):
            self.issue("SPAN_NOT_AVAILABLE")
        elif instrument.expires_at is not None and self.now >= instrument.expires_at:
            self.issue("EXPIRED_INSTRUMENT")
        else:
            self.registered += 1
            self.registrations.append(Registration(self.registered, instrument, request, self.now))
            asked = (request.symbol, request.asset_type, request.bar_time_span)
            self.trace.registrations.append((self.now, self.registered, *asked))

    def live_registration(self, instrument: Instrument, span: BarTimeSpan) -> Registration | None:
        """The stream of these bars, if there is one."""
        same = [r for r in self.registrations if (r.instrument.key, r.asked.bar_time_span) == (instrument.key, span)]
        return same[0] if same else None

    def unregister(self, action: UnregisterBarAction) -> None:
        """End a stream of bars."""
        instrument = self.market.find(action.symbol, action.asset_type)
        found = None if instrument is None else self.live_registration(instrument, action.bar_time_span)
        if found is None:
            self.issue("NOT_REGISTERED")
        else:
            self.registrations.remove(found)

    def start_timer(self, seconds: Decimal) -> None:
        """Start or replace the timer."""
        if not seconds.is_finite() or seconds < Decimal("0.001"):
            self.issue("TIME_STEP_NOT_ALLOWED")
        else:
            self.timer = Timer(self.now, Fraction(seconds) * 1_000_000)

    def move_cash(self, action: InsertCashAction | WithdrawCashAction) -> None:
        """Put cash in or take it out."""
        if not action.amount.is_finite() or action.amount <= 0:
            self.issue("CASH_AMOUNT_NOT_POSITIVE")
            return
        amount = Fraction(action.amount)
        if isinstance(action, WithdrawCashAction):
            if amount > self.book.free(self.resting()):
                self.issue("WITHDRAWAL_EXCEEDS_FREE_CASH")
                return
            amount = -amount
        self.book.cash += amount
        self.trace.cash.append((self.now, decimal_of(self.book.cash)))

    # Answers

    def last_price(self, instrument: Instrument) -> Fraction | None:
        """The close of the last complete execution bar."""
        bar = self.last_closed.get(instrument.key)
        return None if bar is None else price_of(instrument, bar.close)

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
        self.trace.final_cash = decimal_of(self.book.cash)
        self.trace.final_value = decimal_of(self.book.value())
        self.trace.observations = list(getattr(self.host.strategy, "observations", []))
        return self.trace
