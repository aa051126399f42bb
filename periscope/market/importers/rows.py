"""Rows of a file on their way to bars: first text, then integers with the line that each came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from periscope.market.bar_files import rescaled
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns, Columns, IntColumn, Mask
from periscope.market.importers.exact import MOST_DECIMALS, Numbers, empty, numbers
from periscope.market.importers.findings import Findings
from periscope.market.importers.number_style import NumberStyle

_OF_ONE_SIDE = 4
"""Open, high, low and close."""

_WANTED = {
    "BAD_TIME": ": not written as the times before it",
    "BAD_PRICE": f": a price is a plain number of at most {MOST_DECIMALS} decimals",
    "BAD_VOLUME": ": a volume is a plain number, 0 or more, or empty if unknown",
    "NO_QUOTE": ": neither a bid nor an ask",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file: times in microseconds (`timed` where they could be read), prices and sizes as text.

    `prices` and `sizes` are those of the `kind`, in its order; a size is None where the file has none. `lines` number
    the rows for messages; `stamps` are the times as written. `exponents` may be false where the text is known to hold
    none.
    """

    times: IntColumn
    timed: Mask
    stamps: pl.Series
    prices: tuple[pl.Series, ...]
    sizes: tuple[pl.Series | None, ...]
    lines: IntColumn
    exponents: bool = True
    kind: type[Columns] = BarColumns

    def some(self, which: IntColumn) -> "Block":
        """The rows at these places, in that order."""
        return replace(
            self,
            times=self.times[which],
            timed=self.timed[which],
            stamps=self.stamps.gather(which),
            prices=tuple(price.gather(which) for price in self.prices),
            sizes=tuple(None if size is None else size.gather(which) for size in self.sizes),
            lines=self.lines[which],
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Readable rows as integers: times in microseconds, prices and volumes times ten to their scale, line numbers.

    `values` are the columns of the `kind` after start and end.
    """

    kind: type[Columns]
    times: IntColumn
    values: tuple[IntColumn, ...]
    lines: IntColumn
    price_scale: int
    volume_scale: int

    def __len__(self) -> int:
        return len(self.times)

    def columns(self) -> tuple[IntColumn, ...]:
        """All columns: times, values, lines."""
        return self.times, *self.values, self.lines

    def placed(self, start: IntColumn, end: IntColumn) -> Columns:
        """The rows with the intervals that they cover."""
        return self.kind(start, end, *self.values)

    def largest(self, names: tuple[str, ...]) -> int:
        """The greatest magnitude of any value in the columns of these names; 0 if there is none."""
        most = 0
        for name, column in zip(self.kind.NAMES[2:], self.values, strict=True):
            if name not in names or len(column) == 0:
                continue
            known = column if column.min() != self.kind.missing(name) else column[column != self.kind.missing(name)]
            if len(known) > 0:
                most = max(most, int(known.max()), -int(known.min()))
        return most

    def at_scales(self, price_scale: int, volume_scale: int) -> "Rows":
        """The same rows with more decimals."""
        if (self.price_scale, self.volume_scale) == (price_scale, volume_scale):
            return self
        longer = rescaled(
            self.placed(self.times, self.times), price_scale - self.price_scale, volume_scale - self.volume_scale
        )
        values = tuple(getattr(longer, name) for name in self.kind.NAMES[2:])
        return Rows(self.kind, self.times, values, self.lines, price_scale, volume_scale)

    @classmethod
    def of(cls, kind: type[Columns], columns: Iterable[IntColumn], price_scale: int, volume_scale: int) -> "Rows":
        """Rows of columns in the order of `columns`."""
        times, *values, lines = columns
        return cls(kind, times, tuple(values), lines, price_scale, volume_scale)

    def some(self, which: IntColumn) -> "Rows":
        """The rows at these places, in that order."""
        chosen = (column[which] for column in self.columns())
        return Rows.of(self.kind, chosen, self.price_scale, self.volume_scale)

    def backwards(self) -> "Rows":
        """The last row first."""
        turned = (np.ascontiguousarray(column[::-1]) for column in self.columns())
        return Rows.of(self.kind, turned, self.price_scale, self.volume_scale)


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Several parts, all of the same kind and scales, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = (np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True))
    return Rows.of(parts[0].kind, columns, parts[0].price_scale, parts[0].volume_scale)


def read_block(block: Block, style: NumberStyle, file: str, findings: Findings) -> Rows:
    """A block's readable rows; the others are BAD_TIME, BAD_PRICE, NO_QUOTE and BAD_VOLUME findings, one for each."""
    prices, sizes = _parsed(block, style)
    lacking = _lacking(block, prices)
    priced = np.logical_and.reduce([ok | lacks for ok, lacks in zip(prices.ok, lacking, strict=True)])
    quoted = ~np.logical_and.reduce(lacking) if lacking else np.ones(len(block.times), dtype=np.bool_)
    amounts, counted = _sizes(block, sizes, lacking)
    keep = block.timed & priced & quoted & counted
    every = bool(keep.all())
    if not every:
        given = tuple(size for size in block.sizes if size is not None)
        _report(block, ~block.timed, "BAD_TIME", (block.stamps,), file, findings)
        _report(block, block.timed & ~priced, "BAD_PRICE", block.prices, file, findings)
        _report(block, block.timed & priced & ~quoted, "NO_QUOTE", block.prices, file, findings)
        _report(block, block.timed & priced & quoted & ~counted, "BAD_VOLUME", given, file, findings)
    found = dict(zip(block.kind.PRICES, _without(prices.values, lacking), strict=True))
    found |= dict(zip(block.kind.SIZES, amounts, strict=True))
    columns = (block.times, *(found[name] for name in block.kind.NAMES[2:]), block.lines)
    kept = columns if every else tuple(column[keep] for column in columns)
    return Rows.of(block.kind, kept, prices.scale, 0 if sizes is None else sizes.scale)


def _parsed(block: Block, style: NumberStyle) -> tuple[Numbers, Numbers | None]:
    """Prices and sizes as they stand, or if some are no plain numbers by the style that the file's numbers have."""
    count = len(block.prices)
    texts = [*block.prices, *(size for size in block.sizes if size is not None)]
    if not style.comma:
        prices = numbers(texts[:count], exponents=block.exponents)
        sizes = numbers(texts[count:], exponents=block.exponents) if len(texts) > count else None
        if all(bool(ok.all()) for ok in (*prices.ok, *(() if sizes is None else sizes.ok))):
            return prices, sizes
    texts = style.plain(texts)
    return numbers(texts[:count]), numbers(texts[count:]) if len(texts) > count else None


def _lacking(block: Block, prices: Numbers) -> list[Mask]:
    """For each price column which rows lack its side: all four of a bid, or of an ask, are empty."""
    if len(block.prices) <= _OF_ONE_SIDE:
        return [np.zeros(len(block.times), dtype=np.bool_) for _ in block.prices]
    masks: list[Mask] = []
    for first in range(0, len(block.prices), _OF_ONE_SIDE):
        side = slice(first, first + _OF_ONE_SIDE)
        whole = all(bool(ok.all()) for ok in prices.ok[side])
        lacks = (
            np.zeros(len(block.times), dtype=np.bool_)
            if whole
            else np.logical_and.reduce([empty(price) for price in block.prices[side]])
        )
        masks += [lacks] * _OF_ONE_SIDE
    return masks


def _without(values: Sequence[IntColumn], lacking: Sequence[Mask]) -> list[IntColumn]:
    return [
        np.where(lacks, NO_PRICE, value) if bool(lacks.any()) else value
        for value, lacks in zip(values, lacking, strict=True)
    ]


def _sizes(block: Block, found: Numbers | None, lacking: Sequence[Mask]) -> tuple[list[IntColumn], Mask]:
    """Sizes as integers and which rows have possible ones; an empty one is unknown, as is that of a lacking side."""
    count = len(block.times)
    amounts: list[IntColumn] = []
    counted = np.ones(count, dtype=np.bool_)
    given = iter(() if found is None else zip(found.values, found.ok, strict=True))
    for place, text in enumerate(block.sizes):
        if text is None:
            amounts.append(np.full(count, UNKNOWN_VOLUME, dtype=np.int64))
            continue
        values, ok = next(given)
        fits = ok & (values >= 0)
        lacks = lacking[place * _OF_ONE_SIDE] if lacking else np.zeros(count, dtype=np.bool_)
        if not bool(fits.all()) or bool(lacks.any()):
            unknown = empty(text)
            counted &= np.where(lacks, unknown | (ok & (values == 0)), fits | unknown)
            values = np.where(unknown | lacks, UNKNOWN_VOLUME, values)
        else:
            counted &= fits
        amounts.append(values)
    return amounts, counted


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
