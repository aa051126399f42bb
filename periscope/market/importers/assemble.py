"""From blocks of text columns to one checked series of bars; the same for every table-like format."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn
from periscope.market.importers.checks import Batch, in_order, remark_closed, remark_off_tick, remark_unknown_volume
from periscope.market.importers.checks import usable_prices as usable
from periscope.market.importers.exact import MOST_DECIMALS, Mask, empty, numbers
from periscope.market.importers.facts import instrument_of, symbol_of
from periscope.market.importers.findings import Findings, ImportProblem, refuse_unusable
from periscope.market.importers.intervals import (
    DAY,
    HOUR,
    LENGTHS,
    SECOND,
    SessionGrid,
    day_intervals,
    hour_intervals,
    session_grid,
)
from periscope.market.importers.names import Roles
from periscope.market.importers.options import END, ImportOptions
from periscope.market.importers.storing import ImportedSeries
from periscope.market.importers.timestamps import time_zone, wall_to_utc

_WANTED = {
    "BAD_TIME": ": not written as the times before it",
    "BAD_PRICE": f": a price is a plain number of at most {MOST_DECIMALS} decimals",
    "BAD_VOLUME": ": a volume is a plain number, 0 or more, or empty if unknown",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file: times in microseconds (`timed` where they could be read), the prices and volumes as text.

    `volume` is None where the file has none. `lines` number the rows for messages; `stamps` are the times as written.
    """

    times: IntColumn
    timed: Mask
    stamps: pl.Series
    prices: tuple[pl.Series, pl.Series, pl.Series, pl.Series]
    volume: pl.Series | None
    lines: IntColumn


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The readable rows of a block as integers at the block's own scales."""

    times: IntColumn
    prices: list[IntColumn]
    volume: IntColumn
    price_scale: int
    volume_scale: int
    lines: IntColumn


