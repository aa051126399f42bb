"""Time stamps as text: find out once how a file writes them, then read them in bulk."""

import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl

from periscope.market.columns import IntColumn, Mask
from periscope.market.importers.findings import ImportProblem

_CLOCK = r"(?P<clock>[T ,]+\d{1,2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>[.,]\d{1,9})?)?)?\s*(?P<half>[AaPp][Mm])?"
_ZONE = r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_YEAR_FIRST = re.compile(r"\d{4}(?P<sep>[-/.])\d{1,2}(?P=sep)\d{1,2}" + _CLOCK + _ZONE)
_YEAR_LAST = re.compile(r"\d{1,2}(?P<sep>[-/.])\d{1,2}(?P=sep)\d{4}" + _CLOCK + _ZONE)
_COMPACT = re.compile(r"(?:19|20)\d{6}" + _CLOCK + _ZONE)
_COMPACT_CLOCK = re.compile(r"(?:19|20)\d{6}(?P<sep>[T ;_-]?)(?P<clock>\d{6}|\d{4})")
_EPOCH = re.compile(r"\d{9,19}")
_EPOCH_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
EARLIEST, LATEST = -2_208_988_800_000_000, 4_133_980_800_000_000
_SAMPLE = 200
_FEW_OFFSETS = 8
_FRACTION = "%.f"
_OFFSET = re.compile(r"\s*(?:Z|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimeReader:
    """How a file writes its times: a strptime format, or the unit of a number of units since 1970-01-01.

    `zoned` says that the stamps are moments (they carry an offset, or are epochs); without it they are wall-clock
    times. `dates` says that they are dates without a time of day.
    """

    pattern: str | None
    unit: str | None
    zoned: bool
    dates: bool

    def read(self, column: pl.Series) -> tuple[IntColumn, Mask]:
        """Microseconds since 1970-01-01, on UTC's or the wall's clock, and which rows could be read (others hold 0)."""
        if self.unit is not None:
            return _epochs(column, self.unit)
        assert self.pattern is not None
        text = column.str.strip_chars()
        times = _with_common_offsets(text, self.pattern) if self.zoned else None
        if times is None:
            if self.zoned:
                text = text.str.replace(r"\s*(?:z|UTC|GMT)$", "Z")
                kind = pl.Datetime("us", "UTC")
                times = text.str.strptime(kind, self.pattern, strict=False, cache=False).to_physical()
            else:
                times = _clock_times(text, self.pattern)
        if times.null_count() == 0 and times.is_between(EARLIEST, LATEST).all():
            return times.to_numpy(), np.ones(len(times), dtype=np.bool_)
        ok = (times.is_not_null() & times.is_between(EARLIEST, LATEST)).fill_null(value=False).to_numpy()
        return np.where(ok, times.fill_null(0).to_numpy(), 0), ok


def time_reader(column: pl.Series, path: Path, *, date_format: str | None) -> TimeReader:
    """Find out how times are written from the first ones; dates like 03/04/2020 need `date_format`.

    Raises `ImportProblem` AMBIGUOUS_DATES or UNKNOWN_DATES (exit code 2).
    """
    if date_format is not None:
        dates = not re.search(r"%[HIMSTRXfs]", date_format)
        return TimeReader(date_format, None, bool(re.search(r"%#?:?z", date_format)), dates)
    text = column.drop_nulls().str.strip_chars()
    sample = text.filter(text != "").head(_SAMPLE).to_list()
    readers = [reader for reader in (_reader(value, text, path) for value in sample) if reader is not None]
    if not readers:
        shown = f" such as {sample[0]!r}" if sample else ""
        raise ImportProblem(
            "UNKNOWN_DATES", f"{path}: can't tell how times are written{shown}; say so with --date-format", exit_code=2
        )
    return max(readers, key=readers.count)


def time_zone(name: str) -> ZoneInfo:
    """A time zone by name; raises `ImportProblem` UNKNOWN_TIME_ZONE."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImportProblem(
            "UNKNOWN_TIME_ZONE", f"no time zone {name!r}; names are like America/New_York or UTC", exit_code=2
        ) from None


def wall_to_utc(times: IntColumn, zone: ZoneInfo) -> tuple[IntColumn, Mask]:
    """Wall-clock microseconds as UTC, and which of them the clock showed exactly once (others hold 0)."""
    naive = pl.Series(times).cast(pl.Datetime("us"))
    placed = naive.dt.replace_time_zone(zone.key, ambiguous="null", non_existent="null").to_physical()
    return placed.fill_null(0).to_numpy(), placed.is_not_null().to_numpy()


def _with_common_offsets(text: pl.Series, pattern: str) -> pl.Series | None:
    """Stamps that end in one of a few offsets as microseconds UTC, None where they do not, or one can't be read.

    Reading each offset anew takes many times as long.
    """
    clock, gap, _ = pattern.partition("%#z")
    clock = clock.rstrip(" ") if gap else clock
    first = text[0] if len(text) > 0 else None
    match = None if first is None else re.search(r"\s*(?:Z|[+-]\d{2}:?\d{2})$", first)
    if match is None or not gap:
        return None
    length = len(match.group())
    endings = text.str.tail(length)
    found = endings.unique().to_list()
    if len(found) > _FEW_OFFSETS or not all(_OFFSET.fullmatch(ending or "") for ending in found):
        return None
    times = _clock_times(text.str.head(-length), clock)
    if times.null_count() > 0:
        return None
    offsets = {ending: _offset(ending) for ending in found}
    if len(found) == 1:
        return times - offsets[found[0]]
    return times - endings.replace_strict(offsets, return_dtype=pl.Int64)


def _clock_times(text: pl.Series, pattern: str) -> pl.Series:
    """Wall-clock microseconds, null where unreadable; stamps without fractions of a second are read much faster."""
    kind = pl.Datetime("us")
    if _FRACTION in pattern and len(text) > 0 and "." not in (text[0] or ""):
        plain = text.str.strptime(kind, pattern.replace(_FRACTION, ""), strict=False, cache=False).to_physical()
        if plain.null_count() == 0:
            return plain
    return text.str.strptime(kind, pattern, strict=False, cache=False).to_physical()


def _offset(text: str) -> int:
    """An offset such as Z or -05:00 in microseconds."""
    match = _OFFSET.fullmatch(text)
    assert match is not None
    if match["hours"] is None:
        return 0
    seconds = int(match["hours"]) * 3_600 + int(match["minutes"]) * 60
    return (-seconds if match["sign"] == "-" else seconds) * 1_000_000


def _epochs(column: pl.Series, unit: str) -> tuple[IntColumn, Mask]:
    units = column.str.strip_chars().cast(pl.Int64, strict=False)
    values, ok = units.fill_null(0).to_numpy(), units.is_not_null().to_numpy()
    micros = values // 1_000 if unit == "ns" else values * np.int64(_EPOCH_UNITS[unit])
    fits = ok & (np.abs(values) < 2**63 // (1 if unit == "ns" else _EPOCH_UNITS[unit]))
    fits &= (micros >= EARLIEST) & (micros <= LATEST)
    return np.where(fits, micros, 0), fits


def _reader(value: str, column: pl.Series, path: Path) -> TimeReader | None:
    """How one stamp is written; `column` holds all of them, to tell days from months."""
    if (match := _COMPACT_CLOCK.fullmatch(value)) and (match["sep"] or len(value) in {12, 14}):
        clock = "%H%M%S" if len(match["clock"]) == 6 else "%H%M"
        return TimeReader(f"%Y%m%d{match['sep']}{clock}", None, zoned=False, dates=False)
    if _EPOCH.fullmatch(value):
        number = int(value)
        unit = "s" if number < 10**11 else "ms" if number < 10**14 else "us" if number < 10**17 else "ns"
        return TimeReader(None, unit, zoned=True, dates=False)
    if match := _YEAR_FIRST.fullmatch(value):
        return _with_clock(f"%Y{match['sep']}%m{match['sep']}%d", match, value)
    if match := _COMPACT.fullmatch(value):
        return _with_clock("%Y%m%d", match, value)
    if match := _YEAR_LAST.fullmatch(value):
        return _with_clock(_day_or_month_first(column, match["sep"], path), match, value)
    return None


def _with_clock(pattern: str, match: re.Match[str], value: str) -> TimeReader:
    zone = "" if match["zone"] is None else "%#z"
    if match["clock"] is None:
        return TimeReader(pattern, None, zoned=False, dates=True)
    between = re.match(r"[T ,]+", match["clock"])
    assert between is not None
    hours = "%H:%M" if match["half"] is None else "%I:%M"
    seconds = "" if match["seconds"] is None else "%S%.f"
    half = "" if match["half"] is None else (" %p" if value[match.start("half") - 1] == " " else "%p")
    gap = " " if zone and match["zone"][0] in "+-" and value[match.start("zone") - 1] == " " else ""
    clock = between.group() + hours + (":" + seconds if seconds else "") + half
    return TimeReader(pattern + clock + gap + zone, None, zoned=bool(zone), dates=False)


def _day_or_month_first(column: pl.Series, sep: str, path: Path) -> str:
    first = column.str.extract(r"^(\d{1,2})[-/.]\d{1,2}[-/.]\d{4}").cast(pl.Int64, strict=False).max()
    second = column.str.extract(r"^\d{1,2}[-/.](\d{1,2})[-/.]\d{4}").cast(pl.Int64, strict=False).max()
    days_first, months_first = isinstance(first, int) and first > 12, isinstance(second, int) and second > 12
    if days_first == months_first:
        example = column.drop_nulls().head(1).to_list()
        raise ImportProblem(
            "AMBIGUOUS_DATES",
            f"{path}: {example[0]!r} may be month first or day first; say which with --date-format, such as"
            f" %m{sep}%d{sep}%Y or %d{sep}%m{sep}%Y, with %H:%M if the time of day follows",
            exit_code=2,
        )
    return f"%d{sep}%m{sep}%Y" if days_first else f"%m{sep}%d{sep}%Y"
