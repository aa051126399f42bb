"""From rows to one checked series of bars; the same for every table-like format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, Columns, Mask
from periscope.market.importers.checks import (
    Batch,
    in_order,
    remark_closed,
    remark_off_tick,
    remark_quotes,
    remark_unknown_volume,
    usable_prices,
)
from periscope.market.importers.facts import instrument_of, symbol_of
from periscope.market.importers.findings import Findings, ImportProblem, refuse_unusable
from periscope.market.importers.intervals import session_grid
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.placing import Placing, guess_span
from periscope.market.importers.rows import Block, Rows, read_block
from periscope.market.importers.spool import PIECE_ROWS, Gathered, Spool
from periscope.market.importers.storing import ImportedSeries, ImportSummary, Progress, store_series
from periscope.market.mapped_bars import MappedBars

_SHORT_SPANS = (BarTimeSpan.SECOND, BarTimeSpan.MINUTE)


@dataclass(slots=True)
class Assembler:
    """Collects the rows of one series and makes bars of them; memory stays bounded, however many there are.

    `zoned`: the times are moments, not wall-clock times. `dates`: they are dates. `stamp`: which end of a bar the
    file itself says they are.
    """

    path: Path
    options: ImportOptions
    findings: Findings
    notes: list[str]
    gathered: Gathered
    style: NumberStyle
    zoned: bool = False
    dates: bool = False
    stamp: str | None = None
    kind: type[Columns] = BarColumns

    @classmethod
    def of_series(
        cls, path: Path, options: ImportOptions, findings: Findings, notes: list[str], spool: Spool
    ) -> "Assembler":
        """For one series; those of one file share a spool."""
        gathered = Gathered(spool, count_steps=options.span is None)
        return cls(path, options, findings, notes, gathered, NumberStyle(path, options.decimal))

    def add(self, block: Block) -> None:
        """Turn a block's text into integers; rows that are no numbers become findings."""
        self.gathered.add(read_block(block, self.style, self.path.name, self.findings))

    def plan(self, catalog: Catalog) -> tuple[Instrument, Placing]:
        """The instrument, at the scales that hold all rows, and how times become intervals.

        Raises `ImportProblem` for what is wrong with the rows as a whole.
        """
        symbol = symbol_of(self.path, self.options, self.notes)
        instrument = instrument_of(symbol, catalog, self.options, self.notes)
        found = self.gathered
        if found.rows == 0:
            refuse_unusable(self.findings, self.path)
            raise ImportProblem("NO_ROWS", f"{self.path} has no rows", findings=self.findings)
        instrument = replace(
            instrument,
            price_scale=max(found.price_scale, instrument.price_scale),
            volume_scale=max(found.volume_scale, instrument.volume_scale),
        )
        self._refuse_long_numbers(instrument.price_scale, instrument.volume_scale)
        turned = found.falling and found.rows > 1
        if turned:
            self._note("the file is newest first; it was turned round")
        grid = session_grid(instrument.exchange, found.first, found.last)
        span = self.options.span or (
            BarTimeSpan.DAY
            if self.dates
            else guess_span(found.steps_back if turned else found.steps, self.path, self._note)
        )
        placing = Placing(
            path=self.path,
            grid=grid,
            span=span,
            zoned=self.zoned,
            days_only=self.dates or found.at_midnight,
            zone=self.options.tz,
            stamp=self.options.stamp or self.stamp,
        )
        placing.check()
        if not self.zoned and placing.zone is None and not (span is BarTimeSpan.DAY and placing.days_only):
            self._note(f"the stamps carry no zone: read as {grid.zone.key}, {grid.exchange}'s; --tz says otherwise")
        return instrument, placing

    def bars(self, instrument: Instrument, placing: Placing) -> Iterator[Columns]:
        """The bars in pieces, ascending; rows that can't be bars become findings."""
        after: tuple[int, int] | None = None
        at_once = PIECE_ROWS if placing.span in _SHORT_SPANS else self.gathered.rows
        for rows in self.gathered.pieces(instrument.price_scale, instrument.volume_scale, at_once=at_once):
            batch = self._placed(rows, placing)
            positive = instrument.asset_type in TRADES_AS_EQUITY
            batch = _kept(
                batch, usable_prices(batch, scale=instrument.price_scale, positive=positive, findings=self.findings)
            )
            ok = in_order(batch, after, self.findings)
            after = _after(batch, ok, after)
            batch = _kept(batch, ok)
            remark_unknown_volume(batch, self.findings)
            remark_quotes(batch, instrument.price_scale, self.findings)
            remark_off_tick(batch, instrument, self.findings)
            remark_closed(batch, placing.grid, self.findings)
            if len(batch.bars) > 0:
                yield batch.bars

    def _placed(self, rows: Rows, placing: Placing) -> Batch:
        start, end, ok = placing.intervals(rows.times)
        batch = Batch(rows.placed(start, end), rows.lines, self.path.name)
        if not bool(ok.all()):
            zone = placing.zone or placing.grid.zone.key
            text = f"the clock of {zone} never or twice showed this time; give stamps with an offset"
            self.findings.add_rows("BAD_TIME", self.path.name, rows.lines[~ok], lambda _: text)
        return _kept(batch, ok)

    def _refuse_long_numbers(self, price_scale: int, volume_scale: int) -> None:
        for code, what, largest, wanted in (
            ("BAD_PRICE", "prices", self.gathered.largest_price, price_scale),
            ("BAD_VOLUME", "volumes", self.gathered.largest_volume, volume_scale),
        ):
            if any(most * 10 ** (wanted - own) >= 10**18 for own, most in largest.items()):
                raise ImportProblem(
                    code, f"{self.path}: {what} need {wanted} decimals, and with them more than 18 digits"
                )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def store_file(
    kind: str, assemblers: Sequence[Assembler], catalog: Catalog, *, progress: Progress | None = None
) -> ImportSummary:
    """The last step of importing one file: its series into the catalog, and the summary. Raises `ImportProblem`."""
    first = assemblers[0]
    size = first.path.stat().st_size
    if progress is not None:
        progress(size, size, "checking and storing")
    series = finish(assemblers, catalog)
    summaries = store_series(catalog, series, replace_bars=first.options.replace)
    if all(item.added == 0 and item.replaced == 0 for item in summaries):
        first.notes.append("all of these bars were in the catalog already: nothing changed")
    return ImportSummary(kind, str(first.path), summaries, first.findings, first.notes)


