"""Small random markets: several instruments and spans, gaps, ties, sessions, expiries, and prices on a coarse grid.

Prices move on a grid of few levels so that orders placed on the grid are often touched exactly without being crossed.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument, MarginPeriod
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns, QuoteColumns
from tests.naive.corporate import Corporate
from tests.naive.host import moment
from tests.naive.market import Market
from tests.naive.sessions import TradingDay, new_york, sessions

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
LENGTHS = {BarTimeSpan.SECOND: SECOND, BarTimeSpan.MINUTE: MINUTE, BarTimeSpan.HOUR: HOUR}

WEEKS = [date(2024, month, day) for month, day in ((1, 22), (3, 4), (4, 8), (6, 3), (8, 5), (10, 21), (10, 28))]
"""Mondays of weeks that are good for futures too; two of them end in a change to or from daylight-saving time."""
HOLIDAY_WEEKS = [date(2024, 7, 1), date(2024, 11, 25)]
"""Weeks with a holiday and a half day of US equities."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the bars of a market look like."""

    spans: tuple[BarTimeSpan, ...]
    trading_days: int
    windows_a_day: int
    window_bars: int


_NO_SIDE = (NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, UNKNOWN_VOLUME)
STYLES = [
    Style((BarTimeSpan.MINUTE, BarTimeSpan.HOUR, BarTimeSpan.DAY), 3, 2, 60),
    Style((BarTimeSpan.MINUTE,), 2, 3, 80),
    Style((BarTimeSpan.SECOND, BarTimeSpan.MINUTE), 2, 2, 150),
    Style((BarTimeSpan.SECOND, BarTimeSpan.MINUTE, BarTimeSpan.HOUR, BarTimeSpan.DAY), 3, 1, 100),
    Style((BarTimeSpan.HOUR, BarTimeSpan.DAY), 9, 0, 0),
    Style((BarTimeSpan.DAY,), 40, 0, 0),
]


@dataclass
class RandomMarket:
    """A market, its window, and what a strategy needs to know to be a nuisance in it."""

    market: Market
    start: int
    end: int
    spans: tuple[BarTimeSpan, ...]
    prices: dict[str, Decimal] = field(default_factory=dict)
    units: dict[str, Decimal] = field(default_factory=dict)


def random_market(dice: Random) -> RandomMarket:
    """A new market drawn from `dice`."""
    style = dice.choice(STYLES)
    with_futures = dice.random() < 0.65
    monday = dice.choice(WEEKS if with_futures else [*WEEKS, *HOLIDAY_WEEKS])
    days = [day for day in sessions("XNYS", False) if monday <= day.day][: style.trading_days + 1]
    cme_days = [day for day in sessions("CME", False) if monday <= day.day][: style.trading_days + 1]
    start = dice.choice([days[1].open, days[1].open, days[1].open - 3 * HOUR, days[1].open + dice.randrange(HOUR)])
    last = days[-1].close
    end = dice.choice([last, last, last + 5 * HOUR, last - dice.randrange(3 * HOUR)])
    found = RandomMarket(Market([]), start, end, style.spans)
    windows = _windows(dice, style, days)
    for instrument in _equities(dice, days):
        _add(found, dice, style, instrument, days, windows)
    if with_futures:
        for instrument in _futures(dice, cme_days):
            _add(found, dice, style, instrument, cme_days, windows)
    dice.shuffle(found.market.instruments)
    return found


def add_corporate_actions(dice: Random, found: RandomMarket) -> None:
    """Splits and dividends of some shares, on days of the window and around it."""
    first, last = moment(found.start).date(), moment(found.end).date()
    for instrument in found.market.instruments:
        if instrument.is_future or instrument.asset_type is AssetType.INDEX or dice.random() < 0.4:
            continue
        days = {first + timedelta(days=dice.randint(-1, (last - first).days + 1)) for _ in range(dice.randint(1, 4))}
        found.market.corporate[instrument.symbol] = [_corporate_action(dice, day) for day in sorted(days)]


def _corporate_action(dice: Random, day: date) -> Corporate:
    ratio = Fraction(dice.choice(["1", "2", "3/2", "7", "1/10", "1/3", "5/4", "2/3", "20"]))
    dividend = Fraction(dice.choice(["0", "0.25", "0.3333", "1"]))
    return Corporate(day, ratio, dividend if ratio != 1 or dividend else Fraction("0.1"))


