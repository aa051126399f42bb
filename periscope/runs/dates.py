"""Times in documents: RFC 3339 and whole trading days, to and from microseconds since 1970-01-01 UTC."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from periscope.instruments.sessions import ExchangeSessions, UnknownExchangeError, sessions_for

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199

_DEFAULT_EXCHANGE = "US"


def parse_moment(text: str, edge: Literal["start", "end"], exchanges: Sequence[str] = ()) -> int:
    """Read a run's `start` or `end` as microseconds since 1970-01-01 UTC.

    A time needs an offset. A date alone means the whole trading day: its first moment for `start`, its last for `end`
    (so an end date is included); over several exchanges, the widest of their days. Raises ValueError saying what is
    wrong and what to write.
    """
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            return _whole_day(_checked_year(date.fromisoformat(text)), edge, exchanges)
        if _TIME.fullmatch(text):
            return _exact_moment(text)
    except (ValueError, OverflowError) as problem:
        raise ValueError(f"{text!r} is not a usable time: {problem}") from None
    raise ValueError(f'{text!r} is neither a date like "2024-03-28" nor a time like "2024-03-28T09:30:00-04:00"')


def parse_day_or_moment(text: str) -> date | int:
    """Read a trading day, as a date, or a time with its offset, as microseconds since 1970-01-01 UTC.

    Raises ValueError saying what is wrong and what to write.
    """
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            return _checked_year(date.fromisoformat(text))
    except ValueError as problem:
        raise ValueError(f"{text!r} is not a usable date: {problem}") from None
    return parse_moment(text, "end")


def _exact_moment(text: str) -> int:
    moment = datetime.fromisoformat(text.upper())
    _checked_year(moment.date())
    if moment.tzinfo is None:
        raise ValueError(f'it has no offset; write "{text}Z" for UTC, or "{text}-04:00" for a place four hours behind')
    return (moment - _EPOCH) // _MICROSECOND


def _checked_year(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def _whole_day(day: date, edge: Literal["start", "end"], exchanges: Sequence[str]) -> int:
    bounds = [_sessions(exchange).day_bounds(day) for exchange in exchanges or (_DEFAULT_EXCHANGE,)]
    return min(start for start, _ in bounds) if edge == "start" else max(end for _, end in bounds)


def _sessions(exchange: str) -> ExchangeSessions:
    try:
        return sessions_for(exchange)
    except UnknownExchangeError:
        return sessions_for(_DEFAULT_EXCHANGE)
