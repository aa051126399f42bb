"""LEAN's fill rules as tables that a trader can read, those too that no published case covers.

Each table has bars (`start open high low close`), quotes (`start bid: o h l c ask: o h l c`), an order as it is
placed, and what becomes of it. Times are New York's on Tuesday, 8 October 2013; `mon` and `wed` are the days around it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan, OrderIntent, OrderType, TimeInForce
from periscope.execution.fill_models.lean import Lean, LeanFillRules
from periscope.execution.lifetimes import first_close_from
from periscope.execution.meeting import Search
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.instruments.lean_hours import LeanHours, LeanSessions, Stretch
from periscope.instruments.unit import real_unit
from periscope.market.adjustment import AS_TRADED
from periscope.market.columns import BarColumns, IntColumn, QuoteColumns
from periscope.market.series import BarSeries, QuoteSeries

NEW_YORK = ZoneInfo("America/New_York")
DAYS = {"mon": 7, "tue": 8, "wed": 9, "thu": 10, "sat": 12, "later": 14}
SPANS = {"minute": (BarTimeSpan.MINUTE, 60), "hour": (BarTimeSpan.HOUR, 3600), "day": (BarTimeSpan.DAY, 23_400)}
HOUR = 3600
EQUITY_DAY = (
    Stretch(4 * HOUR, 9 * HOUR + 1800, regular=False),
    Stretch(9 * HOUR + 1800, 16 * HOUR, regular=True),
    Stretch(16 * HOUR, 20 * HOUR, regular=False),
)
FUTURE_DAY = (
    Stretch(0, 9 * HOUR + 1800, regular=False),
    Stretch(9 * HOUR + 1800, 17 * HOUR, regular=True),
    Stretch(18 * HOUR, 24 * HOUR, regular=False),
)
EQUITY = Instrument(symbol="AAA", asset_type=AssetType.EQUITY, exchange="XNYS", price_scale=2)
FUTURE = Instrument(
    symbol="ESZ13", asset_type=AssetType.FUTURE, exchange="CME", price_scale=2, tick=Decimal("0.25"), root="ES"
)


def at(text: str) -> int:
    """`09:31`, `mon 16:00`, `wed 09:30:15` as microseconds UTC."""
    day, _, clock = text.rpartition(" ")
    moment = datetime.combine(date(2013, 10, DAYS[day or "tue"]), time.fromisoformat(clock), NEW_YORK)
    return round(moment.timestamp()) * 1_000_000


@dataclass
class Market:
    """What the model sees."""

    instrument: Instrument
    span: BarTimeSpan
    bars: BarSeries
    quotes: QuoteSeries | None
    extended: bool

    def side(self, sign: int) -> None:
        """What other models meet."""
        return

    def _sessions(self, *, extended: bool) -> LeanSessions:
        day = FUTURE_DAY if self.instrument.is_future else EQUITY_DAY
        hours = LeanHours("America/New_York", "America/New_York", (day,) * 5 + ((), ()))
        return LeanSessions(hours, date(2013, 9, 30), date(2013, 10, 18), extended=extended)

    @property
    def sessions(self) -> LeanSessions:
        """Those of the run's hours."""
        return self._sessions(extended=self.extended)

    @property
    def regular_sessions(self) -> LeanSessions:
        """The regular ones."""
        return self._sessions(extended=False)

    @property
    def extended_sessions(self) -> LeanSessions:
        """The extended ones."""
        return self._sessions(extended=True)


def columns(text: str, seconds: int, prices: int) -> list[list[int]]:
    """Rows of a table as columns of integers."""
    rows = []
    for line in text.strip().splitlines():
        words = line.replace("bid:", "").replace("ask:", "").split()
        numbers, stamp = words[-prices:], " ".join(words[:-prices])
        start = at(stamp)
        rows.append([start, start + seconds * 1_000_000, *(int(Decimal(number) * 100) for number in numbers)])
    return np.array(rows, dtype=np.int64).reshape(-1, prices + 2).T.copy().tolist()


def market_of(kind: str, span: str, bars: str, quotes: str, *, extended: bool) -> Market:
    """A market of a table."""
    instrument = FUTURE if kind == "future" else EQUITY
    time_span, seconds = SPANS[span]
    found = [np.array(column, dtype=np.int64) for column in columns(bars, seconds, 4)]
    scalings = AS_TRADED.scalings(instrument)
    values = [*found, np.full(len(found[0]), 1000, dtype=np.int64)]
    series = BarSeries([BarColumns(**dict(zip(BarColumns.NAMES, values, strict=True)))], scalings)
    sides = None
    if quotes.strip():
        c = [np.array(column, dtype=np.int64) for column in columns(quotes, seconds, 8)]
        sides = QuoteSeries([_quote_columns(c)], scalings)
    return Market(instrument, time_span, series, sides, extended)