def finish(assemblers: Sequence[Assembler], catalog: Catalog) -> list[ImportedSeries]:
    """The series of one file. Raises `ImportProblem` for what is wrong with it, or with rows that are not skipped."""
    first = assemblers[0]
    assemblers = [assembler for assembler in assemblers if assembler.gathered.rows > 0] or assemblers[:1]
    plans = [assembler.plan(catalog) for assembler in assemblers]
    kind = assemblers[0].kind
    mapped = MappedBars(kind, sum(assembler.gathered.rows for assembler in assemblers), catalog.files.scratch)
    series: list[ImportedSeries] = []
    for assembler, (instrument, placing) in zip(assemblers, plans, strict=True):
        begin = len(mapped)
        for bars in assembler.bars(instrument, placing):
            mapped.append(bars)
        if len(mapped) > begin:
            source = f"file {assembler.path.name}"
            series.append(ImportedSeries(instrument, placing.span, mapped.rows(begin), source))
    if not first.options.skip_bad_rows:
        refuse_unusable(first.findings, first.path)
    if not series:
        raise ImportProblem("NO_ROWS", f"{first.path} has no row that can be a bar", findings=first.findings)
    return series


def _after(batch: Batch, ok: Mask, after: tuple[int, int] | None) -> tuple[int, int] | None:
    """The latest start of all bars so far, and the end of the last one that was kept."""
    bars = batch.bars
    if len(bars) == 0:
        return after
    kept = np.flatnonzero(ok)
    latest = int(bars.start.max())
    if after is None:
        return latest, int(bars.end[kept[-1]])
    return max(latest, after[0]), int(bars.end[kept[-1]]) if len(kept) > 0 else after[1]


def _kept(batch: Batch, ok: Mask) -> Batch:
    return batch if bool(ok.all()) else Batch(take(batch.bars, ok), batch.lines[ok], batch.file)
