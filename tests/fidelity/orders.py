"""The orders of a trace: what each is, and when it was placed. What became of it is kept as it stands."""

import re
from contextlib import suppress
from datetime import date
from decimal import Context
from typing import Any
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from tests.fidelity.fields import FieldError, moment_of, number_of, shown
from tests.fidelity.symbols import our_symbol

type Order = dict[str, Any]

OUTCOMES = ("status", "filled_at", "fill_price", "fee")
AUTOMATIC = frozenset({"delist", "delisting", "delisted", "liquidate from delisting", "expiry", "expiration"})
"""Tags of orders that the other engine placed by itself, as an instrument ceased to trade."""
_TYPES = {
    "MARKET": "MARKET",
    "MARKETONOPEN": "MARKET_ON_OPEN",
    "MARKETONCLOSE": "MARKET_ON_CLOSE",
    "LIMIT": "LIMIT",
    "STOP": "STOP",
    "STOPMARKET": "STOP",
    "STOPLIMIT": "STOP_LIMIT",
}
_PRICES = {"LIMIT": ("limit",), "STOP": ("stop",), "STOP_LIMIT": ("limit", "stop")}
_LIFETIMES = {"GTC": "GTC", "GOODTILCANCELED": "GTC", "GOODTILCANCELLED": "GTC", "DAY": "DAY"}
_TWENTY_EIGHT = Context(prec=28)
_DATED = re.compile(r"^(?:GTD|GOOD[ _-]?TILL?[ _-]?DATE)\W*(\d{4})-?(\d{2})-?(\d{2})", re.IGNORECASE)


def read_trace(orders: Any, kinds: dict[str, AssetType], zone: ZoneInfo, start: date) -> tuple[Order, ...]:
    """The orders by the time at which they were placed, with our symbols and types and with text for every number.

    What an order leaves out is null, and its number its place. Raises `FieldError`, which says which order it is.
    """
    if not isinstance(orders, list):
        raise FieldError(f"order_trace is {shown(orders)}; expected a list of orders")
    found = [_order(number, order, kinds, zone, start) for number, order in enumerate(orders, 1)]
    return tuple(sorted(found, key=lambda order: moment_of(order["placed_at"], "placed_at", zone)))


def _order(number: int, order: Any, kinds: dict[str, AssetType], zone: ZoneInfo, start: date) -> Order:
    if not isinstance(order, dict):
        raise FieldError(f"order {number} of the trace is {shown(order)}; expected an object")
    read = {"n": number, "tag": None, **dict.fromkeys(OUTCOMES)} | order
    named = f"order {read['n']}"
    for name in ("placed_at", "symbol", "type", "quantity"):
        if read.get(name) is None:
            raise FieldError(f"{named}: {name!r} is missing")
    read["placed_at"] = moment_of(read["placed_at"], f"{named}: placed_at", zone).isoformat()
    with suppress(FieldError):
        read["filled_at"] = read["filled_at"] and moment_of(read["filled_at"], "filled_at", zone).isoformat()
    read["symbol"] = our_symbol(str(read["symbol"]), kinds, start)
    if not read["symbol"]:
        raise FieldError(f"{named}: symbol is empty")
    read["side"], read["quantity"] = _side(named, read)
    read["type"] = kind = _type(named, read["type"])
    read |= {name: _price(named, read, name, wanted=name in _PRICES.get(kind, ())) for name in ("limit", "stop")}
    read["tif"] = _lifetime(named, read.get("tif"))
    return read


def _side(named: str, order: Order) -> tuple[str, str]:
    """Side and size: a negative quantity is a sale, in traces that have no side too."""
    quantity = number_of(order["quantity"], f"{named}: quantity")
    side = str(order.get("side") or ("SELL" if quantity < 0 else "BUY")).strip().upper()
    if side not in ("BUY", "SELL"):
        raise FieldError(f"{named}: side is {shown(order['side'])}; expected BUY or SELL")
    if quantity == 0 or (quantity < 0 and side == "BUY"):
        raise FieldError(f"{named}: quantity is {shown(order['quantity'])}; expected more than zero of a {side}")
    return side, f"{abs(quantity):f}"


def _type(named: str, value: Any) -> str:
    word = re.sub(r"[^A-Z]", "", str(value).upper())
    if word not in _TYPES:
        known = ", ".join(dict.fromkeys(_TYPES.values()))
        raise FieldError(f"{named} is a {shown(value)} order, which the SDK has no type for; it has {known}")
    return _TYPES[word]


def _price(named: str, order: Order, name: str, *, wanted: bool) -> str | None:
    """A price of at most 28 digits as text. LEAN writes 0 where an order has none."""
    value = order.get(name)
    price = None if value is None or value == "" else number_of(value, f"{named}: {name}")
    if wanted and price is None:
        raise FieldError(f"{named}: a {order['type']} order needs {name}")
    if not wanted and price:
        raise FieldError(f"{named}: a {order['type']} order takes no {name}, found {shown(value)}")
    return f"{_TWENTY_EIGHT.plus(price):f}" if wanted and price is not None else None


def _lifetime(named: str, value: Any) -> str:
    """GTC, DAY or GTD:2013-10-10."""
    text = str(value or "GTC").strip()
    dated = _DATED.match(text)
    try:
        if dated is not None:
            return f"GTD:{date(*map(int, dated.groups())).isoformat()}"
        return _LIFETIMES[re.sub(r"[^A-Z]", "", text.upper())]
    except (KeyError, ValueError):
        raise FieldError(f"{named}: tif is {shown(value)}; LEAN has GTC, DAY and GTD with its date") from None
