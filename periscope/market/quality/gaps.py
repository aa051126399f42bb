"""What is missing: days, stretches within sessions, the begin or the end of a session.

A bar without trades is absent, so absence alone is no fault. What counts is what the series itself usually has around
that day: a stretch is reported when it is several times longer than the usual longest ones, and not at a time of day
at which most sessions lack bars.
"""

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.sessions import day_of_number, sessions_for
from periscope.instruments.times import time_text
from periscope.market.columns import IntColumn
from periscope.market.quality.coverage import SessionCoverage
from periscope.market.quality.findings import FindingLog

type Mask = npt.NDArray[np.bool_]

FEWEST_MISSING = {BarTimeSpan.SECOND: 120, BarTimeSpan.MINUTE: 5, BarTimeSpan.HOUR: 0}
"""A stretch of so many bars or fewer is never reported."""

TIMES_USUAL = 5
"""A stretch is reported when it is longer than so many times the usual one."""

SESSIONS_AROUND = 10
"""What is usual is the median over so many sessions before and after: a contract's life is quiet at first."""

LIQUID_PERCENT = 90
"""A series with so many of its possible bars in the usual session is liquid: holes are the exception."""

HOLES_OF_QUIET = 10
"""A session with so many holes is quiet itself."""

QUIET_BARS = {BarTimeSpan.SECOND: 100, BarTimeSpan.MINUTE: 30, BarTimeSpan.HOUR: 3}
"""A session with so many bars or fewer is quiet: another one like it may have none."""

QUIET_VOLUME = 100
"""The same for DAY bars: a day on which so many contracts or shares or fewer were traded."""

FEWEST_SESSIONS_OF_A_PAUSE = 3
_SLICE = 300_000_000
"""Pauses are looked for in slices of five minutes."""

_SLICES_OF_A_DAY = 2 * 288


def find_gaps(table: SessionCoverage, log: FindingLog) -> None:
    """Everything that is missing in the window that the series should fill."""
    _missing_days(table, log)
    there = np.flatnonzero(table.bars > 0)
    if table.series.intraday and len(there) > 0:
        limits = np.maximum(FEWEST_MISSING[table.series.span], TIMES_USUAL * _usual_holes(table, there))
        _missing_bars(table, there, limits, log)
        _late_starts(table, there, limits, log)
        _early_ends(table, there, limits, log)


def _missing_days(table: SessionCoverage, log: FindingLog) -> None:
    """Sessions in the window without a bar; holiday stubs are left out."""
    series, grid, has_bars = table.series, table.grid, table.bars > 0
    wanted = has_bars | ((grid.opens >= series.first) & (grid.closes <= series.last))
    place = np.flatnonzero(wanted)
    if len(place) == 0:
        return
    absent = ~has_bars[place[0] : place[-1] + 1]
    edges = np.flatnonzero(np.diff(absent, prepend=False, append=False)) + place[0]
    quiet = _quiet(table)
    sessions = sessions_for(grid.exchange)
    for begin, stop in edges.reshape(-1, 2).tolist():
        around = [quiet[each] for each in (begin - 1, stop) if 0 <= each < len(has_bars) and has_bars[each]]
        days = [day_of_number(number) for number in grid.days[begin:stop].tolist()]
        rows = np.array([begin + i for i, day in enumerate(days) if not sessions.is_holiday_stub(day)], dtype=np.int64)
        code = "QUIET_DAYS" if around and all(around) else "MISSING_DAYS"
        words = _days(grid.days[rows]) if len(rows) > 0 else ""
        log.add(code, grid.opens[rows], lambda _, words=words: words)  # type: ignore[misc]


def _quiet(table: SessionCoverage) -> Mask:
    """Which sessions have so few bars, or so little volume, that none at all would be no surprise."""
    limit = QUIET_BARS.get(table.series.span)
    if limit is not None:
        return np.asarray(table.bars <= limit)
    return np.asarray((table.volume > 0) & (table.volume <= QUIET_VOLUME * 10**table.series.instrument.volume_scale))


def _days(days: IntColumn) -> str:
    first, last = day_of_number(int(days[0])), day_of_number(int(days[-1]))
    return f"no bar on {first}" if len(days) == 1 else f"no bar on {len(days)} trading days, {first} to {last}"


