"""Exchange sessions of the year 2024 from a handful of dates, for markets made up in tests."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = {
    date(2024, month, day)
    for month, day in ((1, 1), (1, 15), (2, 19), (3, 29), (5, 27), (6, 19), (7, 4), (9, 2), (11, 28), (12, 25))
}
HALF_DAYS = {date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24)}
CME_CLOSED = {date(2024, 1, 1), date(2024, 3, 29), date(2024, 12, 25)}
"""Equity index futures trade on the other holidays too, until noon in Chicago; on half days until a quarter past."""


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One trading day's session `[open, close)`, in microseconds since 1970-01-01 UTC."""

    day: date
    open: int
    close: int


def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def new_york(day: date, hour: int, minute: int = 0) -> int:
    """The instant at which the clocks of New York show this."""
    return micros(datetime.combine(day, time(hour, minute), NEW_YORK))


@cache
def sessions(exchange: str, extended: bool) -> tuple[TradingDay, ...]:
    """All trading days of 2024, ascending. Every exchange but "CME" keeps the hours of US equities."""
    weekdays = [day for n in range(366) if (day := date(2024, 1, 1) + timedelta(days=n)).weekday() < 5]
    if exchange == "CME":
        return tuple(
            TradingDay(day, new_york(day - timedelta(days=1), 18), _cme_close(day))
            for day in weekdays
            if day not in CME_CLOSED
        )
    found = []
    for day in weekdays:
        if day in HOLIDAYS:
            continue
        half = day in HALF_DAYS
        opens = new_york(day, 4) if extended else new_york(day, 9, 30)
        closes = new_york(day, 17 if half else 20) if extended else new_york(day, 13 if half else 16)
        found.append(TradingDay(day, opens, closes))
    return tuple(found)


def _cme_close(day: date) -> int:
    if day in HOLIDAYS:
        return new_york(day, 13)
    return new_york(day, 13, 15) if day in HALF_DAYS else new_york(day, 17)


def is_stub(day: TradingDay) -> bool:
    """Whether it is a futures session cut short because the stock market is closed."""
    return day.day in HOLIDAYS


def session_from(exchange: str, extended: bool, moment: int) -> TradingDay:
    """The session that contains `moment`, else the next one to open."""
    known = sessions(exchange, extended)
    return known[bisect_right(known, moment, key=lambda session: session.close)]


def in_session(exchange: str, extended: bool, moment: int) -> bool:
    """Whether `moment` lies in a session."""
    return session_from(exchange, extended, moment).open <= moment
