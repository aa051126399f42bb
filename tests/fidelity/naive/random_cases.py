"""Cases made up from a seed on the price files there are; their expected values come from the second calculation."""

import random
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fidelity.naive.data import NEW_YORK, at, day_of
from tests.fidelity.naive.engine import Run, UnsupportedError

_WEEK = (date(2013, 10, 7), date(2013, 10, 11))
_EXPIRIES = {"ES201312": date(2013, 12, 20), "ES201403": date(2014, 3, 21)}
_NAMES = {"ES201312": "ESZ13 (201312, expires 2013-12-20)", "ES201403": "ESH14 (201403, expires 2014-03-21)"}


@dataclass(frozen=True, slots=True)
class Family:
    """What cases of one kind are drawn from. `days` is the least and the greatest length."""

    name: str
    kind: str
    resolution: str
    symbols: tuple[str, ...]
    window: tuple[date, date]
    days: tuple[int, int]
    most_symbols: int = 1
    extended: bool = False
    raw: bool | None = False


FAMILIES = (
    Family("minute", "equity", "minute", ("SPY", "AIG", "BAC"), _WEEK, (1, 5), 3),
    Family("minute-raw", "equity", "minute", ("SPY", "AIG", "BAC"), _WEEK, (1, 5), 2, raw=True),
    Family("minute-extended", "equity", "minute", ("SPY", "AIG", "BAC"), _WEEK, (1, 5), 2, extended=True, raw=None),
    Family("minute-split", "equity", "minute", ("AAPL",), (date(2014, 6, 5), date(2014, 6, 11)), (5, 7), raw=None),
    Family("hour", "equity", "hour", ("SPY", "AAPL", "AIG", "BAC"), (date(2000, 1, 3), date(2020, 6, 1)), (3, 40), 3),
    Family(
        "hour-raw", "equity", "hour", ("SPY", "AAPL", "AIG", "BAC"), (date(2012, 1, 3), date(2020, 6, 1)), (5, 80), 2,
        raw=True,
    ),
    Family("daily", "equity", "daily", ("SPY", "AAPL", "AIG", "IWM"), (date(2001, 1, 3), date(2020, 6, 1)), (5, 400)),
    Family(
        "daily-raw", "equity", "daily", ("SPY", "AAPL", "AIG", "BAC", "IWM"), (date(2012, 1, 3), date(2020, 6, 1)),
        (5, 400), 3, raw=True,
    ),
    Family("daily-pennies", "equity", "daily", ("AAPL",), (date(1998, 2, 2), date(2004, 1, 1)), (5, 300)),
    Family("future-minute", "future", "minute", ("ES201312", "ES201403"), _WEEK, (1, 5), 2),
    Family(
        "future-night", "future", "minute", ("ES201312", "ES201403"), (date(2013, 10, 6), _WEEK[1]), (2, 6),
        extended=True,
    ),
    Family("future-hour", "future", "hour", ("ES201312", "ES201403"), _WEEK, (1, 5), 1),
    Family(
        "future-daily", "future", "daily", ("ES201312", "ES201403"), (date(2013, 10, 7), date(2013, 12, 31)), (5, 80)
    ),
    Family("mixed-resolutions", "equity", "daily (AAPL), minute (SPY)", ("AAPL", "SPY"), _WEEK, (2, 5), 2, raw=None),
    Family("second", "equity", "second", ("SPY", "AIG", "BAC"), _WEEK, (1, 2)),
)  # fmt: skip


def contract_month(text: str) -> str:
    """A symbol as a trace has it: ES201312 for `ESZ13 (201312)`, anything else as it is."""
    month = re.search(r"\((\d{6})", text)
    return text if month is None else f"{text[:2]}{month[1]}"


def resolutions(case: dict[str, Any], symbols: list[str]) -> dict[str, str]:
    """The resolution of each symbol."""
    named = re.findall(r"(\w+) \((\w+)\)", case["resolution"])
    return {symbol: word for word, symbol in named} or dict.fromkeys(symbols, case["resolution"])


