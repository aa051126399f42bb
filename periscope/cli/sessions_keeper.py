"""Who knows when exchanges trade: Periscope here, or a server, whose tables may be newer or older."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document
from periscope.cli.output import fail

if TYPE_CHECKING:
    from periscope.client import Client
    from periscope.instruments.sessions import ExchangeSessions

_MOST_DAYS = 400
"""Of one request."""


class SessionsKeeper(Protocol):
    """Exchanges and their hours."""

    def exchanges(self) -> Document:
        """All exchanges that are known."""

    def exchange(self, code: str, *, extended: bool) -> Document:
        """One, with the rules of its hours."""

    def days(self, code: str, first: date, last: date, *, extended: bool) -> Document:
        """Its days from one to another, both included."""


@contextmanager
def open_sessions(server: str | None) -> Iterator[SessionsKeeper]:
    """The server, or what is known here."""
    if server:
        from periscope.cli.keeper_remote import asking

        with asking(server) as client:
            yield _Remote(client)
        return
    yield _Local()


class _Local:
    def exchanges(self) -> Document:
        from periscope.instruments.hours import TABLES
        from periscope.instruments.session_documents import table_document

        return {"exchanges": [table_document(hours) for hours in TABLES]}

    def exchange(self, code: str, *, extended: bool) -> Document:
        from periscope.instruments.session_documents import exchange_document

        return exchange_document(code, _sessions(code, extended=extended))

    def days(self, code: str, first: date, last: date, *, extended: bool) -> Document:
        from periscope.instruments.session_documents import days_document
        from periscope.instruments.sessions import SessionRangeError

        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        try:
            return days_document(code, _sessions(code, extended=extended), days)
        except SessionRangeError as error:
            fail("OUTSIDE_SESSION_TABLE", str(error), exit_code=ExitCode.DATA, hint=f"periscope sessions {code}")


class _Remote:
    def __init__(self, client: "Client") -> None:
        self._calls = client.sessions

    def exchanges(self) -> Document:
        return {"exchanges": list(self._calls.list())}

    def exchange(self, code: str, *, extended: bool) -> Document:
        return self._calls.get(code, extended=extended)

    def days(self, code: str, first: date, last: date, *, extended: bool) -> Document:
        end = min(first + timedelta(days=_MOST_DAYS - 1), last)
        document = self._calls.days(code, first, end, extended=extended)
        while end < last:
            begin, end = end + timedelta(days=1), min(end + timedelta(days=_MOST_DAYS), last)
            document["days"] += self._calls.days(code, begin, end, extended=extended)["days"]
        return document


def _sessions(code: str, *, extended: bool) -> "ExchangeSessions":
    from periscope.instruments.sessions import UnknownExchangeError, sessions_for

    try:
        return sessions_for(code, extended=extended)
    except UnknownExchangeError as error:
        near = f"did you mean {' or '.join(error.near)}? " if error.near else ""
        fail("UNKNOWN_EXCHANGE", str(error), exit_code=ExitCode.NOT_FOUND, hint=f"{near}`periscope sessions` lists all")
