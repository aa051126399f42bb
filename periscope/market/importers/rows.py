"""Rows of a file on their way to bars: first text, then integers with the line that each came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from periscope.market.columns import UNKNOWN_VOLUME, IntColumn
from periscope.market.importers.exact import MOST_DECIMALS, Mask, Numbers, empty, numbers
from periscope.market.importers.findings import Findings
from periscope.market.importers.number_style import NumberStyle

_WANTED = {
    "BAD_TIME": ": not written as the times before it",
    "BAD_PRICE": f": a price is a plain number of at most {MOST_DECIMALS} decimals",
    "BAD_VOLUME": ": a volume is a plain number, 0 or more, or empty if unknown",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file: times in microseconds (`timed` where they could be read), the prices and volumes as text.

    `volume` is None where the file has none. `lines` number the rows for messages; `stamps` are the times as written.
    `exponents` may be false where the text is known to hold none.
    """

    times: IntColumn
    timed: Mask
    stamps: pl.Series
    prices: tuple[pl.Series, pl.Series, pl.Series, pl.Series]
    volume: pl.Series | None
    lines: IntColumn
    exponents: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """Readable rows as integers: times in microseconds, prices and volumes times ten to their scale, line numbers."""

    times: IntColumn
    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    volume: IntColumn
    lines: IntColumn
    price_scale: int
    volume_scale: int

    def __len__(self) -> int:
        return len(self.times)

    def columns(self) -> tuple[IntColumn, ...]:
        """All columns: times, open, high, low, close, volume, lines."""
        return self.times, self.open, self.high, self.low, self.close, self.volume, self.lines

    def prices(self) -> tuple[IntColumn, IntColumn, IntColumn, IntColumn]:
        """Open, high, low and close."""
        return self.open, self.high, self.low, self.close

    def at_scales(self, price_scale: int, volume_scale: int) -> "Rows":
        """The same rows with more decimals."""
        if (self.price_scale, self.volume_scale) == (price_scale, volume_scale):
            return self
        factor = 10 ** (price_scale - self.price_scale)
        known = self.volume != UNKNOWN_VOLUME
        volume = np.where(known, self.volume * 10 ** (volume_scale - self.volume_scale), UNKNOWN_VOLUME)
        open_, high, low, close = (price * factor for price in self.prices())
        return Rows(self.times, open_, high, low, close, volume, self.lines, price_scale, volume_scale)

    @classmethod
    def of(cls, columns: Iterable[IntColumn], price_scale: int, volume_scale: int) -> "Rows":
        """Rows of columns in the order of `columns`."""
        times, open_, high, low, close, volume, lines = columns
        return cls(times, open_, high, low, close, volume, lines, price_scale, volume_scale)

    def backwards(self) -> "Rows":
        """The last row first."""
        turned = (np.ascontiguousarray(column[::-1]) for column in self.columns())
        return Rows.of(turned, self.price_scale, self.volume_scale)


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Several parts, all of the same scales, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = (np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True))
    return Rows.of(columns, parts[0].price_scale, parts[0].volume_scale)


def read_block(block: Block, style: NumberStyle, file: str, findings: Findings) -> Rows:
    """A block's readable rows; the others are BAD_TIME, BAD_PRICE and BAD_VOLUME findings, one for each row."""
    prices, volume = _parsed(block, style)
    priced = np.logical_and.reduce(prices.ok)
    amounts, counted = _volumes(block, volume)
    keep = block.timed & priced & counted
    every = bool(keep.all())
    if not every:
        _report(block, ~block.timed, "BAD_TIME", (block.stamps,), file, findings)
        _report(block, block.timed & ~priced, "BAD_PRICE", block.prices, file, findings)
        if block.volume is not None:
            _report(block, block.timed & priced & ~counted, "BAD_VOLUME", (block.volume,), file, findings)
    columns = (block.times, *prices.values, amounts, block.lines)
    kept = columns if every else tuple(column[keep] for column in columns)
    return Rows.of(kept, prices.scale, 0 if volume is None else volume.scale)


def _parsed(block: Block, style: NumberStyle) -> tuple[Numbers, Numbers | None]:
    """Prices and volumes as they stand, or if some are no plain numbers by the style that the file's numbers have."""
    texts = [*block.prices, *(() if block.volume is None else (block.volume,))]
    if not style.comma:
        prices = numbers(texts[:4], exponents=block.exponents)
        volume = None if block.volume is None else numbers(texts[4:], exponents=block.exponents)
        if all(bool(ok.all()) for ok in (*prices.ok, *(() if volume is None else volume.ok))):
            return prices, volume
    texts = style.plain(texts)
    return numbers(texts[:4]), None if block.volume is None else numbers(texts[4:])


def _volumes(block: Block, found: Numbers | None) -> tuple[IntColumn, Mask]:
    """Volumes as integers and which rows have a possible one; an empty one is unknown."""
    count = len(block.times)
    if block.volume is None or found is None:
        return np.full(count, UNKNOWN_VOLUME, dtype=np.int64), np.ones(count, dtype=np.bool_)
    values, ok = found.values[0], found.ok[0]
    if bool(ok.all()):
        return values, values >= 0
    unknown = empty(block.volume)
    return np.where(unknown, UNKNOWN_VOLUME, values), (ok & (values >= 0)) | unknown


def _report(
    block: Block, which: Mask, code: str, columns: tuple[pl.Series, ...], file: str, findings: Findings
) -> None:
    rows = np.flatnonzero(which)
    findings.add_rows(
        code,
        file,
        block.lines[rows],
        lambda i: "can't use " + ", ".join(_shown(column[int(rows[i])]) for column in columns) + _WANTED[code],
    )


def _shown(value: str | None) -> str:
    text = value or ""
    return repr(text) if len(text) <= 40 else f"{text[:40]!r}… ({len(text)} characters)"
