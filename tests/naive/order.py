"""One order as the naive engine keeps it, and how it meets one bar."""

from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction

from libs.shared_ipc.src.protocol import OrderState, OrderType, PlaceOrderAction, TimeInForce
from periscope.execution.fees import FeeModel
from periscope.instruments.instrument import Instrument
from tests.naive.corporate import Meaning, on_tick, real_price, real_quantity, tick_of
from tests.naive.costs import Deal, Paid, fee_of
from tests.naive.market import Bar, price_of
from tests.naive.sessions import TradingDay

AT_FIRST_PRICE = (TimeInForce.IOC, TimeInForce.FOK)
AT_AN_AUCTION = (TimeInForce.OPG, TimeInForce.ATC)
ONE_PRICE = (*AT_FIRST_PRICE, *AT_AN_AUCTION)


@dataclass(slots=True, kw_only=True)
class Order:
    """An order and all that has become of it. `side` is +1 for a buy, -1 for a sell."""

    sequence: int
    action: PlaceOrderAction
    placed_at: int
    arrives_at: int = 0
    dated: int = 0  # how many GTD orders were placed before it
    auctions: TradingDay | None = None  # OPG, ATC, GTX: the regular session whose auctions matter to it
    known: Instrument | None = None
    side: int = 0
    closing: bool = False
    quantity: Fraction = Fraction(0)
    limit: Fraction | None = None
    stop: Fraction | None = None
    until: int | None = None
    state: OrderState = OrderState.WORKING
    reject_code: str | None = None
    closed_at: int | None = None
    filled: Fraction = Fraction(0)
    net_money: Fraction = Fraction(0)
    fees: Fraction = Fraction(0)
    real_filled: Fraction = Fraction(0)  # the same as `filled` in the real shares of each day
    placed_in: Meaning = field(default_factory=Meaning)  # what numbers meant when it was placed
    touched: bool = False  # a stop that was touched: market or limit from here on
    met: int | None = None  # start of the last bar that this order is done with
    reference: Fraction | None = None  # last price when a market order was placed; it is reserved at that
    of_margin_call: bool = False
    closing_bar: Bar | None = None  # the bar that ended when a market order was placed, under current_close

    @property
    def instrument(self) -> Instrument:
        """What it trades; every order that was accepted has one."""
        assert self.known is not None
        return self.known

    @property
    def live(self) -> bool:
        """Whether it can still fill."""
        return self.state is OrderState.WORKING

    @property
    def remaining(self) -> Fraction:
        """What is left to fill."""
        return self.quantity - self.filled

    @property
    def time_in_force(self) -> TimeInForce:
        """None means GTC."""
        return self.action.time_in_force or TimeInForce.GTC

    def deal_in(self, known: Meaning) -> Deal:
        """What slippage must know of it, in the units of the run."""
        traded = self.instrument

        def snapped(price: Fraction, *, up: bool) -> Fraction:
            return on_tick(price, traded, known, up=up)

        numbers = (tick_of(traded, known), Fraction(traded.multiplier))
        return Deal(self.side, self.limit, self.stop, traded.is_future, traded.root, *numbers, snapped)

    def fee(
        self, quantity: Fraction, price: Fraction, last: Fraction | None, now: int, fees: FeeModel, known: Meaning
    ) -> Fraction:
        """What trading so much more costs: what is owed then for the whole order, less what was owed before.

        Fees are those of real shares at real prices.
        """
        deal = self.deal_in(known)
        real = replace(deal, limit=real_price(self.limit, known), stop=real_price(self.stop, known))
        traded, last = -self.side * (self.net_money + self.fees), real_price(last, known)
        more = real_quantity(quantity, known)
        after = Paid(self.real_filled + more, traded + quantity * price * deal.multiplier, last, now)
        return fee_of(real, after, fees) - fee_of(real, Paid(self.real_filled, traded, last, now), fees)

    @property
    def is_stop(self) -> bool:
        """Whether it still waits for its stop price."""
        return self.action.order_type in (OrderType.STOP, OrderType.STOP_LIMIT) and not self.touched

    @property
    def is_limit(self) -> bool:
        """Whether it rests as a limit order now."""
        kind = self.action.order_type
        return kind is OrderType.LIMIT or (kind is OrderType.STOP_LIMIT and self.touched)

    @property
    def last_state(self) -> OrderState:
        """How it ends if one price decides and leaves something of it."""
        return OrderState.EXPIRED if self.time_in_force in AT_AN_AUCTION else OrderState.CANCELLED

    def may_meet_open(self, bar: Bar) -> bool:
        """Whether the open of this bar is one that the order can still fill at."""
        if not self._waits_for(bar) or (self.until is not None and bar.start >= self.until):
            return False
        if self.time_in_force is TimeInForce.OPG:
            assert self.auctions is not None
            return self.auctions.open <= bar.start < self.auctions.close
        return self.time_in_force is not TimeInForce.ATC

    def may_meet_inside(self, bar: Bar) -> bool:
        """Whether the order can still fill in the course of this bar."""
        if not self._waits_for(bar) or (self.until is not None and bar.end > self.until):
            return False
        if self.time_in_force is TimeInForce.GTX:
            assert self.auctions is not None
            return bar.end < self.auctions.close
        return self.time_in_force not in ONE_PRICE

    def takes_close(self, bar: Bar, now: int) -> bool:
        """Whether the close of this bar, the last one that ended, is now the closing price that the order waits for."""
        if not self.live or self.time_in_force is not TimeInForce.ATC:
            return False
        assert self.auctions is not None
        return self.auctions.close == now and bar.end > max(self.arrives_at, self.auctions.open)

    def _waits_for(self, bar: Bar) -> bool:
        """Whether this bar came after the order, and the order has not done with it."""
        return self.live and bar.start >= self.arrives_at and (self.met is None or bar.start > self.met)


