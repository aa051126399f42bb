"""Importing Databento's files: bars of a second, a minute, an hour or a day, for every symbol in the file.

Their times are the bars' starts, UTC (Databento, "Schemas and conventions": OHLCV). Daily bars cover UTC days, not
trading days, if they begin at midnight; a finding says so.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import databento_dbn as dbn
import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.contract_names import read_contract
from periscope.instruments.futures import future_symbol
from periscope.instruments.hours import EXCHANGES
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, IntColumn, Mask
from periscope.market.importers.assemble import Assembler, store_file
from periscope.market.importers.dbn_definitions import store_definitions
from periscope.market.importers.dbn_files import (
    FUTURES_DATASETS,
    PRICE_SCALE,
    SPANS,
    UNDEFINED_PRICE,
    DbnHeader,
    DbnReader,
    Mapping,
)
from periscope.market.importers.exact import shortened
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.importers.opening import unpacked
from periscope.market.importers.options import DEFAULTS, START, ImportOptions
from periscope.market.importers.rows import Rows
from periscope.market.importers.spool import Spool
from periscope.market.importers.storing import ImportSummary, Progress
from periscope.market.importers.timestamps import LATEST

_LAYOUT = np.dtype(dbn.OHLCVMsg._dtypes)
_FIRST_RTYPE = 32
_BY_RTYPE = dict(enumerate(SPANS.values(), _FIRST_RTYPE))
_DAY_NANOSECONDS = 86_400_000_000_000
_MOST_VOLUME = 10**18 - 1

type _Records = npt.NDArray[np.void]


def import_dbn(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one DBN file: bars, or definitions of instruments. Raises `ImportProblem`; then nothing was written."""
    size = path.stat().st_size
    with unpacked(path) as content:
        reader = DbnReader(content, path)
        bars = _Bars(path, catalog, options, reader.header, Findings(), [], Spool(catalog.files.scratch))
        definitions: dict[str, dbn.InstrumentDefMsg] = {}
        for batch in reader.batches():
            bars.add(batch)
            definitions |= {each.raw_symbol: each for each in batch if isinstance(each, dbn.InstrumentDefMsg)}
            if progress is not None:
                progress(min(content.position, size), size, path.name)
    if definitions and not bars.assemblers:
        return store_definitions(definitions, path, catalog, options)
    summary = store_file("Databento DBN", bars.chosen(), catalog, progress=progress)
    return replace(summary, skipped_files=dict(sorted(bars.left_alone.items())))


