"""At what price a resting order fills at a step, None where it does not."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from tests.fidelity.naive.book import Order
from tests.fidelity.naive.data import Row, day_of


def _bar(order: Order, content: str) -> Row | None:
    """The newest bar of a kind, where it ended after the order was placed."""
    row: Row | None = getattr(order.security, content)
    return row if row is not None and row.end > order.time else None


def limit(order: Order, now: datetime, *, extended: bool) -> Decimal | None:
    """A trade bar through the limit, or that side of the quotes of a future."""
    security, level, sign = order.security, order.limit, order.sign
    assert level is not None
    row = _bar(order, "quote" if security.future else "trade")
    if row is None or row.end != now or not security.open_now(now, extended=extended):
        return None
    if security.future:
        side = row.ask if sign > 0 else row.bid
        assert side is not None
        if sign > 0:
            return min(side[1], level) if side[2] < level else None
        return max(side[2], level) if side[1] > level else None
    assert row.trade is not None
    touched = row.trade[2] < level if sign > 0 else row.trade[1] > level
    better = row.trade[0] < level if sign > 0 else row.trade[0] > level
    return (row.trade[0] if better else level) if touched else None


def stop(order: Order, now: datetime, *, extended: bool) -> Decimal | None:
    """A bar that reaches the stop, in regular hours."""
    security, level, sign = order.security, order.stop, order.sign
    assert level is not None
    row = _bar(order, "quote" if security.future else "trade")
    if row is None or row.end != now:
        return None
    if not security.open_now(now, extended=security.future and extended):
        return None
    if security.future:
        side = row.ask if sign > 0 else row.bid
        assert side is not None
        if sign > 0:
            return max(level, side[3]) if side[1] > level else None
        return min(level, side[3]) if side[2] < level else None
    assert row.trade is not None
    reached = row.trade[1] >= level if sign > 0 else row.trade[2] <= level
    through = row.trade[0] >= level if sign > 0 else row.trade[0] <= level
    return (row.trade[0] if through else level) if reached else None


def stop_limit(order: Order, now: datetime, *, extended: bool) -> Decimal | None:
    """Arms beyond the stop; then a close better than the limit fills."""
    security, sign = order.security, order.sign
    assert order.stop is not None and order.limit is not None
    quoted = security.future or security.resolution in ("second", "minute")
    row = _bar(order, "quote" if quoted else "trade")
    if row is None or row.end != now or not security.open_now(now, extended=extended):
        return None
    bar = row.trade if not quoted else row.ask if sign > 0 else row.bid
    assert bar is not None
    order.armed = order.armed or (bar[1] > order.stop if sign > 0 else bar[2] < order.stop)
    if not order.armed:
        return None
    if sign > 0:
        return min(bar[1], order.limit) if bar[3] < order.limit else None
    return max(bar[2], order.limit) if bar[3] > order.limit else None


def market_on_open(order: Order, now: datetime, *, extended: bool) -> Decimal | None:
    """The open of the first bar that starts in the regular session."""
    row, security = _bar(order, "trade"), order.security
    if row is None or row.end != now or row.start < order.time:
        return None
    sessions = security.sessions
    if sessions.is_open(order.time, extended=False) and day_of(order.time) == day_of(row.end):
        return None
    if not sessions.overlaps(row, extended=False):
        return None
    assert row.trade is not None
    return row.trade[0]


def market_on_close(order: Order, now: datetime, *, extended: bool) -> Decimal | None:
    """The last close, once the session has closed."""
    security = order.security
    if now < security.sessions.next_close(order.time) or security.trade is None:
        return None
    assert security.trade.trade is not None
    return security.trade.trade[3]


PRICES: dict[str, Callable[..., Decimal | None]] = {
    "LIMIT": limit,
    "STOP": stop,
    "STOP_LIMIT": stop_limit,
    "MARKET_ON_OPEN": market_on_open,
    "MARKET_ON_CLOSE": market_on_close,
}