@dataclass(slots=True)
class Assembler:
    """Collects the blocks of one file and makes a series of them.

    `zoned`: the times are moments, not wall-clock times. `dates`: they are dates. `stamp`: which end of a bar the
    file's own column names say they are.
    """

    path: Path
    options: ImportOptions
    findings: Findings
    notes: list[str]
    zoned: bool = False
    dates: bool = False
    stamp: str | None = None
    symbol_in_file: str | None = None
    left_out: int = 0
    blocks: list[_Numbers] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    def describe(self, roles: Roles) -> None:
        """Take note of what the columns' names tell."""
        self.stamp = roles.stamp
        if roles.ignored:
            self.notes.append(f"column {', '.join(roles.ignored)} is left alone: Periscope stores prices as traded")
        if roles.volume is None:
            self.notes.append("the file has no volume column: volumes are unknown")

    def of_one_symbol(self, column: pl.Series) -> Mask | None:
        """Which rows are of the wanted symbol, None if all are.

        Raises `ImportProblem` MANY_SYMBOLS if the file has several and none was chosen.
        """
        column = column.fill_null("").str.strip_chars().str.to_uppercase()
        if self.options.symbol is not None:
            mine = (column == self.options.symbol.strip().upper()).to_numpy()
            self.left_out += int(np.count_nonzero(~mine))
            return None if bool(mine.all()) else mine
        found = set(column.unique().to_list())
        if self.symbol_in_file is not None:
            found.add(self.symbol_in_file)
        if len(found) > 1:
            some = ", ".join(repr(name) for name in sorted(found)[:5]) + (" and more" if len(found) > 5 else "")
            what = f"{self.path} has bars of {some}; import them one by one with --symbol"
            raise ImportProblem("MANY_SYMBOLS", what, exit_code=2)
        self.symbol_in_file = next(iter(found), "") or None
        return None

    def add(self, block: Block) -> None:
        """Turn a block's text into integers; rows that are no numbers become findings."""
        prices = numbers(block.prices)
        priced = np.logical_and.reduce(prices.ok)
        volume, counted, volume_scale = _volumes(block)
        keep = block.timed & priced & counted
        if not bool(keep.all()):
            self._report(block, ~block.timed, "BAD_TIME", (block.stamps,))
            self._report(block, block.timed & ~priced, "BAD_PRICE", block.prices)
            if block.volume is not None:
                self._report(block, block.timed & priced & ~counted, "BAD_VOLUME", (block.volume,))
        every = bool(keep.all())
        self.blocks.append(
            _Numbers(
                block.times if every else block.times[keep],
                [value if every else value[keep] for value in prices.values],
                volume if every else volume[keep],
                prices.scale,
                volume_scale,
                block.lines if every else block.lines[keep],
            )
        )

    def finish(self, catalog: Catalog) -> ImportedSeries:
        """The series. Raises `ImportProblem` for what is wrong with the whole, or with rows unless they are skipped."""
        instrument = instrument_of(
            symbol_of(self.path, self.options, self.symbol_in_file, self.notes), catalog, self.options, self.notes
        )
        if self.left_out > 0:
            self.notes.append(f"{self.left_out} rows of other symbols were left alone")
        joined = self._joined(instrument)
        if len(joined.times) == 0:
            refuse_unusable(self.findings, self.path)
            raise ImportProblem("NO_ROWS", f"{self.path} has no rows")
        instrument = replace(instrument, price_scale=joined.price_scale, volume_scale=joined.volume_scale)
        joined = self._ascending(joined)
        grid = session_grid(instrument.exchange, int(joined.times.min()), int(joined.times.max()))
        span = self.options.span or self._guess_span(joined.times)
        batch = self._bars(joined, span, grid)
        batch = self._checked(batch, instrument, grid, span)
        if not self.options.skip_bad_rows:
            refuse_unusable(self.findings, self.path)
        if len(batch.bars) == 0:
            raise ImportProblem("NO_ROWS", f"{self.path} has no row that can be a bar", findings=self.findings)
        return ImportedSeries(instrument, span, batch.bars, f"file {self.name}")

    def _joined(self, instrument: Instrument) -> _Numbers:
        """All blocks at the finest scale of any, which also holds the instrument's prices and tick."""
        price = max([instrument.price_scale, *(block.price_scale for block in self.blocks)])
        volume = max([instrument.volume_scale, *(block.volume_scale for block in self.blocks)])
        if price - min((block.price_scale for block in self.blocks), default=price) > 0:
            self._refuse_long_prices(price)
        prices = [
            np.concatenate([block.prices[part] * 10 ** (price - block.price_scale) for block in self.blocks])
            if self.blocks
            else np.empty(0, dtype=np.int64)
            for part in range(4)
        ]
        known = [
            np.where(block.volume == UNKNOWN_VOLUME, UNKNOWN_VOLUME, block.volume * 10 ** (volume - block.volume_scale))
            for block in self.blocks
        ]
        times = [block.times for block in self.blocks]
        lines = [block.lines for block in self.blocks]
        self.blocks = []
        return _Numbers(_join(times), prices, _join(known), price, volume, _join(lines))

    def _refuse_long_prices(self, scale: int) -> None:
        for block in self.blocks:
            largest = max((int(np.abs(price).max()) for price in block.prices if len(price) > 0), default=0)
            if largest * 10 ** (scale - block.price_scale) >= 10**18:
                raise ImportProblem(
                    "BAD_PRICE", f"{self.path}: prices need {scale} decimals, and with them more than 18 digits"
                )

    def _ascending(self, joined: _Numbers) -> _Numbers:
        """Newest-first files turned round."""
        if len(joined.times) < 2 or not bool(np.all(np.diff(joined.times) < 0)):
            return joined
        self.notes.append("the file is newest first; it was turned round")
        return replace(
            joined,
            times=joined.times[::-1].copy(),
            prices=[price[::-1].copy() for price in joined.prices],
            volume=joined.volume[::-1].copy(),
            lines=joined.lines[::-1].copy(),
        )

    def _guess_span(self, times: IntColumn) -> BarTimeSpan:
        if self.dates:
            return BarTimeSpan.DAY
        steps = np.diff(times)
        steps = steps[steps > 0]
        if len(steps) == 0:
            raise ImportProblem("SPAN_REQUIRED", f"{self.path} does not tell its bars' span; use --span", exit_code=2)
        values, counts = np.unique(steps, return_counts=True)
        usual = int(values[counts.argmax()])
        spans = {SECOND: BarTimeSpan.SECOND, 60 * SECOND: BarTimeSpan.MINUTE, HOUR: BarTimeSpan.HOUR}
        if usual in spans or usual >= 20 * HOUR:
            span = spans.get(usual, BarTimeSpan.DAY)
            self.notes.append(
                f"no --span given: the rows are mostly a {span.value} apart, so they are {span.value} bars"
            )
            return span
        raise ImportProblem(
            "SPAN_REQUIRED",
            f"the rows of {self.path} are mostly {usual // SECOND} seconds apart; bars are of a second, minute, hour or"
            " day. If they are one of these, say which with --span",
            exit_code=2,
        )

    def _bars(self, joined: _Numbers, span: BarTimeSpan, grid: SessionGrid) -> Batch:
        """Times to intervals."""
        if span is BarTimeSpan.DAY:
            days, ok = self._days(joined.times, grid), np.ones(len(joined.times), dtype=np.bool_)
            start, end = day_intervals(days, grid)
        else:
            times, ok = self._moments(joined.times, grid)
            start, end = self._intraday(times, span, grid)
        open_, high, low, close = joined.prices
        batch = Batch(BarColumns(start, end, open_, high, low, close, joined.volume), joined.lines, self.name)
        if bool(ok.all()):
            return batch
        bad = np.flatnonzero(~ok)
        zone = self.options.tz or grid.zone.key
        text = f"the clock of {zone} never or twice showed this time; give stamps with an offset"
        self.findings.add_rows("BAD_TIME", self.name, joined.lines[bad].tolist(), lambda _: text)
        return Batch(take(batch.bars, ok), batch.lines[ok], batch.file)

    def _moments(self, times: IntColumn, grid: SessionGrid) -> tuple[IntColumn, Mask]:
        if self.zoned:
            return times, np.ones(len(times), dtype=np.bool_)
        zone = grid.zone if self.options.tz is None else time_zone(self.options.tz)
        if self.options.tz is None:
            self.notes.append(f"the stamps carry no zone: read as {zone.key}, {grid.exchange}'s; --tz says otherwise")
        return wall_to_utc(times, zone)

    def _intraday(self, times: IntColumn, span: BarTimeSpan, grid: SessionGrid) -> tuple[IntColumn, IntColumn]:
        stamp = self.options.stamp or self.stamp
        if stamp is None:
            raise ImportProblem(
                "STAMP_REQUIRED",
                f"{self.path} does not tell whether a bar's time is its start or its end; use --stamp start or"
                " --stamp end (a 09:30 bar of the NYSE's first minute is stamped at its start)",
                exit_code=2,
            )
        if span is not BarTimeSpan.HOUR:
            start = times - LENGTHS[span] if stamp == END else times
            return start, start + LENGTHS[span]
        return hour_intervals(_hour_starts(times, grid) if stamp == END else times, grid)

    def _days(self, times: IntColumn, grid: SessionGrid) -> IntColumn:
        """The trading day of each DAY bar: the date where the time is midnight, else that of the session it lies in."""
        days = times // DAY
        if self.dates or bool(np.all(times % DAY == 0)):
            return days
        zone = grid.zone if self.zoned or self.options.tz is None else time_zone(self.options.tz)
        moments = times if self.zoned else wall_to_utc(times, zone)[0]
        local = grid.local_day(moments)
        at_midnight = (times % DAY == 0) | (moments == grid.local_midnight(local))
        stamp = self.options.stamp or self.stamp
        index, inside = grid.index_at(moments - 1 if stamp == END else moments)
        session_day = np.where(inside, grid.days[index] if len(grid.days) > 0 else local, local)
        return np.where(times % DAY == 0, days, np.where(at_midnight, local, session_day))

    def _checked(self, batch: Batch, instrument: Instrument, grid: SessionGrid, span: BarTimeSpan) -> Batch:
        positive = instrument.asset_type in TRADES_AS_EQUITY
        batch = _kept(batch, usable(batch, scale=instrument.price_scale, positive=positive, findings=self.findings))
        batch = _kept(batch, in_order(batch, None, self.findings))
        remark_unknown_volume(batch, self.findings)
        remark_off_tick(batch, instrument, self.findings)
        remark_closed(batch, grid, self.findings)
        assert span in LENGTHS or span is BarTimeSpan.DAY
        return batch

    def _report(self, block: Block, which: Mask, code: str, columns: tuple[pl.Series, ...]) -> None:
        rows = np.flatnonzero(which).tolist()
        self.findings.add_rows(
            code,
            self.name,
            (int(block.lines[row]) for row in rows),
            lambda i: "can't use " + ", ".join(repr(column[rows[i]] or "") for column in columns) + _WANTED[code],
        )