def _quote_columns(found: list[IntColumn]) -> QuoteColumns:
    sizes = np.full(len(found[0]), 10, dtype=np.int64)
    values = [*found[:6], sizes, *found[6:], sizes]
    return QuoteColumns(**dict(zip(QuoteColumns.NAMES, values, strict=True)))


def order_of(market: Market, text: str) -> Order:
    """`09:31 BUY LIMIT 100` or `09:31 SELL STOP_LIMIT 99 98 DAY` (stop first); GTD:wed is good till Wednesday."""
    text, _, day = text.partition(" GTD:")
    words = [*text.split(), *(["GTD"] if day else [])]
    stamp = " ".join(words[: 2 if words[0] in DAYS else 1])
    side, kind, *rest = words[len(stamp.split()) :]
    tif = TimeInForce(rest.pop()) if rest and rest[-1] in TimeInForce.__members__ else TimeInForce.GTC
    prices = [Decimal(price) for price in rest]
    order_type = OrderType(kind)
    now = at(stamp)
    return Order(
        sequence=1,
        order_id="1",
        symbol=market.instrument.symbol,
        asset_type=market.instrument.asset_type,
        instrument=market.instrument,
        unit=real_unit(market.instrument),
        sign=1 if side == "BUY" else -1,
        intent=OrderIntent(side),
        order_type=order_type,
        time_in_force=tif,
        quantity=Decimal(1),
        limit=prices[-1] if order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        stop=prices[0] if order_type in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
        placed_at=now,
        arrives_at=now,
        until=first_close_from(date(2013, 10, DAYS[day]), market.regular_sessions) if day else None,
        first_row=0,
        closing=False,
    )


def outcome(market: Market, text: str, rules: LeanFillRules) -> str:
    """What becomes of an order: when and at what price it fills, or why it does not."""
    model, order = Lean(rules), order_of(market, text)
    accepted = model.accept(order, market)
    if isinstance(accepted, Rejection):
        return accepted.code
    horizon = at("thu 23:00")
    found = model.at_once(accepted, market, accepted.placed_at)
    if found is None:
        found = model.next_meeting(accepted, market, Search(0, accepted.placed_at), horizon)
    if accepted.until is not None and (found is None or found.time >= accepted.until):
        return f"ends {local(accepted.until)}"
    return "rests" if found is None else f"{local(found.time)} at {found.price.normalize():f}"


