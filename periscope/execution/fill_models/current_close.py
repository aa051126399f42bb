"""The `current_close` model: a market order fills at a price that was known before it."""

from typing import override

from libs.shared_ipc.src.protocol import OrderType, TimeInForce
from periscope.execution.fill_models.next_bar import NextBar, has_market
from periscope.execution.meeting import Market, Meeting, Rule, When
from periscope.execution.order import Order


class CurrentClose(NextBar):
    """MARKET fills at once at the close of a bar that ended now; if none did, as in `next_bar`. The rest as there.

    An OPG or ATC order waits for its auction all the same, and a GTX order does not take a session's closing price.
    With `core.latency_seconds` an order reaches the market after that close, so that all is as in `next_bar`.

    What is unrealistic about it: nobody trades at a close after having seen it. Every result says so.
    """

    name = "current_close"

    @override
    def at_once(self, order: Order, market: Market, now: int) -> Meeting | None:
        """The close of the bar that ended now."""
        bars = market.side(order.sign)
        if bars is None or order.order_type is not OrderType.MARKET:
            return None
        if order.is_auction_only or order.arrives_at > now:
            return None
        row = bars.row_ended_by(now)
        if row < 0 or int(bars.end[row - bars.first]) != now or not has_market(bars, row):
            return None
        if order.time_in_force is TimeInForce.GTX:
            start = int(bars.start[row - bars.first])
            if market.regular_sessions.session_from(start).close == now:
                return None
        price = bars.scaling(row).price(int(bars.close[row - bars.first]))
        return Meeting(now, row, When.AT_ONCE, price, Rule.MARKET_AT_CLOSE)
