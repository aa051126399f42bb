"""Columns in Parquet: exact decimals for everybody else, scaled 64-bit integers for us.

A file has the columns start and end (timestamp, microseconds, UTC), prices (DECIMAL(18, price scale)) and volumes or
sizes (DECIMAL(18, volume scale)); null where they are unknown, or a quote bar lacks the side. Polars stores decimals of
up to 18 digits as INT64.
"""

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from periscope.market.columns import BarColumns, Columns, IntColumn

if TYPE_CHECKING:
    import polars as pl

GROUP_ROWS = 16_384
"""Rows of a row group, the smallest part of a file that is unpacked at once."""

DIGITS = 18
LARGEST = 10**DIGITS - 1
"""The largest scaled integer that fits the files' decimals."""


def write_bar_file(path: Path | BytesIO, rows: Columns, *, price_scale: int, volume_scale: int) -> None:
    """Write rows to a new Parquet file; the same rows always give the same bytes."""
    import polars as pl

    frame = pl.DataFrame({name: getattr(rows, name) for name in rows.NAMES})
    frame.select(
        _written(name, rows, price_scale=price_scale, volume_scale=volume_scale) for name in rows.NAMES
    ).write_parquet(path, compression="zstd", compression_level=3, row_group_size=GROUP_ROWS, statistics=True)


def read_bar_file[C: Columns](kind: type[C], path: Path, offset: int = 0, rows: int | None = None) -> C:
    """Read rows of a file as scaled integers, at the scales the file was written with."""
    import polars as pl

    frame = pl.scan_parquet(path, glob=False, cache=False).slice(offset, rows).collect()
    return kind(*(_integers(frame.get_column(name), kind.missing(name)) for name in kind.NAMES))


def read_starts(path: Path, offset: int, rows: int) -> IntColumn:
    """The starts alone of some rows of a file."""
    import polars as pl

    frame = pl.scan_parquet(path, glob=False, cache=False).select("start").slice(offset, rows).collect()
    return _integers(frame.get_column("start"), None)


def sha256_of(path: Path) -> str:
    """The content's hash in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def rescaled[C: Columns](rows: C, price_steps: int, volume_steps: int) -> C:
    """The same rows with this many more decimals in prices and volumes; both counts are 0 or more."""
    if price_steps == 0 and volume_steps == 0:
        return rows
    steps = dict.fromkeys(rows.PRICES, price_steps) | dict.fromkeys(rows.SIZES, volume_steps)
    return type(rows)(*(_longer(getattr(rows, name), steps.get(name, 0), rows.missing(name)) for name in rows.NAMES))


def take[C: Columns](rows: C, which: slice | IntColumn | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> C:
    """Some of the rows, by slice, index or mask; a slice copies nothing."""
    return type(rows)(*(getattr(rows, name)[which] for name in rows.NAMES))


def joined(parts: Sequence[BarColumns]) -> BarColumns:
    """Several parts of bars one after the other."""
    return joined_rows(BarColumns, parts)


def joined_rows[C: Columns](kind: type[C], parts: Sequence[C]) -> C:
    """Several parts of one kind of rows one after the other."""
    if len(parts) == 1:
        return parts[0]
    return kind(
        *(
            np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0, dtype=np.int64)
            for name in kind.NAMES
        )
    )


def in_pieces[C: Columns](rows: C, most: int) -> Iterator[C]:
    """Consecutive pieces of at most so many rows."""
    for first in range(0, len(rows), most):
        yield take(rows, slice(first, first + most))


def _written(name: str, rows: Columns, *, price_scale: int, volume_scale: int) -> "pl.Expr":
    """A column as the file has it."""
    import polars as pl

    column, missing = pl.col(name), rows.missing(name)
    if missing is None:
        return pl.from_epoch(name, "us").dt.replace_time_zone("UTC")
    scale = price_scale if name in rows.PRICES else volume_scale
    return _decimal(pl.when(column != missing).then(column), scale).alias(name)


def _longer(column: IntColumn, steps: int, missing: int | None) -> IntColumn:
    """Scaled integers with this many more decimals; what stands for no value stays."""
    if steps == 0 or missing is None:
        return column
    longer: IntColumn = column * 10**steps
    longer[column == missing] = missing
    return longer


def _decimal(column: "pl.Expr", scale: int) -> "pl.Expr":
    """A scaled integer as the decimal it stands for: multiplying by 0.0…1 moves the point and changes no digit."""
    import polars as pl

    unit = pl.lit(Decimal(1).scaleb(-scale), dtype=pl.Decimal(38, scale))
    return (column.cast(pl.Decimal(38, 0)) * unit).cast(pl.Decimal(DIGITS, scale))


def _integers(column: "pl.Series", missing: int | None) -> IntColumn:
    import polars as pl

    integers = column.to_physical().cast(pl.Int64)
    return (integers if missing is None else integers.fill_null(missing)).to_numpy()
