"""The sample market: invented, labelled so, the same bytes everywhere, made in a moment.

Four equities (ALFA, BETA, GAMA, DELT; day bars over three years, minute bars over the last three months) and the
quarterly futures of one root, SX at CME (day bars over a year, minute bars over the last four months, in which two
rolls fall). Every day bar is the join of that day's minutes. Daylight-saving changes, a half day and holidays lie
inside. GAMA has a hole in its minutes, DELT trades thinly (minutes without a bar).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Session, sessions_for
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.long_series import long_minute_chunks, long_minute_series
from periscope.market.random_integers import RandomIntegers
from periscope.market.synthetic import (
    CASH_SESSION,
    ROUND_THE_CLOCK,
    Character,
    Clock,
    Ticks,
    clock_of,
    day_bars,
    invent,
    minute_bars,
    selected,
)

__all__ = [
    "BarSink",
    "SampleSeries",
    "long_minute_chunks",
    "long_minute_series",
    "make_sample",
    "sample_series",
    "sample_source",
    "third_friday",
]

LAST_DAY = date(2023, 12, 29)
EQUITY_FIRST_DAY = date(2021, 1, 4)
EQUITY_FIRST_MINUTE_DAY = date(2023, 10, 2)
FUTURES_FIRST_DAY = date(2022, 12, 19)
FUTURES_FIRST_MINUTE_DAY = date(2023, 8, 28)
GAP = (date(2023, 11, 8), date(2023, 11, 10))
"""GAMA has no minutes from the middle of the first of these days to the middle of the last."""

_DAYS_TRADED_BEFORE_EXPIRY = 200
_SHARE_BY_DAYS_LEFT = np.array([15, 30, 55, 95, 170, 290, 450, 660, 820, 900, 940, 960], dtype=np.int64)
"""Thousandths of the root's volume in the nearest contract, by sessions left before its last one; more left: 970."""

_FAR_SHARE = 8


class BarSink(Protocol):
    """What the sample needs of a catalog."""

    def add_instruments(self, instruments: list[Instrument]) -> None:
        """Register instruments."""

    def write_bars(self, instrument: Instrument, span: BarTimeSpan, bars: BarColumns, *, source: str) -> object:
        """Store bars of one instrument at one span."""


@dataclass(frozen=True, slots=True)
class SampleSeries:
    """One stored series of the sample."""

    instrument: Instrument
    span: BarTimeSpan
    bars: BarColumns


_EQUITIES = {
    "ALFA": ("XNYS", Character(first_ticks=10_000, step=1_900, volume=2_400, shape=CASH_SESSION)),
    "BETA": ("XNAS", Character(first_ticks=24_000, step=4_200, volume=3_900, shape=CASH_SESSION)),
    "GAMA": ("XNAS", Character(first_ticks=6_200, step=850, volume=5_200, shape=CASH_SESSION)),
    "DELT": ("ARCX", Character(first_ticks=3_100, step=420, volume=60, shape=CASH_SESSION)),
}
_THIN = {"DELT": 38}
_CONTRACTS = ((2023, 3), (2023, 6), (2023, 9), (2023, 12), (2024, 3))
_MONTHS = {3: "H", 6: "M", 9: "U", 12: "Z"}


def sample_source(seed: int) -> str:
    """The label that every instrument and series of the sample carries."""
    return f"SYNTHETIC sample market, seed {seed}: invented prices"


def sample_series(seed: int = 7) -> list[SampleSeries]:
    """The whole sample in memory, equities first, then the futures by expiry."""
    series: list[SampleSeries] = []
    for symbol, (exchange, character) in _EQUITIES.items():
        series.extend(_equity(symbol, exchange, character, seed))
    series.extend(_futures(seed))
    return series


def make_sample(catalog: BarSink, seed: int = 7, *, equity: str | None = None) -> list[SampleSeries]:
    """Write the sample market, or one equity of it, into a catalog and return what was written."""
    series = sample_series(seed) if equity is None else _equity(equity, *_EQUITIES[equity], seed)
    catalog.add_instruments(list({item.instrument.key: item.instrument for item in series}.values()))
    for item in series:
        catalog.write_bars(item.instrument, item.span, item.bars, source=sample_source(seed))
    return series


def _sessions(exchange: str, first: date, last: date) -> list[Session]:
    sessions = sessions_for(exchange)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [session for day in days if (session := sessions.session_of_day(day)) is not None]


