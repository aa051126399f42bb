"""Cases of another engine: what its file says that a run needs, and apart from it what it says the run must come to.

Of `expected`, and of what the trace says became of an order, nothing is read here but to be kept for the comparison.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.futures import future_symbol

FIGURES = ("total_orders", "end_equity", "net_profit_pct", "total_fees", "drawdown_pct")
OUTCOMES = ("status", "filled_at", "fill_price", "fee")
_SPANS = {
    "second": BarTimeSpan.SECOND,
    "minute": BarTimeSpan.MINUTE,
    "hour": BarTimeSpan.HOUR,
    "daily": BarTimeSpan.DAY,
}
_KINDS = ("equity", "future", "mixed")
_TYPES = {
    "MARKET": ("MARKET", None),
    "MARKET_ON_OPEN": ("MARKET", "OPG"),
    "MARKET_ON_CLOSE": ("MARKET", "ATC"),
    "LIMIT": ("LIMIT", None),
    "STOP": ("STOP", None),
    "STOP_MARKET": ("STOP", None),
    "STOP_LIMIT": ("STOP_LIMIT", None),
}
_NAMED = re.compile(r"^([A-Z0-9]+)\s*\((\d{6})\b")
_EXPIRES = re.compile(r"expires (\d{4}-\d{2}-\d{2})")
_CONTRACT = re.compile(r"^([A-Z0-9]*[A-Z])(\d{4})(\d{2})$")
_MONTHS = "FGHJKMNQUVXZ"
_SHORT = re.compile(rf"^([A-Z0-9]+?)([{_MONTHS}])(\d{{1,2}})$")
_PART = re.compile(r"(second|minute|hour|daily)(?:\s*\(([^)]*)\))?")
_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_SETTINGS = (
    (
        "stale_seconds",
        re.compile(r"stale(?:[- ]price)?[- ]window (?:is |of |set to )?([\d.]+) (second|minute|hour)", re.IGNORECASE),
    ),
    (
        "close_buffer_seconds",
        re.compile(r"submission buffer (?:is |of |set to )?([\d.]+) (second|minute|hour)", re.IGNORECASE),
    ),
    ("leverage", re.compile(r"leverage (?:of |up to |set to )?([\d.]+)", re.IGNORECASE)),
)
AUTOMATIC = "delist"
"""The tag of an order that the other engine placed by itself, as an instrument ceased to trade."""


class BadCaseError(Exception):
    """A file that is not of the expected form, in a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A case of a file that can't be read, and why; the others of its file still count."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `streams` are symbol, asset type and span; `names` map the trace's symbols to ours.

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
    trace: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    final_states: tuple[str, ...] | None

    @property
    def good_till(self) -> list[date]:
        """The dates of its GTD orders."""
        found = {str(order["tif"]).partition(":")[2] for order in self.trace if str(order["tif"]).startswith("GTD")}
        return sorted(date.fromisoformat(text) for text in found if text)

    def placed(self) -> str:
        """What the strategy of the trace is told of each order, a line each: all of it is known when it is placed."""
        return "\n".join(self._line(order) for order in self.trace if order.get("tag") != AUTOMATIC)

    def _line(self, order: dict[str, Any]) -> str:
        symbol = our_symbol(str(order["symbol"]))
        kind, tif = _type(order)
        words = [
            microseconds(datetime.fromisoformat(order["placed_at"])),
            symbol,
            _asset_type(symbol).value,
            order["side"],
            kind,
            tif or str(order["tif"]).partition(":")[0],
            order["quantity"],
            *("-" if order[name] is None else order[name] for name in ("limit", "stop")),
        ]
        return " ".join(map(str, words))


def read_cases(path: Path) -> list[Case]:
    """All cases of a file that can be read. Raises `BadCaseError` where the file, or each of its cases, can't be."""
    return [case for case in read_file(path) if isinstance(case, Case)]