def local(moment: int) -> str:
    """A moment as the tables write it."""
    shown = datetime.fromtimestamp(moment // 1_000_000, NEW_YORK)
    day = next(name for name, number in DAYS.items() if number == shown.day)
    return f"{'' if day == 'tue' else day + ' '}{shown:%H:%M}"


MINUTES = """
mon 15:59  99.00  99.50  98.50  99.20
09:30     100.00 101.00  99.00 100.50
09:31     100.50 102.00 100.40 101.90
09:32     101.90 102.00  98.00  98.20
15:59      98.20  98.40  98.10  98.30
wed 09:30  97.00  97.50  96.00  97.40
"""
QUOTES = """
mon 15:59 bid:  99.10  99.40  98.40  99.10 ask:  99.30  99.60  98.60  99.30
09:30     bid:  99.90 100.90  98.90 100.40 ask: 100.10 101.10  99.10 100.60
09:31     bid: 100.40 101.90 100.30 101.80 ask: 100.60 102.10 100.50 102.00
09:32     bid: 101.80 101.90  97.90  98.10 ask: 102.00 102.10  98.10  98.30
15:59     bid:  98.10  98.30  98.00  98.20 ask:  98.30  98.50  98.20  98.40
wed 09:30 bid:  96.90  97.40  95.90  97.30 ask:  97.10  97.60  96.10  97.50
"""

EQUITY_ROWS = [
    ("a market buy fills at once at the ask's close", "09:32 BUY MARKET", "09:32 at 102"),
    ("a market sell fills at once at the bid's close", "09:32 SELL MARKET", "09:32 at 101.8"),
    ("between bars too, at the last quote", "09:32:30 BUY MARKET", "09:32 at 102"),
    ("on prices of more than an hour ago it waits for the next bar", "14:00 BUY MARKET", "16:00 at 98.4"),
    ("at yesterday's prices it waits", "09:30:10 BUY MARKET", "09:31 at 100.6"),
    (
        "after the close it becomes market-on-open: the open of a bar, told at its end",
        "16:00 BUY MARKET",
        "wed 09:31 at 97",
    ),
    ("before the open too", "05:00 SELL MARKET", "09:31 at 100"),
    ("market-on-open sent in the session waits for another date", "09:31 BUY MARKET OPG", "wed 09:31 at 97"),
    ("market-on-close fills at the close of the last bar", "09:40 BUY MARKET ATC", "16:00 at 98.3"),
    ("fifteen and a half minutes before the close is the last moment", "15:44:30 BUY MARKET ATC", "16:00 at 98.3"),
    ("later it is refused", "15:44:31 BUY MARKET ATC", "TOO_LATE_FOR_THE_CLOSE"),
    ("after the close it is for the next session", "16:00 BUY MARKET ATC", "wed 16:00 at 97.4"),
    ("a limit needs a bar that goes through it", "09:31 BUY LIMIT 100.40", "09:33 at 100.4"),
    ("better opens fill at the open", "09:31 BUY LIMIT 100.60", "09:32 at 100.5"),
    ("a sell limit likewise", "09:31 SELL LIMIT 101.00", "09:32 at 101"),
    ("a limit never fills in its own moment", "09:31 SELL LIMIT 99.00", "09:32 at 100.5"),
    ("a stop needs a touch only", "09:31 BUY STOP 102.00", "09:32 at 102"),
    ("a gap over the stop fills at the open", "09:31 BUY STOP 100.20", "09:32 at 100.5"),
    ("a sell stop is touched from above", "09:31 SELL STOP 98.00", "09:33 at 98"),
    (
        "a stop-limit looks at the ask: armed above the stop, filled where the close is below the limit",
        "09:31 BUY STOP_LIMIT 101.00 102.05",
        "09:32 at 102.05",
    ),
    ("armed in one bar, filled in a later one", "09:31 BUY STOP_LIMIT 101.00 101.50", "09:33 at 101.5"),
    ("DAY ends at the close, before anything fills there", "09:40 SELL LIMIT 98.35 DAY", "ends 16:00"),
    ("DAY of the evening lasts through the next session", "16:30 BUY LIMIT 96.50 DAY", "wed 09:31 at 96.5"),
    ("LEAN has no IOC", "09:31 BUY LIMIT 100 IOC", "TIME_IN_FORCE_NOT_ALLOWED"),
    ("nor FOK", "09:31 BUY MARKET FOK", "TIME_IN_FORCE_NOT_ALLOWED"),
    ("nor GTX", "09:31 BUY LIMIT 100 GTX", "TIME_IN_FORCE_NOT_ALLOWED"),
    ("before the first price nothing is taken", "mon 10:00 BUY LIMIT 100", "NO_PRICE_YET"),
    ("GTD ends at the close of its date", "09:31 BUY LIMIT 90 GTD:wed", "ends wed 16:00"),
    ("without a session on that date, at the next close", "09:31 BUY LIMIT 90 GTD:sat", "ends later 16:00"),
    ("a date that is past is taken; it ends at the next step", "09:31 BUY LIMIT 90 GTD:mon", "ends 09:31"),
    ("which is when the market is open again", "18:00 BUY LIMIT 90 GTD:mon", "ends wed 09:30"),
    ("until then it does not fill", "09:31 BUY LIMIT 103 GTD:mon", "ends 09:31"),
]


@pytest.mark.parametrize(("rule", "order", "expected"), EQUITY_ROWS, ids=[row[0] for row in EQUITY_ROWS])
def test_an_equity_on_minutes_with_quotes(rule: str, order: str, expected: str) -> None:
    market = market_of("equity", "minute", MINUTES, QUOTES, extended=False)
    assert outcome(market, order, LeanFillRules()) == expected, rule


FUTURE_ROWS = [
    ("a market order fills at the quote", "09:32 BUY MARKET", "09:32 at 102"),
    ("a limit buys below the limit's ask, at the ask's high or the limit", "09:31 BUY LIMIT 100.60", "09:32 at 100.6"),
    ("the high of the ask where that is lower", "09:31 BUY LIMIT 103", "09:32 at 102.1"),
    ("a touch of the ask is not enough", "09:31 BUY LIMIT 100.50", "09:33 at 100.5"),
    ("a sell meets the bid's high, at its low or the limit", "09:31 SELL LIMIT 101", "09:32 at 101"),
    ("the low of the bid where that is higher", "09:31 SELL LIMIT 100", "09:32 at 100.3"),
    ("a stop must be passed, not touched", "09:31 BUY STOP 102.10", "rests"),
    ("it fills at the ask's close where that is above the stop", "09:31 BUY STOP 101", "09:32 at 102"),
    ("a sell stop at the bid's close or the stop", "09:31 SELL STOP 98.05", "09:33 at 98.05"),
    ("a stop-limit on the bid", "09:31 SELL STOP_LIMIT 100.35 101.85", "rests"),
    ("a stop-limit that arms and closes beyond its limit", "09:31 SELL STOP_LIMIT 100.35 101.70", "09:32 at 101.7"),
    ("market-on-open is refused", "09:31 BUY MARKET OPG", "TIME_IN_FORCE_NOT_ALLOWED"),
    ("outside of all sessions a market order waits", "17:30 BUY MARKET", "wed 09:31 at 97.5"),
    ("DAY ends at 17:00", "09:40 BUY LIMIT 90 DAY", "ends 17:00"),
]


@pytest.mark.parametrize(("rule", "order", "expected"), FUTURE_ROWS, ids=[row[0] for row in FUTURE_ROWS])
def test_a_future_on_minutes(rule: str, order: str, expected: str) -> None:
    market = market_of("future", "minute", MINUTES, QUOTES, extended=False)
    assert outcome(market, order, LeanFillRules()) == expected, rule


DAILY = """
mon 09:30  99.00  99.50  98.50  99.20
09:30     100.00 101.00  99.00 100.50
wed 09:30  97.00  97.50  96.00  97.40
"""

DAILY_ROWS = [
    ("with daily bars a market order in the session becomes market-on-close", "11:00 BUY MARKET", "16:00 at 100.5"),
    ("near the close it becomes market-on-open", "15:50 BUY MARKET", "wed 16:00 at 97"),
    ("at the close too", "16:00 SELL MARKET", "wed 16:00 at 97"),
    ("a limit meets the bar that is running", "11:00 BUY LIMIT 99.50", "16:00 at 99.5"),
    ("DAY never fills on daily bars", "mon 16:00 BUY LIMIT 99.50 DAY", "ends 16:00"),
]


@pytest.mark.parametrize(("rule", "order", "expected"), DAILY_ROWS, ids=[row[0] for row in DAILY_ROWS])
def test_an_equity_on_days(rule: str, order: str, expected: str) -> None:
    market = market_of("equity", "day", DAILY, "", extended=False)
    assert outcome(market, order, LeanFillRules()) == expected, rule


HOURS = """
mon 15:00  99.00  99.50  98.50  99.20
09:00     100.00 101.00  99.00 100.50
10:00     100.50 102.00 100.40 101.90
"""
HOUR_QUOTES = """
mon 16:00 bid:  99.10  99.40  98.40  99.10 ask:  99.30  99.60  98.60  99.30
09:00     bid:  99.90 100.90  98.90 100.40 ask: 100.10 101.10  99.10 100.60
10:00     bid: 100.40 101.90 100.30 101.80 ask: 100.60 102.10 100.50 102.00
"""

HOUR_ROWS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("on the hour a market order fills at the close", "10:00 BUY MARKET", "10:00 at 100.5", {}),
    ("within the hour at the same", "10:55 BUY MARKET", "10:00 at 100.5", {}),
    (
        "with a stale window of a minute it waits for the next close",
        "10:55 BUY MARKET",
        "11:00 at 101.9",
        {"stale": 60},
    ),
]


