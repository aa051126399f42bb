"""Which column of a vendor's file is what, by its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.options import END, START
from periscope.market.importers.vendors import Layout, layout_of

_STARTS = ("tsevent", "windowstart", "opentime", "starttime", "barstart", "start", "t")
_ENDS = ("closetime", "endtime", "barend", "end")
_EITHER = (
    "timestamp", "datetime", "datetimeutc", "dateandtime", "timestamputc", "timeutc", "dateutc", "gmttime", "localtime",
    "ts", "dt", "date", "day", "tradingday", "sessiondate", "time", "index", "unix", "unixtime", "epoch",
)  # fmt: skip
_PRICES = {
    "open": ("open", "o", "openprice", "first"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last", "closelast", "lastprice"),
}
_VOLUMES = ("volume", "vol", "v", "totalvolume", "volumeshares", "shares", "sharevolume")
_SYMBOLS = ("symbol", "ticker", "sym")
_ADJUSTED = ("adjclose", "adjustedclose", "closeadjusted", "closeadj")


@dataclass(frozen=True, slots=True)
class Roles:
    """Where the parts of a bar stand: column numbers from 0.

    `time` are one or two columns (a date and a time of day). `stamp` is "start" or "end" where the name says which it
    is, or the vendor whose layout it is. `ignored` are the names of adjusted prices, which are left alone.
    """

    time: tuple[int, ...]
    prices: tuple[int, int, int, int]
    volume: int | None
    symbol: int | None
    stamp: str | None
    ignored: tuple[str, ...]
    layout: Layout | None = None


def roles_of(names: Sequence[str], path: Path) -> Roles | None:
    """The roles of a file's columns, None if a bar can't be made of them.

    Raises `ImportProblem` AMBIGUOUS_COLUMNS if two columns have the same name and one is needed.
    """
    plain = [_plain(name) for name in names]
    time, stamp = _time(plain)
    prices = [_one(plain, names, _PRICES[part], path) for part in ("open", "high", "low", "close")]
    if time is None or any(place is None for place in prices):
        return None
    open_, high, low, close = (place for place in prices if place is not None)
    layout = layout_of(plain)
    if layout is not None and stamp is None:
        stamp = layout.stamp
    return Roles(
        time,
        (open_, high, low, close),
        _one(plain, names, _VOLUMES, path),
        _one(plain, names, _SYMBOLS, path),
        stamp,
        tuple(name for name, key in zip(names, plain, strict=True) if key in _ADJUSTED),
        layout,
    )


def expected() -> str:
    """The columns that a file needs, for messages."""
    return "a time (timestamp, date, date and time, …), open, high, low, close and, if known, volume"


def _time(plain: Sequence[str]) -> tuple[tuple[int, ...] | None, str | None]:
    if "date" in plain and "time" in plain:
        return (plain.index("date"), plain.index("time")), None
    for names, stamp in ((_STARTS, START), (_EITHER, None), (_ENDS, END)):
        for name in names:
            if name in plain:
                return (plain.index(name),), stamp
    return None, None


def _one(plain: Sequence[str], names: Sequence[str], wanted: Sequence[str], path: Path) -> int | None:
    for name in wanted:
        if plain.count(name) > 1:
            twice = [text for text, key in zip(names, plain, strict=True) if key == name]
            raise ImportProblem("AMBIGUOUS_COLUMNS", f"{path}: {len(twice)} columns are named {twice[0]!r}")
        if name in plain:
            return plain.index(name)
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
