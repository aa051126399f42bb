"""How long orders live: what each time in force comes to, by the sessions of the order's exchange (rule 18)."""

from datetime import date, datetime, time, timedelta

import msgspec

from libs.shared_ipc.src.protocol import TimeInForce
from periscope.execution.meeting import Market, Sessions
from periscope.execution.order import Order
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, Session, SessionRangeError

_EPOCH = date(1970, 1, 1)
_LONGEST_CLOSURE_DAYS = 40
"""Far more than any closure in the session tables."""


def with_lifetime(order: Order, market: Market) -> Order:
    """The order with the end, and the session, that its time in force gives it.

    What counts is when it reaches the market: one that arrives after the close belongs to the next session.
    """
    arrives_at = order.arrives_at
    match order.time_in_force:
        case TimeInForce.DAY:
            return msgspec.structs.replace(
                order, until=_earlier(order.until, market.sessions.session_from(arrives_at).close)
            )
        case TimeInForce.OPG:
            session = _next_to_open(market.regular_sessions, arrives_at)
            stream = market.side(order.sign)
            row = order.first_row if stream is None else max(order.first_row, stream.row_from(session.open))
            return msgspec.structs.replace(
                order, session=session, first_row=row, until=_earlier(order.until, session.close)
            )
        case TimeInForce.ATC | TimeInForce.GTX:
            session = market.regular_sessions.session_from(arrives_at)
            return msgspec.structs.replace(order, session=session, until=_earlier(order.until, session.close))
    return order


def end_of_dated(
    given: date | int | tuple[date | int, ...] | None, number: int, market: Market, end: int, *, rolls: bool
) -> int | None:
    """When the run's GTD order number `number`, counted from 1, ends (microseconds UTC); None if the run doesn't say.

    `given` is `core.good_till` and `end` the run's end; `rolls` as in `FillModel.good_till_rolls`.
    """
    if isinstance(given, tuple):
        given = given[min(number, len(given)) - 1]
    if not isinstance(given, date):
        return given
    if rolls:
        return first_close_from(given, market.regular_sessions)
    return last_close_until(given, market.sessions, end)


def last_close_until(day: date, sessions: Sessions, end: int) -> int:
    """The close of a trading day; of the last one before it where the exchange is closed on `day`.

    Outside of the exchange's session table it is that day's midnight, if it lies beyond the run's `end` (microseconds
    UTC), where no order comes to; otherwise raises `SessionRangeError`.
    """
    try:
        for back in range(_LONGEST_CLOSURE_DAYS):
            session = sessions.session_of_day(day - timedelta(days=back))
            if session is not None:
                return session.close
    except SessionRangeError:
        midnight = (day - _EPOCH) // timedelta(microseconds=1)
        if midnight > end:
            return midnight
        raise
    raise AssertionError(f"no session in the {_LONGEST_CLOSURE_DAYS} days before {day}")


def first_close_from(day: date, sessions: Sessions) -> int:
    """The first close after a date begins on the exchange's clock (microseconds UTC).

    Where the table has no session so early or so late, it is that midnight: far before or after the run.
    """
    begins = round(datetime.combine(day, time(0), sessions.zone).timestamp()) * MICROSECONDS_PER_SECOND
    try:
        return sessions.session_from(begins).close
    except SessionRangeError:
        return begins


def _next_to_open(sessions: Sessions, t: int) -> Session:
    """The first session that opens at t or later."""
    session = sessions.session_from(t)
    return session if session.open >= t else sessions.session_from(session.close)


def _earlier(until: int | None, moment: int) -> int:
    return moment if until is None else min(until, moment)
