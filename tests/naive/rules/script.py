"""The little language of the tables.

`bars` has one line a bar: `09:30 100 101 99 100 500` is the minute that starts at 09:30 New York time on Monday, 22
January 2024 (`Tue 09:30` the day after, `Next 09:30` the Monday after): open, high, low, close, and the volume (1000 if
left out, `?` if unknown). A symbol other than AAA stands in front: `ESH4 09:30 ...`; a span other than minute after it:
`AAA hour 09:30 ...`. `monday` chooses another week.

`quotes` likewise, with the bid's and the ask's four prices: `09:30 100 101 99 100 | 101 102 100 101`; a `-` is a side
that is not there.

`corporate` has one line a split or a dividend: `Tue 7:1` is seven new shares for each old one from Tuesday on,
`Tue pays 0.5` half a dollar for each share held until then.

`steps` has what the strategy does left of the bar and what it is told right of it:

    start   1: BUY 10 LIMIT 99        | 09:30 1 WORKING
                                      | 09:32 1 FILLED 10 @ 99

Left: a moment, then one action; several lines with the same moment are one reply, in that order. A moment is `start`, a
time of day (the first bar that is told then, the bar that ended), `1 FILLED` (the first such update of order 1),
`timer` or `expiration`. Orders are numbered as they are placed.
Right, in order: order updates with the cumulative quantity, the price if the update tells of a fill, the code if it is
a rejection; `timer`; `expired ESH4`; `bar AAA` only if the table lists bars anywhere.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan, OrderIntent, TimeInForce
from periscope.engine.settings import AccountName, Settings
from periscope.instruments.instrument import Instrument
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns, QuoteColumns
from tests.naive.corporate import Corporate
from tests.naive.host import moment
from tests.naive.market import Market
from tests.naive.sessions import NEW_YORK, TradingDay, new_york, sessions
from tests.naive.trace import Trace

TEMPLATE = Path(__file__).parents[1] / "scripted_bundle" / "strategy.py"
MONDAY = date(2024, 1, 22)
DAYS = {"Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4, "Sat": 5, "Sun": 6, "Next": 7}
"""Days after the rule's Monday."""
MINUTE = 60_000_000
SPANS = {span.value: span for span in BarTimeSpan}
LENGTHS = {"second": MINUTE // 60, "minute": MINUTE, "hour": 60 * MINUTE}

AAA = Instrument(symbol="AAA", asset_type=AssetType.EQUITY, exchange="XNYS")
BBB = Instrument(symbol="BBB", asset_type=AssetType.ETF, exchange="XNYS")
ESH4 = Instrument(
    symbol="ESH4",
    asset_type=AssetType.FUTURE,
    exchange="CME",
    price_scale=2,
    tick=Decimal("0.25"),
    multiplier=Decimal(50),
    initial_margin=Decimal(1000),
    maintenance_margin=Decimal(900),
    root="ES",
)
"""A future with round numbers: 50 dollars a point, 1000 dollars of margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as an example. `corporate` is what happens to shares.

    `cash`, `positions`, `sees`, `issues`, `value`, `net` and `ledger` are checked where they are given. `net` is what
    each order that filled has paid or brought, less fees: `1 -1001, 2 999`; `ledger` has a line for each entry after
    the money was put in: `09:30 cash -1001, fees 1, position:AAA 1000`.
    """

    name: str
    bars: str
    steps: str
    corporate: str = ""
    settings: dict[str, Any] | None = None
    instruments: tuple[Instrument, ...] = (AAA, BBB, ESH4)
    cash: str | None = None
    value: str | None = None
    net: str | None = None
    positions: str | None = None
    sees: str | None = None
    issues: str | None = None
    ledger: str | None = None
    end: str = "16:00"
    money: str = "1000000"
    registers: bool = True
    quotes: str = ""
    monday: date = MONDAY


def settings_of(rule: Rule) -> Settings:
    """The run's settings: Monday's session unless the rule says otherwise."""
    values: dict[str, Any] = {
        "start": at("09:30", rule.monday),
        "end": at(rule.end, rule.monday),
        "version": "rules",
        "account": AccountName.CASH,
        **(rule.settings or {}),
    }
    return Settings(**values)


def market_of(rule: Rule) -> Market:
    """The market of the rule's bars."""
    rows: dict[tuple[str, str], list[list[int]]] = {}
    known = {one.symbol: one for one in rule.instruments}
    for line in _lines(rule.bars):
        symbol, span, begin, end, words = _placed(line, rule)
        scale = 10 ** known[symbol].price_scale
        prices = [int(Decimal(word) * scale) for word in words[:4]]
        volume = words[4] if len(words) > 4 else "1000"
        row = [begin, end, *prices, UNKNOWN_VOLUME if volume == "?" else int(volume)]
        rows.setdefault((symbol, span), []).append(row)
    bars = {
        (*known[symbol].key, SPANS[span]): BarColumns(*np.array(found, dtype=np.int64).T)
        for (symbol, span), found in rows.items()
    }
    return Market(list(rule.instruments), bars, corporate_of(rule), _quotes_of(rule))


def corporate_of(rule: Rule) -> dict[str, list[Corporate]]:
    """The rule's splits and dividends: `Tue 7:1`, `Tue pays 0.5`, another symbol in front."""
    known = {one.symbol for one in rule.instruments}
    found: dict[tuple[str, date], Corporate] = {}
    for line in _lines(rule.corporate):
        words = line.split()
        symbol = words.pop(0) if words[0] in known else "AAA"
        day = rule.monday + timedelta(days=DAYS[words.pop(0)])
        before = found.get((symbol, day), Corporate(day))
        if words[0] == "pays":
            found[symbol, day] = replace(before, dividend=Fraction(words[1]))
        else:
            new, old = words[0].split(":")
            found[symbol, day] = replace(before, ratio=Fraction(int(new), int(old)))
    events: dict[str, list[Corporate]] = {}
    for (symbol, _), event in found.items():
        events.setdefault(symbol, []).append(event)
    return events


def _placed(line: str, rule: Rule) -> tuple[str, str, int, int, list[str]]:
    """Symbol, span, start and end of a line's bar, and the rest of its words."""
    words = line.split()
    symbol = words.pop(0) if words[0] in {one.symbol for one in rule.instruments} else "AAA"
    span = words.pop(0) if words[0] in SPANS else "minute"
    stamp = f"{words.pop(0)} {words.pop(0)}" if words[0] in DAYS else words.pop(0)
    begin = at(stamp, rule.monday)
    end = _day(begin).close if span == "day" else begin - begin % LENGTHS[span] + LENGTHS[span]
    return symbol, span, begin, end, words


def _quotes_of(rule: Rule) -> dict[tuple[str, AssetType, BarTimeSpan], QuoteColumns]:
    known = {one.symbol: one for one in rule.instruments}
    rows: dict[tuple[str, AssetType, BarTimeSpan], list[list[int]]] = {}
    for line in _lines(rule.quotes):
        symbol, span, begin, end, words = _placed(line, rule)
        row = [begin, end]
        for side in " ".join(words).split("|"):
            prices = [int(Decimal(word) * 10 ** known[symbol].price_scale) for word in side.replace("-", "").split()]
            row += [*prices, 100] if prices else [NO_PRICE] * 4 + [UNKNOWN_VOLUME]
        rows.setdefault((*known[symbol].key, SPANS[span]), []).append(row)
    return {key: QuoteColumns(*np.array(found, dtype=np.int64).T) for key, found in rows.items()}


def source_of(rule: Rule) -> str:
    """The strategy of the rule's left-hand side. At the start it puts cash in and registers every series."""
    plan: dict[str, list[dict[str, Any]]] = {"start": [{"do": "insert", "amount": rule.money}]}
    if rule.money == "0":
        plan["start"] = []
    for symbol, kind, span in sorted(market_of(rule).bars) if rule.registers else []:
        plan["start"].append({"do": "register", "symbol": symbol, "type": kind.value, "span": span.value})
    for line in _lines(rule.steps):
        left = line.split("|")[0].strip()
        if left:
            words = left.split()
            when = words.pop(0)
            if when in DAYS or words[0] in ("WORKING", "FILLED", "CANCELLED", "REJECTED", "EXPIRED"):
                when += f" {words.pop(0)}"
            plan.setdefault(when, []).append(_step(words, rule))
    marker = 'PLAN = "{}"\n'
    text = TEMPLATE.read_text(encoding="utf-8")
    assert text.count(marker) == 1
    return text.replace(marker, f"PLAN = {json.dumps(plan)!r}\n")


def expected_of(rule: Rule) -> list[str]:
    """The rule's right-hand side."""
    told = [line.split("|")[1] for line in _lines(rule.steps) if "|" in line]
    return [" ".join(line.split()) for line in told if line.strip()]


def told(trace: Trace, *, bars: bool, monday: date = MONDAY) -> list[str]:
    """What the strategy was told, in the words of the tables."""
    fills: dict[object, list[tuple[object, ...]]] = {}
    for number, *fill in trace.fills:
        fills.setdefault(number, []).append(tuple(fill))
    codes = {number: code for number, _, code, *_ in trace.orders}
    seen: dict[object, Decimal] = {}
    lines = []
    for kind, time, *rest in trace.events:
        assert isinstance(time, int)
        if kind == "ORDER":
            number, _, _, state, cumulative, *_ = rest
            assert isinstance(cumulative, Decimal)
            words = [_clock(time, monday), str(number), str(state)]
            if cumulative > 0:
                words.append(_plain(cumulative))
            if cumulative > seen.get(number, Decimal(0)):
                _, price, *_ = fills[number].pop(0)
                words += ["@", _plain(price)]
            if state == "REJECTED":
                words.append(str(codes[number]))
            seen[number] = cumulative
            lines.append(" ".join(words))
        elif kind == "TIMER":
            lines.append(f"{_clock(time, monday)} timer")
        elif kind == "EXPIRATION":
            lines.append(f"{_clock(time, monday)} expired {rest[0]}")
        elif bars:
            assert isinstance(rest[2], int)
            lines.append(f"{_clock(time, monday)} bar {rest[0]} {_clock(rest[2], monday)}")
    return lines


def positions(trace: Trace) -> str:
    """Positions at the end and what was realised: `AAA 10 @ 100 realised 0`."""
    found = []
    for symbol, _, quantity, average, realised in trace.positions:
        held = _plain(quantity) + ("" if average is None else f" @ {_plain(average)}")
        found.append(f"{symbol} {held} realised {_plain(realised)}")
    return ", ".join(found)


def net_money(trace: Trace) -> str:
    """What each order that filled has paid or brought, less fees: `1 -1001, 2 999`."""
    return ", ".join(f"{number} {_plain(net)}" for number, _, _, filled, net, *_ in trace.orders if filled)


def entries(trace: Trace, rule: Rule) -> list[str]:
    """The ledger after the first entry, that of the money put in: `09:30 cash -1001, fees 1, position:AAA 1000`."""
    lines = []
    for time, postings in trace.ledger[1:]:
        assert isinstance(time, int) and isinstance(postings, tuple)
        moved = ", ".join(f"{account} {_plain(amount)}" for account, amount in postings)
        lines.append(f"{_clock(time, rule.monday)} {moved}".strip())
    return lines


def expected_entries(rule: Rule) -> list[str]:
    """The rule's ledger."""
    return [" ".join(line.split()) for line in _lines(rule.ledger or "")]


def lists_bars(rule: Rule) -> bool:
    """Whether the rule cares for bars."""
    return any(len(words := line.split()) > 1 and words[1] == "bar" for line in expected_of(rule))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def at(text: str, monday: date = MONDAY) -> int:
    """The instant of a New York time like `Tue 09:31:05`; without a day it is Monday."""
    *day, clock = text.split()
    hour, minute, *second = (int(part) for part in clock.split(":"))
    after = timedelta(days=DAYS[day[0] if day else "Mon"])
    return new_york(monday + after, hour, minute) + (second[0] if second else 0) * MINUTE // 60


def _day(begin: int) -> TradingDay:
    return next(day for day in sessions("XNYS", False) if begin < day.close)


def _clock(time: int, monday: date) -> str:
    local = moment(time).astimezone(NEW_YORK)
    after = (local.date() - monday).days
    day = next((f"{name} " for name, value in DAYS.items() if value == after != 0), "")
    return day + (f"{local:%H:%M}" if local.second == 0 else f"{local:%H:%M:%S}")


def _plain(number: object) -> str:
    return f"{Decimal(str(number)).normalize():f}"


def _step(words: list[str], rule: Rule) -> dict[str, Any]:
    known = {one.symbol: one.asset_type for one in rule.instruments}
    symbol, kind = "AAA", AssetType.EQUITY
    if "on" in words:
        place = words.index("on")
        symbol = words[place + 1]
        kind = known.get(symbol, AssetType.EQUITY)
        if place + 2 < len(words):
            kind = AssetType(words[place + 2])
        words = words[:place]
    named = {"symbol": symbol, "type": kind.value}
    match words:
        case ["cancel", "limits"]:
            return {"do": "cancel", **named}
        case ["insert" | "withdraw" as verb, amount]:
            return {"do": verb, "amount": amount}
        case ["timer", seconds]:
            return {"do": "timer", "seconds": float(seconds)}
        case ["register" | "unregister" as verb, span]:
            return {"do": verb, "span": span, **named}
        case ["look" | "fail" | "quotes" as verb]:
            return {"do": verb, **named}
    assert words[0].endswith(":"), words
    return {"do": "order", **named, **_order(words[1:])}


def _order(words: list[str]) -> dict[str, Any]:
    """The words of an order like `BUY 10 STOP 101 LIMIT 102 DAY`, without its number and symbol."""
    found: dict[str, Any] = {"intent": OrderIntent(words.pop(0)).value, "quantity": None, "limit": None, "stop": None}
    found["force"] = words.pop() if words and words[-1] in TimeInForce.__members__ else None
    if words and words[0] not in ("LIMIT", "STOP", "MARKET", "STOP_LIMIT"):
        found["quantity"] = words.pop(0)
    kinds = []
    while words:
        kind = words.pop(0)
        kinds.append(kind)
        if words and words[0] not in ("LIMIT", "STOP"):
            found[kind.lower()] = words.pop(0)
    found["kind"] = "STOP_LIMIT" if kinds == ["STOP", "LIMIT"] else (kinds[0] if kinds else "MARKET")
    return found