def read_file(path: Path) -> list[Case | Unreadable]:
    """What there is in a file. Raises `BadCaseError` where it, or each of its cases, can't be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise BadCaseError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise BadCaseError(f"{path} is no JSON: {error}") from None
    if isinstance(content, dict):
        content = content.get("cases")
    if not isinstance(content, list) or not content:
        raise BadCaseError(f"{path}: expected a list of cases")
    found = [_case(path, number, entry) for number, entry in enumerate(content, 1)]
    if isinstance(found[0], Unreadable) and all(isinstance(case, Unreadable) for case in found):
        raise BadCaseError(found[0].reason)
    return found


def _case(path: Path, number: int, entry: Any) -> Case | Unreadable:
    name = str(entry.get("name") or "") if isinstance(entry, dict) else ""
    where = f"{path}, case {number}" + (f" ({name})" if name else "")
    try:
        return _read(entry)
    except KeyError as error:
        return Unreadable(name or f"case {number}", f"{where}: {error} is missing")
    except (TypeError, ValueError, AttributeError, InvalidOperation) as error:
        return Unreadable(name or f"case {number}", f"{where}: {error}")


def _read(entry: Any) -> Case:
    if not isinstance(entry, dict):
        raise TypeError(f"a case is an object, found {entry!r}")
    symbols = [_symbol(text) for text in entry["symbols"]]
    if str(entry["kind"]) not in _KINDS:
        raise ValueError(f"kind is {entry['kind']!r}; expected one of {', '.join(_KINDS)}")
    logic = str(entry.get("logic", ""))
    states = entry.get("final_order_states")
    case = Case(
        name=str(entry["name"]),
        start=datetime.fromisoformat(entry["start"]),
        end=datetime.fromisoformat(entry["end"]),
        time_zone=str(entry.get("time_zone", "America/New_York")),
        cash=Decimal(str(entry["cash"])),
        currency=str(entry.get("currency", "USD")),
        extended=bool(entry.get("extended_hours", False)),
        raw=str(entry.get("price_mode", "adjusted")) == "raw",
        streams=tuple((each, _asset_type(each), span) for each, span in _spans(str(entry["resolution"]), symbols)),
        expiries=_expiries(entry["symbols"], symbols),
        files=tuple(map(str, entry["data_files"])),
        settings=_settings(logic),
        expected=dict(entry.get("expected") or {}),
        trace=_trace(entry["order_trace"]),
        notes=tuple(str(entry[key]) for key in ("note", "sdk_note") if entry.get(key)),
        final_states=None if states is None else tuple(states),
    )
    case.placed()
    case.good_till  # noqa: B018 - read to see that it can be
    return case


def _trace(orders: Any) -> tuple[dict[str, Any], ...]:
    """The orders by the time at which they were placed; what an order leaves out is null, and its number its place."""
    if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
        raise ValueError("order_trace is no list of orders")
    blank = dict.fromkeys(("limit", "stop", *OUTCOMES)) | {"tif": "GTC"}
    numbered = [blank | {"n": number} | order for number, order in enumerate(orders, 1)]
    for order in numbered:
        if order["side"] not in ("BUY", "SELL"):
            raise ValueError(f"order {order['n']}: side is {order['side']!r}; expected BUY or SELL")
    return tuple(sorted(numbered, key=lambda order: datetime.fromisoformat(order["placed_at"])))


def _expiries(texts: list[str], symbols: list[str]) -> dict[str, date]:
    """The expiry dates that the list of symbols tells."""
    found = {symbol: _EXPIRES.search(text) for symbol, text in zip(symbols, texts, strict=True)}
    return {symbol: date.fromisoformat(match[1]) for symbol, match in found.items() if match is not None}


def _settings(logic: str) -> dict[str, str]:
    """What the words say about the engine's settings; the file has no fields for them."""
    found = {}
    for name, pattern in _SETTINGS:
        match = pattern.search(logic)
        if match is None:
            continue
        value = Decimal(match[1].rstrip("."))
        found[name] = str(value if name == "leverage" else value * _UNITS[match[2].lower()])
    return found


def _symbol(text: str) -> str:
    """A symbol as the list of symbols has it: an equity's ticker, or a contract with its month in brackets."""
    named = _NAMED.match(text)
    if named is None:
        return our_symbol(text.split(maxsplit=1)[0].upper())
    short = _SHORT.match(named[1])
    root = short[1] if short is not None else named[1]
    return future_symbol(root, int(named[2][:4]), int(named[2][4:]))


def _asset_type(symbol: str) -> AssetType:
    """A contract's month tells it from an equity."""
    return AssetType.FUTURE if _SHORT.match(symbol) is not None else AssetType.EQUITY


def our_symbol(text: str) -> str:
    """A symbol of the trace: a contract's root and month (ES201312) as our name of it, anything else as it is."""
    match = _CONTRACT.match(text)
    return future_symbol(match[1], int(match[2]), int(match[3])) if match is not None else text


def _spans(resolution: str, symbols: list[str]) -> list[tuple[str, BarTimeSpan]]:
    """`minute`, or `daily (AAPL), minute (SPY)`."""
    parts = _PART.findall(resolution.lower())
    if not parts:
        raise ValueError(f"resolution is {resolution!r}; expected second, minute, hour or daily")
    found = []
    for word, inside in parts:
        named = [name.strip().upper() for name in inside.split(",") if name.strip()]
        chosen = [symbol for symbol in symbols if symbol in named or any(symbol.startswith(name) for name in named)]
        found += [(symbol, _SPANS[word]) for symbol in (chosen if named else symbols)]
    return found


def _type(order: dict[str, Any]) -> tuple[str, str | None]:
    kind = str(order["type"]).upper()
    if kind not in _TYPES:
        raise ValueError(f"order {order.get('n')} is a {kind}; known are {', '.join(_TYPES)}")
    return _TYPES[kind]


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no offset from UTC")
    whole = moment.replace(microsecond=0)
    return round(whole.timestamp()) * 1_000_000 + moment.microsecond
