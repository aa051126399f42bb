"""How bars enter a catalog: checks, merging with what is there, and the files that result."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import (
    GROUP_ROWS,
    LARGEST,
    PRICES,
    joined,
    read_bar_file,
    rescaled,
    sha256_of,
    take,
    write_bar_file,
)
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn
from periscope.market.durable import TEMPORARY_SUFFIX, sync_file
from periscope.market.errors import BarsRefusedError
from periscope.market.manifest import BarFile

MERGE_ROWS = 1_048_576
MERGE_FILES = 8
"""A year's files that overlap no new bars are joined with them once there are this many, up to so many rows in all."""

_OUR_FILE = re.compile(r"\d{4}-[0-9a-f]{12}\.parquet")


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of the bars given to `Catalog.write_bars`: their number by fate."""

    added: int = 0
    unchanged: int = 0
    replaced: int = 0

    def __add__(self, other: "WriteReport") -> "WriteReport":
        return WriteReport(self.added + other.added, self.unchanged + other.unchanged, self.replaced + other.replaced)


@dataclass(frozen=True, slots=True)
class Merged:
    """New bars joined with stored ones; `differing` are the starts where both have a bar and the bars differ."""

    bars: BarColumns
    report: WriteReport
    differing: IntColumn


def check_bars(bars: BarColumns) -> None:
    """Raise `BarsRefusedError` unless the bars ascend strictly by start, end after they start, and fit the format."""
    columns = {name: getattr(bars, name) for name in ("start", "end", *PRICES, "volume")}
    for name, column in columns.items():
        if column.dtype != np.int64 or column.ndim != 1 or len(column) != len(bars.start):
            raise BarsRefusedError(
                f"column {name} has type {column.dtype} and {len(column)} rows;"
                f" all columns need type int64 and {len(bars.start)} rows"
            )
    _refuse(bars, np.flatnonzero(bars.end <= bars.start), "ends when or before it starts")
    steps = np.diff(bars.start)
    _refuse(bars, np.flatnonzero(steps == 0) + 1, "has the same start as the bar before it: duplicates")
    _refuse(bars, np.flatnonzero(steps < 0) + 1, "starts before the bar before it: not sorted")
    for name in PRICES:
        _refuse(bars, np.flatnonzero(np.abs(columns[name]) > LARGEST), f"has more than 18 digits in {name}")
    off = (bars.volume < 0) & (bars.volume != UNKNOWN_VOLUME)
    _refuse(bars, np.flatnonzero(off | (bars.volume > LARGEST)), "has a negative volume or one of over 18 digits")


def _refuse(bars: BarColumns, rows: IntColumn, what: str) -> None:
    if len(rows) > 0:
        row = int(rows[0])
        raise BarsRefusedError(
            f"bar {row} (start {time_text(int(bars.start[row]))}) {what}; {len(rows)} such bars. Clean them first",
            row=row,
        )


def by_year(bars: BarColumns) -> list[tuple[int, BarColumns]]:
    """The bars of each calendar year (UTC, by start), ascending."""
    years = bars.start.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    borders = [0, *(np.flatnonzero(np.diff(years)) + 1).tolist(), len(bars)]
    return [(int(years[first]), take(bars, slice(first, until))) for first, until in pairwise(borders) if until > first]


def merge(stored: BarColumns, new: BarColumns) -> Merged:
    """Join new bars with stored ones, both ascending; where both have a bar the new one is taken."""
    place = np.searchsorted(stored.start, new.start)
    present = place < len(stored)
    present[present] = stored.start[place[present]] == new.start[present]
    at = place[present]
    same = np.ones(len(at), dtype=np.bool_)
    for name in ("end", *PRICES, "volume"):
        same &= getattr(stored, name)[at] == getattr(new, name)[present]
    keep = np.ones(len(stored), dtype=np.bool_)
    keep[at] = False
    bars = joined([take(stored, keep), new])
    bars = take(bars, np.argsort(bars.start, kind="stable"))
    differing = new.start[present][~same]
    report = WriteReport(added=len(new) - len(at), unchanged=int(np.count_nonzero(same)), replaced=len(differing))
    return Merged(bars, report, differing)


@dataclass(slots=True)
class Change:
    """What a write is about to do to one series, collected year by year: files made, files no longer current."""

    made: list[BarFile] = field(default_factory=list)
    gone: list[BarFile] = field(default_factory=list)
    report: WriteReport = field(default_factory=WriteReport)
    first_differing: int | None = None


def stage(
    root: Path,
    folder: str,
    stored: tuple[BarFile, ...],
    instrument: Instrument,
    bars: BarColumns,
    source: str,
    locate: Callable[[BarFile], Path],
) -> Change:
    """Write the files that new bars need; nothing refers to them yet. `locate` finds a stored file and checks it."""
    change = Change()
    for year, new in by_year(bars):
        old = joins(stored, year, new)
        parts = [read_at_scale(locate(file), file, instrument) for file in old]
        merged = merge(joined(parts), new)
        change.report += merged.report
        if change.first_differing is None and len(merged.differing) > 0:
            change.first_differing = int(merged.differing[0])
        if merged.report.added + merged.report.replaced > 0:
            sources = tuple(dict.fromkeys([*(line for file in old for line in file.sources), source]))
            change.made.append(store(root, folder, year, merged.bars, instrument, sources))
            change.gone += old
    return change


def superseded_path(root: Path, sha256: str) -> Path:
    """Where a file that is no longer current is kept."""
    return root / "superseded" / f"{sha256}.parquet"


def put_away(root: Path, path: Path, sha256: str) -> None:
    """Move a file that is no longer current to where a run that still reads it, or a verification, finds it."""
    target = superseded_path(root, sha256)
    target.parent.mkdir(exist_ok=True)
    path.replace(target)


def sweep(root: Path, folder: str, stored: tuple[BarFile, ...]) -> None:
    """Clear a series' folder of what a writer that died left behind; files that are not ours stay."""
    current = {Path(file.file).name for file in stored}
    target = root / "bars" / folder
    for path in target.iterdir() if target.is_dir() else ():
        if path.name.endswith(TEMPORARY_SUFFIX):
            path.unlink()
        elif _OUR_FILE.fullmatch(path.name) and path.name not in current:
            put_away(root, path, sha256_of(path))


