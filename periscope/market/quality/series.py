"""What every rule needs to know of the series that it looks at."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.intervals import LENGTHS, SessionGrid, session_grid


@dataclass(frozen=True, slots=True)
class Pauses:
    """The breaks inside of sessions, ascending: begins and ends, microseconds since 1970-01-01 UTC."""

    begins: IntColumn
    ends: IntColumn

    def trading_time(self, since: IntColumn, until: IntColumn) -> IntColumn:
        """How much time lies between two times of a session, its breaks left out."""
        return until - since - (self._paused_by(until) - self._paused_by(since))

    def _paused_by(self, times: IntColumn) -> IntColumn:
        """How long all breaks have lasted up to each time."""
        if len(self.begins) == 0:
            return np.zeros_like(times)
        whole = np.concatenate([[0], np.cumsum(self.ends - self.begins)])
        begun = np.searchsorted(self.begins, times, side="right")
        left = np.maximum(self.ends[np.maximum(begun - 1, 0)] - times, 0)
        return np.asarray(whole[begun] - np.where(begun > 0, left, 0))


@dataclass(frozen=True, slots=True)
class Series:
    """One instrument's bars at one span in a window, microseconds since 1970-01-01 UTC.

    `grid` holds the exchange's regular sessions around the window, `pauses` the breaks inside them. The grid is None
    for an exchange without a table, and ends where the table ends.
    """

    instrument: Instrument
    span: BarTimeSpan
    first: int
    last: int
    grid: SessionGrid | None
    pauses: Pauses

    @property
    def intraday(self) -> bool:
        """Whether there are many bars in a session."""
        return self.span is not BarTimeSpan.DAY

    @property
    def length(self) -> int:
        """How long a bar lasts, in microseconds; a day for DAY bars."""
        return LENGTHS.get(self.span, 86_400_000_000)

    @property
    def tick(self) -> int:
        """One tick as a scaled integer, at least 1."""
        return max(int(self.instrument.tick.scaleb(self.instrument.price_scale)), 1)

    def price(self, scaled: int) -> str:
        """A scaled price in words."""
        return price_text(scaled, self.instrument.price_scale)


def price_text(scaled: int, scale: int) -> str:
    """A scaled integer as a decimal: 12345 with scale 2 is 123.45."""
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(scale + 1, "0")
    return f"{sign}{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}" if scale > 0 else sign + digits


def series_of(instrument: Instrument, span: BarTimeSpan, first: int, last: int) -> Series:
    """The series with the sessions of its exchange, if they are known."""
    try:
        grid = session_grid(instrument.exchange, first, last)
    except ImportProblem:
        grid = None
    if grid is None or len(grid.opens) == 0:
        none = np.empty(0, dtype=np.int64)
        return Series(instrument, span, first, last, None, Pauses(none, none))
    table = sessions_for(instrument.exchange).table_between(int(grid.opens[0]), int(grid.closes[-1]))
    return Series(instrument, span, first, last, grid, Pauses(table.break_starts, table.break_ends))


@dataclass(frozen=True, slots=True)
class Visits:
    """The sessions that some ascending bars lie in: session numbers, and for each the rows [begin, stop)."""

    session: IntColumn
    begin: IntColumn
    stop: IntColumn


def visits(grid: SessionGrid, starts: IntColumn) -> Visits:
    """Which sessions have bars that start in them. Looks for the few sessions in the many bars."""
    low = int(np.searchsorted(grid.closes, starts[0], side="right"))
    high = int(np.searchsorted(grid.opens, starts[-1], side="right"))
    session = np.arange(low, max(high, low), dtype=np.int64)
    begin = np.searchsorted(starts, grid.opens[low : low + len(session)])
    stop = np.searchsorted(starts, grid.closes[low : low + len(session)])
    some = stop > begin
    return Visits(session[some], begin[some], stop[some])


class BarRule(Protocol):
    """A rule that sees a series' bars in ascending pieces, and says at the end what it has left."""

    def feed(self, bars: BarColumns) -> None:
        """Look at the next bars; at least one."""

    def finish(self) -> None:
        """The series is over."""
