"""Clean series for the tests of the checks, and the ways to spoil them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Session, sessions_for
from periscope.market.bar_files import in_pieces, joined, take
from periscope.market.columns import BarColumns
from periscope.market.quality.check import SeriesReport, check_series
from periscope.market.random_integers import RandomIntegers
from periscope.market.resample import resampled
from periscope.market.synthetic import CASH_SESSION, ROUND_THE_CLOCK, Character, clock_of, invent, minute_bars
from tests.market.catalog_data import MINUTE

SPY = Instrument(symbol="SPY", asset_type=AssetType.ETF, exchange="ARCX", price_scale=2)
FUTURE = Instrument(symbol="ESZ24", asset_type=AssetType.FUTURE, exchange="CME", price_scale=2, root="ES")
FIRST, DAYS = date(2024, 5, 6), 15
"""Three weeks without a holiday or a change of clocks."""

type Spoiled = Callable[[BarColumns], BarColumns]


@cache
def minutes(exchange: str = "ARCX", first: date = FIRST, days: int = DAYS) -> BarColumns:
    """Every minute of so many sessions, invented."""
    sessions: list[Session] = []
    day = first
    while len(sessions) < days:
        session = sessions_for(exchange).session_of_day(day)
        if session is not None:
            sessions.append(session)
        day += timedelta(days=1)
    clock = clock_of(sessions)
    shape = ROUND_THE_CLOCK if exchange == "CME" else CASH_SESSION
    character = Character(first_ticks=20_000, step=1_900, volume=2_400, shape=shape)
    return minute_bars(clock, invent(clock, character, RandomIntegers(11, exchange)), tick_size=1)


def coarser(bars: BarColumns, span: BarTimeSpan, exchange: str = "ARCX") -> BarColumns:
    """The bars as bars of a longer span."""
    return joined(list(resampled([bars], span, sessions_for(exchange), -(2**60), 2**60)))


def check(
    bars: BarColumns,
    instrument: Instrument = SPY,
    span: BarTimeSpan = BarTimeSpan.MINUTE,
    *,
    rows: int = 1_000,
    splits: frozenset[date] = frozenset(),
) -> SeriesReport:
    """A check of bars that come in pieces of so many rows."""
    pieces: Iterator[BarColumns] = in_pieces(bars, rows)
    first, last = int(bars.start.min()), int(bars.end.max())
    return check_series(instrument, span, pieces, first=first, last=last, splits=splits)


def found(report: SeriesReport) -> dict[str, int]:
    """How often each code was found."""
    return {finding.code: finding.count for finding in report.findings}


def changed(bars: BarColumns, row: int, **values: int) -> BarColumns:
    """The bars with other values in one row; `rise` is added to open, high, low and close of it."""
    rise = values.pop("rise", 0)
    wanted = {name: int(getattr(bars, name)[row]) + rise for name in ("open", "high", "low", "close")} if rise else {}
    columns = {}
    for name, value in (wanted | values).items():
        column = getattr(bars, name).copy()
        column[row] = value
        columns[name] = column
    return replace(bars, **columns)


def without(bars: BarColumns, begin: int, stop: int) -> BarColumns:
    """The bars less the rows [begin, stop)."""
    keep = np.ones(len(bars), dtype=np.bool_)
    keep[begin:stop] = False
    return take(bars, keep)


def moved(bars: BarColumns, microseconds: int) -> BarColumns:
    """The bars with all times moved."""
    return replace(bars, start=bars.start + microseconds, end=bars.end + microseconds)


def multiplied(bars: BarColumns, from_row: int, up: int, down: int) -> BarColumns:
    """The bars with all prices from a row on multiplied by up/down."""
    columns = {}
    for name in ("open", "high", "low", "close"):
        column = getattr(bars, name).copy()
        column[from_row:] = column[from_row:] * up // down
        columns[name] = column
    return replace(bars, **columns)


ONE_HOUR = 60 * MINUTE
