"""The state of a run: orders, books, timer, registrations, and what waits to be told.

A `Simulation` is forked before each script. Its values are immutable (orders, positions), so a fork copies a few small
dicts and nothing is ever rolled back: a fork is adopted or dropped.
"""

from collections.abc import Collection
from decimal import Decimal
from heapq import heapify, heappush

import msgspec

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan, OrderState, PlaceOrderAction
from periscope.engine.judged import Judged, OrderSizes, Steps
from periscope.engine.margin_watch import MarginWatch
from periscope.engine.markets import Markets
from periscope.engine.order_ids import OrderIds
from periscope.engine.pieces import CancelRequest, Following, OrderNumbers, Registration, Taken, Timer, Update
from periscope.engine.port import Change
from periscope.engine.records import Booked, IssueRaised, OrderEnded, Record
from periscope.engine.settings import Settings
from periscope.engine.timeline import Key, Phase, Rank
from periscope.execution.accounts.exposure import Exposure
from periscope.execution.admission import House
from periscope.execution.fill_models.choosing import fill_model
from periscope.execution.lifetimes import end_of_dated
from periscope.execution.meeting import Meeting, Search, When
from periscope.execution.order import Happening, Order, Origin, Rejection, next_state
from periscope.instruments.instrument import Instrument, MarginPeriod
from periscope.instruments.unit import Unit
from periscope.portfolio.book import Book, InstrumentKey, Position
from periscope.portfolio.exact import ZERO, plain
from periscope.portfolio.ledger import Entry

type StreamKey = tuple[str, AssetType, BarTimeSpan]
type Due = tuple[int, int, int, int, int, int, Order, Meeting | None]

_DAY = 86_400_000_000


