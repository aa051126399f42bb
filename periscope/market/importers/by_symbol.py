"""One file's rows sorted out by symbol: a file may hold one series or many."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from periscope.instruments.words import counted
from periscope.market.catalog import Catalog
from periscope.market.columns import IntColumn
from periscope.market.importers.assemble import Assembler
from periscope.market.importers.findings import Findings
from periscope.market.importers.names import Roles
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.rows import Block, Rows, read_block
from periscope.market.importers.spool import Spool
from periscope.market.importers.timestamps import TimeReader

_NONE = ""
"""The symbol of rows that have none."""


@dataclass(slots=True)
class BySymbol:
    """The series of one file, each with its rows in the order of the file.

    `zoned` and `dates` say what the times are, as in `Assembler`; they are known once the first rows were read.
    """

    path: Path
    options: ImportOptions
    roles: Roles
    spool: Spool
    findings: Findings = field(default_factory=Findings)
    notes: list[str] = field(default_factory=list)
    zoned: bool = False
    dates: bool = False
    left_out: int = 0
    _series: dict[str, Assembler] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path, options: ImportOptions, roles: Roles, catalog: Catalog) -> "BySymbol":
        """For one file, with what its columns' names tell."""
        series = cls(path, options, roles, Spool(catalog.files.scratch))
        series._describe(roles)
        return series

    def add_block(self, block: Block, symbols: pl.Series | None, style: NumberStyle) -> None:
        """Take rows as text; those that are no numbers become findings."""
        for symbol, which in self._parts(symbols, len(block.times)):
            part = block if which is None else block.some(which)
            self._of(symbol).gathered.add(read_block(part, style, self.path.name, self.findings))

    def add_rows(self, rows: Rows, symbols: pl.Series | None) -> None:
        """Take rows that are numbers already."""
        for symbol, which in self._parts(symbols, len(rows)):
            self._of(symbol).gathered.add(rows if which is None else rows.some(which))

    def take_reader(self, reader: TimeReader) -> None:
        """Note what the times are."""
        self.zoned, self.dates = reader.zoned, reader.dates

    def assemblers(self) -> list[Assembler]:
        """The series, in order of their symbols. Rows without a symbol in a file of several become findings."""
        if len(self._series) > 1 and _NONE in self._series:
            for _, rows in self._series.pop(_NONE).gathered.blocks(0, 0):
                self.findings.add_rows("UNKNOWN_SYMBOL", self.path.name, rows.lines, lambda _: "no symbol")
        if self.left_out > 0:
            self.notes.append(f"left alone: {counted(self.left_out, 'row')} of other symbols")
        found = [self._series[symbol] for symbol in sorted(self._series)] or [self._of(_NONE)]
        for assembler in found:
            assembler.zoned, assembler.dates = self.zoned, self.dates
        return found

    def _parts(self, symbols: pl.Series | None, count: int) -> Iterator[tuple[str, IntColumn | None]]:
        """The symbols among some rows and where their rows stand, None for all."""
        if symbols is None or count == 0:
            yield _NONE, None
            return
        names = symbols.fill_null(_NONE).str.strip_chars().str.to_uppercase()
        found = sorted(names.unique().to_list())
        wanted = None if self.options.symbol is None else self.options.symbol.strip().upper()
        if len(found) == 1:
            if wanted in {None, found[0]}:
                yield found[0], None
            else:
                self.left_out += count
            return
        codes = names.replace_strict(found, range(len(found)), return_dtype=pl.Int64).to_numpy()
        order = np.argsort(codes, kind="stable")
        borders = np.searchsorted(codes[order], np.arange(len(found) + 1)).tolist()
        for name, (first, until) in zip(found, pairwise(borders), strict=True):
            if wanted in {None, name}:
                yield name, order[first:until]
            else:
                self.left_out += until - first

    def _of(self, symbol: str) -> Assembler:
        if symbol not in self._series:
            options = self.options if symbol == _NONE else replace(self.options, symbol=symbol)
            assembler = Assembler.of_series(self.path, options, self.findings, self.notes, self.spool)
            assembler.stamp, assembler.kind = self.roles.stamp, self.roles.kind
            self._series[symbol] = assembler
        return self._series[symbol]

    def _describe(self, roles: Roles) -> None:
        if roles.ignored:
            what = f"column {', '.join(roles.ignored)} is left alone: Periscope stores prices as traded"
            self.findings.add("ADJUSTED_IGNORED", self.path.name, None, what)
        if roles.layout is not None and roles.layout.adjusted:
            what = f"laid out as the files of {roles.layout.vendor}, which hold {roles.layout.adjusted}"
            self.findings.add("ADJUSTED_PRICES", self.path.name, None, what)
        if None in roles.sizes:
            what = "volume column: volumes" if len(roles.sizes) == 1 else "column for a side's size: these sizes"
            self.notes.append(f"the file has no {what} are unknown")
        if roles.quotes_too:
            self.notes.append("the file has quote bars too: they were left alone; --kind quotes imports them")