@dataclass(slots=True)
class _Bars:
    """The bars of one file, gathered by symbol."""

    path: Path
    catalog: Catalog
    options: ImportOptions
    header: DbnHeader
    findings: Findings
    notes: list[str]
    spool: Spool
    assemblers: dict[str, Assembler] = field(default_factory=dict)
    left_alone: Counter[str] = field(default_factory=Counter)
    spans: set[BarTimeSpan] = field(default_factory=set)
    _names: dict[str, str | None] = field(default_factory=dict)
    _publishers: dict[str, int] = field(default_factory=dict)
    _mappings: dict[int, list[Mapping]] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        if self.header.symbol_kind == "continuous":
            raise ImportProblem(
                "CONTINUOUS_SYMBOLS",
                f"{self.path} holds continuous contracts, which change their contract from day to day; ask Databento"
                " for the contracts themselves (stype_in raw_symbol or parent)",
                exit_code=2,
            )
        for mapping in self.header.mappings:
            self._mappings.setdefault(mapping.instrument_id, []).append(mapping)

    def add(self, batch: list[Any]) -> None:
        """Take the bars of some records; all others are left alone, and counted."""
        places = [place for place, each in enumerate(batch, self._count + 1) if type(each) is dbn.OHLCVMsg]
        if len(places) < len(batch):
            others = Counter(type(each).__name__ for each in batch)
            del others["OHLCVMsg"]
            self.left_alone.update({f"records {name}": count for name, count in others.items()})
        self._count += len(batch)
        if not places:
            return
        size = _LAYOUT.itemsize
        table = np.frombuffer(
            b"".join(bytes(each)[:size] for each in batch if type(each) is dbn.OHLCVMsg), dtype=_LAYOUT
        )
        lines = np.array(places, dtype=np.int64)
        timed = (table["ts_event"] // 1000 <= LATEST) & (table["ts_event"] % 1000 == 0)
        if not bool(timed.all()):
            self._report("BAD_TIME", lines[~timed], "the time is undefined or impossible")
        wanted = timed & self._of_span(table)
        self._add_bars(table[wanted], lines[wanted])

    def chosen(self) -> list[Assembler]:
        """The series that were gathered. Raises `ImportProblem` if there is none."""
        if not self.assemblers:
            some = ", ".join(sorted(self._names)[:10]) or "none that the file names"
            raise ImportProblem("NO_ROWS", f"{self.path} has no bars to import; its symbols are {some}")
        of_days = (self.options.span or next(iter(self.spans))) is BarTimeSpan.DAY
        if of_days and all(each.gathered.at_midnight for each in self.assemblers.values()):
            text = "the daily bars begin at midnight UTC: they cover UTC days, and are stored as of the trading day"
            self.findings.add("UTC_DAYS", self.path.name, None, text)
        return [self.assemblers[symbol] for symbol in sorted(self.assemblers)]

    def _of_span(self, table: _Records) -> Mask:
        """Which bars are of the span of this import. Raises `ImportProblem` if several are and none was chosen."""
        kinds = {int(number): _BY_RTYPE.get(int(number)) for number in np.unique(table["rtype"])}
        self.spans |= {span for span in kinds.values() if span is not None}
        chosen = self.options.span
        if chosen is None and len(self.spans) > 1:
            names = ", ".join(sorted(span.value for span in self.spans))
            raise ImportProblem("MANY_SPANS", f"{self.path} has {names} bars; say which with --span", exit_code=2)
        wanted = [number for number, span in kinds.items() if span is not None and chosen in {None, span}]
        mine = np.isin(table["rtype"], wanted)
        if not bool(mine.all()):
            self.left_alone["bars of other spans"] += int(np.count_nonzero(~mine))
        return mine

    def _add_bars(self, table: _Records, lines: IntColumn) -> None:
        """Sort bars out by symbol; the order of each symbol's bars stays."""
        if len(table) == 0:
            return
        order = np.argsort(table["instrument_id"], kind="stable")
        numbers = table["instrument_id"][order]
        borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        for first, until in pairwise(borders):
            rows = order[first:until]
            days = (table["ts_event"][rows] // _DAY_NANOSECONDS).astype(np.int64)
            left = np.ones(len(rows), dtype=np.bool_)
            for mapping in self._mappings_of(int(numbers[first])):
                mine = left & (days >= mapping.first_day) & (days < mapping.until_day)
                if bool(mine.any()):
                    self._add_series(mapping.symbol, table[rows[mine]], lines[rows[mine]])
                    left &= ~mine
            if bool(left.any()):
                self._report(
                    "UNKNOWN_SYMBOL", lines[rows[left]], f"no symbol for instrument {int(numbers[first])} that day"
                )

    def _mappings_of(self, number: int) -> list[Mapping]:
        if not self.header.mappings and self.options.symbol is not None and not self._mappings:
            self._mappings[number] = [Mapping(number, -(2**31), 2**31, self.options.symbol)]
        return self._mappings.get(number, [])

    def _add_series(self, raw: str, table: _Records, lines: IntColumn) -> None:
        if raw not in self._names:
            self._names[raw] = self._name(raw, int(table["ts_event"][0]))
        symbol = self._names[raw]
        if symbol is None:
            self.left_alone["bars of options, spreads and the like"] += len(table)
            return
        wanted = self.options.symbol
        if wanted is not None and wanted.strip().upper() not in {symbol, raw.upper()}:
            self.left_alone["bars of other symbols"] += len(table)
            return
        publishers = set(np.unique(table["publisher_id"]).tolist()) | {self._publishers.get(symbol)} - {None}
        if len(publishers) > 1:
            what = (
                f"{self.path} has bars of {symbol} from several venues; ask Databento for one, or for consolidated ones"
            )
            raise ImportProblem("MANY_VENUES", what, exit_code=2)
        self._publishers[symbol] = int(table["publisher_id"][0])
        if symbol not in self.assemblers:
            self.assemblers[symbol] = self._assembler(symbol)
        self.assemblers[symbol].gathered.add(self._rows(table, lines))

    def _name(self, raw: str, at: int) -> str | None:
        """Periscope's symbol for one of the file's, None for what it can't hold: options and spreads."""
        if self._kind() is not AssetType.FUTURE:
            return raw.strip().upper()
        day = date(1970, 1, 1) + timedelta(days=min(at // _DAY_NANOSECONDS, 2**20))
        try:
            contract = read_contract(raw, day)
        except ValueError:
            return None
        return future_symbol(contract.root, contract.year, contract.month)

    def _kind(self) -> AssetType:
        if self.options.asset_type is not None:
            return self.options.asset_type
        return AssetType.FUTURE if self.header.dataset in FUTURES_DATASETS else AssetType.EQUITY

    def _assembler(self, symbol: str) -> Assembler:
        kind, exchange = self._kind(), self.options.exchange
        if exchange is None and kind is not AssetType.FUTURE and self.catalog.instruments.get(symbol, kind) is None:
            venue = self.header.dataset.partition(".")[0]
            exchange = venue if venue in EXCHANGES else "XNYS"
            note = (
                f"no --exchange given: shares of {self.header.dataset} are taken to trade in the sessions of {exchange}"
            )
            if note not in self.notes:
                self.notes.append(note)
        options = replace(
            self.options,
            symbol=symbol,
            asset_type=kind,
            exchange=exchange,
            span=self.options.span or next(iter(self.spans)),
            stamp=START,
        )
        assembler = Assembler.of_series(self.path, options, self.findings, self.notes, self.spool)
        assembler.zoned = True
        return assembler

    def _rows(self, table: _Records, lines: IntColumn) -> Rows:
        """Bars as rows; those with an undefined price or an impossible volume become findings."""
        names = ("open", "high", "low", "close")
        priced = np.logical_and.reduce([table[name] != UNDEFINED_PRICE for name in names])
        counted = table["volume"] <= _MOST_VOLUME
        for which, code, text in (
            (~priced, "BAD_PRICE", "a price is undefined"),
            (priced & ~counted, "BAD_VOLUME", "the volume is undefined or has more than 18 digits"),
        ):
            if bool(which.any()):
                self._report(code, lines[which], text)
        keep = priced & counted
        table, lines = table[keep], lines[keep]
        times = (table["ts_event"] // 1000).astype(np.int64)
        prices, scale = shortened([np.ascontiguousarray(table[name]) for name in names], PRICE_SCALE)
        return Rows.of(BarColumns, (times, *prices, table["volume"].astype(np.int64), lines), scale, 0)

    def _report(self, code: str, lines: IntColumn, text: str) -> None:
        self.findings.add_rows(code, self.path.name, lines, lambda _: text)
