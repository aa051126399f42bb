"""Cases of another engine: what its file says that a run needs, and apart from it what it says the run must come to.

Of `expected`, and of what the trace says became of an order, nothing is read here but to be kept for the comparison.
A case that can't be read says why in a sentence; the others of its file still count.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from tests.fidelity.fields import (
    FieldError,
    choice_of,
    flag_of,
    moment_of,
    needed,
    number_of,
    object_of,
    shown,
    text_of,
    texts_of,
    zone_of,
)
from tests.fidelity.orders import AUTOMATIC, Order, read_trace
from tests.fidelity.symbols import asset_type, expiry_of, symbol_of
from tests.fidelity.words import settings_of

FIGURES = ("total_orders", "end_equity", "net_profit_pct", "total_fees", "drawdown_pct")
_SPANS = {
    "second": BarTimeSpan.SECOND,
    "minute": BarTimeSpan.MINUTE,
    "hour": BarTimeSpan.HOUR,
    "daily": BarTimeSpan.DAY,
    "day": BarTimeSpan.DAY,
}
_KINDS = {"equity": "equity", "equities": "equity", "future": "future", "futures": "future", "mixed": "mixed"}
_MODES = {"adjusted": "adjusted", "raw": "raw"}
_PART = re.compile(r"(second|minute|hour|daily|day)(?:\s*\(([^)]*)\))?")


class BadCaseError(Exception):
    """A file that is not of the expected form, in a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A case of a file that can't be read, and why; the others of its file still count."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `streams` are symbol, asset type and span; the trace has our symbols, in the order of placement.

    `settings` are what the words of the case set apart from the defaults; `expected` and `trace` belong to the
    comparison, but for what each order of the trace is and when it was placed.
    """

    name: str
    start: datetime
    end: datetime
    time_zone: str
    cash: Decimal
    currency: str
    extended: bool
    raw: bool
    streams: tuple[tuple[str, AssetType, BarTimeSpan], ...]
    expiries: dict[str, date]
    files: tuple[str, ...]
    settings: dict[str, str]
    expected: dict[str, Any]
    trace: tuple[Order, ...]
    notes: tuple[str, ...]
    final_states: tuple[str, ...] | None

    @property
    def placed(self) -> list[Order]:
        """The orders that the algorithm placed, and not the engine by itself."""
        return [order for order in self.trace if str(order.get("tag") or "").strip().lower() not in AUTOMATIC]

    @property
    def good_till(self) -> list[str]:
        """The date of each GTD order, in the order of placement."""
        return [order["tif"].partition(":")[2] for order in self.placed if order["tif"].startswith("GTD:")]

    def script(self) -> str:
        """What the strategy of the trace is told of each order, a line each: all of it is known when it is placed."""
        kinds = {symbol: kind for symbol, kind, _ in self.streams}
        return "\n".join(_line(order, kinds) for order in self.placed)


def _line(order: Order, kinds: dict[str, AssetType]) -> str:
    kind, tif = {
        "MARKET_ON_OPEN": ("MARKET", "OPG"),
        "MARKET_ON_CLOSE": ("MARKET", "ATC"),
    }.get(order["type"], (order["type"], order["tif"].partition(":")[0]))
    words = [
        microseconds(datetime.fromisoformat(order["placed_at"])),
        order["symbol"],
        kinds[order["symbol"]].value,
        order["side"],
        kind,
        tif,
        order["quantity"],
        *("-" if order[name] is None else order[name] for name in ("limit", "stop")),
    ]
    return " ".join(map(str, words))


def read_cases(path: Path) -> list[Case]:
    """All cases of a file that can be read. Raises `BadCaseError` where the file can't be."""
    return [case for case in read_file(path) if isinstance(case, Case)]


def read_file(path: Path) -> list[Case | Unreadable]:
    """What there is in a file: a list of cases, alone or under `cases`, or one case. Raises `BadCaseError`."""
    try:
        content = json.loads(path.read_bytes(), parse_float=_number, parse_int=_number, parse_constant=_number)
    except OSError as error:
        raise BadCaseError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise BadCaseError(f"{path} is no JSON: {error}") from None
    except RecursionError:
        raise BadCaseError(f"{path} is no file of cases: it is nested too deeply") from None
    if isinstance(content, dict):
        content = content.get("cases", [content] if "order_trace" in content else None)
    if not isinstance(content, list) or not content:
        raise BadCaseError(f"{path}: expected a list of cases")
    return [_case(path, number, entry) for number, entry in enumerate(content, 1)]


