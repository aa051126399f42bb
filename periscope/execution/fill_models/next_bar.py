"""The `next_bar` model: an order meets only what came after it."""

from decimal import Decimal
from enum import StrEnum
from typing import override

from libs.shared_ipc.src.protocol import OrderType, TimeInForce
from periscope.execution.fill_models.model import FillModel
from periscope.execution.lifetimes import with_lifetime
from periscope.execution.meeting import Market, Meeting, Rule, Search, Side, When
from periscope.execution.order import Order, Rejection

_FIRST_CHUNK = 32
_LAST_CHUNK = 8192


class LimitFill(StrEnum):
    """What fills a limit order inside a bar (`core.limit_fill`)."""

    THROUGH = "through"
    TOUCH = "touch"


class NextBar(FillModel):
    """An order can only meet bars that start at or after the moment it was placed.

    - MARKET fills at the open of the first of them.
    - LIMIT fills at the open where the open is better than the limit, else at the limit where the bar trades through it
      (`through`: strictly; `touch`: equality is enough in both cases).
    - STOP fills at the open where the open is at or over the stop, else at the stop where the bar touches it.
    - STOP_LIMIT, once touched, is a limit order. In the bar that touches it, it fills only where the path is certain:
      touched at the open and the rest of the bar meets the limit; or the stop price is itself inside the limit (at the
      stop); or the close is beyond the limit (at the limit).
    - IOC and FOK are decided by the open of the first bar.
    - OPG takes part in the opening price of the next session that opens: the open of its first bar. ATC takes part in
      the closing price of the present session, or of the next one if it is closed: the close of its last bar, known at
      the session's close, if that bar ended after the order came. A LIMIT takes part where the price is better than the
      limit. What does not fill is EXPIRED.
    - With quote bars (`core.quotes`) a buy meets the asks and a sell the bids, stops included. A row without that side
      is no market: nothing happens in it, and a first or a last price is not to be had there.
    - GTX stays out of the closing auction: of the bar that ends at the session's close it meets only the open.

    What is unrealistic about it: the whole quantity is there at the price unless `core.participation` caps it, there is
    no queue, and a bar does not tell in which order its prices came. Where the path is unknown the model takes the
    reading that is worse for the order.
    """

    name = "next_bar"
    stops_first = True
    fills_at_expiry = True
    in_turn = False

    def __init__(self, limit_fill: LimitFill = LimitFill.THROUGH) -> None:
        self._touch = limit_fill is LimitFill.TOUCH

    @override
    def accept(self, order: Order, market: Market) -> Order | Rejection:
        """Every order, with the lifetime that rule 18 gives it."""
        return with_lifetime(order, market)

    @override
    def next_meeting(self, order: Order, market: Market, search: Search, horizon: int) -> Meeting | None:
        """The first bar that does something to the order, found by comparing columns with a price."""
        if search.found is not None:
            return search.found
        bars = market.side(order.sign)
        if bars is None:
            return None
        bars.reach(horizon)
        if order.time_in_force is TimeInForce.ATC:
            search.found = self._on_close(order, bars, horizon)
            return search.found
        stop = bars.first + int(bars.start.searchsorted(horizon, "right"))
        if _first_bar_decides(order):
            row = search.next_row = _first_with_market(bars, search.next_row, stop)
            if row < stop:
                search.found = self._at_first_bar(order, bars, row)
            return search.found
        size = _FIRST_CHUNK
        while search.next_row < stop:
            low = search.next_row
            high = min(low + size, stop, bars.scaling_stop(low))
            hit = self._first_hit(order, bars, low, high)
            if hit >= 0:
                high = low + hit + 1
                search.found = self._meeting(order, bars, low + hit)
                if search.found is not None:
                    return search.found
            search.next_row = high
            size = min(size * 4, _LAST_CHUNK)
        return None

    @override
    def at_once(self, order: Order, market: Market, now: int) -> Meeting | None:
        """Nothing fills at a price from before the order."""
        return None

    def _better(self, price: Decimal, order: Order) -> bool:
        """Whether a limit order may trade at a market that shows `price`."""
        assert order.limit is not None
        gap = (order.limit - price) * order.sign
        return gap >= 0 if self._touch else gap > 0

    def _at_first_bar(self, order: Order, bars: Side, row: int) -> Meeting:
        index = row - bars.first
        price = bars.scaling(row).price(int(bars.open[index]))
        opening = order.time_in_force is TimeInForce.OPG
        rule = Rule.MARKET_ON_OPEN if opening else Rule.MARKET_AT_OPEN
        if order.order_type is OrderType.LIMIT:
            rule = Rule.LIMIT_ON_OPEN if opening else Rule.LIMIT_AT_OPEN
            if not self._better(price, order):
                rule = Rule.NOT_IMMEDIATE
        return Meeting(int(bars.start[index]), row, When.AT_OPEN, price, rule)

    def _on_close(self, order: Order, bars: Side, horizon: int) -> Meeting | None:
        """The closing price of the order's session, once the session is over, if the order takes it."""
        session = order.session
        assert session is not None
        if session.close > horizon:
            return None
        row = bars.row_ended_by(session.close)
        if row < 0 or int(bars.end[row - bars.first]) <= max(order.arrives_at, session.open):
            return None
        if not has_market(bars, row):
            return None
        price = bars.scaling(row).price(int(bars.close[row - bars.first]))
        if order.order_type is OrderType.MARKET:
            return Meeting(session.close, row, When.ON_CLOSE, price, Rule.MARKET_ON_CLOSE)
        if self._better(price, order):
            return Meeting(session.close, row, When.ON_CLOSE, price, Rule.LIMIT_ON_CLOSE)
        return None

    def _first_hit(self, order: Order, bars: Side, low: int, high: int) -> int:
        """Place, counted from `low`, of the first row of [low, high) that does something to the order; -1 if none."""
        scaling = bars.scaling(low)
        window = slice(low - bars.first, high - bars.first)
        buy = order.sign > 0
        if order.is_stop:
            assert order.stop is not None
            hits = (
                bars.high[window] >= scaling.at_or_above(order.stop)
                if buy
                else bars.low[window] < scaling.above(order.stop)
            )
        else:
            assert order.limit is not None
            at_or_above, above = scaling.at_or_above(order.limit), scaling.above(order.limit)
            if buy:
                hits = bars.low[window] < (above if self._touch else at_or_above)
            else:
                hits = bars.high[window] >= (at_or_above if self._touch else above)
        tradable = bars.tradable(low, high)
        if tradable is not None:
            hits = hits & tradable
        place = int(hits.argmax())
        return place if hits[place] else -1

    def _meeting(self, order: Order, bars: Side, row: int) -> Meeting | None:
        """What the bar does to the order; None where that is in a closing auction that the order stays out of."""
        index, scaling = row - bars.first, bars.scaling(row)
        price = scaling.price(int(bars.open[index]))
        at_open = None
        if not order.is_stop:
            if self._better(price, order):
                at_open = Rule.LIMIT_AT_OPEN
        elif order.stop is not None and (price - order.stop) * order.sign >= 0:
            at_open = Rule.STOP_AT_OPEN if order.order_type is OrderType.STOP else Rule.TRIGGER
        if at_open is not None:
            return Meeting(int(bars.start[index]), row, When.AT_OPEN, price, at_open)
        end = int(bars.end[index])
        if order.time_in_force is TimeInForce.GTX and order.session is not None and end >= order.session.close:
            return None
        fill_price, rule = self._inside(order, scaling.price(int(bars.close[index])))
        return Meeting(end, row, When.INSIDE, fill_price, rule)

    def _inside(self, order: Order, close: Decimal) -> tuple[Decimal, Rule]:
        """Price and rule of an order that a bar reaches after its open."""
        if not order.is_stop:
            assert order.limit is not None
            return order.limit, Rule.LIMIT_INSIDE
        assert order.stop is not None
        if order.order_type is OrderType.STOP:
            return order.stop, Rule.STOP_INSIDE
        assert order.limit is not None
        if self._better(order.stop, order):
            return order.stop, Rule.STOP_LIMIT_AT_STOP
        if self._better(close, order):
            return order.limit, Rule.STOP_LIMIT_AT_LIMIT
        return order.stop, Rule.TRIGGER


def has_market(bars: Side, row: int) -> bool:
    """Whether a row of the window has prices to trade at."""
    tradable = bars.tradable(row, row + 1)
    return tradable is None or bool(tradable[0])


def _first_with_market(bars: Side, row: int, stop: int) -> int:
    """The first row from `row` on, before `stop`, that has a market; if none has, the first one not looked at yet."""
    while row < stop:
        tradable = bars.tradable(row, min(row + _FIRST_CHUNK, stop))
        if tradable is None:
            return row
        if tradable.any():
            return row + int(tradable.argmax())
        row += len(tradable)
    return row


def _first_bar_decides(order: Order) -> bool:
    if order.order_type is OrderType.MARKET or order.decides_at_once or order.is_auction_only:
        return True
    return order.order_type is OrderType.STOP and order.triggered
