"""Invented minute bars with the look of a market, made from integers alone.

The price is a walk in thousandths of a tick, four steps a minute. How far it steps depends on the day's turbulence (a
slow walk through a table, so that calm and wild stretches cluster) and on the time of day (wild at the open and the
close). Stretches of some weeks have a drift of their own, so that trend followers find trends. Volume follows the
time of day, the day's turbulence and the minute's range.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from periscope.instruments.sessions import Session
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.random_integers import RandomIntegers

MINUTE = 60_000_000
"""Microseconds."""

STEPS_PER_BAR = 4
_TURBULENCE = np.array([5, 6, 7, 8, 9, 10, 11, 13, 15, 18, 22, 27], dtype=np.int64)
_PARTS_OF_DAY = 23
_LONGEST_TREND_DAYS = 40


@dataclass(frozen=True, slots=True)
class Shape:
    """How wild and how busy each of the 23 equal parts of a session is; 10 is usual."""

    turbulence: tuple[int, ...]
    volume: tuple[int, ...]


CASH_SESSION = Shape(
    turbulence=(20, 17, 15, 13, 12, 11, 10, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13, 16),
    volume=(34, 24, 19, 16, 14, 12, 11, 10, 9, 8, 8, 7, 7, 7, 8, 8, 9, 10, 11, 13, 15, 20, 36),
)
"""A session in daylight: lively at both ends."""

ROUND_THE_CLOCK = Shape(
    turbulence=(7, 6, 5, 5, 5, 4, 4, 5, 7, 9, 9, 8, 7, 8, 11, 18, 19, 16, 13, 12, 13, 17, 10),
    volume=(4, 3, 2, 2, 2, 1, 1, 2, 4, 6, 6, 5, 4, 6, 11, 36, 40, 31, 24, 22, 26, 41, 10),
)
"""A session from the evening on through the night: lively while the cash market is open, hours 16 to 22."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The minutes of a list of sessions, in order: bar starts and, for each bar, which session and how far into it."""

    sessions: tuple[Session, ...]
    start: IntColumn
    session: IntColumn
    bucket: IntColumn

    @property
    def first_of_session(self) -> IntColumn:
        """The index of each session's first bar."""
        return np.searchsorted(self.session, np.arange(len(self.sessions)), side="left").astype(np.int64)


def clock_of(sessions: list[Session]) -> Clock:
    """Every whole minute of the sessions, their breaks left out, as a bar start."""
    opens = np.array([session.open for session in sessions], dtype=np.int64)
    lengths = np.array([(session.close - session.open) // MINUTE for session in sessions], dtype=np.int64)
    parts = [(number, *part) for number, session in enumerate(sessions) for part in session.parts]
    owners, begins, ends = np.array(parts, dtype=np.int64).reshape(-1, 3).T
    minutes = (ends - begins) // MINUTE
    session = np.repeat(owners, minutes)
    minute = np.arange(len(session), dtype=np.int64) - np.repeat(np.cumsum(minutes) - minutes, minutes)
    start = np.repeat(begins, minutes) + minute * MINUTE
    bucket = (start - opens[session]) // MINUTE * _PARTS_OF_DAY // lengths[session]
    return Clock(tuple(sessions), start, session, bucket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What kind of market to invent.

    `step` is about the standard deviation of a step in thousandths of a tick, `volume` about a minute's, both when the
    turbulence is usual (10) at a usual time of the session.
    """

    first_ticks: int
    step: int
    volume: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Ticks:
    """Prices in ticks and volumes for every minute of a clock."""

    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    volume: IntColumn


def invent(clock: Clock, character: Character, random: RandomIntegers) -> Ticks:
    """One market for every minute of the clock; the price stays above a quarter of the first one."""
    days, bars = len(clock.sessions), len(clock.start)
    turbulence = _TURBULENCE[_folded(np.cumsum(random.between(-1, 1, days)) + 4, len(_TURBULENCE))]
    drift = _drift(random, days)
    by_time = np.array(character.shape.turbulence, dtype=np.int64)[clock.bucket]
    busy = np.array(character.shape.volume, dtype=np.int64)[clock.bucket]
    scale = turbulence[clock.session] * by_time * character.step
    steps = bars * STEPS_PER_BAR
    moves = (random.between(-8, 8, steps) + random.between(-8, 8, steps)).reshape(bars, STEPS_PER_BAR)
    moves *= (scale // 700)[:, None]
    moves[:, 0] //= 8
    moves[clock.first_of_session, 0] += random.between(-60, 60, days) * turbulence * character.step // 10
    bars_in_session = np.bincount(clock.session, minlength=days)
    moves += (drift * character.step // (3 * bars_in_session))[clock.session][:, None]
    path = np.cumsum(moves.reshape(-1)) + character.first_ticks * 1000
    floor = character.first_ticks * 250
    ticks = ((np.abs(path - floor) + floor) // 1000).reshape(bars, STEPS_PER_BAR)
    # Step by step: over rows of four, max(axis=1) takes ten times as long.
    high, low = reduce(np.maximum, ticks.T), reduce(np.minimum, ticks.T)
    usual = character.volume * busy * turbulence[clock.session] // 100
    ranges = np.minimum((high - low) * 1000 // (character.step + 1), 40) + 8
    volume = usual * ranges * random.between(40, 160, bars) // 2000 + random.between(1, 9, bars)
    return Ticks(ticks[:, 0].copy(), high, low, ticks[:, -1].copy(), volume)


def _folded(walk: IntColumn, size: int) -> IntColumn:
    """A walk reflected at both ends of 0..size-1."""
    period = 2 * (size - 1)
    place = walk % period
    return np.minimum(place, period - place)


def _drift(random: RandomIntegers, days: int) -> IntColumn:
    trend = np.cumsum(random.between(1, _LONGEST_TREND_DAYS, days) == 1)
    return random.between(-9, 10, int(trend[-1]) + 1)[trend]


def minute_bars(clock: Clock, ticks: Ticks, *, tick_size: int) -> BarColumns:
    """The bars as columns; `tick_size` is one tick as a scaled integer of the instrument."""
    return BarColumns(
        clock.start,
        clock.start + MINUTE,
        ticks.open * tick_size,
        ticks.high * tick_size,
        ticks.low * tick_size,
        ticks.close * tick_size,
        ticks.volume,
    )


def day_bars(bars: BarColumns, session: IntColumn, sessions: tuple[Session, ...]) -> BarColumns:
    """Minute bars joined to one bar per session that has any; `session` says which one each minute belongs to."""
    if len(bars) == 0:
        return bars
    first = np.flatnonzero(np.diff(session, prepend=-1))
    last = np.append(first[1:], len(session)) - 1
    present = session[first]
    return BarColumns(
        np.array([day.open for day in sessions], dtype=np.int64)[present],
        np.array([day.close for day in sessions], dtype=np.int64)[present],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
    )


def selected(bars: BarColumns, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> BarColumns:
    """The bars for which `keep` is true."""
    at = np.flatnonzero(keep)
    return BarColumns(
        bars.start[at],
        bars.end[at],
        bars.open[at],
        bars.high[at],
        bars.low[at],
        bars.close[at],
        bars.volume[at],
    )