def _number(text: str) -> Decimal:
    """A number of the file; one beyond all bounds is none, which its field then says."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _case(path: Path, number: int, entry: Any) -> Case | Unreadable:
    name = str(entry.get("name") or "") if isinstance(entry, dict) else ""
    where = f"{path}, case {number}" + (f" ({name})" if name else "")
    try:
        if not isinstance(entry, dict):
            raise FieldError(f"a case is an object, found {shown(entry)}")
        return _read(entry)
    except FieldError as error:
        return Unreadable(name or f"case {number}", f"{where}: {error}")


def _read(entry: dict[str, Any]) -> Case:
    name = str(needed(entry, "name") or "").strip()
    if not name:
        raise FieldError("name is empty; expected text")
    zone = zone_of(entry, "time_zone")
    start = moment_of(needed(entry, "start"), "start", zone)
    end = moment_of(needed(entry, "end"), "end", zone, last=True)
    if end <= start:
        raise FieldError(f"end, {end.isoformat()}, is not after start, {start.isoformat()}")
    texts, kind = texts_of(entry, "symbols"), choice_of(entry, "kind", _KINDS)
    symbols = [symbol_of(text, kind, start.date()) for text in texts]
    kinds = {symbol: asset_type(symbol, kind) for symbol in symbols}
    spans = _spans(text_of(entry, "resolution"), symbols)
    orders = needed(entry, "order_trace")
    trace = read_trace([] if orders is None else orders, kinds, zone, start.date())
    spans += [
        (symbol, spans[0][1]) for symbol in dict.fromkeys(each["symbol"] for each in trace) if symbol not in kinds
    ]
    told = [(symbol, expiry_of(text)) for symbol, text in zip(symbols, texts, strict=True)]
    states = entry.get("final_order_states")
    return Case(
        name=name,
        start=start,
        end=end,
        time_zone=zone.key,
        cash=_cash(needed(entry, "cash")),
        currency=text_of(entry, "currency", "USD").upper(),
        extended=flag_of(entry, "extended_hours"),
        raw=choice_of(entry, "price_mode", _MODES, "adjusted") == "raw",
        streams=tuple((symbol, kinds.get(symbol) or asset_type(symbol, kind), span) for symbol, span in spans),
        expiries={symbol: day for symbol, day in told if day is not None},
        files=tuple(texts_of(entry, "data_files")),
        settings=settings_of(str(entry.get("logic") or "")),
        expected=object_of(entry, "expected"),
        trace=trace,
        notes=tuple(str(entry[key]) for key in ("note", "sdk_note") if entry.get(key)),
        final_states=None if states is None else tuple(texts_of(entry, "final_order_states")),
    )


def _cash(value: Any) -> Decimal:
    cash = number_of(value, "cash")
    if cash <= 0:
        raise FieldError(f"cash is {shown(value)}; expected more than zero")
    return cash


def _spans(resolution: str, symbols: list[str]) -> list[tuple[str, BarTimeSpan]]:
    """`minute`, or `daily (AAPL), minute (SPY)`."""
    parts = _PART.findall(resolution.lower())
    if not parts:
        raise FieldError(f"resolution is {shown(resolution)}; expected second, minute, hour or daily")
    found = []
    for word, inside in parts:
        named = [name.strip().upper() for name in inside.split(",") if name.strip()]
        chosen = [symbol for symbol in symbols if any(symbol.startswith(name.split()[0]) for name in named)]
        exact = [symbol for symbol in symbols if symbol in named]
        found += [(symbol, _SPANS[word]) for symbol in (exact or chosen or symbols if named else symbols)]
    return list(dict.fromkeys(found))


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    whole = moment.replace(microsecond=0)
    return round(whole.timestamp()) * 1_000_000 + moment.microsecond
