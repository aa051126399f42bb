"""Bars in Parquet: exact decimals for everybody else, scaled 64-bit integers for us.

A file has the columns start and end (timestamp, microseconds, UTC), open, high, low, close (DECIMAL(18, price scale))
and volume (DECIMAL(18, volume scale), null where unknown). Polars stores decimals of up to 18 digits as INT64.
"""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn

GROUP_ROWS = 131_072
"""Rows of a row group, the smallest part of a file that is read at once."""

DIGITS = 18
LARGEST = 10**DIGITS - 1
"""The largest scaled integer that fits the files' decimals."""

PRICES = ("open", "high", "low", "close")


def write_bar_file(path: Path, bars: BarColumns, *, price_scale: int, volume_scale: int) -> None:
    """Write bars to a new Parquet file; the same bars always give the same bytes."""
    frame = pl.DataFrame({name: getattr(bars, name) for name in ("start", "end", *PRICES, "volume")})
    volume = pl.when(pl.col("volume") != UNKNOWN_VOLUME).then(pl.col("volume"))
    frame.select(
        pl.from_epoch("start", "us").dt.replace_time_zone("UTC"),
        pl.from_epoch("end", "us").dt.replace_time_zone("UTC"),
        *(_decimal(pl.col(name), price_scale).alias(name) for name in PRICES),
        _decimal(volume, volume_scale).alias("volume"),
    ).write_parquet(path, compression="zstd", compression_level=3, row_group_size=GROUP_ROWS, statistics=True)


def read_bar_file(path: Path, offset: int = 0, rows: int | None = None) -> BarColumns:
    """Read rows of a bar file as scaled integers, at the scales the file was written with."""
    frame = pl.scan_parquet(path, glob=False, cache=False).slice(offset, rows).collect()
    volume = frame.get_column("volume").to_physical().fill_null(UNKNOWN_VOLUME)
    times_and_prices = [frame.get_column(name) for name in ("start", "end", *PRICES)]
    return BarColumns(*(_integers(column) for column in (*times_and_prices, volume)))


def sha256_of(path: Path) -> str:
    """The content's hash in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def rescaled(bars: BarColumns, price_steps: int, volume_steps: int) -> BarColumns:
    """The same bars with this many more decimals in prices and volume; both counts are 0 or more."""
    if price_steps == 0 and volume_steps == 0:
        return bars
    price, volume = 10**price_steps, 10**volume_steps
    known = bars.volume != UNKNOWN_VOLUME
    return BarColumns(
        bars.start,
        bars.end,
        bars.open * price,
        bars.high * price,
        bars.low * price,
        bars.close * price,
        np.where(known, bars.volume * volume, UNKNOWN_VOLUME),
    )


def take(bars: BarColumns, which: slice | IntColumn | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> BarColumns:
    """Some of the bars, by slice, index or mask; a slice copies nothing."""
    return BarColumns(
        bars.start[which],
        bars.end[which],
        bars.open[which],
        bars.high[which],
        bars.low[which],
        bars.close[which],
        bars.volume[which],
    )


def joined(parts: list[BarColumns]) -> BarColumns:
    """Several parts one after the other."""
    if len(parts) == 1:
        return parts[0]
    return BarColumns(
        *(
            np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0, dtype=np.int64)
            for name in ("start", "end", *PRICES, "volume")
        )
    )


def in_pieces(bars: BarColumns, rows: int) -> Iterator[BarColumns]:
    """Consecutive pieces of at most so many rows."""
    for first in range(0, len(bars), rows):
        yield take(bars, slice(first, first + rows))


def _decimal(column: pl.Expr, scale: int) -> pl.Expr:
    """A scaled integer as the decimal it stands for: multiplying by 0.0…1 moves the point and changes no digit."""
    unit = pl.lit(Decimal(1).scaleb(-scale), dtype=pl.Decimal(38, scale))
    return (column.cast(pl.Decimal(38, 0)) * unit).cast(pl.Decimal(DIGITS, scale))


def _integers(column: pl.Series) -> IntColumn:
    return column.to_physical().cast(pl.Int64).to_numpy()
