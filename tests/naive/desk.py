"""What a run of the naive engine knows, and the few things that everybody does with it."""

import heapq
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from libs.shared_ipc.src.protocol import BarRegistrationRequest, OrderState
from periscope.engine.settings import LimitFill, Settings
from periscope.instruments.instrument import Instrument
from tests.naive.book import Book
from tests.naive.corporate import PLACES, Meaning, carried, ratio_since
from tests.naive.exact import decimal_of, half_even, half_up
from tests.naive.host import RunEndedError
from tests.naive.market import SPANS, Bar, Key, Market, price_of, volume_of
from tests.naive.order import Order
from tests.naive.sessions import session_from
from tests.naive.trace import Row, Trace

type Update = tuple[Order, OrderState, Fraction, Fraction]
"""An order with its state, cumulative quantity and net money at the moment that the update tells of."""

OWN_FILL, PLACED_NOW, CAUSED_NOW = range(3)
"""The order in which updates that wait at one time are told: what bars did to an order, first updates of orders placed
now, what else was caused now."""


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


class Desk:
    """The state of a run."""

    def __init__(self, market: Market, settings: Settings) -> None:
        self.market = market
        self.settings = settings
        self.touch = settings.limit_fill is LimitFill.TOUCH
        self.now = settings.start
        self.trace = Trace()
        self.book = Book(settings, self.last_price, self.opening_moment, self.margins)
        self.posted: dict[str, Fraction] = {}
        self.accounted = settings.start - 1  # the last instant whose accounting is over
        self.orders: list[Order] = []
        self.unfinished: list[Order] = []
        self.registrations: list[Registration] = []
        self.registered: list[Row] = []
        self.timer: Timer | None = None
        self.updates: list[tuple[tuple[int, int], Update]] = []
        self.bars_closed_at = settings.start  # what ended then has had its effect
        self.cancels: list[tuple[int, Instrument, int]] = []
        self.caused = 0
        self.told_at: dict[int, int] = defaultdict(int)
        self.taken: dict[tuple[Key, int], Fraction] = defaultdict(Fraction)
        self.executions = {one.key: market.execution_stream(one, settings) for one in market.instruments}
        self.streams = {
            (one.key, span): market.stream(one, span, settings) for one in market.instruments for span in SPANS
        }
        self.complete = {(*name, bar.end): bar for name, bars in self.streams.items() for bar in bars}
        self.ending = {(key, bar.end): bar for key, bars in self.executions.items() for bar in bars}
        self.starting = {(key, bar.start): bar for key, bars in self.executions.items() for bar in bars}
        self.offers = {
            (one.key, side): market.offers(one, side, settings) for one in market.instruments for side in (1, -1)
        }
        self.offer_ending = {(*which, bar.end): bar for which, bars in self.offers.items() for bar in bars}
        self.offer_starting = {(*which, bar.start): bar for which, bars in self.offers.items() for bar in bars}
        self.last_offer: dict[tuple[Key, int], Bar] = {}
        self.last_closed: dict[Key, Bar] = {}
        self.fractions: dict[Key, int] = {}

    def resting(self) -> list[Order]:
        """Orders that can still fill, by placement; one that has ended stays so and is not looked at again."""
        self.unfinished = [order for order in self.unfinished if order.live]
        return list(self.unfinished)

    def last_price(self, instrument: Instrument) -> Fraction | None:
        """The close of the last complete execution bar."""
        bar = self.last_closed.get(instrument.key)
        if bar is None:
            return None
        ratio = ratio_since(self.market.events(instrument), self.settings, bar.start, self.now)
        price = price_of(instrument, bar.close)
        return price if ratio == 1 else carried(price, ratio)

    def traded_volume(self, instrument: Instrument, bar: Bar) -> Fraction | None:
        """The volume of a bar in the shares of now."""
        volume = volume_of(instrument, bar.volume)
        ratio = ratio_since(self.market.events(instrument), self.settings, bar.start, self.now)
        return volume if volume is None or ratio == 1 else half_even(volume * ratio, PLACES)

    def means(self, instrument: Instrument) -> Meaning:
        """What prices and quantities mean now."""
        return self.market.means(instrument, self.settings, self.now)

    def margins(self, instrument: Instrument) -> tuple[Fraction, Fraction | None]:
        """Initial and maintenance margin of a contract on the trading day that runs, or that comes next."""
        if not instrument.margins:
            maintenance = instrument.maintenance_margin
            return Fraction(instrument.initial_margin or 0), None if maintenance is None else Fraction(maintenance)
        day = session_from(instrument.exchange, self.settings.extended_hours, self.now).day
        begun = [period for period in instrument.margins if period.first_day <= day]
        period = begun[-1] if begun else instrument.margins[0]
        return Fraction(period.initial), Fraction(period.maintenance)

    def booked(self) -> None:
        """Write down an entry of the ledger: by how much the accounts are not what they were."""
        now, before = self.book.accounts(), self.posted
        moved = {name: now[name] - before.get(name, 0) for name in sorted(now)}
        assert sum(moved.values()) == 0
        postings = tuple((name, decimal_of(amount)) for name, amount in moved.items() if amount)
        self.trace.ledger.append((self.now, postings))
        self.trace.cash.append((self.now, decimal_of(self.book.cash)))
        self.posted = now

    def opening_moment(self) -> int:
        """A moment within the session to which a position that is opened now belongs."""
        return self.now if self.accounted == self.now else self.now - 1

    def finish(self, order: Order, state: OrderState, code: str | None = None) -> None:
        """The order ends."""
        assert order.live
        order.state, order.closed_at, order.reject_code = state, self.now, code
        if code is not None:
            self.issue(code)

    def cause(self, order: Order) -> None:
        """Tell of something that happened to the order because of something else."""
        self.queue(CAUSED_NOW, order)

    def cancel_what_is_due(self) -> None:
        """Requests to cancel limits that have come to the market, for the orders that were placed before them."""
        arrived = [request for request in self.cancels if request[0] <= self.now]
        self.cancels = [request for request in self.cancels if request[0] > self.now]
        for _, instrument, placed_before in arrived:
            for order in self.resting():
                if order.is_limit and order.instrument.key == instrument.key and order.sequence <= placed_before:
                    self.finish(order, OrderState.CANCELLED)
                    self.cause(order)

    def queue(self, phase: int, order: Order) -> None:
        """Let an update wait for its turn."""
        self.caused += 1
        place = order.sequence if phase == PLACED_NOW else self.caused
        heapq.heappush(self.updates, ((phase, place), (order, order.state, order.filled, order.net_money)))

    def issue(self, code: str) -> None:
        """Note a problem that does not end the run."""
        self.trace.issues.append((self.now, code))

    def allow_event(self) -> None:
        """Another event at this time is about to happen: no more of them than the limit."""
        if self.told_at[self.now] >= self.settings.limits.events_per_instant:
            raise RunEndedError("events_per_instant")