def _windows(dice: Random, style: Style, days: list[TradingDay]) -> list[tuple[int, int]]:
    """Stretches of time in which fine bars exist, some of them outside regular hours."""
    found = []
    for day in days:
        for _ in range(style.windows_a_day):
            length = style.window_bars * (SECOND if BarTimeSpan.SECOND in style.spans else MINUTE)
            kind = dice.random()
            if kind < 0.35:
                begin = day.open
            elif kind < 0.6:
                begin = day.close - length
            elif kind < 0.75:
                begin = day.open - length // 2
            else:
                begin = day.open + dice.randrange(6) * HOUR // 2
            found.append((begin - begin % MINUTE, begin + length))
    return sorted(found)


def _equities(dice: Random, days: list[TradingDay]) -> list[Instrument]:
    """One to three shares, and now and then an index, a foreign share, or one that comes or goes in the window."""
    kinds = [AssetType.EQUITY, AssetType.ETF, AssetType.EQUITY]
    found = [_share(dice, symbol, kind) for symbol, kind in zip(("AAA", "BBB", "CCC"), kinds, strict=True)]
    found = found[: dice.choice([1, 2, 3])]
    middle = days[len(days) // 2]
    noon = (middle.open + middle.close) // 2
    if dice.random() < 0.2:
        found.append(_share(dice, "NEW", AssetType.EQUITY, listed_at=dice.choice([middle.open, noon])))
    if dice.random() < 0.2:
        found.append(_share(dice, "OLD", AssetType.ETF, expires_at=dice.choice([middle.close, noon, noon + 1])))
    if dice.random() < 0.15:
        found.append(_share(dice, "IDX", AssetType.INDEX))
    if dice.random() < 0.15:
        found.append(_share(dice, "EUR", AssetType.EQUITY, currency="EUR"))
    return found


def _share(
    dice: Random,
    symbol: str,
    kind: AssetType,
    *,
    currency: str = "USD",
    listed_at: int | None = None,
    expires_at: int | None = None,
) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_type=kind,
        exchange="XNYS",
        currency=currency,
        price_scale=dice.choice([2, 4]),
        volume_scale=dice.choice([0, 0, 1]),
        quantity_step=Decimal(dice.choice(["1", "1", "0.1"])),
        listed_at=listed_at,
        expires_at=expires_at,
    )


def _margins(days: list[TradingDay], margin: Decimal) -> tuple[MarginPeriod, ...]:
    """Margins that double within the window."""
    last = days[-1].day
    return (
        MarginPeriod(first_day=days[0].day, initial=margin, maintenance=margin - 100),
        MarginPeriod(first_day=last, initial=2 * margin, maintenance=2 * margin - 50),
    )


