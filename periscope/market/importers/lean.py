"""Importing a LEAN data folder, or any part of it: trade and quote bars and open interest of equities and futures.

Prices and volumes are stored exactly as the files have them, rows outside the regular sessions included; factor and map
files are stored beside the catalog, not applied. One series after the other is read to disk, checked and stored: so
memory stays bounded, and an import that was interrupted goes on with the next series.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.futures import future_symbol
from periscope.instruments.instrument import Instrument
from periscope.instruments.words import counted
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import IntColumn, InterestColumns, Mask
from periscope.market.importers.checks import Batch, in_order, remark_closed, remark_quotes, usable_prices
from periscope.market.importers.corporate_actions import save_corporate_actions
from periscope.market.importers.findings import Findings, ImportProblem, refuse_unusable
from periscope.market.importers.intervals import SessionGrid, session_grid
from periscope.market.importers.lean_facts import (
    FutureHours,
    PropertiesTable,
    future_hours,
    read_factor_file,
    read_map_file,
    read_properties,
)
from periscope.market.importers.lean_files import LeanFile, LeanFolder, entries, find_files, series_of
from periscope.market.importers.lean_hours import save_lean_hours
from periscope.market.importers.lean_instruments import equity_instrument, future_contract
from periscope.market.importers.lean_journal import LeanJournal
from periscope.market.importers.lean_owners import (
    Tables,
    by_instrument,
    files_named,
    own_parts,
    remark_left_out,
    ticker_notes,
)
from periscope.market.importers.lean_rows import (
    entry_rows,
    equity_intervals,
    future_intervals,
    interest_intervals,
    read_entry,
    regular_only_dates,
)
from periscope.market.importers.rows import Block, Rows
from periscope.market.importers.spool import Gathered, Spool
from periscope.market.importers.storing import ImportedSeries, ImportSummary, Progress, SeriesSummary, store_series
from periscope.market.mapped_bars import MappedBars

_EQUITY_SCALE = 4
_KEPT = "dividends, splits and ticker changes are kept in corporate_actions; core.adjustment applies them"
_CONTRACT = re.compile(r"_(\d{4})(0[1-9]|1[0-2])(?:_\d+)?\.csv$")

type Month = tuple[int, int]


@dataclass(slots=True)
class _Import:
    """One import under way. `refused` are the series that were not stored because of their rows.

    `left_out_of` are the files whose rows of no instrument are counted.
    """

    folder: LeanFolder
    catalog: Catalog
    properties: PropertiesTable
    tickers: Tables
    findings: Findings = field(default_factory=Findings)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left_out_of: set[Path] = field(default_factory=set)


@dataclass(slots=True)
class _Group:
    """The files of one series, or of one series for each contract of a root, and what was read of them so far."""

    work: _Import
    files: list[LeanFile]
    spool: Spool
    findings: Findings = field(default_factory=Findings)
    contracts: dict[Month | None, Gathered] = field(default_factory=dict)
    marks: list[IntColumn] = field(default_factory=list)

    @property
    def first(self) -> LeanFile:
        """The first file, which tells what all of them hold."""
        return self.files[0]

    @property
    def label(self) -> str:
        """What the files hold, in words."""
        return f"{self.first.symbol} {self.first.span.value} {self.first.rows.WHAT}"


def import_lean(
    path: Path,
    catalog: Catalog,
    *,
    symbol: str | None = None,
    span: BarTimeSpan | None = None,
    skip_bad_rows: bool = False,
    replace_bars: bool = False,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import what lies at or below a path in a LEAN data folder.

    `symbol` (an instrument, a ticker that it once had, or a futures root) and `span` narrow it down. A series is stored
    whole or, if a row of it can't be used, not at all; the other series are. Raises `ImportProblem`.
    """
    folder = find_files(path)
    files, tickers = by_instrument(folder)
    work = _Import(folder, catalog, read_properties(folder.root), tickers)
    chosen = _chosen(work, files, path, symbol, span)
    work.notes += dict.fromkeys(ticker_notes(folder, chosen, tickers))
    journal = LeanJournal(catalog.files, folder, f"{path.absolute()} {symbol} {span} {skip_bad_rows} {replace_bars}")
    series: list[SeriesSummary] = []
    read = resumed = 0
    for _, group in groupby(chosen, series_of):
        files = sorted(group, key=_by_date)
        done = journal.done(files)
        if done is not None and all(_is_stored(catalog, item) for item in done.series):
            work.findings.take(done.findings())
            series += done.series
            resumed += len(files)
            work.left_out_of |= {file.path for file in files}
        else:
            one = _Group(work, files, Spool(catalog.files.scratch))
            _read(one, read, len(chosen), progress)
            stored = _store(one, skip_bad_rows=skip_bad_rows, replace_bars=replace_bars)
            work.findings.take(one.findings)
            if stored is not None:
                journal.note(files, stored, one.findings)
                series += stored
        read += len(files)
    if progress is not None:
        progress(read, len(chosen), "done")
    _keep_corporate_actions(work, chosen)
    for kind, market, name in sorted({(file.kind, file.market, file.symbol) for file in chosen}):
        save_lean_hours(catalog.files, folder.root, kind, market, name)
    journal.finish()
    if resumed > 0:
        work.notes.append(f"in the catalog already, from an import that was interrupted: {counted(resumed, 'file')}")
    if work.refused:
        others = "the other series were" if series else "nothing else was there"
        refuse_unusable(work.findings, path, f"not imported: {', '.join(work.refused)}; {others}")
    return ImportSummary("LEAN folder", str(path), series, work.findings, work.notes, folder.skipped)