def _usual_holes(table: SessionCoverage, there: IntColumn) -> IntColumn:
    """How many bars on end the sessions around each one usually lack.

    Where these are liquid the second longest holes say so, so that one great hole in each session (a pause, or a fault)
    does not pass for usual; elsewhere the longest, since there are few bars to be apart.
    """
    length = table.series.length
    liquid = _usual(table.bars[there] * 100 // table.possible[there]) >= LIQUID_PERCENT
    longest, second = -(-table.hole[there] // length), -(-table.second[there] // length)
    usual = np.where(liquid, _usual(second), _usual(longest))
    # A session with many holes has turned quiet, as contracts do before they expire; a fault makes one or two.
    return np.where(table.holes[there] >= HOLES_OF_QUIET, np.maximum(usual, second), usual)


def _missing_bars(table: SessionCoverage, there: IntColumn, limits: IntColumn, log: FindingLog) -> None:
    """The longest stretch of each session, less what most sessions lack at that time of day."""
    length = table.series.length
    begin, end = table.hole_begin[there], table.hole_end[there]
    missing = -(-table.hole[there] // length)
    rows = np.flatnonzero((missing > limits) & (missing - _of_pauses(table, there) // length > limits))
    log.add(
        "MISSING_BARS",
        begin[rows],
        lambda i: (
            f"{_many(missing[rows[i]], table.series.span.value)} missing from {time_text(int(begin[rows[i]]))}"
            f" to {time_text(int(end[rows[i]]))}; stretches of up to {int(limits[rows[i]])} are usual"
        ),
    )


def _of_pauses(table: SessionCoverage, there: IntColumn) -> IntColumn:
    """How much of each session's longest hole lies in slices of the day that more than half of the sessions lack."""
    midnight = table.grid.local_midnight(table.grid.days[there]) - _SLICES_OF_A_DAY // 2 * _SLICE
    lacking = np.zeros((len(there), _SLICES_OF_A_DAY + 1), dtype=np.int32)
    edges = []
    for begin, end in ((table.hole_begin, table.hole_end), (table.second_begin, table.second_end)):
        low, high = -((midnight - begin[there]) // _SLICE), (end[there] - midnight) // _SLICE
        some = (end[there] > begin[there]) & (high > low)
        low, high = (np.clip(np.where(some, edge, 0), 0, _SLICES_OF_A_DAY) for edge in (low, high))
        np.add.at(lacking, (np.arange(len(there)), low), 1)
        np.subtract.at(lacking, (np.arange(len(there)), high), 1)
        edges.append((low, high))
    inside = np.cumsum(lacking, axis=1)[:, :-1] > 0
    if len(there) < FEWEST_SESSIONS_OF_A_PAUSE:
        return np.zeros(len(there), dtype=np.int64)
    pause = inside.sum(axis=0) * 2 > len(there)
    before = np.concatenate([[0], np.cumsum(pause)])
    low, high = edges[0]
    return np.asarray((before[high] - before[low]) * _SLICE)


def _late_starts(table: SessionCoverage, there: IntColumn, limits: IntColumn, log: FindingLog) -> None:
    """Sessions of the window whose first bar comes late."""
    opens, first = table.grid.opens[there], table.first[there]
    late = table.series.pauses.trading_time(opens, first) // table.series.length
    limits = np.maximum(limits, TIMES_USUAL * _usual(late))
    rows = np.flatnonzero(late > limits)
    rows = rows[opens[rows] >= table.series.first]
    log.add(
        "LATE_START",
        first[rows],
        lambda i: (
            f"the first bar comes {_many(late[rows[i]])} after the open at {time_text(int(opens[rows[i]]))};"
            f" up to {int(limits[rows[i]])} are usual"
        ),
    )


def _early_ends(table: SessionCoverage, there: IntColumn, limits: IntColumn, log: FindingLog) -> None:
    """Sessions of the window whose last bar ends early; a contract's last day ends with it."""
    closes, last = table.grid.closes[there], table.last[there]
    expires = table.series.instrument.expires_at
    if expires is not None:
        closes = np.where(table.grid.opens[there] < expires, np.minimum(closes, expires), closes)
    early = table.series.pauses.trading_time(np.minimum(last, closes), closes) // table.series.length
    limits = np.maximum(limits, TIMES_USUAL * _usual(early))
    rows = np.flatnonzero(early > limits)
    rows = rows[closes[rows] <= table.series.last]
    log.add(
        "EARLY_END",
        last[rows],
        lambda i: (
            f"the last bar ends {_many(early[rows[i]])} before the close at {time_text(int(closes[rows[i]]))};"
            f" up to {int(limits[rows[i]])} are usual"
        ),
    )


def _many(count: np.int64, span: str = "") -> str:
    """A number of bars in words; with a span, as the subject of a sentence."""
    words = f"{int(count)} {span} bar".replace("  ", " ") + ("" if count == 1 else "s")
    return words if not span else f"{words} {'is' if count == 1 else 'are'}"


def _usual(values: IntColumn) -> IntColumn:
    """The median of each session's value and those of the sessions around it; the lower one of two middle values."""
    usual = np.empty_like(values)
    for row in range(len(values)):
        near = np.sort(values[max(row - SESSIONS_AROUND, 0) : row + SESSIONS_AROUND + 1])
        usual[row] = near[(len(near) - 1) // 2]
    return usual