class Simulation:
    """Everything that changes during a run."""

    __slots__ = (
        "account",
        "accounted",
        "book",
        "called",
        "cancels",
        "changes",
        "closers",
        "dated",
        "dropped",
        "due",
        "exposures",
        "followed",
        "following",
        "fractions",
        "horizon",
        "ids",
        "instant",
        "interest_at",
        "judged",
        "limits",
        "markets",
        "model",
        "now",
        "orders",
        "pending",
        "records",
        "registrations",
        "row",
        "searches",
        "sequence",
        "serial",
        "settings",
        "settlements",
        "streams_made",
        "taken",
        "timer",
        "watch",
        "watched",
    )

    def __init__(self, settings: Settings, markets: Markets) -> None:
        self.settings = settings
        self.markets = markets
        self.account = settings.account_model()
        self.model = fill_model(settings.fill_model, settings.limit_fill, settings.lean.fills)
        self.ids = OrderIds(settings)
        self.now = settings.start
        self.row = 0
        self.horizon = settings.start
        self.book = Book()
        self.accounted = settings.start - 1
        self.settlements: dict[InstrumentKey, int] = {}
        rates = settings.interest
        bears = rates.cash or rates.debit or rates.borrow
        self.interest_at = (settings.start // _DAY + 1) * _DAY if bears else None
        self.watch: MarginWatch | None = None
        self.called = False
        self.orders: dict[int, Order] = {}
        self.searches: dict[int, Search] = {}
        self.closers = OrderNumbers()
        self.limits = OrderNumbers()
        judges = self.account.judges_resting_orders
        self.judged = Judged(OrderSizes(), Steps(markets, settings.start)) if judges else None
        self.exposures: dict[InstrumentKey, Exposure] = {}
        self.followed: frozenset[InstrumentKey] = frozenset()
        self.following: list[Following] = []
        self.fractions: dict[InstrumentKey, int] = {}
        self.cancels: tuple[CancelRequest, ...] = ()
        self.due: list[Due] = []
        self.pending: list[Update] = []
        self.serial = 0
        self.sequence = 0
        self.dated = 0
        self.registrations: dict[StreamKey, Registration] = {}
        self.streams_made = 0
        self.dropped: dict[int, int] = {}
        self.timer: Timer | None = None
        self.taken: dict[InstrumentKey, tuple[Taken, ...]] = {}
        self.watched: dict[InstrumentKey, Instrument] = {}
        self.changes: dict[tuple[str, str], Change] = {}
        self.instant = (settings.start, 0)
        self.records: list[Record] = []

    def fork(self) -> "Simulation":
        """An independent copy with no records of its own yet."""
        twin = Simulation.__new__(Simulation)
        twin.settings = self.settings
        twin.markets = self.markets
        twin.model = self.model
        twin.account = self.account
        twin.ids = self.ids
        twin.now = self.now
        twin.row = self.row
        twin.horizon = self.horizon
        twin.book = self.book.fork()
        twin.accounted = self.accounted
        twin.settlements = self.settlements.copy()
        twin.interest_at = self.interest_at
        twin.watch = self.watch
        twin.called = self.called
        twin.orders = self.orders.copy()
        twin.searches = self.searches.copy()
        twin.closers = self.closers.fork()
        twin.limits = self.limits.fork()
        twin.judged = None if self.judged is None else self.judged.fork()
        twin.exposures = self.exposures.copy()
        twin.followed = self.followed
        twin.following = self.following.copy()
        twin.fractions = self.fractions.copy()
        twin.cancels = self.cancels
        twin.due = self.due.copy()
        twin.pending = self.pending.copy()
        twin.serial = self.serial
        twin.sequence = self.sequence
        twin.dated = self.dated
        twin.registrations = self.registrations.copy()
        twin.streams_made = self.streams_made
        twin.dropped = self.dropped.copy()
        twin.timer = self.timer
        twin.taken = self.taken.copy()
        twin.watched = self.watched.copy()
        twin.changes = self.changes.copy()
        twin.instant = self.instant
        twin.records = []
        return twin

    def last_price(self, instrument: Instrument) -> Decimal | None:
        """Close of the last execution bar that is complete now."""
        return self.markets.last_price(instrument, self.now)

    def worth(self, position: Position) -> Decimal:
        """What a position adds to cash now to make the portfolio's value."""
        return self.markets.worth(position, self.now)

    def initial_margin(self, instrument: Instrument) -> Decimal | None:
        """What one contract needs to be opened on the present trading day."""
        margins = self._margins(instrument)
        return instrument.initial_margin if margins is None else margins.initial

    def maintenance_margin(self, instrument: Instrument) -> Decimal | None:
        """What one contract needs to be kept on the present trading day."""
        margins = self._margins(instrument)
        return instrument.maintenance_margin if margins is None else margins.maintenance

    def _margins(self, instrument: Instrument) -> MarginPeriod | None:
        """Those of the session that contains now, else of the next one."""
        if not instrument.margins:
            return None
        return instrument.margins_on(self.markets.market(instrument).sessions.session_from(self.now).day)

    def session_close(self, instrument: Instrument, time: int) -> int:
        """Close of the session that contains `time`, else of the next one."""
        return self.markets.market(instrument).sessions.session_from(time).close

    def free_cash(self) -> Decimal:
        """What nothing holds back."""
        return self.account.free(self.book, self.exposures, self)

    def house(self) -> House:
        """What a new order is judged by."""
        settings = self.settings
        return House(
            directory=self.markets.feed,
            book=self.book,
            currency=settings.currency,
            rounding=settings.price_rounding,
            good_till=self._good_till,
            takes_past_dates=self.model.good_till_rolls,
            unit=self.unit,
        )

    def unit(self, instrument: Instrument) -> Unit:
        """What prices and quantities of an instrument count in now."""
        return self.markets.unit(instrument, self.now)

    def _good_till(self, instrument: Instrument) -> int | None:
        given, rolls = self.settings.good_till, self.model.good_till_rolls
        return end_of_dated(given, self.dated, self.markets.market(instrument), self.settings.end, rolls=rolls)

    def look_ahead(self, horizon: int) -> None:
        """A new block reaches to `horizon`: find out anew what each resting order does up to there."""
        self.horizon = horizon
        if self.judged is not None:
            concerned = [order.instrument for order in self.orders.values()]
            concerned += [held.instrument for held in self.book.positions.values()]
            self.judged.steps = Steps(self.markets, horizon, concerned, self.now)
        self.due = []
        for order in self.orders.values():
            self._schedule(order)

    def put(self, order: Order, exposure_after: Exposure | None = None) -> None:
        """Make `order` the present value of its number, look for its next meeting, and reserve its buying power.

        `exposure_after` is its symbol's exposure with it, where the caller has worked it out.
        """
        previous = self.orders.get(order.sequence)
        self.orders[order.sequence] = order
        self.searches[order.sequence] = Search(order.first_row, self.now)
        key = order.instrument.key
        if self.judged is not None:
            self.judged.put(previous, order, self.now)
        if order.is_limit:
            self.limits.add(key, order.sequence)
        if order.closing:
            self.closers.add(key, order.sequence)
        elif exposure_after is not None:
            self.exposures[key] = exposure_after
        else:
            exposure = self.exposures.get(key) or Exposure(order.instrument)
            fees = self.settings.fees
            if previous is not None:
                exposure = exposure.plus(previous, fees, -1)
            self.exposures[key] = exposure.plus(order, fees)
        self._schedule(order)

    def end_order(self, order: Order, happening: Happening, phase: Phase, rejection: Rejection | None = None) -> None:
        """Bring a resting order to its end and let its update wait in `phase`."""
        ended = msgspec.structs.replace(order, state=next_state(order.state, happening))
        self.drop(order)
        self.records.append(OrderEnded(self.now, ended, rejection))
        if rejection is not None:
            self.records.append(IssueRaised(self.now, rejection.code, rejection.message, order.symbol))
        self.announce(ended, phase)

    def drop(self, order: Order) -> None:
        """Take an order that has ended out of the live ones."""
        known = self.orders.pop(order.sequence)
        del self.searches[order.sequence]
        if order.origin is not Origin.STRATEGY:
            self.watch = None
        key = order.instrument.key
        if self.judged is not None:
            self.judged.sizes.discard(known)
        self.limits.discard(key, order.sequence)
        if order.closing:
            self.closers.discard(key, order.sequence)
            return
        exposure = self.exposures[key].plus(known, self.settings.fees, -1)
        if exposure.is_empty:
            del self.exposures[key]
        else:
            self.exposures[key] = exposure

    def announce(self, order: Order, phase: Phase) -> None:
        """Let an order update wait for its turn at the present instant."""
        told = (order.order_id, order.symbol, order.asset_type, order.state, order.filled, order.net_money)
        self.serial += 1
        heappush(self.pending, Update(phase, self.serial, *told))

    def announce_refusal(self, action: PlaceOrderAction, order_id: str, state: OrderState) -> None:
        """Let the one update of a refused order wait for its turn."""
        told = (order_id, action.symbol, action.asset_type, state, ZERO, ZERO)
        self.serial += 1
        heappush(self.pending, Update(Phase.ACKNOWLEDGEMENT, self.serial, *told))

    def forget_meetings(self, numbers: Collection[int]) -> None:
        """What the orders of these numbers were going to do is not so any more."""
        self.due = [due for due in self.due if due[4] not in numbers]
        heapify(self.due)

    def meet_at(self, order: Order, meeting: Meeting) -> None:
        """Let `order` meet a bar that its own search does not look at."""
        self.searches[order.sequence].found = meeting
        self.forget_meetings({order.sequence})
        self._plan(self._meeting_key(order, meeting), order, meeting)

    def _plan(self, key: Key, order: Order, meeting: Meeting | None) -> None:
        """Let it be due; a plan that was made for an order before it changed may have the same key."""
        self.serial += 1
        heappush(self.due, (*key, self.serial, order, meeting))

    def booked(
        self,
        entry: Entry,
        instrument: Instrument | None,
        mark: Decimal | None,
        flow: Decimal | None,
        *,
        sampled: bool = True,
    ) -> None:
        """Record an entry, and let the strategy's side know the position that it left."""
        position = self.book.positions.get(instrument.key) if instrument is not None else None
        if instrument is not None:
            quantity = position.quantity if position is not None else ZERO
            average = str(position.average_price) if position is not None else "0"
            change = (instrument.symbol, str(instrument.asset_type), str(plain(quantity)), average)
            self.changes[change[:2]] = change
            if instrument.is_future:
                self._plan_settlement(instrument)
        self.watch = None
        if not self.book.positions:
            self.called = False
        self.records.append(Booked(self.row, entry, self.book.cash, instrument, position, mark, flow, sampled))

    def noted(self, entry: Entry, instrument: Instrument | None) -> None:
        """Record an entry that neither trades nor changes what the strategy sees of a position."""
        position = self.book.positions.get(instrument.key) if instrument is not None else None
        self.watch = None
        self.records.append(Booked(self.row, entry, self.book.cash, instrument, position, None, None, sampled=False))

    def _plan_settlement(self, instrument: Instrument) -> None:
        """A new position in a future is settled at the close of the session in which it was opened.

        One that was opened at a session's last moment still counts to it, unless the account has been settled by then.
        """
        key = instrument.key
        if key not in self.book.positions:
            self.settlements.pop(key, None)
        elif key not in self.settlements:
            self.settlements[key] = self.session_close(instrument, max(self.now - 1, self.accounted))

    def cancel_stranded(self, key: InstrumentKey) -> None:
        """Cancel the resting close orders of a position that is flat or has changed sides; all are on one side."""
        first = self.closers.first(key)
        if first is None:
            return
        held = self.book.positions.get(key)
        if held is None or (held.quantity > 0) == (self.orders[first].sign > 0):
            for number in self.closers.all(key):
                self.end_order(self.orders[number], Happening.CANCELLED, Phase.CONSEQUENCE)

    def end_stream(self, key: StreamKey) -> int:
        """End a registration from the present row of the block on; returns the stream's number."""
        number = self.registrations.pop(key).number
        self.dropped[number] = self.row
        return number

    def _schedule(self, order: Order) -> None:
        market = self.markets.market(order.instrument)
        meeting = self.model.next_meeting(order, market, self.searches[order.sequence], self.horizon)
        if meeting is not None and order.until is not None:
            at_last = meeting.time == order.until and meeting.when in (When.INSIDE, When.ON_CLOSE)
            if meeting.time >= order.until and not (at_last and self.model.fills_at_expiry):
                meeting = None
        if meeting is not None:
            if meeting.time <= self.horizon:
                self._plan(self._meeting_key(order, meeting), order, meeting)
        elif order.until is not None and order.until <= self.horizon:
            self._plan((order.until, Rank.UPDATES, Phase.EXPIRY, 0, order.sequence), order, None)

    def _meeting_key(self, order: Order, meeting: Meeting) -> Key:
        match meeting.when:
            case When.AT_OPEN:
                return (meeting.time, Rank.OPENS, 0, 0, order.sequence)
            case When.AT_ONCE:
                return (meeting.time, Rank.UPDATES, Phase.AT_CLOSE, 0, order.sequence)
            case When.INSIDE:
                later = 1 if self.model.stops_first and not order.is_stop else 0
                return (meeting.time, Rank.UPDATES, Phase.MOMENT, later, order.sequence)
            case When.ON_CLOSE:
                last = 2 if self.model.stops_first else 0
                return (meeting.time, Rank.UPDATES, Phase.MOMENT, last, order.sequence)
