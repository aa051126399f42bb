"""How bars and other rows enter a catalog: checks, merging with what is there, and the files that result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import (
    GROUP_ROWS,
    LARGEST,
    in_pieces,
    joined_rows,
    read_bar_file,
    rescaled,
    take,
    write_bar_file,
)
from periscope.market.catalog_files import CatalogFiles, Staging
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, Columns, IntColumn, Mask, QuoteColumns
from periscope.market.errors import BarsRefusedError
from periscope.market.manifest import BarFile
from periscope.market.mapped_bars import let_go

MERGE_ROWS = 1_048_576
MERGE_FILES = 8
"""Bars are merged and checked in pieces of so many rows; a year's neighbouring files are joined up to as many, once
there are `MERGE_FILES`."""


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of the rows given to a catalog: their number by fate."""

    added: int = 0
    unchanged: int = 0
    replaced: int = 0

    def __add__(self, other: "WriteReport") -> "WriteReport":
        return WriteReport(self.added + other.added, self.unchanged + other.unchanged, self.replaced + other.replaced)


@dataclass(frozen=True, slots=True)
class Merged[C: Columns]:
    """New rows joined with stored ones; `differing` are the starts where both have a row and the rows differ."""

    rows: C
    report: WriteReport
    differing: IntColumn


def check_rows(bars: Columns) -> None:
    """Raise `BarsRefusedError` unless the rows ascend strictly by start, end after they start, and fit the format."""
    for name in bars.NAMES:
        column = getattr(bars, name)
        if column.dtype != np.int64 or column.ndim != 1 or len(column) != len(bars.start):
            raise BarsRefusedError(
                f"column {name} has type {column.dtype} and {len(column)} rows;"
                f" all columns need type int64 and {len(bars.start)} rows"
            )
    for first in range(0, len(bars), MERGE_ROWS):
        piece = take(bars, slice(first, first + MERGE_ROWS))
        _check_piece(piece, first, int(bars.start[first - 1]) if first > 0 else None)
        let_go(piece)


def _check_piece(bars: Columns, first: int, before: int | None) -> None:
    """Check consecutive bars, the first of which is number `first` and follows one that starts at `before`."""
    _refuse(bars, first, bars.end <= bars.start, "ends when or before it starts")
    steps = np.diff(bars.start, prepend=bars.start[:1] - 1 if before is None else before)
    _refuse(bars, first, steps == 0, "has the same start as the bar before it: duplicates")
    _refuse(bars, first, steps < 0, "starts before the bar before it: not sorted")
    lacks = _check_sides(bars, first) if isinstance(bars, QuoteColumns) else {}
    for name in bars.PRICES:
        price = getattr(bars, name)
        long = (price > LARGEST) | (price < -LARGEST)
        _refuse(bars, first, long & ~lacks[name[:3]] if lacks else long, f"has more than 18 digits in {name}")
    for name in bars.SIZES:
        size = getattr(bars, name)
        off = (size < 0) & (size != UNKNOWN_VOLUME)
        _refuse(bars, first, off | (size > LARGEST), f"has a negative {name} or one of over 18 digits")


def _check_sides(quotes: QuoteColumns, first: int) -> dict[str, Mask]:
    """Refuse quote bars with half a side, or with none; returns which rows lack the bid and which the ask."""
    lacks: dict[str, Mask] = {}
    for side in ("bid", "ask"):
        missing = [getattr(quotes, name) == NO_PRICE for name in quotes.PRICES if name.startswith(side)]
        lacks[side] = np.logical_and.reduce(missing)
        _refuse(quotes, first, np.logical_or.reduce(missing) & ~lacks[side], f"has some {side} prices but not all")
        sized = lacks[side] & (getattr(quotes, f"{side}_size") != UNKNOWN_VOLUME)
        _refuse(quotes, first, sized, f"has {side} size without {side} prices")
    _refuse(quotes, first, lacks["bid"] & lacks["ask"], "has neither a bid nor an ask")
    return lacks


def _refuse(bars: Columns, first: int, which: Mask, what: str) -> None:
    if bool(which.any()):
        rows = np.flatnonzero(which)
        row = int(rows[0])
        raise BarsRefusedError(
            f"bar {first + row} (start {time_text(int(bars.start[row]))}) {what}; {len(rows)} such bars."
            " Clean them first",
            row=first + row,
        )


def by_year[C: Columns](bars: C) -> list[tuple[int, C]]:
    """The rows of each calendar year (UTC, by start), ascending."""
    if len(bars) == 0:
        return []
    ends = bars.start[[0, -1]].astype("datetime64[us]").astype("datetime64[Y]")
    years = np.arange(ends[0], ends[1] + np.timedelta64(1, "Y"))
    begins = years.astype("datetime64[us]").astype(np.int64)
    borders = [*np.searchsorted(bars.start, begins).tolist(), len(bars)]
    names = (years.astype(np.int64) + 1970).tolist()
    return [
        (year, take(bars, slice(first, until)))
        for year, (first, until) in zip(names, pairwise(borders), strict=True)
        if until > first
    ]


