"""The rows of LEAN's trade files as bars: marks to intervals, text to scaled integers.

What the marks mean was found by comparing each resolution with the minute files (docs/data-import.md):

- minute and second: start = midnight of the file's date + milliseconds; midnight is New York for equities, UTC for CME.
- equity hour: the full hour in New York; the row marked 09:00 begins at 09:30; a half day's last row ends at its
  close.
- equity daily: the regular session of the date.
- future hour: the full hour in UTC; on dates with regular hours only (no row before 09:00 New York on that UTC date for
  any contract) the row marked 09:00 New York begins at 09:30.
- future daily: 09:30 to 17:00 New York of the date, early closes included; the evening before is *not* in it. A
  Sunday's row, or one of a date on which trading begins in the evening only, holds the evening up to midnight UTC,
  where the minute files of one date end. It belongs to the next trading day. A row of the expiry date holds the last
  moments before the contract stops trading at 09:30.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.zones import local_to_utc
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.importers.exact import Mask, numbers
from periscope.market.importers.findings import Findings
from periscope.market.importers.intervals import (
    EPOCH_ORDINAL,
    HOUR,
    LENGTHS,
    SECOND,
    SessionGrid,
    cut_at_close,
    day_intervals,
    hour_intervals,
)
from periscope.market.importers.lean_facts import NEW_YORK, FutureHours
from periscope.market.importers.lean_files import LeanFile
from periscope.market.importers.table import TextRows, read_rows

_COLUMNS = 6
_MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class LeanRows:
    """Rows of one entry before their intervals are known: marks on the file's clock, microseconds since 1970-01-01."""

    marks: IntColumn
    prices: tuple[IntColumn, IntColumn, IntColumn, IntColumn]
    volume: IntColumn
    price_scale: int
    volume_scale: int
    lines: IntColumn
    file: str

    def __len__(self) -> int:
        return len(self.marks)


def parse_entry(data: bytes, source: LeanFile, name: str, *, scaled_by: int, findings: Findings) -> LeanRows:
    """The readable rows of one csv; the others are findings. `scaled_by`: 4 where the file holds prices x 10000."""
    rows = read_rows(data, ",", _COLUMNS, file=name, first_line=1, findings=findings)
    marks, marked = _marks(rows.columns[0], source)
    # LEAN scales equity prices by 10,000: their integers are ours at four decimals, a fraction of one needs more.
    prices = numbers(rows.columns[1:5])
    volume = numbers(rows.columns[5:6])
    priced = np.logical_and.reduce(prices.ok)
    counted = volume.ok[0] & (volume.values[0] >= 0)
    _report(rows, ~marked, "BAD_TIME", 0, name, findings)
    _report(rows, marked & ~priced, "BAD_PRICE", slice(1, 5), name, findings)
    _report(rows, marked & priced & ~counted, "BAD_VOLUME", 5, name, findings)
    keep = marked & priced & counted
    open_, high, low, close = (column[keep] for column in prices.values)
    return LeanRows(
        marks[keep],
        (open_, high, low, close),
        volume.values[0][keep],
        prices.scale + scaled_by,
        volume.scale,
        rows.lines[keep],
        name,
    )


def _marks(column: pl.Series, source: LeanFile) -> tuple[IntColumn, Mask]:
    if source.day is None:
        parsed = column.str.strptime(pl.Datetime("us"), "%Y%m%d %H:%M", strict=False)
        return parsed.fill_null(datetime(1970, 1, 1)).to_physical().to_numpy(), parsed.is_not_null().to_numpy()  # noqa: DTZ001
    found = numbers([column], most=0)
    milliseconds, ok = found.values[0], found.ok[0]
    ok = ok & (milliseconds >= 0) & (milliseconds < 86_400_000)
    return (source.day.toordinal() - EPOCH_ORDINAL) * 86_400 * SECOND + milliseconds * 1000, ok


def _report(rows: TextRows, which: Mask, code: str, columns: slice | int, name: str, findings: Findings) -> None:
    if not bool(which.any()):
        return
    chosen = rows.columns[columns] if isinstance(columns, slice) else (rows.columns[columns],)
    at = np.flatnonzero(which).tolist()
    findings.add_rows(
        code,
        name,
        (int(rows.lines[row]) for row in at),
        lambda i: f"can't use {', '.join(repr(column[at[i]]) for column in chosen)}",
    )


