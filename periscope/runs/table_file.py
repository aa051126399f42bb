"""A table that is made row by row and becomes one Parquet file, of which only the latest rows are held in memory.

So a run of a million orders needs no more memory than one of ten thousand: every `PART_ROWS` rows go to a part beside
the file, and the parts become the file in the end.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

PART_ROWS = 8_192
_DIGITS = 12
"""Decimals of every exact column, so that the tables of several runs fit together; more only where a value needs it."""
_SORTED_AT_ONCE = 65_536


@contextmanager
def disk_errors() -> Iterator[None]:
    """What the disk refuses while Polars writes, as the OSError that it is: a full disk has space again one day."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


class TableFile:
    """Takes rows and makes `NAME.parquet` of them, sorted by the whole numbers in `ordered_by` where that is given.

    `columns` are names with types; `pl.Decimal` without a scale gets the scale that its values need. Rows that come
    in any order must differ in what they are ordered by.
    """

    def __init__(self, folder: Path, name: str, columns: Mapping[str, Any], *, ordered_by: str | None = None) -> None:
        self._target = folder / f"{name}.parquet"
        self._parts = folder / f".{name}"
        shutil.rmtree(self._parts, ignore_errors=True)
        self._columns = columns
        self._ordered_by = ordered_by
        self._digits = {name: _DIGITS for name, kind in columns.items() if kind is pl.Decimal}
        self._waiting: list[tuple[Any, ...]] = []
        self._count = 0

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
        if self._count == 0:
            frame = self._frame(self._waiting)
            (frame if self._ordered_by is None else frame.sort(self._ordered_by)).write_parquet(self._target)
            return
        if self._waiting:
            self._write_part()
        parts = sorted(self._parts.glob("*.parquet"))
        self._same_digits(parts)
        if self._ordered_by is not None:
            parts = self._sorted(parts, self._ordered_by)
        pl.scan_parquet(parts).sink_parquet(self._target)
        shutil.rmtree(self._parts)

    def _write_part(self) -> None:
        if self._count == 0:
            self._parts.mkdir()
        with disk_errors():
            self._frame(self._waiting).write_parquet(self._parts / f"{self._count:06d}.parquet")
        self._count += 1
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
            found.append(self._parts / f"sorted-{number:06d}.parquet")
            some.collect().sort(column).write_parquet(found[-1])
        return found
