"""Which interval a bar covers, worked out from its mark and the exchange's sessions."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.hours import EXCHANGES
from periscope.instruments.session_table import SessionTable
from periscope.instruments.sessions import sessions_for
from periscope.instruments.zones import local_to_utc
from periscope.market.columns import IntColumn, Mask
from periscope.market.importers.findings import ImportProblem

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
LENGTHS = {BarTimeSpan.SECOND: SECOND, BarTimeSpan.MINUTE: 60 * SECOND, BarTimeSpan.HOUR: HOUR}
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class SessionGrid:
    """An exchange's regular sessions around some data, as arrays: trading days since 1970-01-01, opens and closes.

    `part_opens` and `part_closes` are the stretches in which there is trading: a session without its breaks.
    """

    exchange: str
    zone: ZoneInfo
    days: IntColumn
    opens: IntColumn
    closes: IntColumn
    extended_opens: IntColumn
    extended_closes: IntColumn
    part_opens: IntColumn
    part_closes: IntColumn
    extended_part_opens: IntColumn
    extended_part_closes: IntColumn

    def index_of_day(self, days: IntColumn) -> tuple[IntColumn, Mask]:
        """The session of each trading day and whether there is one; the index is valid where there is."""
        return _place(self.days, days)

    def index_at(self, times: IntColumn) -> tuple[IntColumn, Mask]:
        """The session that contains each time and whether one does."""
        return _inside(self.opens, self.closes, times)

    def part_at(self, times: IntColumn) -> tuple[IntColumn, Mask]:
        """The stretch of trading that contains each time, or else the next one, and whether one does."""
        return _inside(self.part_opens, self.part_closes, times)

    def in_extended_hours(self, times: IntColumn) -> Mask:
        """Which times lie in a session with extended hours, and in none of its breaks."""
        return _inside(self.extended_part_opens, self.extended_part_closes, times)[1]

    def local_midnight(self, days: IntColumn) -> IntColumn:
        """When each day begins on the exchange's wall clock, microseconds UTC."""
        return local_to_utc(days * 86_400, self.zone) * SECOND

    def local_day(self, times: IntColumn) -> IntColumn:
        """Which day the exchange's wall clock shows, in days since 1970-01-01."""
        guess = times // DAY
        guess = guess - 1 + (self.local_midnight(guess) <= times)
        return guess + (self.local_midnight(guess + 1) <= times)


def session_grid(exchange: str, first: int, last: int, *, zone: ZoneInfo | None = None) -> SessionGrid:
    """The sessions of an exchange from about a week before `first` to a week after `last` (microseconds UTC).

    Raises `ImportProblem` UNKNOWN_EXCHANGE if there is no session table for it and `zone` does not tell its clock, with
    which the grid is empty. Where the table ends, so does the grid.
    """
    hours = EXCHANGES.get(exchange)
    if hours is None and zone is not None:
        return SessionGrid(exchange, zone, *_columns(None), *_columns(None)[1:], *_parts(None), *_parts(None))
    if hours is None:
        known = ", ".join(sorted(EXCHANGES))
        raise ImportProblem(
            "UNKNOWN_EXCHANGE", f"no session table for exchange {exchange!r}; known codes: {known}", exit_code=2
        )
    sessions, extended = sessions_for(exchange), sessions_for(exchange, extended=True)
    low = max(_day(first) - timedelta(days=8), hours.first_day)
    high = min(_day(last) + timedelta(days=8), hours.last_day)
    between = sessions.day_bounds(low)[0], sessions.day_bounds(high)[0]
    found, longer = (each.table_between(*between) if low < high else None for each in (sessions, extended))
    zone = ZoneInfo(hours.zone)
    return SessionGrid(exchange, zone, *_columns(found), *_columns(longer)[1:], *_parts(found), *_parts(longer))


def _columns(table: SessionTable | None) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Trading days, opens and closes of some sessions."""
    if table is None:
        none = np.empty(0, dtype=np.int64)
        return none, none, none
    return table.days.astype(np.int64), table.opens, table.closes


def _parts(table: SessionTable | None) -> tuple[IntColumn, IntColumn]:
    """Where the stretches of trading of some sessions begin and end."""
    _, opens, closes = _columns(table)
    if table is None or len(table.break_starts) == 0:
        return opens, closes
    begins, ends = np.concatenate([opens, table.break_ends]), np.concatenate([closes, table.break_starts])
    return np.sort(begins), np.sort(ends)


def day_intervals(days: IntColumn, grid: SessionGrid) -> tuple[IntColumn, IntColumn]:
    """Start and end of the DAY bars of some trading days: the session, or the whole local day where there is none."""
    index, known = grid.index_of_day(days)
    start, end = grid.local_midnight(days), grid.local_midnight(days + 1)
    start[known], end[known] = grid.opens[index[known]], grid.closes[index[known]]
    return start, end


def hour_intervals(marks: IntColumn, grid: SessionGrid) -> tuple[IntColumn, IntColumn]:
    """Start and end of HOUR bars from their first moments, which ascend.

    A bar ends at the next full hour, at the session's close, or at a break that lasts beyond the hour. A bar marked
    before the session's open that is its day's first begins at the open (09:00 stands for 09:30 to 10:00); with bars
    before it, the data has hours before the open, and the bar counts as a whole hour. One marked in a break begins when
    that is over. A bar that begins between two marks (09:30) is an hour long unless the next one begins sooner: some
    vendors count hours from the open, and the later end is the safe one.
    """
    start, end = marks.copy(), marks + HOUR
    off_mark = np.flatnonzero(marks % HOUR != 0)
    following = off_mark[off_mark + 1 < len(marks)]
    end[following] = np.minimum(end[following], np.maximum(marks[following + 1], marks[following] + 1))
    first_of_day = np.diff(grid.local_day(marks), prepend=-(2**40)) != 0
    if len(grid.opens) > 0:
        opens = grid.part_opens[grid.part_at(marks)[0]]
        paused = grid.index_at(marks)[1]
        clamp = (first_of_day | paused) & (marks < opens) & (opens < marks + HOUR)
        start[clamp] = opens[clamp]
    return start, cut_at_close(start, end, grid)


def cut_at_close(start: IntColumn, end: IntColumn, grid: SessionGrid) -> IntColumn:
    """The ends, none later than the close of the session in which the bar starts, and none in a break of it."""
    index, inside = grid.index_at(start)
    cut = end.copy()
    cut[inside] = np.minimum(end[inside], grid.closes[index[inside]])
    ceases = grid.part_closes[np.searchsorted(grid.part_opens, cut[inside]) - 1]
    cut[inside] = np.where(ceases > start[inside], np.minimum(cut[inside], ceases), cut[inside])
    return cut


def _inside(opens: IntColumn, closes: IntColumn, times: IntColumn) -> tuple[IntColumn, Mask]:
    index = np.minimum(np.searchsorted(closes, times, side="right"), max(len(closes) - 1, 0))
    if len(closes) == 0:
        return index, np.zeros(len(times), dtype=np.bool_)
    return index, np.asarray((opens[index] <= times) & (times < closes[index]))


def _place(known: IntColumn, wanted: IntColumn) -> tuple[IntColumn, Mask]:
    if len(known) == 0:
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    index = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return index, known[index] == wanted


def _day(at: int) -> date:
    return date(1970, 1, 1) + timedelta(days=at // DAY)
