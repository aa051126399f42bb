"""Importing a LEAN data folder, or any part of it: equity and futures trade bars with the facts beside them.

Prices and volumes are stored exactly as the files have them, rows outside the regular sessions included; factor and map
files are stored beside the catalog, not applied. Quote and open-interest files are left alone, and counted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.futures import PRODUCTS, future_instrument, future_symbol
from periscope.instruments.instrument import Instrument
from periscope.market.bar_files import joined, take
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.importers.checks import Batch, in_order, remark_closed, usable_prices
from periscope.market.importers.corporate_actions import save_corporate_actions
from periscope.market.importers.findings import Findings, ImportProblem, refuse_unusable
from periscope.market.importers.intervals import DAY, SessionGrid, session_grid
from periscope.market.importers.lean_facts import (
    FutureHours,
    future_hours,
    margin_on,
    read_factor_file,
    read_map_file,
    symbol_properties,
)
from periscope.market.importers.lean_files import LeanFile, LeanFolder, entries, find_files
from periscope.market.importers.lean_rows import (
    LeanRows,
    as_bars,
    equity_intervals,
    future_intervals,
    parse_entry,
    regular_only_dates,
)
from periscope.market.importers.storing import ImportedSeries, ImportSummary, Progress, store_series

_EQUITY_SCALE = 4
_CONTRACT = re.compile(r"_(\d{4})(0[1-9]|1[0-2])(?:_\d+)?\.csv$")


@dataclass(slots=True)
class _Import:
    """One import under way."""

    folder: LeanFolder
    findings: Findings
    notes: list[str]
    hours: dict[tuple[str, str], FutureHours]

    def note(self, text: str) -> None:
        """Remember something worth saying, once."""
        if text not in self.notes:
            self.notes.append(text)


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
    """Import the trade bars at or below a path in a LEAN data folder.

    `symbol` (an equity's ticker or a futures root) and `span` narrow it down. All files are read before anything is
    written. Raises `ImportProblem`.
    """
    folder = find_files(path)
    chosen = [
        file
        for file in folder.files
        if (symbol is None or file.symbol == symbol.upper()) and (span is None or file.span is span)
    ]
    if not chosen:
        found = ", ".join(sorted({f"{file.symbol} {file.span.value}" for file in folder.files}))
        raise ImportProblem(
            "NO_TRADE_FILES", f"nothing of that symbol and span at {path}; there is {found}", exit_code=6
        )
    work = _Import(folder, Findings(), [], {})
    series: list[ImportedSeries] = []
    done = 0
    for (kind, market, name, one_span), group in groupby(chosen, lambda f: (f.kind, f.market, f.symbol, f.span)):
        files = list(group)
        if progress is not None:
            progress(done, len(chosen), f"{name} {one_span.value}")
        read = _equity(work, market, files) if kind == "equity" else _future(work, market, files)
        series.extend(read)
        done += len(files)
    if progress is not None:
        progress(done, len(chosen), "writing")
    if not skip_bad_rows:
        refuse_unusable(work.findings, path)
    series = _with_earliest_facts(series)
    summaries = store_series(catalog, series, replace_bars=replace_bars)
    _keep_corporate_actions(work, catalog, chosen)
    return ImportSummary("LEAN folder", str(path), summaries, work.findings, work.notes, folder.skipped)


def _with_earliest_facts(series: list[ImportedSeries]) -> list[ImportedSeries]:
    """Margins depend on the first bar: every span of a contract gets the facts of the one that begins first."""
    earliest: dict[object, ImportedSeries] = {}
    for item in series:
        known = earliest.get(item.instrument.key)
        if len(item.bars) > 0 and (known is None or item.bars.start[0] < known.bars.start[0]):
            earliest[item.instrument.key] = item
    return [
        replace(
            item,
            instrument=replace(
                earliest[item.instrument.key].instrument,
                price_scale=item.instrument.price_scale,
                volume_scale=item.instrument.volume_scale,
            ),
        )
        for item in series
        if len(item.bars) > 0
    ]


def _equity(work: _Import, market: str, files: list[LeanFile]) -> Iterable[ImportedSeries]:
    first = files[0]
    parts = [
        parse_entry(
            data, file, f"{work.folder.name(file.path)}#{name}", scaled_by=_EQUITY_SCALE, findings=work.findings
        )
        for file in files
        for name, data in entries(file.path)
    ]
    rows = _one_scale(parts, _EQUITY_SCALE)
    if sum(len(part) for part in rows) == 0:
        return
    exchange = _equity_exchange(work, first, market)
    grid = _grid(exchange, rows)
    instrument = _equity_instrument(work, first, market, exchange, grid)
    instrument = replace(instrument, price_scale=rows[0].price_scale, volume_scale=rows[0].volume_scale)
    pairs = [(part, *equity_intervals(part, first.span, grid)) for part in rows]
    yield _series(work, instrument, first, pairs, grid)


def _equity_exchange(work: _Import, file: LeanFile, market: str) -> str:
    if market != "usa":
        raise ImportProblem(
            "UNKNOWN_EXCHANGE", f"equities of market {market!r} have no session table here", exit_code=2
        )
    map_file = read_map_file(_aside(work, file, "map_files"))
    exchange = map_file.exchange if map_file is not None else None
    if exchange is None:
        work.note(f"{file.symbol}: no map file names an exchange we know; the exchange is set to XNYS")
    return exchange or "XNYS"


def _equity_instrument(work: _Import, file: LeanFile, market: str, exchange: str, grid: SessionGrid) -> Instrument:
    properties = symbol_properties(work.folder.root, market, file.symbol, "equity")
    map_file = read_map_file(_aside(work, file, "map_files"))
    expires_at = None
    if map_file is not None and map_file.last_day is not None:
        days = np.array([map_file.last_day.toordinal() - date(1970, 1, 1).toordinal()], dtype=np.int64)
        index, known = grid.index_of_day(days)
        expires_at = int(grid.closes[index[0]]) if known[0] else int(grid.local_midnight(days + 1)[0])
        work.note(f"{file.symbol}: last trading day {map_file.last_day} (map file)")
    instrument = Instrument(
        symbol=file.symbol,
        asset_type=AssetType.EQUITY,
        exchange=exchange,
        expires_at=expires_at,
        source="LEAN data folder: map file and symbol-properties-database.csv",
    )
    if properties is None:
        return instrument
    return replace(
        instrument,
        currency=properties.currency,
        tick=properties.tick,
        quantity_step=properties.lot,
        multiplier=properties.multiplier,
    )


def _future(work: _Import, market: str, files: list[LeanFile]) -> Iterable[ImportedSeries]:
    first = files[0]
    hours = work.hours.setdefault((market, first.symbol), future_hours(work.folder.root, market, first.symbol))
    contracts: dict[tuple[int, int], list[LeanRows]] = {}
    for file in files:
        for name, data in entries(file.path):
            place = f"{work.folder.name(file.path)}#{name}"
            rows = parse_entry(data, file, place, scaled_by=0, findings=work.findings)
            contracts.setdefault(_contract_month(place), []).append(rows)
    regular_only: frozenset[int] = frozenset()
    if first.span is BarTimeSpan.HOUR:
        regular_only = regular_only_dates([rows for parts in contracts.values() for rows in parts], hours)
    for (year, month), parts in sorted(contracts.items()):
        rows_of_contract = _one_scale(parts, 0)
        if sum(len(part) for part in rows_of_contract) == 0:
            continue
        instrument = _contract(work, market, first.symbol, (year, month), rows_of_contract)
        grid = _grid(instrument.exchange, rows_of_contract)
        pairs = [
            (
                part,
                *future_intervals(
                    part, first.span, grid, hours, expires_at=instrument.expires_at, regular_only=regular_only
                ),
            )
            for part in rows_of_contract
        ]
        yield _series(work, instrument, first, pairs, grid)


def _contract_month(place: str) -> tuple[int, int]:
    match = _CONTRACT.search(place)
    if match is None:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{place}: the name does not end in a contract month as _201312.csv")
    return int(match[1]), int(match[2])


def _contract(work: _Import, market: str, root: str, month: tuple[int, int], parts: list[LeanRows]) -> Instrument:
    first_day = date(1970, 1, 1) + timedelta(days=min(int(part.marks.min()) for part in parts if len(part) > 0) // DAY)
    facts = ["LEAN data folder"]
    if root in PRODUCTS:
        instrument = future_instrument(root, *month, source="")
        facts.append(f"expiry: {PRODUCTS[root].source}")
    else:
        symbol = future_symbol(root, *month)
        instrument = Instrument(symbol=symbol, asset_type=AssetType.FUTURE, exchange=market.upper(), root=root)
        work.note(f"{root}: no rule for the expiry of its contracts is known here; they never expire")
    scale = max(instrument.price_scale if root in PRODUCTS else 0, parts[0].price_scale)
    instrument = replace(instrument, price_scale=scale, volume_scale=parts[0].volume_scale)
    properties = symbol_properties(work.folder.root, market, root, "future")
    if properties is not None:
        instrument = replace(
            instrument,
            currency=properties.currency,
            tick=properties.tick,
            quantity_step=properties.lot,
            multiplier=properties.multiplier,
        )
        facts.append("tick, step and multiplier: symbol-properties-database.csv")
    margin = margin_on(work.folder.root, market, root, first_day)
    if margin is not None:
        instrument = replace(instrument, initial_margin=margin.initial, maintenance_margin=margin.maintenance)
        facts.append(f"margins in force at its first bar: margins/{root}.csv, row of {margin.since}")
    elif root in PRODUCTS and PRODUCTS[root].margin_date is not None:
        facts.append(f"margins of {PRODUCTS[root].margin_date}: {PRODUCTS[root].margin_source}")
    return replace(instrument, source="; ".join(facts))


def _one_scale(parts: list[LeanRows], at_least: int) -> list[LeanRows]:
    """The entries with prices and volumes at one scale, the finest of them all."""
    price = max([at_least, *(part.price_scale for part in parts)])
    volume = max([0, *(part.volume_scale for part in parts)])
    return [
        replace(
            part,
            prices=tuple(column * 10 ** (price - part.price_scale) for column in part.prices),
            volume=part.volume * 10 ** (volume - part.volume_scale),
            price_scale=price,
            volume_scale=volume,
        )
        for part in parts
    ]


def _grid(exchange: str, parts: list[LeanRows]) -> SessionGrid:
    filled = [part for part in parts if len(part) > 0]
    return session_grid(exchange, min(int(p.marks.min()) for p in filled), max(int(p.marks.max()) for p in filled))


def _series(
    work: _Import,
    instrument: Instrument,
    file: LeanFile,
    parts: list[tuple[LeanRows, IntColumn, IntColumn]],
    grid: SessionGrid,
) -> ImportedSeries:
    """Check the bars of one instrument and span and join them."""
    kept: list[BarColumns] = []
    after: tuple[int, int] | None = None
    for rows, start, end in parts:
        factor = 10 ** (instrument.price_scale - rows.price_scale)
        scaled = replace(rows, prices=tuple(column * factor for column in rows.prices))
        batch = Batch(as_bars(scaled, start, end), rows.lines, rows.file)
        ok = usable_prices(
            batch, scale=instrument.price_scale, positive=not instrument.is_future, findings=work.findings
        )
        batch = Batch(take(batch.bars, ok), batch.lines[ok], batch.file)
        ok = in_order(batch, after, work.findings)
        batch = Batch(take(batch.bars, ok), batch.lines[ok], batch.file)
        remark_closed(batch, grid, work.findings)
        if len(batch.bars) > 0:
            kept.append(batch.bars)
            after = int(batch.bars.start[-1]), int(batch.bars.end[-1])
    place = work.folder.name(file.path.parent if file.day is not None else file.path)
    return ImportedSeries(instrument, file.span, joined(kept), f"LEAN data folder: {place}")


def _aside(work: _Import, file: LeanFile, folder: str) -> Path:
    return work.folder.root / file.kind / file.market / folder / f"{file.symbol.lower()}.csv"


def _keep_corporate_actions(work: _Import, catalog: Catalog, files: list[LeanFile]) -> None:
    """Store the factor and map files of the imported equities beside the catalog."""
    for file in {file.symbol: file for file in files if file.kind == "equity"}.values():
        factors, map_file = (_aside(work, file, folder) for folder in ("factor_files", "map_files"))
        read = read_factor_file(factors)
        if read is None and not map_file.is_file():
            continue
        save_corporate_actions(catalog.files, file.symbol, read, read_map_file(map_file))
        work.note("dividends, splits and ticker changes are kept in corporate_actions; no run applies them yet")