def _chosen(
    work: _Import, files: list[LeanFile], path: Path, symbol: str | None, span: BarTimeSpan | None
) -> list[LeanFile]:
    chosen = [file for file in files if span is None or file.span is span]
    if symbol is not None:
        chosen = files_named(chosen, symbol.strip().upper(), work.tickers, work.notes)
    if not chosen:
        found = ", ".join(sorted({f"{file.symbol} {file.span.value}" for file in files}))
        raise ImportProblem(
            "NO_TRADE_FILES", f"nothing of that symbol and span at {path}; there is {found}", exit_code=6
        )
    return chosen


def _is_stored(catalog: Catalog, item: SeriesSummary) -> bool:
    """Whether the catalog still holds what a series is said to have brought."""
    instrument = catalog.instruments.get(item.symbol, AssetType(item.asset_type))
    if instrument is None or item.first is None or item.last is None:
        return False
    spans = {"bars": catalog.spans, "quote bars": catalog.quote_spans, "open interest": catalog.interest_spans}
    found = spans[item.data](instrument).get(BarTimeSpan(item.span))
    return found is not None and found.rows >= item.rows and found.first <= item.first and found.last >= item.last


def _by_date(file: LeanFile) -> tuple[date, tuple[tuple[int, int], ...], str, str]:
    return file.day or date.min, file.days or (), file.path.name, file.ticker


def _read(group: _Group, before: int, total: int, progress: Progress | None) -> None:
    """Read all rows of a group's files to disk, contract by contract."""
    for number, file in enumerate(group.files):
        if progress is not None:
            progress(before + number, total, group.label)
        for name, data in entries(file.path):
            place = f"{group.work.folder.name(file.path)}#{name}"
            month = _contract_month(place) if file.kind == "future" else None
            scaled_by = 0 if month is not None else _EQUITY_SCALE
            for order, block in _blocks(group, data, file, place):
                rows = entry_rows(block, file, place, scaled_by=scaled_by, findings=group.findings)
                group.contracts.setdefault(month, Gathered(group.spool)).add(rows, place, order)
                if file.span is BarTimeSpan.HOUR:
                    group.marks.append(rows.times)
        group.work.left_out_of.add(file.path)


def _blocks(group: _Group, data: bytes, file: LeanFile, place: str) -> Iterator[tuple[int, Block]]:
    """The rows of one csv that belong to the group, in parts with the order in which these follow each other."""
    work, of_rows = group.work, Findings() if file.days == () else group.findings
    block = read_entry(data, file, place, of_rows)
    if file.days is None:
        return iter([(0, block)])
    if file.path not in work.left_out_of:
        unread = of_rows.unusable if file.days == () else 0
        remark_left_out(block, unread, file, place, work.tickers[file.market], group.findings)
    return own_parts(block, file)


def _contract_month(place: str) -> Month:
    match = _CONTRACT.search(place)
    if match is None:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{place}: the name does not end in a contract month as _201312.csv")
    return int(match[1]), int(match[2])


def _store(group: _Group, *, skip_bad_rows: bool, replace_bars: bool) -> list[SeriesSummary] | None:
    """Check what was read and store it; None if a row can't be used and is not to be skipped."""
    work, first = group.work, group.first
    filled = {month: found for month, found in sorted(group.contracts.items(), key=_by_month) if found.rows > 0}
    places = [work.folder.name(file.path if file.day is None else file.path.parent) for file in group.files]
    place = ", ".join(dict.fromkeys(places))
    mapped = MappedBars(first.rows, max(1, sum(found.rows for found in filled.values())), work.catalog.files.scratch)
    hours = future_hours(work.folder.root, first.market, first.symbol) if first.kind == "future" else None
    series: list[ImportedSeries] = []
    for month, found in filled.items():
        instrument = _instrument(group, month, found)
        begin = len(mapped)
        for batch in _batches(group, instrument, found, hours):
            mapped.append(batch.bars)
        if len(mapped) > begin:
            series.append(ImportedSeries(instrument, first.span, mapped.rows(begin), f"LEAN data folder: {place}"))
    if group.findings.unusable > 0 and not skip_bad_rows:
        work.refused.append(group.label)
        return None
    return store_series(work.catalog, series, replace_bars=replace_bars)