@pytest.mark.parametrize(("rule", "order", "expected", "rules"), HOUR_ROWS, ids=[row[0] for row in HOUR_ROWS])
def test_an_equity_on_hours(rule: str, order: str, expected: str, rules: dict[str, int]) -> None:
    market = market_of("equity", "hour", HOURS, "", extended=False)
    chosen = LeanFillRules(stale=rules.get("stale", 3600) * 1_000_000)
    found = outcome(market, order, chosen)
    assert found.replace("10:55 at 100.5", "10:00 at 100.5") == expected, rule


FUTURE_HOUR_ROWS = [
    ("an order from before the bar fills at its open, on its side", "02:00 BUY MARKET", "10:00 at 100.1"),
    ("one from inside the bar at its close", "09:30 SELL MARKET", "10:00 at 100.4"),
]


@pytest.mark.parametrize(("rule", "order", "expected"), FUTURE_HOUR_ROWS, ids=[row[0] for row in FUTURE_HOUR_ROWS])
def test_a_future_on_hours_that_waited(rule: str, order: str, expected: str) -> None:
    market = market_of("future", "hour", HOURS, HOUR_QUOTES, extended=False)
    assert outcome(market, order, LeanFillRules()) == expected, rule


EVENING = """
16:29  98.00  98.40  97.90  98.30
16:30  98.30  99.00  98.00  98.90
wed 09:30  97.00  99.50  96.00  97.40
"""

EXTENDED_ROWS = [
    ("a limit may fill in extended hours", "16:30 BUY LIMIT 98.20", "16:31 at 98.2"),
    ("a stop may not", "16:30 BUY STOP 98.50", "wed 09:31 at 98.5"),
    ("market-on-open is for the regular session", "16:30 BUY MARKET", "wed 09:31 at 97"),
]


@pytest.mark.parametrize(("rule", "order", "expected"), EXTENDED_ROWS, ids=[row[0] for row in EXTENDED_ROWS])
def test_an_equity_in_extended_hours(rule: str, order: str, expected: str) -> None:
    market = market_of("equity", "minute", EVENING, "", extended=True)
    assert outcome(market, order, LeanFillRules()) == expected, rule
