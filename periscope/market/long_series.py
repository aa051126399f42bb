"""Invented minute bars of any length, for benchmarks."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import ExchangeSessions, Session, sessions_for
from periscope.market.columns import BarColumns
from periscope.market.random_integers import RandomIntegers
from periscope.market.synthetic import (
    CASH_SESSION,
    MINUTE,
    ROUND_THE_CLOCK,
    Character,
    clock_of,
    invent,
    minute_bars,
    selected,
)

_MOST_AS_EQUITY = 1_000_000
_SESSIONS_AT_ONCE = 125


def long_minute_instrument(bars: int) -> Instrument:
    """The instrument that `long_minute_chunks(bars)` are bars of.

    Up to a million bars it is an equity (390 minutes a day from 2012 on), above that a future without expiry (up to
    1,380 minutes a day from 1998 on). Its symbol is LONG.
    """
    source = "SYNTHETIC benchmark series: invented prices"
    if bars <= _MOST_AS_EQUITY:
        return Instrument(symbol="LONG", asset_type=AssetType.EQUITY, exchange="XNYS", price_scale=2, source=source)
    return Instrument(
        symbol="LONG",
        asset_type=AssetType.FUTURE,
        exchange="CME",
        price_scale=2,
        tick=Decimal("0.25"),
        multiplier=Decimal(10),
        initial_margin=Decimal(2640),
        maintenance_margin=Decimal(2400),
        root="LONG",
        source=source,
    )


def long_minute_chunks(bars: int, seed: int = 7) -> Iterator[BarColumns]:
    """`bars` minutes, every one inside a session, in chunks of some months; memory does not grow with `bars`.

    Raises ValueError at the end of the session table (about ten million bars).
    """
    instrument = long_minute_instrument(bars)
    equity = instrument.exchange == "XNYS"
    tick_size, price = (1, 10_000) if equity else (25, 16_000)
    batches = list(_batches(sessions_for(instrument.exchange), date(2012, 1, 3) if equity else date(1998, 1, 5)))
    days = [session for sessions in batches for session in sessions]
    most = sum((end - begin) // MINUTE for session in days for begin, end in session.parts)
    if most < bars:
        raise ValueError(f"{bars} minutes do not fit in the session table of {instrument.exchange}: at most {most}")
    for number, sessions in enumerate(batches):
        character = (
            Character(first_ticks=price, step=1_900, volume=2_400, shape=CASH_SESSION)
            if equity
            else Character(first_ticks=price, step=1_250, volume=1_500, shape=ROUND_THE_CLOCK)
        )
        clock = clock_of(sessions)
        chunk = minute_bars(clock, invent(clock, character, RandomIntegers(seed, f"LONG{number}")), tick_size=tick_size)
        if len(chunk) >= bars:
            yield selected(chunk, np.arange(len(chunk)) < bars)
            return
        yield chunk
        bars -= len(chunk)
        price = int(chunk.close[-1]) // tick_size


def long_minute_series(bars: int, seed: int = 7) -> tuple[Instrument, BarColumns]:
    """`bars` minutes in one piece; see `long_minute_instrument` and `long_minute_chunks`."""
    chunks = list(long_minute_chunks(bars, seed))
    return long_minute_instrument(bars), BarColumns(
        np.concatenate([chunk.start for chunk in chunks]),
        np.concatenate([chunk.end for chunk in chunks]),
        np.concatenate([chunk.open for chunk in chunks]),
        np.concatenate([chunk.high for chunk in chunks]),
        np.concatenate([chunk.low for chunk in chunks]),
        np.concatenate([chunk.close for chunk in chunks]),
        np.concatenate([chunk.volume for chunk in chunks]),
    )


def _batches(sessions: ExchangeSessions, first: date) -> Iterator[list[Session]]:
    batch: list[Session] = []
    day = first
    while day <= date(2027, 12, 31):
        session = sessions.session_of_day(day)
        if session is not None and (session.close - session.open) >= MINUTE:
            batch.append(session)
        if len(batch) == _SESSIONS_AT_ONCE:
            yield batch
            batch = []
        day += timedelta(days=1)
    if batch:
        yield batch
