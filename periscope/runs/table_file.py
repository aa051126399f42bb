"""A table that is made row by row and becomes one Parquet file, of which only the latest rows are held in memory.

So a run of a million orders needs no more memory than one of ten thousand: every `PART_ROWS` rows go to a part beside
the file, and the parts become the file in the end.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from periscope.runs.parquet_parts import ParquetParts, disk_errors

TIME = pl.Datetime("us", "UTC")
"""How every table of ours has its times."""
PART_ROWS = 8_192
_DIGITS = 12
"""Decimals of every exact column, so that the tables of several runs fit together; more only where a value needs it."""
_SORTED_AT_ONCE = 65_536


class TableFile:
    """Takes rows and makes `NAME.parquet` of them, sorted by the whole numbers in `ordered_by` where that is given.

    `columns` are names with types; `pl.Decimal` without a scale gets the scale that its values need. Rows that come
    in any order must differ in what they are ordered by.
    """

    def __init__(self, folder: Path, name: str, columns: Mapping[str, Any], *, ordered_by: str | None = None) -> None:
        self._target = folder / f"{name}.parquet"
        self._parts = ParquetParts(self._target)
        self._columns = columns
        self._ordered_by = ordered_by
        self._digits = {name: _DIGITS for name, kind in columns.items() if kind is pl.Decimal}
        self._waiting: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Take one row."""
        self._waiting.append(row)
        if len(self._waiting) >= PART_ROWS:
            self._write_part()

    def finish(self) -> None:
        """Make the file. Raises OSError where the disk refuses."""
        with disk_errors():
            self._finish()

    def _finish(self) -> None:
        if self._parts.count == 0:
            frame = self._frame(self._waiting)
            (frame if self._ordered_by is None else frame.sort(self._ordered_by)).write_parquet(self._target)
            return
        if self._waiting:
            self._write_part()
        parts = self._parts.files()
        self._same_digits(parts)
        if self._ordered_by is not None:
            parts = self._sorted(parts, self._ordered_by)
        self._parts.join(parts)

    def _write_part(self) -> None:
        self._parts.add(self._frame(self._waiting))
        self._waiting = []

    def _frame(self, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
        series = []
        for index, (name, kind) in enumerate(self._columns.items()):
            values = [row[index] for row in rows]
            if kind is pl.Decimal:
                needed = max((-value.as_tuple().exponent for value in values if value is not None), default=0)
                self._digits[name] = max(self._digits[name], needed)
                series.append(pl.Series(name, values, dtype=pl.Decimal(38, self._digits[name])))
            else:
                series.append(pl.Series(name, values, dtype=kind))
        return pl.DataFrame(series)

    def _same_digits(self, parts: list[Path]) -> None:
        """Give every part the decimals that the one with the most of them needed."""
        wanted = {name: pl.Decimal(38, digits) for name, digits in self._digits.items()}
        for part in parts:
            schema = pl.read_parquet_schema(part)
            if any(schema[name] != kind for name, kind in wanted.items()):
                pl.read_parquet(part).with_columns(
                    pl.col(name).cast(kind) for name, kind in wanted.items()
                ).write_parquet(part)

    def _sorted(self, parts: list[Path], column: str) -> list[Path]:
        """The rows of the parts in other parts, sorted; each is sorted by itself, so that memory stays small."""
        rows = pl.scan_parquet(parts)
        last = int(rows.select(pl.col(column).max()).collect().item())
        found = []
        for number, first in enumerate(range(0, last + 1, _SORTED_AT_ONCE)):
            some = rows.filter(pl.col(column).is_between(first, first + _SORTED_AT_ONCE - 1))
            found.append(self._parts.folder / f"sorted-{number:06d}.parquet")
            some.collect().sort(column).write_parquet(found[-1])
        return found
