"""Data, instruments and exchange sessions. Documents are those that the command line prints with `--json`."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from periscope.client.group import Group, at
from periscope.client.transport import Sent, Upload
from periscope.client.types import Counted, Document, Page, Value


class SeriesLine(Value, frozen=True):
    """What is stored of one instrument at one span: `data` is bars, quote bars or open interest, `bars` how many."""

    symbol: str
    asset_type: str
    exchange: str
    span: str
    data: str
    bars: int
    first: datetime
    last: datetime
    source: str


class DataCalls(Group):
    """What is in the server's catalog."""

    def list(self, *, limit: int | None = None) -> Iterator[SeriesLine]:
        """Every instrument and span of the catalog."""
        return self._pages(Counted[SeriesLine], "data/series", limit=limit)

    def show(self, symbol: str, *, asset_type: str | None = None, span: str | None = None, rows: int = 5) -> Document:
        """An instrument's facts, what is stored of it, and so many rows at each end."""
        wanted = {"asset_type": asset_type, "span": span, "rows": rows}
        return self._transport.ask(dict[str, Any], "GET", at("data", "series", symbol), parameters=wanted)

    def check(
        self,
        symbol: str,
        *,
        asset_type: str | None = None,
        span: str | None = None,
        start: date | None = None,
        end: date | None = None,
    ) -> Document:
        """What a check finds in the data of an instrument, from one day to another, both included."""
        wanted = {"asset_type": asset_type, "span": span, "from": _day(start), "to": _day(end)}
        return self._transport.ask(dict[str, Any], "GET", at("data", "series", symbol, "quality"), parameters=wanted)

    def continuous(self, root: str, *, adjustment: str = "raw", span: str | None = None, rows: int = 5) -> Document:
        """The contracts of a futures root as one series, raw or adjusted by difference or ratio."""
        wanted = {"adjustment": adjustment, "span": span, "rows": rows}
        return self._transport.ask(dict[str, Any], "GET", at("data", "continuous", root), parameters=wanted)

    def upload(
        self,
        file: Path | bytes,
        name: str | None = None,
        *,
        key: str | None = None,
        sent: Sent | None = None,
        seconds: float = 3_600.0,
        **options: str | int | bool | None,
    ) -> Document:
        """Import a file of bars, which is read while it is sent. Nothing is stored unless every row is understood.

        `options` are those of `periscope data import`: symbol, asset_type, span, exchange, tz, stamp, format and so on.
        `sent` is told how many bytes have gone, of how many; `seconds` bounds the import after that.
        """
        called = name or (file.name if isinstance(file, Path) else "data")
        headers = {"content-type": "application/octet-stream"}
        return self._transport.ask(
            dict[str, Any],
            "POST",
            "data/imports",
            parameters={"name": called, **options},
            body=Upload(file, sent, seconds),
            headers=headers,
            key=key,
        )


class InstrumentCalls(Group):
    """What is known of instruments and futures roots, with sources."""

    def list(
        self, *, asset_type: str | None = None, root: str | None = None, exchange: str | None = None
    ) -> Iterator[Document]:
        """Instruments of the catalog."""
        wanted = {"asset_type": asset_type, "root": root, "exchange": exchange}
        return self._pages(Counted[dict[str, Any]], "instruments", wanted)

    def get(self, symbol: str, *, asset_type: str | None = None, on: date | None = None) -> Document:
        """What a symbol stands for, on a day if one is named."""
        wanted = {"asset_type": asset_type, "date": _day(on)}
        return self._transport.ask(dict[str, Any], "GET", at("instruments", symbol), parameters=wanted)

    def roots(self, *, exchange: str | None = None) -> Iterator[Document]:
        """The futures roots that are known."""
        return self._pages(Counted[dict[str, Any]], "instruments/roots", {"exchange": exchange})

    def chain(
        self,
        root: str,
        *,
        on: date | None = None,
        start: date | None = None,
        end: date | None = None,
        count: int = 8,
        serial: bool = False,
    ) -> Document:
        """The contracts of a root that trade on a day, or from one day to another."""
        wanted = {"date": _day(on), "from": _day(start), "to": _day(end), "count": count, "serial": serial}
        return self._transport.ask(dict[str, Any], "GET", at("instruments", "roots", root, "chain"), parameters=wanted)

    def rolls(self, root: str, *, by: str = "volume", start: date | None = None, end: date | None = None) -> Document:
        """When a root passes from one contract to the next, decided by volume, open-interest or last-trade."""
        wanted = {"by": by, "from": _day(start), "to": _day(end)}
        return self._transport.ask(dict[str, Any], "GET", at("instruments", "roots", root, "rolls"), parameters=wanted)


class SessionCalls(Group):
    """When exchanges trade."""

    def list(self) -> Iterator[Document]:
        """The exchanges that are known."""
        return self._pages(Page[dict[str, Any]], "sessions")

    def get(self, exchange: str, *, extended: bool = False) -> Document:
        """An exchange's usual hours."""
        return self._transport.ask(dict[str, Any], "GET", at("sessions", exchange), parameters={"extended": extended})

    def days(self, exchange: str, start: date, end: date, *, extended: bool = False) -> Document:
        """An exchange's sessions day by day, both days included."""
        wanted = {"from": _day(start), "to": _day(end), "extended": extended}
        return self._transport.ask(dict[str, Any], "GET", at("sessions", exchange, "days"), parameters=wanted)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
