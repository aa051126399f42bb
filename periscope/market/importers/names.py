"""Which column of a vendor's file is what, by its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from periscope.market.columns import BarColumns, Columns, QuoteColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.options import END, QUOTES, START
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
_QUOTES = {
    f"{side}_{part}": tuple(name for base in names for name in (f"{side}{base}", f"{base}{side}"))
    for side in ("bid", "ask")
    for part, names in (
        ("open", ("open", "o")), ("high", ("high", "h")), ("low", ("low", "l")), ("close", ("close", "c")),
        ("size", ("size", "volume", "vol", "closesize", "lastsize", "sz", "s", "v")),
    )
}  # fmt: skip
_VOLUMES = ("volume", "vol", "v", "totalvolume", "volumeshares", "shares", "sharevolume")
_SYMBOLS = ("symbol", "ticker", "sym")
_ADJUSTED = ("adjclose", "adjustedclose", "closeadjusted", "closeadj")


@dataclass(frozen=True, slots=True)
class Roles:
    """Where the parts of a bar stand: column numbers from 0.

    `prices` and `sizes` are those of the `kind`, in its order; a size that the file lacks is None. `time` are one or
    two columns (a date and a time of day). `stamp` is "start" or "end" where the name says which it
    is, or the vendor whose layout it is. `ignored` are the names of adjusted prices, which are left alone. `quotes_too`
    says that the file has quote bars beside these trade bars.
    """

    kind: type[Columns]
    time: tuple[int, ...]
    prices: tuple[int, ...]
    sizes: tuple[int | None, ...]
    symbol: int | None
    stamp: str | None
    ignored: tuple[str, ...]
    layout: Layout | None = None
    quotes_too: bool = False


def roles_of(names: Sequence[str], path: Path, kind: str | None = None) -> Roles | None:
    """The roles of a file's columns, None if a bar can't be made of them.

    Without a `kind`, trade bars are looked for first and quote bars then.

    Raises `ImportProblem` AMBIGUOUS_COLUMNS if two columns have the same name and one is needed.
    """
    plain = [_plain(name) for name in names]
    time, stamp = _time(plain)
    bars = _all(plain, names, _PRICES, BarColumns.PRICES, path)
    quotes = _all(plain, names, _QUOTES, QuoteColumns.PRICES, path)
    prices = quotes if kind == QUOTES or (bars is None and kind is None) else bars
    if time is None or prices is None:
        return None
    columns: type[Columns] = BarColumns if prices is bars else QuoteColumns
    names_of_sizes = [_VOLUMES] if columns is BarColumns else [_QUOTES[name] for name in QuoteColumns.SIZES]
    layout = layout_of(plain)
    if layout is not None and stamp is None:
        stamp = layout.stamp
    return Roles(
        columns,
        time,
        prices,
        tuple(_one(plain, names, wanted, path) for wanted in names_of_sizes),
        _one(plain, names, _SYMBOLS, path),
        stamp,
        tuple(name for name, key in zip(names, plain, strict=True) if key in _ADJUSTED),
        layout,
        quotes_too=columns is BarColumns and quotes is not None,
    )


def expected() -> str:
    """The columns that a file needs, for messages."""
    return (
        "a time (timestamp, date, date and time, …), open, high, low, close and, if known, volume; or for quotes"
        " bid_open, bid_high, bid_low, bid_close, bid_size and the same of the ask"
    )


def _all(
    plain: Sequence[str], names: Sequence[str], known: dict[str, tuple[str, ...]], parts: Sequence[str], path: Path
) -> tuple[int, ...] | None:
    """Where all of some columns stand, None if one is not there."""
    found = [_one(plain, names, known[part], path) for part in parts]
    places = tuple(place for place in found if place is not None)
    return places if len(places) == len(parts) else None


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