def make(seed: int, data: Path, family: Family | None = None) -> dict[str, Any] | None:
    """One case with what is expected of it, None where the draw comes to something that isn't calculated here."""
    draw = random.Random(seed)
    family = family or FAMILIES[seed % len(FAMILIES)]
    count = len(family.symbols) if "(" in family.resolution else draw.randint(1, family.most_symbols)
    symbols = sorted(draw.sample(family.symbols, min(count, len(family.symbols))))
    first, last = _window(draw, family)
    case: dict[str, Any] = {
        "name": f"random-{family.name}-{seed}",
        "kind": family.kind,
        "symbols": [_NAMES.get(symbol, symbol) for symbol in symbols],
        "resolution": family.resolution,
        "start": at(first, time(0)).astimezone(NEW_YORK).isoformat(),
        "end": at(last, time(23, 59, 59)).astimezone(NEW_YORK).isoformat(),
        "time_zone": "America/New_York",
        "cash": draw.choice(["100000", "1000000", "50000.55"]),
        "currency": "USD",
        "extended_hours": family.extended,
        "price_mode": "raw" if (draw.random() < 0.5 if family.raw is None else family.raw) else "adjusted",
        "order_trace": [],
    }
    run = prepared(case, symbols, data)
    case["order_trace"] = _orders(draw, family, run, (first, last))
    _spread_dates(random.Random(f"dates {seed}"), case["order_trace"], (first, last))
    try:
        figures = run.run()
    except UnsupportedError:
        return None
    trace = run.trace()
    for order in trace:
        if order["symbol"] not in symbols:
            return None
    return case | {
        "order_trace": trace,
        "expected": figures,
        "data_files": _files(data, family, symbols, (first, last)),
    }


def prepared(case: dict[str, Any], symbols: list[str], data: Path) -> Run:
    """A run with its bars read."""
    run = Run(case, data)
    found = resolutions(case, symbols)
    for symbol in symbols:
        expiry = _EXPIRIES.get(symbol)
        run.add(symbol, "future" if expiry else "equity", found[symbol], expiry)
    return run


def _window(draw: random.Random, family: Family) -> tuple[date, date]:
    whole = (family.window[1] - family.window[0]).days
    length = min(draw.randint(*family.days), whole + 1)
    first = family.window[0] + timedelta(draw.randint(0, whole + 1 - length))
    return first, first + timedelta(length - 1)


def _orders(draw: random.Random, family: Family, run: Run, window: tuple[date, date]) -> list[dict[str, Any]]:
    bars: dict[str, list[tuple[datetime, Decimal]]] = {symbol: [] for symbol in run.securities}
    for end in sorted(run.bars):
        for security, row in run.bars[end]:
            side = row.trade or row.ask
            if side is not None:
                bars[security.symbol].append((end, side[3]))
    good_till = window[0] + timedelta(draw.randint(0, (window[1] - window[0]).days))
    while run.securities[min(run.securities)].sessions.regular(good_till) is None:
        good_till += timedelta(1)
    kinds = ["MARKET", "LIMIT", "STOP", "STOP_LIMIT"] * 2
    kinds += [] if family.kind == "future" else ["MARKET_ON_OPEN", "MARKET_ON_CLOSE"]
    orders = []
    for _ in range(draw.randint(1, 14)):
        symbol = draw.choice(sorted(bars))
        if not bars[symbol]:
            continue
        seen = draw.choice(bars[symbol])
        moment = _moment(draw, seen[0], window)
        if not run.start <= moment <= run.end:
            continue
        type_ = draw.choice(kinds)
        limit, stop = _levels(draw, type_, seen[1], run.securities[symbol].raw, family.kind)
        tif = draw.choice(["GTC", "GTC", "GTC", "DAY", f"GTD:{good_till}" if day_of(moment) < good_till else "DAY"])
        orders.append(
            {
                "placed_at": moment.astimezone(NEW_YORK).isoformat(),
                "symbol": symbol,
                "type": type_,
                "side": draw.choice(["BUY", "SELL"]),
                "quantity": _quantity(draw, run, family, seen[1]),
                "limit": limit,
                "stop": stop,
                "tif": tif if type_ in ("LIMIT", "STOP", "STOP_LIMIT") else "GTC",
            }
        )
    return sorted(orders, key=lambda order: datetime.fromisoformat(order["placed_at"]))