def _by_month(item: tuple[Month | None, Gathered]) -> Month:
    return item[0] or (0, 0)


def _instrument(group: _Group, month: Month | None, found: Gathered) -> Instrument:
    """The instrument of some rows, at the scales that hold them."""
    work, first = group.work, group.first
    root, at_least = work.folder.root, _EQUITY_SCALE
    if month is None:
        instrument = equity_instrument(root, work.properties, first.market, first.symbol, work.notes)
    else:
        earliest = min([found.first, *_stored_starts(work.catalog, first.symbol, month)])
        instrument = future_contract(root, work.properties, first.market, first.symbol, month, earliest, work.notes)
        at_least = instrument.price_scale
    return replace(instrument, price_scale=max(at_least, found.price_scale), volume_scale=found.volume_scale)


def _stored_starts(catalog: Catalog, root: str, month: Month) -> list[int]:
    """The first starts of what the catalog already has of a contract: margins go by the earliest bar of all."""
    known = catalog.instruments.get(future_symbol(root, *month), AssetType.FUTURE)
    if known is None:
        return []
    spans = (catalog.spans, catalog.quote_spans, catalog.interest_spans)
    return [coverage.first for stored in spans for coverage in stored(known).values()]


def _batches(group: _Group, instrument: Instrument, found: Gathered, hours: FutureHours | None) -> Iterator[Batch]:
    """The rows as bars, one file after the other; what can't be a bar becomes a finding."""
    grid = session_grid(instrument.exchange, found.first, found.last, zone=None if hours is None else hours.zone)
    regular_only: frozenset[int] = frozenset()
    if hours is not None and group.marks:
        regular_only = regular_only_dates(np.unique(np.concatenate(group.marks)), hours)
    after: tuple[int, int] | None = None
    for place, rows in found.blocks(instrument.price_scale, instrument.volume_scale):
        start, end = _intervals(group, rows, instrument, grid, hours, regular_only)
        batch = _checked(Batch(rows.placed(start, end), rows.lines, place), instrument, grid, after, group.findings)
        if len(batch.bars) > 0:
            after = int(batch.bars.start[-1]), int(batch.bars.end[-1])
            yield batch


def _intervals(
    group: _Group,
    rows: Rows,
    instrument: Instrument,
    grid: SessionGrid,
    hours: FutureHours | None,
    regular_only: frozenset[int],
) -> tuple[IntColumn, IntColumn]:
    span = group.first.span
    if hours is None:
        return equity_intervals(rows, span, grid)
    if rows.kind is InterestColumns:
        return interest_intervals(rows, span, hours.data_zone)
    return future_intervals(rows, span, grid, hours, expires_at=instrument.expires_at, regular_only=regular_only)


def _checked(
    batch: Batch, instrument: Instrument, grid: SessionGrid, after: tuple[int, int] | None, findings: Findings
) -> Batch:
    """The bars that can be stored."""
    ok = usable_prices(batch, scale=instrument.price_scale, positive=not instrument.is_future, findings=findings)
    batch = _kept(batch, ok)
    batch = _kept(batch, in_order(batch, after, findings))
    if not isinstance(batch.bars, InterestColumns):
        remark_closed(batch, grid, findings)
    remark_quotes(batch, instrument.price_scale, findings)
    return batch


def _kept(batch: Batch, ok: Mask) -> Batch:
    return batch if bool(ok.all()) else Batch(take(batch.bars, ok), batch.lines[ok], batch.file)


def _keep_corporate_actions(work: _Import, files: list[LeanFile]) -> None:
    """Store the factor and map files of the imported equities beside the catalog."""
    for file in {file.symbol: file for file in files if file.kind == "equity"}.values():
        folder, name = work.folder.root / file.kind / file.market, f"{file.symbol.lower()}.csv"
        factors, tickers = read_factor_file(folder / "factor_files" / name), read_map_file(folder / "map_files" / name)
        if factors is None and tickers is None:
            continue
        save_corporate_actions(work.catalog.files, file.symbol, factors, tickers)
        if _KEPT not in work.notes:
            work.notes.append(_KEPT)