def joins(files: tuple[BarFile, ...], year: int, new: BarColumns) -> list[BarFile]:
    """The stored files of the year that new bars are merged with: all that overlap in time; all small ones if many."""
    of_year = [file for file in files if Path(file.file).name.startswith(f"{year}-")]
    first, last = int(new.start[0]), int(new.start[-1])
    chosen = [file for file in of_year if file.first <= last and file.last >= first]
    rows = len(new) + sum(file.rows for file in chosen)
    for file in of_year if len(of_year) >= MERGE_FILES else ():
        if file not in chosen and rows + file.rows <= MERGE_ROWS:
            chosen.append(file)
            rows += file.rows
    return sorted(chosen, key=lambda file: file.first)


def read_at_scale(path: Path, file: BarFile, instrument: Instrument) -> BarColumns:
    """A whole stored file at the instrument's present scales."""
    return rescaled(
        read_bar_file(path), instrument.price_scale - file.price_scale, instrument.volume_scale - file.volume_scale
    )


def store(
    root: Path, folder: str, year: int, bars: BarColumns, instrument: Instrument, sources: tuple[str, ...]
) -> BarFile:
    """Write bars of one year to a file named by its content and return its entry for the manifest."""
    target = root / "bars" / folder
    target.mkdir(parents=True, exist_ok=True)
    temporary = target / f".{year}{TEMPORARY_SUFFIX}"
    write_bar_file(temporary, bars, price_scale=instrument.price_scale, volume_scale=instrument.volume_scale)
    sync_file(temporary)
    digest = sha256_of(temporary)
    path = target / f"{year}-{digest[:12]}.parquet"
    temporary.replace(path)
    return BarFile(
        file=path.relative_to(root).as_posix(),
        sha256=digest,
        size=path.stat().st_size,
        rows=len(bars),
        first=int(bars.start[0]),
        last=int(bars.start[-1]),
        until=int(bars.end.max()),
        groups=tuple(bars.start[::GROUP_ROWS].tolist()),
        price_scale=instrument.price_scale,
        volume_scale=instrument.volume_scale,
        sources=sources,
    )