def _futures(dice: Random, days: list[TradingDay]) -> list[Instrument]:
    """Two or three contracts of one root of which the first expires in the window, at times one without a margin."""
    middle = days[len(days) // 2]
    morning = new_york(middle.day, 9, 30)
    expiries = [dice.choice([middle.close, morning, morning + 30 * MINUTE + 1]), days[-1].close + 40 * HOUR, None]
    margin = Decimal(dice.choice(["500", "1000.5"]))
    scale = dice.choice([2, 3])
    dated = Random(repr((days[0].day, margin))).choice([(), _margins(days, margin)])
    found = [
        Instrument(
            symbol=symbol,
            asset_type=AssetType.FUTURE,
            exchange="CME",
            price_scale=scale,
            tick=Decimal("0.25"),
            multiplier=Decimal(50),
            initial_margin=margin,
            maintenance_margin=margin - 100,
            margins=dated,
            root="XX",
            expires_at=expiry,
        )
        for symbol, expiry in zip(("XXH4", "XXM4", "XXU4"), expiries, strict=True)
    ][: dice.choice([2, 3])]
    if dice.random() < 0.15:
        found.append(
            Instrument(
                symbol="YYH4",
                asset_type=AssetType.FUTURE,
                exchange="CME",
                price_scale=2,
                tick=Decimal("0.05"),
                multiplier=Decimal(10),
                root="YY",
            )
        )
    return found


def _add(
    found: RandomMarket,
    dice: Random,
    style: Style,
    instrument: Instrument,
    days: list[TradingDay],
    windows: list[tuple[int, int]],
) -> None:
    """Put an instrument into the market with bars of one or more of the style's spans."""
    tick_units = dice.choice([1, 1, 5, 20])
    unit = instrument.tick * tick_units
    level = dice.choice([20, 100, 400])
    if instrument.is_future and dice.random() < 0.1:
        level = dice.choice([0, -5])
    found.market.instruments.append(instrument)
    found.prices[instrument.symbol] = unit * level
    found.units[instrument.symbol] = unit
    spans = [span for span in style.spans if dice.random() < 0.75] or [dice.choice(style.spans)]
    for span in spans:
        times = _times(dice, span, days, windows)
        if instrument.listed_at is not None:
            times = [pair for pair in times if pair[0] >= instrument.listed_at]
        if instrument.expires_at is not None and dice.random() < 0.7:
            times = [pair for pair in times if pair[1] <= instrument.expires_at]
        if times:
            bars = found.market.bars[(*instrument.key, span)] = _bars(dice, instrument, unit, level, times)
            if dice.random() < 0.7:
                found.market.quotes[(*instrument.key, span)] = _quotes(dice, instrument, unit, bars)


def _times(
    dice: Random, span: BarTimeSpan, days: list[TradingDay], windows: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Start and end of each bar that exists."""
    gaps = dice.choice([0.0, 0.05, 0.3])
    if span is BarTimeSpan.DAY:
        found = [(day.open, day.close) for day in days]
    elif span is BarTimeSpan.HOUR:
        found = [
            (max(mark, day.open), min(mark + HOUR, day.close))
            for day in days
            for mark in range(day.open - day.open % HOUR, day.close, HOUR)
        ]
    else:
        length = LENGTHS[span]
        marks = {mark for begin, end in windows for mark in range(begin - begin % length, end, length)}
        found = [(mark, mark + length) for mark in sorted(marks)]
    return [pair for pair in found if dice.random() >= gaps]


def _quotes(dice: Random, instrument: Instrument, unit: Decimal, bars: BarColumns) -> QuoteColumns:
    """Quotes around the trades of a span: some bars lack a side, some are missing, some are there without a trade."""
    scaled = int(unit * 10**instrument.price_scale)
    gaps, one_sided = dice.choice([(0.0, 0.0), (0.1, 0.2), (0.3, 0.5)])
    rows: list[tuple[int, ...]] = []
    for n in range(len(bars)):
        start, end = int(bars.start[n]), int(bars.end[n])
        prices = [int(getattr(bars, name)[n]) for name in ("open", "high", "low", "close")]
        gap = 0 if not rows else start - rows[-1][1]
        if gap >= end - start and end - start <= HOUR and dice.random() < 0.5:
            rows.append((start - (end - start), start, *rows[-1][2:]))
        if dice.random() < gaps:
            continue
        away = scaled * dice.choice([0, 1, 1, 2])
        bid = (*(price - away for price in prices), dice.choice([UNKNOWN_VOLUME, 100]))
        ask = (*(price + away for price in prices), dice.choice([UNKNOWN_VOLUME, 100]))
        if dice.random() < one_sided:
            bid, ask = dice.choice([(bid, _NO_SIDE), (_NO_SIDE, ask)])
        rows.append((start, end, *bid, *ask))
    return QuoteColumns(*np.array(rows, dtype=np.int64).reshape(-1, 12).T)


def _bars(dice: Random, instrument: Instrument, unit: Decimal, level: int, times: list[tuple[int, int]]) -> BarColumns:
    """A random walk on the grid of `unit`, with whatever volume."""
    scaled = int(unit * 10**instrument.price_scale)
    signed = level <= 0
    wildness = dice.choice([1, 2, 4])
    unknown, none = dice.choice([(0.0, 0.0), (0.1, 0.1), (0.5, 0.1), (0.0, 0.4)])
    rows = []
    for begin, end in times:
        opened = level + dice.choice([0, 0, 0, 1, -1, wildness, -wildness])
        closed = opened + dice.randint(-wildness, wildness)
        high = max(opened, closed) + dice.choice([0, 0, 1, wildness])
        low = min(opened, closed) - dice.choice([0, 0, 1, wildness])
        if low < 2 and not signed:
            opened, high, low, closed = 5, 7, 4, 6
        draw = dice.random()
        volume = dice.choice([1, 7, 20, 50, 100, 1000]) * 10**instrument.volume_scale + dice.choice([0, 0, 3])
        if draw < unknown + none:
            volume = UNKNOWN_VOLUME if draw < unknown else 0
        off = 1 if instrument.price_scale > 2 and dice.random() < 0.03 else 0
        rows.append((begin, end, opened * scaled, high * scaled + off, low * scaled, closed * scaled + off, volume))
        level = closed
    return BarColumns(*np.array(rows, dtype=np.int64).T)
