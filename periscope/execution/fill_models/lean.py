"""The `lean` model: fills by the rules of QuantConnect LEAN's default fill models."""

from dataclasses import dataclass
from typing import override

import msgspec

from libs.shared_ipc.src.protocol import BarTimeSpan, OrderType, TimeInForce
from periscope.execution.fill_models.lean_market import LeanMarket, Row
from periscope.execution.fill_models.model import FillModel
from periscope.execution.meeting import Market, Meeting, Rule, Search, When
from periscope.execution.order import Order, Rejection

_UNKNOWN = frozenset({TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTX})
_COARSE = frozenset({BarTimeSpan.HOUR, BarTimeSpan.DAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanFillRules:
    """What LEAN lets an algorithm set (`core.lean`), in microseconds.

    `stale` is how old prices may be for a market order, `close_buffer` how long before the close the last
    market-on-close order must come.
    """

    stale: int = 3_600_000_000
    close_buffer: int = 930_000_000


class Lean(FillModel):
    """What an order meets is known when a bar ends, and it fills at that moment, whole and without slippage.

    - MARKET fills in the moment in which it is placed: a buy at the ask of the last quote bar, a sell at its bid, each
      its close; without quotes at the close of the last trade bar. Where the newest data is older than `stale`, an
      order in hour or daily data waits for the next bar, one in finer data where it is more than one bar old. A future
      that waited in hour or daily data since before a bar fills at the open of that bar, on its side.
    - MARKET in an equity needs the regular session: sent while it is closed, it becomes market-on-open (OPG). Where
      there are daily bars only, it becomes market-on-close (ATC), or market-on-open within `close_buffer` of the close.
      A future may also fill in extended hours, and waits while there is no session.
    - All other orders meet the bars that end after the order came, never the moment itself.
    - LIMIT in an equity fills where a trade bar goes through the limit: at its open where that is better, else at the
      limit. In a future a buy fills where the low of the ask is below the limit, at the ask's high or the limit,
      whichever is lower; a sell likewise on the bid.
    - STOP in an equity fills in the regular session where a trade bar touches the stop: at its open where that is at or
      over the stop, else at the stop. In a future a buy fills where the high of the ask is above the stop, at the stop
      or the ask's close, whichever is higher; a sell likewise on the bid.
    - STOP_LIMIT looks at quote bars where there are any. It arms where the bar goes over the stop; then, in the same
      bar too, a close better than the limit fills it at the limit or the bar's far end, whichever is better.
    - OPG fills at the open of the first trade bar that starts in the regular session when the order is there; if it
      came during the session, on a later date. ATC fills at the next regular close, at the close of the last trade bar
      (of a future: of its side of the quotes); one that comes less than `close_buffer` before it is refused.
    - DAY ends at the regular close after the order, GTD at that of its date, or at the next one where the date has
      none; both before anything can fill there. An order whose date is past ends as soon as the market has a step.
    - All orders in an equity end at the midnight before the first session under a new ticker.

    What is unrealistic about it: a market order trades any quantity at a price that the algorithm has just seen.

    Source: QuantConnect/Lean (Apache-2.0), Common/Orders/Fills/EquityFillModel.cs, FutureFillModel.cs and
    ImmediateFillModel.cs, Common/Orders/TimeInForces, Algorithm/QCAlgorithm.Trading.cs.
    """

    name = "lean"
    stops_first = False
    fills_at_expiry = False
    in_turn = True
    good_till_rolls = True

    def __init__(self, rules: LeanFillRules | None = None) -> None:
        self._rules = LeanFillRules() if rules is None else rules

    @override
    def accept(self, order: Order, market: Market) -> Order | Rejection:
        """The order with the type and the lifetime that LEAN gives it."""
        if order.time_in_force in _UNKNOWN:
            return Rejection("TIME_IN_FORCE_NOT_ALLOWED", f"LEAN has no {order.time_in_force} orders")
        seen = LeanMarket(market)
        now = order.placed_at
        if not seen.has_price(now):
            return Rejection("NO_PRICE_YET", f"there is no price of {order.symbol} yet")
        if order.order_type is OrderType.MARKET and order.time_in_force not in (TimeInForce.OPG, TimeInForce.ATC):
            order = self._as_sent(order, seen)
        if order.time_in_force is TimeInForce.OPG and order.instrument.is_future:
            return Rejection("TIME_IN_FORCE_NOT_ALLOWED", "LEAN takes no market-on-open orders in futures")
        if order.time_in_force is TimeInForce.ATC:
            session = seen.regular.session_from(now)
            if now > session.close - self._rules.close_buffer:
                return Rejection("TOO_LATE_FOR_THE_CLOSE", "the order comes too late for the closing price")
            order = msgspec.structs.replace(order, session=session)
        return msgspec.structs.replace(order, until=self._end(order, seen), first_row=0)

    def _as_sent(self, order: Order, seen: LeanMarket) -> Order:
        """An equity's market order as market-on-open or market-on-close, where LEAN makes one of it."""
        if order.instrument.is_future:
            return order
        session = seen.regular.session_at(order.placed_at)
        if session is None:
            return msgspec.structs.replace(order, time_in_force=TimeInForce.OPG)
        if seen.market.span is not BarTimeSpan.DAY:
            return order
        late = order.placed_at > session.close - self._rules.close_buffer
        return msgspec.structs.replace(order, time_in_force=TimeInForce.OPG if late else TimeInForce.ATC)

    def _end(self, order: Order, seen: LeanMarket) -> int | None:
        """When the order ends unfilled."""
        ends = [order.instrument.expires_at, seen.renamed_after(order.placed_at)]
        if order.time_in_force is TimeInForce.DAY:
            ends.append(seen.regular.session_from(order.placed_at).close)
        elif order.time_in_force is TimeInForce.GTD and order.until is not None:
            opens = seen.market.sessions.session_from(order.placed_at).open
            ends.append(max(order.until, order.placed_at + 1, opens + 1))
        return min((end for end in ends if end is not None), default=None)

    @override
    def at_once(self, order: Order, market: Market, now: int) -> Meeting | None:
        """A market order at the prices that are there, if they are new enough and there is a session."""
        if order.order_type is not OrderType.MARKET or order.time_in_force in (TimeInForce.OPG, TimeInForce.ATC):
            return None
        return self._market(order, LeanMarket(market), now, When.AT_ONCE)

    @override
    def next_meeting(self, order: Order, market: Market, search: Search, horizon: int) -> Meeting | None:
        """The first moment at which the order fills, by comparing columns with its prices."""
        if search.found is None:
            seen = LeanMarket(market)
            seen.reach(horizon)
            search.found = self._look(order, seen, search, horizon)
        return search.found

    def _look(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        if order.time_in_force is TimeInForce.ATC:
            return self._on_close(order, seen, horizon)
        if order.time_in_force is TimeInForce.OPG:
            return self._on_open(order, seen, search, horizon)
        match order.order_type:
            case OrderType.MARKET:
                return self._waiting(order, seen, search, horizon)
            case OrderType.LIMIT:
                return self._limit(order, seen, search, horizon)
            case OrderType.STOP:
                return self._stop(order, seen, search, horizon)
            case OrderType.STOP_LIMIT:
                return self._stop_limit(order, seen, search, horizon)

    def _market(self, order: Order, seen: LeanMarket, now: int, when: When) -> Meeting | None:
        if not seen.is_open(now, extended=order.instrument.is_future):
            return None
        quote, trade = seen.quote(order.sign, now), seen.trade(now)
        row = quote if order.instrument.is_future else _fresh(quote, order.placed_at - self._rules.stale)
        row = trade if row is None else row
        if row is None:
            return None
        if row.end < order.placed_at - self._rules.stale:
            newest = row if quote is None or row.end >= quote.end else quote
            if seen.market.span in _COARSE or now - newest.end > newest.end - newest.start:
                return None
            row = newest
        waited = when is When.INSIDE and order.instrument.is_future and seen.market.span in _COARSE
        if waited and order.placed_at <= row.start:
            return row.meeting(now, when, row.open, Rule.MARKET_NEW_BAR)
        rule = Rule.MARKET_NOW if when is When.AT_ONCE else Rule.MARKET_NEW_DATA
        return row.meeting(now, when, row.close, rule)

    def _waiting(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        """A market order that found no price: the first moment with new data at which it does."""
        for now in seen.moments(max(search.since, search.cursor), horizon):
            found = self._market(order, seen, now, When.INSIDE)
            if found is not None:
                return found
        search.cursor = max(search.cursor, horizon)
        return None

    def _on_open(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        side = seen.trades
        if side is None:
            return None
        during = seen.regular.session_at(order.placed_at) is not None
        for row in side.rows(search, horizon):
            same_day = during and seen.date_of(row.end) == seen.date_of(order.placed_at)
            if row.start < order.placed_at or same_day or not seen.starts_regularly(row):
                continue
            return row.meeting(row.end, When.INSIDE, row.open, Rule.MARKET_ON_OPEN)
        return None

    def _on_close(self, order: Order, seen: LeanMarket, horizon: int) -> Meeting | None:
        assert order.session is not None
        close = order.session.close
        if close > horizon:
            return None
        quote = seen.quote(order.sign, close) if order.instrument.is_future else None
        row = seen.trade(close) if quote is None else quote
        return None if row is None else row.meeting(close, When.ON_CLOSE, row.close, Rule.MARKET_ON_CLOSE)

    def _limit(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        assert order.limit is not None
        side = seen.side(order.sign, quotes=order.instrument.is_future)
        row = None if side is None else side.first_beyond(order.limit, -order.sign, search, horizon)
        if row is None:
            return None
        if order.instrument.is_future:
            price = min(row.high, order.limit) if order.sign > 0 else max(row.low, order.limit)
            return row.meeting(row.end, When.INSIDE, price, Rule.LIMIT_INSIDE)
        if (order.limit - row.open) * order.sign > 0:
            return row.meeting(row.end, When.INSIDE, row.open, Rule.LIMIT_AT_OPEN)
        return row.meeting(row.end, When.INSIDE, order.limit, Rule.LIMIT_INSIDE)

    def _stop(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        assert order.stop is not None
        future = order.instrument.is_future
        side = seen.side(order.sign, quotes=future)
        while side is not None:
            row = side.first_beyond(order.stop, order.sign, search, horizon, touch=not future)
            if row is None:
                return None
            if future:
                price = max(order.stop, row.close) if order.sign > 0 else min(order.stop, row.close)
                return row.meeting(row.end, When.INSIDE, price, Rule.STOP_INSIDE)
            if seen.is_regular_at(row):
                gapped = (row.open - order.stop) * order.sign >= 0
                price, rule = (row.open, Rule.STOP_AT_OPEN) if gapped else (order.stop, Rule.STOP_INSIDE)
                return row.meeting(row.end, When.INSIDE, price, rule)
            search.cursor = row.number + 1
        return None

    def _stop_limit(self, order: Order, seen: LeanMarket, search: Search, horizon: int) -> Meeting | None:
        assert order.stop is not None and order.limit is not None
        side = seen.side(order.sign, quotes=True)
        if side is None:
            return None
        armed = side.first_beyond(order.stop, order.sign, search, horizon)
        if armed is None:
            return None
        row = side.first_close_beyond(order.limit, -order.sign, armed.number, horizon)
        if row is None:
            return None
        price = min(row.high, order.limit) if order.sign > 0 else max(row.low, order.limit)
        return row.meeting(row.end, When.INSIDE, price, Rule.STOP_LIMIT_AT_LIMIT)


def _fresh(row: Row | None, since: int) -> Row | None:
    return row if row is not None and row.end >= since else None