def merge[C: Columns](stored: C, new: C) -> Merged[C]:
    """Join new rows with stored ones, both ascending; where both have a row the new one is taken."""
    if len(stored) == 0:
        return Merged(new, WriteReport(added=len(new)), np.empty(0, dtype=np.int64))
    place = np.searchsorted(stored.start, new.start)
    present = place < len(stored)
    present[present] = stored.start[place[present]] == new.start[present]
    at = place[present]
    same = np.ones(len(at), dtype=np.bool_)
    for name in new.NAMES[1:]:
        same &= getattr(stored, name)[at] == getattr(new, name)[present]
    keep = np.ones(len(stored), dtype=np.bool_)
    keep[at] = False
    rows = joined_rows(type(new), [take(stored, keep), new])
    rows = take(rows, np.argsort(rows.start, kind="stable"))
    differing = new.start[present][~same]
    report = WriteReport(added=len(new) - len(at), unchanged=int(np.count_nonzero(same)), replaced=len(differing))
    return Merged(rows, report, differing)


@dataclass(slots=True)
class Change:
    """What a write is about to do to one series, collected year by year: files made, files no longer current."""

    made: list[BarFile] = field(default_factory=list)
    gone: list[BarFile] = field(default_factory=list)
    report: WriteReport = field(default_factory=WriteReport)
    first_differing: int | None = None


def stage(
    staging: Staging,
    folder: str,
    stored: tuple[BarFile, ...],
    instrument: Instrument,
    bars: Columns,
    source: str,
    locate: Callable[[BarFile], Path],
) -> Change:
    """Write the files that new bars need; nothing refers to them yet. `locate` finds a stored file and checks it."""
    change = Change()
    for year, new in by_year(bars):
        for old, piece in joins(stored, year, new):
            kind = type(piece)
            parts = [read_at_scale(kind, locate(file), file, instrument) for file in old]
            merged = merge(joined_rows(kind, parts), piece)
            change.report += merged.report
            if change.first_differing is None and len(merged.differing) > 0:
                change.first_differing = int(merged.differing[0])
            if merged.report.added + merged.report.replaced > 0:
                sources = tuple(dict.fromkeys([*(line for file in old for line in file.sources), source]))
                for part in in_pieces(merged.rows, 2 * MERGE_ROWS):
                    change.made.append(store(staging, folder, year, part, instrument, sources))
                change.gone += old
            let_go(piece)
    return change


def superseded_name(sha256: str) -> str:
    """Where a file that is no longer current is kept."""
    return f"superseded/{sha256}.parquet"


def put_away(files: CatalogFiles, name: str, sha256: str) -> None:
    """Move a file that is no longer current to where a run that still reads it, or a verification, finds it."""
    files.move(name, superseded_name(sha256))


def joins[C: Columns](files: tuple[BarFile, ...], year: int, new: C) -> Iterator[tuple[list[BarFile], C]]:
    """The new rows of a year in pieces of bounded size, each with the stored files that it is merged with.

    These are all that overlap it in time. A single piece is also joined with its small neighbours, once the year has
    many files. What results never reaches into the time of a file that is left alone.
    """
    of_year = sorted((file for file in files if Path(file.file).name.startswith(f"{year}-")), key=lambda f: f.first)
    single = len(new) <= MERGE_ROWS
    at = 0
    while at < len(new):
        until = min(at + MERGE_ROWS, len(new))
        low = sum(file.last < new.start[at] for file in of_year)
        high = sum(file.first <= new.start[until - 1] for file in of_year)
        if high > low:
            until = max(until, int(np.searchsorted(new.start, of_year[high - 1].last, side="right")))
        if single and len(of_year) >= MERGE_FILES:
            low, high = _with_neighbours(of_year, low, high, len(new))
        yield of_year[low:high], take(new, slice(at, until))
        at = until


def _with_neighbours(files: list[BarFile], low: int, high: int, rows: int) -> tuple[int, int]:
    """A range of files, made longer at both ends as long as they and `rows` more fit into one file."""
    rows += sum(file.rows for file in files[low:high])
    while low > 0 and rows + files[low - 1].rows <= MERGE_ROWS:
        low -= 1
        rows += files[low].rows
    while high < len(files) and rows + files[high].rows <= MERGE_ROWS:
        rows += files[high].rows
        high += 1
    return low, high


def read_at_scale[C: Columns](kind: type[C], path: Path, file: BarFile, instrument: Instrument) -> C:
    """A whole stored file at the instrument's present scales."""
    return rescaled(
        read_bar_file(kind, path),
        instrument.price_scale - file.price_scale,
        instrument.volume_scale - file.volume_scale,
    )


def store(
    staging: Staging,
    folder: str,
    year: int,
    bars: Columns,
    instrument: Instrument,
    sources: tuple[str, ...],
) -> BarFile:
    """Write bars of one year to a new file and return the manifest's entry."""

    def write(target: Path | BytesIO) -> None:
        write_bar_file(target, bars, price_scale=instrument.price_scale, volume_scale=instrument.volume_scale)

    made = staging.add(f"bars/{folder}", str(year), write)
    return BarFile(
        file=made.name,
        sha256=made.sha256,
        size=made.size,
        rows=len(bars),
        first=int(bars.start[0]),
        last=int(bars.start[-1]),
        until=int(bars.end.max()),
        groups=tuple(bars.start[::GROUP_ROWS].tolist()),
        group_rows=GROUP_ROWS,
        price_scale=instrument.price_scale,
        volume_scale=instrument.volume_scale,
        sources=sources,
    )
