"""The rows of LEAN's files as bars: marks to intervals, text to scaled integers.

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

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.zones import local_to_utc
from periscope.market.columns import IntColumn, Mask
from periscope.market.importers.exact import numbers
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
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.rows import Block, Rows, read_block
from periscope.market.importers.table import read_rows

_MINUTE = 60 * SECOND


def read_entry(data: bytes, source: LeanFile, name: str, findings: Findings) -> Block:
    """The rows of one csv as text; those with too few or too many fields are findings.

    Their times are marks on the file's clock, microseconds since 1970-01-01.
    """
    # The fields after the mark stand in the order of our columns.
    kind, order = source.rows, source.rows.NAMES[2:]
    text = read_rows(data, ",", 1 + len(order), file=name, first_line=1, findings=findings)
    marks, marked = _marks(text.columns[0], source)
    fields = dict(zip(order, text.columns[1:], strict=True))
    return Block(
        times=marks,
        timed=marked,
        stamps=text.columns[0],
        prices=tuple(fields[field] for field in kind.PRICES),
        sizes=tuple(fields[field] for field in kind.SIZES),
        lines=text.lines,
        exponents=text.exponents,
        kind=kind,
    )


def entry_rows(block: Block, source: LeanFile, name: str, *, scaled_by: int, findings: Findings) -> Rows:
    """The readable rows of one csv; the others are findings. `scaled_by`: 4 where the file holds prices x 10000."""
    # LEAN scales equity prices by 10,000: their integers are ours at four decimals, a fraction of one needs more.
    rows = read_block(block, NumberStyle(source.path, "."), name, findings)
    return replace(rows, price_scale=rows.price_scale + scaled_by)


def _marks(column: pl.Series, source: LeanFile) -> tuple[IntColumn, Mask]:
    if source.day is None:
        parsed = column.str.strptime(pl.Datetime("us"), "%Y%m%d %H:%M", strict=False)
        return parsed.fill_null(datetime(1970, 1, 1)).to_physical().to_numpy(), parsed.is_not_null().to_numpy()  # noqa: DTZ001
    found = numbers([column], most=0)
    milliseconds, ok = found.values[0], found.ok[0]
    ok = ok & (milliseconds >= 0) & (milliseconds < 86_400_000)
    return (source.day.toordinal() - EPOCH_ORDINAL) * 86_400 * SECOND + milliseconds * 1000, ok


def to_utc(marks: IntColumn, zone: ZoneInfo) -> IntColumn:
    """Marks on a zone's wall clock as microseconds since 1970-01-01 UTC."""
    return local_to_utc(marks // SECOND, zone) * SECOND + marks % SECOND


def equity_intervals(rows: Rows, span: BarTimeSpan, grid: SessionGrid) -> tuple[IntColumn, IntColumn]:
    """Start and end of equity bars."""
    if span is BarTimeSpan.DAY:
        return day_intervals(rows.times // (24 * HOUR), grid)
    marks = to_utc(rows.times, NEW_YORK)
    if span is BarTimeSpan.HOUR:
        return hour_intervals(marks, grid)
    return marks, marks + LENGTHS[span]


def future_intervals(
    rows: Rows,
    span: BarTimeSpan,
    grid: SessionGrid,
    hours: FutureHours,
    *,
    expires_at: int | None,
    regular_only: frozenset[int],
) -> tuple[IntColumn, IntColumn]:
    """Start and end of futures bars. `regular_only`: dates of the data's clock whose rows hold regular hours alone."""
    if span is BarTimeSpan.DAY:
        days = [date.fromordinal(number + EPOCH_ORDINAL) for number in (rows.times // (24 * HOUR)).tolist()]
        pairs = [_future_day(day, hours, grid, expires_at) for day in days]
        return np.array([pair[0] for pair in pairs], dtype=np.int64), np.array(
            [pair[1] for pair in pairs], dtype=np.int64
        )
    start = to_utc(rows.times, hours.data_zone)
    if span is not BarTimeSpan.HOUR:
        return start, start + LENGTHS[span]
    end = start + HOUR
    opens = _moments(grid.local_day(start), hours.opens, hours.zone)
    of_regular_day = np.isin(rows.times // (24 * HOUR), list(regular_only))
    late = of_regular_day & (start < opens) & (opens < end)
    start = np.where(late, opens, start)
    return start, cut_at_close(start, end, grid)


def interest_intervals(rows: Rows, span: BarTimeSpan, zone: ZoneInfo) -> tuple[IntColumn, IntColumn]:
    """Start and end of the intervals in which open interest was last told: minutes, hours or days of the data's clock.

    The minute files show that an hour's or a day's row holds the last figure told in it: it is known at its end.
    """
    if span is BarTimeSpan.DAY:
        days = rows.times // (24 * HOUR) * (24 * HOUR)
        return to_utc(days, zone), to_utc(days + 24 * HOUR, zone)
    start = to_utc(rows.times, zone)
    return start, start + LENGTHS[span]


def regular_only_dates(marks: IntColumn, hours: FutureHours) -> frozenset[int]:
    """The dates (days since 1970-01-01 on the data's clock) without a row before the hour in which the market opens.

    `marks` are those of the rows of all contracts.
    """
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