def _volumes(block: Block) -> tuple[IntColumn, Mask, int]:
    """Volumes as integers, which rows have a possible one, and their scale; an empty one is unknown."""
    if block.volume is None:
        return (
            np.full(len(block.times), UNKNOWN_VOLUME, dtype=np.int64),
            np.ones(len(block.times), dtype=np.bool_),
            0,
        )
    found = numbers([block.volume])
    values, ok = found.values[0], found.ok[0]
    if bool(ok.all()):
        return values, values >= 0, found.scale
    unknown = empty(block.volume)
    return np.where(unknown, UNKNOWN_VOLUME, values), (ok & (values >= 0)) | unknown, found.scale


def _hour_starts(ends: IntColumn, grid: SessionGrid) -> IntColumn:
    """The first moments of HOUR bars stamped at their end: an hour before, or the full hour before an end off the mark
    that is a session's close (a 17:15 close ends the hour of 17:00)."""
    starts = ends - HOUR
    at_close = np.isin(ends, grid.closes) & (ends % HOUR != 0)
    return np.where(at_close, ends // HOUR * HOUR, starts)


def _kept(batch: Batch, ok: Mask) -> Batch:
    return batch if bool(ok.all()) else Batch(take(batch.bars, ok), batch.lines[ok], batch.file)


def _join(parts: list[IntColumn]) -> IntColumn:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