def _equity(symbol: str, exchange: str, character: Character, seed: int) -> list[SampleSeries]:
    random = RandomIntegers(seed, symbol)
    clock = clock_of(_sessions(exchange, EQUITY_FIRST_DAY, LAST_DAY))
    every = minute_bars(clock, invent(clock, character, random), tick_size=1)
    traded = random.between(1, 100, len(every)) > _THIN.get(symbol, 0)
    traded[clock.first_of_session] = True
    bars, session = selected(every, traded), clock.session[traded]
    instrument = Instrument(
        symbol=symbol, asset_type=AssetType.EQUITY, exchange=exchange, price_scale=2, source=sample_source(seed)
    )
    recent = bars.start >= _open_of(exchange, EQUITY_FIRST_MINUTE_DAY)
    if symbol == "GAMA":
        recent &= ~_in_gap(bars.start, exchange)
    return [
        SampleSeries(instrument, BarTimeSpan.DAY, day_bars(bars, session, clock.sessions)),
        SampleSeries(instrument, BarTimeSpan.MINUTE, selected(bars, recent)),
    ]


def _open_of(exchange: str, day: date) -> int:
    session = sessions_for(exchange).session_of_day(day)
    assert session is not None, f"{day} is no trading day"
    return session.open


def _in_gap(starts: IntColumn, exchange: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    first, last = (sessions_for(exchange).session_of_day(day) for day in GAP)
    assert first is not None
    assert last is not None
    return (starts >= (first.open + first.close) // 2) & (starts < (last.open + last.close) // 2)


def third_friday(year: int, month: int) -> date:
    """The day on which equity index futures expire."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _contract(year: int, month: int, seed: int) -> tuple[Instrument, Session]:
    last = sessions_for("CME").session_of_day(third_friday(year, month))
    assert last is not None, "the third Friday is a holiday"
    contract = Instrument(
        symbol=f"SX{_MONTHS[month]}{year % 100:02d}",
        asset_type=AssetType.FUTURE,
        exchange="CME",
        price_scale=2,
        tick=Decimal("0.25"),
        multiplier=Decimal(10),
        initial_margin=Decimal(2640),
        maintenance_margin=Decimal(2400),
        root="SX",
        expires_at=last.close,
        source=sample_source(seed),
    )
    return contract, last


def _futures(seed: int) -> list[SampleSeries]:
    clock = clock_of(_sessions("CME", FUTURES_FIRST_DAY, LAST_DAY))
    character = Character(first_ticks=16_000, step=1_250, volume=1_500, shape=ROUND_THE_CLOCK)
    index = invent(clock, character, RandomIntegers(seed, "SX"))
    contracts = [_contract(year, month, seed) for year, month in _CONTRACTS]
    series: list[SampleSeries] = []
    previous: Session | None = None
    for contract, last in contracts:
        bars, session = _contract_minutes(clock, index, last, previous, RandomIntegers(seed, contract.symbol))
        recent = bars.start >= _open_of("CME", FUTURES_FIRST_MINUTE_DAY)
        series.append(SampleSeries(contract, BarTimeSpan.DAY, day_bars(bars, session, clock.sessions)))
        if bool(recent.any()):
            series.append(SampleSeries(contract, BarTimeSpan.MINUTE, selected(bars, recent)))
        previous = last
    return series


def _contract_minutes(
    clock: Clock, index: Ticks, last: Session, previous: Session | None, random: RandomIntegers
) -> tuple[BarColumns, IntColumn]:
    """A contract's minutes: the common walk, a carry that melts away towards expiry, the contract's volume."""
    days = np.array([session.day.toordinal() for session in clock.sessions], dtype=np.int64)
    left = last.day.toordinal() - days
    carry = np.maximum(left, 0) // 7
    share = _share(clock, left, previous)[clock.session]
    volume = (index.volume * share + random.between(0, 999, len(share))) // 1000
    alive = (left >= 0) & (left <= _DAYS_TRADED_BEFORE_EXPIRY)
    traded = alive[clock.session] & (volume > 0)
    shift = carry[clock.session]
    own = Ticks(index.open + shift, index.high + shift, index.low + shift, index.close + shift, volume)
    bars = minute_bars(clock, own, tick_size=25)
    return selected(bars, traded), clock.session[traded]


def _share(clock: Clock, left: IntColumn, previous: Session | None) -> IntColumn:
    """The contract's part of the root's volume on each trading day, in thousandths."""
    sessions_left = int(np.searchsorted(-left, 0)) - np.arange(len(left))
    own = _share_as_nearest(sessions_left)
    if previous is None:
        return own
    to_previous = previous.day.toordinal() - np.array([session.day.toordinal() for session in clock.sessions])
    before = int(np.searchsorted(-to_previous, 0)) - np.arange(len(left))
    as_second = 1000 - _FAR_SHARE - _share_as_nearest(before)
    return np.where(before < 0, own, np.where(before < 60, as_second, _FAR_SHARE // 4))


def _share_as_nearest(sessions_left: IntColumn) -> IntColumn:
    known = np.clip(sessions_left, 0, len(_SHARE_BY_DAYS_LEFT) - 1)
    return np.where(sessions_left < len(_SHARE_BY_DAYS_LEFT), _SHARE_BY_DAYS_LEFT[known], 970)