def _spread_dates(draw: random.Random, orders: list[dict[str, Any]], window: tuple[date, date]) -> None:
    """Give each GTD order a date of its own, at times one that is past, has no session or lies far beyond the run."""
    for order in orders:
        if order["tif"].startswith("GTD"):
            days = draw.choice([-40, -2, -1, 0, 0, 1, 1, 2, 3, 5, 400])
            base = datetime.fromisoformat(order["placed_at"]).date() if draw.random() < 0.8 else window[1]
            order["tif"] = f"GTD:{base + timedelta(days)}"


def _moment(draw: random.Random, end: datetime, window: tuple[date, date]) -> datetime:
    """Mostly at the end of a bar, else in between, overnight, at midnight, at the open or at the close."""
    day = day_of(end)
    way = draw.random()
    if way < 0.6:
        return end
    if way < 0.75:
        return end + timedelta(seconds=draw.randint(-3000, 3000))
    if way < 0.85:
        return at(day, draw.choice([time(9, 30), time(9, 30, 1), time(15, 44, 30), time(15, 45), time(16), time(17)]))
    if way < 0.9:
        return at(day, time(0))
    whole = (window[1] - window[0]).days
    return at(window[0] + timedelta(draw.randint(0, whole)), time(draw.randint(0, 23), draw.randint(0, 59)))


def _levels(draw: random.Random, kind: str, price: Decimal, raw: bool, asset: str) -> tuple[str | None, str | None]:
    tick = Decimal("0.25") if asset == "future" else Decimal("0.01") if raw else Decimal("0.00001")
    spread = Decimal(draw.choice([5, 20, 100, 400])) / 10000

    def near() -> str:
        level = price * (1 + Decimal(draw.randint(-1000, 1000)) / 1000 * spread)
        return str(max(tick, (level / tick).quantize(Decimal(1)) * tick))

    return (near() if "LIMIT" in kind else None), (near() if "STOP" in kind else None)


def _quantity(draw: random.Random, run: Run, family: Family, price: Decimal) -> str:
    """Mostly a small part of the cash, at times far more than it allows."""
    unit = Decimal(4500) if family.kind == "future" else price
    part = Decimal(draw.choice(["0.0002", "0.01", "0.05", "0.2", "0.4", "1", "5"]))
    return str(max(1, int(run.initial * part / unit)))


def _files(data: Path, family: Family, symbols: list[str], window: tuple[date, date]) -> list[str]:
    """The files that a case names."""
    root = data / "lean"
    found = [root / "market-hours/market-hours-database.json"]
    found.append(root / "symbol-properties/symbol-properties-database.csv")
    named = {symbol: word for word, symbol in re.findall(r"(\w+) \((\w+)\)", family.resolution)}
    last = (window[1] + timedelta(1)).strftime("%Y%m%d")
    for symbol in symbols:
        resolution = named.get(symbol, family.resolution)
        future = symbol in _EXPIRIES
        folder = root / ("future/cme" if future else "equity/usa") / resolution
        name = "es" if future else symbol.lower()
        if resolution in ("hour", "daily"):
            found += [folder / f"es_{c}.zip" for c in ("quote", "trade")] if future else [folder / f"{name}.zip"]
        else:
            first = window[0].strftime("%Y%m%d")
            found += [p for p in sorted((folder / name).glob("*_[qt]*.zip")) if first <= p.name[:8] <= last]
        facts = ("factor_files", "map_files")
        found += [] if future else [root / "equity/usa" / fact / f"{name}.csv" for fact in facts]
    return [path.relative_to(data.parent).as_posix() for path in dict.fromkeys(found)]
