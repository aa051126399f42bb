"""When exchanges trade."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from periscope.instruments.hours import TABLES
from periscope.instruments.session_documents import days_document, exchange_document, table_document
from periscope.instruments.sessions import ExchangeSessions, SessionRangeError, UnknownExchangeError, sessions_for
from periscope.server.models import Document, Model, Page, Text
from periscope.server.paging import page
from periscope.server.problems import ProblemError
from periscope.server.routing import new_router

router = new_router("sessions")

MOST_DAYS = 400
"""Of one request: a year and what leans over its ends."""

ExchangeCode = Annotated[Text, Path(min_length=1, max_length=40, description="The exchange, such as XNYS or CME")]
ExtendedQuery = Annotated[bool, Query(description="Trading before and after regular hours too, where there is any")]


class Exchange(Model):
    """An exchange, or several that keep the same hours."""

    codes: list[str]
    name: str
    zone: str
    first_day: date
    last_day: date
    extended: bool = Field(description="Whether extended hours are known")


class ExchangeHours(Exchange):
    """An exchange with its hours."""

    exchange: str
    hours: str = Field(description="regular or extended")
    rules: list[Document] = Field(description="Each from its date on; docs/sessions.md")


class Days(Model):
    """Calendar days of an exchange."""

    exchange: str
    name: str
    zone: str
    hours: str
    days: list[Document] = Field(description="Open, close and breaks in exchange time and UTC; docs/sessions.md")


@router.get("/sessions", response_model=Page[Exchange])
def list_exchanges() -> dict[str, Any]:
    """Exchanges whose hours are known, all on one page."""
    return page("exchanges", [table_document(hours) for hours in TABLES], None)


@router.get("/sessions/{exchange}", response_model=ExchangeHours)
def show_exchange(exchange: ExchangeCode, extended: ExtendedQuery = False) -> dict[str, Any]:
    """The hours of an exchange, each from its date on."""
    return exchange_document(exchange.strip().upper(), _sessions(exchange, extended=extended))


@router.get("/sessions/{exchange}/days", response_model=Days)
def list_days(
    exchange: ExchangeCode,
    since: Annotated[date, Query(alias="from", description="The first day")],
    until: Annotated[date, Query(alias="to", description="The last day, at most 399 days later")],
    extended: ExtendedQuery = False,
) -> dict[str, Any]:
    """Days of an exchange: sessions, breaks, half days and holidays with their reasons."""
    found = _sessions(exchange, extended=extended)
    count = (until - since).days + 1
    if not 0 < count <= MOST_DAYS:
        raise ProblemError("INVALID", f"expected 1 to {MOST_DAYS} days, found {count}")
    try:
        days = [since + timedelta(days=number) for number in range(count)]
        return days_document(exchange.strip().upper(), found, days)
    except SessionRangeError as error:
        raise ProblemError("OUTSIDE_SESSION_TABLE", str(error)) from None


def _sessions(exchange: str, *, extended: bool) -> ExchangeSessions:
    try:
        return sessions_for(exchange.strip().upper(), extended=extended)
    except UnknownExchangeError as error:
        near = f"did you mean {' or '.join(error.near)}?" if error.near else None
        raise ProblemError("UNKNOWN_EXCHANGE", str(error), hint=near) from None