class Meeting(Enum):
    """What a bar does to an order, if it does not fill it."""

    NOTHING = "nothing"
    TOUCHED = "touched"
    """A STOP_LIMIT became a limit order and does not fill."""
    MISSED = "missed"
    """An IOC, FOK or OPG order found no price at the open."""


def at_open(order: Order, bar: Bar, *, touch: bool) -> Fraction | Meeting:
    """What the open of the bar does: the price before slippage if it fills."""
    price = _price(order, bar.open)
    if order.is_stop:
        if not _reaches_stop(order, price):
            return Meeting.NOTHING
        if order.action.order_type is OrderType.STOP or _meets_limit(order, price, touch=touch):
            return price
        return Meeting.TOUCHED
    if not order.is_limit or _meets_limit(order, price, touch=touch):
        return price
    return Meeting.MISSED if order.time_in_force in ONE_PRICE else Meeting.NOTHING


def inside(order: Order, bar: Bar, *, touch: bool) -> Fraction | Meeting:
    """What the rest of the bar does, after an open that did not fill the order."""
    if not order.is_stop:
        assert order.limit is not None
        best = _price(order, bar.low if order.side > 0 else bar.high)
        return order.limit if _meets_limit(order, best, touch=touch) else Meeting.NOTHING
    assert order.stop is not None
    if not _reaches_stop(order, _price(order, bar.high if order.side > 0 else bar.low)):
        return Meeting.NOTHING
    if order.action.order_type is OrderType.STOP or _meets_limit(order, order.stop, touch=touch):
        return order.stop
    if _meets_limit(order, _price(order, bar.close), touch=touch):
        assert order.limit is not None
        return order.limit
    return Meeting.TOUCHED


def on_close(order: Order, bar: Bar, *, touch: bool) -> Fraction | None:
    """The closing price before slippage if the order takes it."""
    price = _price(order, bar.close)
    return price if order.limit is None or _meets_limit(order, price, touch=touch) else None


def _price(order: Order, scaled: int | Fraction) -> Fraction:
    return price_of(order.instrument, scaled)


def _reaches_stop(order: Order, price: Fraction) -> bool:
    assert order.stop is not None
    return order.side * (price - order.stop) >= 0


def _meets_limit(order: Order, price: Fraction, *, touch: bool) -> bool:
    assert order.limit is not None
    gain = order.side * (order.limit - price)
    return gain >= 0 if touch else gain > 0