def to_utc(marks: IntColumn, zone: ZoneInfo) -> IntColumn:
    """Marks on a zone's wall clock as microseconds since 1970-01-01 UTC."""
    return local_to_utc(marks // SECOND, zone) * SECOND + marks % SECOND


def equity_intervals(rows: LeanRows, span: BarTimeSpan, grid: SessionGrid) -> tuple[IntColumn, IntColumn]:
    """Start and end of equity bars."""
    if span is BarTimeSpan.DAY:
        return day_intervals(rows.marks // (24 * HOUR), grid)
    marks = to_utc(rows.marks, NEW_YORK)
    if span is BarTimeSpan.HOUR:
        return hour_intervals(marks, grid)
    return marks, marks + LENGTHS[span]


def future_intervals(
    rows: LeanRows,
    span: BarTimeSpan,
    grid: SessionGrid,
    hours: FutureHours,
    *,
    expires_at: int | None,
    regular_only: frozenset[int],
) -> tuple[IntColumn, IntColumn]:
    """Start and end of futures bars. `regular_only`: dates of the data's clock whose rows hold regular hours alone."""
    if span is BarTimeSpan.DAY:
        days = [date.fromordinal(number + EPOCH_ORDINAL) for number in (rows.marks // (24 * HOUR)).tolist()]
        pairs = [_future_day(day, hours, grid, expires_at) for day in days]
        return np.array([pair[0] for pair in pairs], dtype=np.int64), np.array(
            [pair[1] for pair in pairs], dtype=np.int64
        )
    start = to_utc(rows.marks, hours.data_zone)
    if span is not BarTimeSpan.HOUR:
        return start, start + LENGTHS[span]
    end = start + HOUR
    opens = _moments(grid.local_day(start), hours.opens, hours.zone)
    of_regular_day = np.isin(rows.marks // (24 * HOUR), list(regular_only))
    late = of_regular_day & (start < opens) & (opens < end)
    start = np.where(late, opens, start)
    return start, cut_at_close(start, end, grid)


def regular_only_dates(entries: list[LeanRows], hours: FutureHours) -> frozenset[int]:
    """The dates (days since 1970-01-01 on the data's clock) without a row before the hour in which the market opens."""
    marks = np.unique(np.concatenate([rows.marks for rows in entries])) if entries else np.empty(0, dtype=np.int64)
    days = marks // (24 * HOUR)
    opens = to_utc(days * 24 * HOUR + _seconds(hours.opens) * SECOND, hours.zone)
    before = days[to_utc(marks, hours.data_zone) + HOUR <= opens]
    return frozenset(np.setdiff1d(days, before).tolist())


def _future_day(day: date, hours: FutureHours, grid: SessionGrid, expires_at: int | None) -> tuple[int, int]:
    late = hours.late_opens.get(day)
    midnight = _moment(day + timedelta(days=1), time(0), hours.data_zone)
    if day.weekday() == 6 or (late is not None and late >= hours.evening):
        return _moment(day, late or hours.evening, hours.zone), midnight
    start, end = _moment(day, hours.opens, hours.zone), _moment(day, hours.closes, hours.zone)
    early = hours.early_closes.get(day)
    if early is not None and early > hours.opens:
        end = min(end, _moment(day, early, hours.zone))
    index, known = grid.index_of_day(np.array([day.toordinal() - EPOCH_ORDINAL], dtype=np.int64))
    if known[0] and grid.closes[index[0]] > start:
        end = min(end, int(grid.closes[index[0]]))
    if expires_at is not None and start < expires_at + _MINUTE and end > expires_at:
        # The contract stops trading as these hours open: the row is its last moments.
        return min(start, expires_at - _MINUTE), expires_at
    return start, end


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, at, zone).timestamp()) * SECOND


def _moments(days: IntColumn, at: time, zone: ZoneInfo) -> IntColumn:
    return to_utc(days * 24 * HOUR + _seconds(at) * SECOND, zone)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def as_bars(rows: LeanRows, start: IntColumn, end: IntColumn) -> BarColumns:
    """The rows with their intervals."""
    return BarColumns(start, end, *rows.prices, rows.volume)
