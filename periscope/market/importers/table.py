"""Delimited text to columns of text, every row accounted for by its line number."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from periscope.market.columns import IntColumn
from periscope.market.importers.findings import Findings

_NEWLINE = ord("\n")


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows of a delimited text: one column of text per field (null or "" where empty), and each row's line number.

    `exponents` is false where no field can hold a number such as 1e5.
    """

    columns: tuple[pl.Series, ...]
    lines: IntColumn
    exponents: bool = True

    def __len__(self) -> int:
        return len(self.lines)


def read_rows(data: bytes, delimiter: str, width: int, *, file: str, first_line: int, findings: Findings) -> TextRows:
    """Split the lines of `data` into `width` fields each; lines that have another number are MALFORMED_ROW findings.

    `first_line` is the number of the first line. Blank lines are no rows. Fields may be quoted with double quotes.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if not data.strip():
        data = b""
    characters = np.frombuffer(data, dtype=np.uint8)
    lines = int(np.count_nonzero(characters == _NEWLINE)) + (0 if data.endswith(b"\n") or not data else 1)
    if int(np.count_nonzero(characters == ord(delimiter))) == lines * (width - 1):
        columns = _split_at_once(data, delimiter, width, lines)
        if columns is not None and b'"' in data:
            columns = _unquoted(columns)
        if columns is not None:
            exponents = b"e" in data or b"E" in data
            return TextRows(columns, np.arange(first_line, first_line + lines, dtype=np.int64), exponents)
    return _split_by_line(data, delimiter, width, file, first_line, findings)


def _split_at_once(data: bytes, delimiter: str, width: int, lines: int) -> tuple[pl.Series, ...] | None:
    """All lines in one go, quotes left where they are; None if they are not all alike."""
    if lines == 0:
        return tuple(pl.Series(f"c{index}", [], dtype=pl.String) for index in range(width))
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            separator=delimiter,
            quote_char=None,
            schema={f"c{index}": pl.String for index in range(width)},
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != lines or frame.get_column(f"c{width - 1}").null_count() > 0:
        return None
    return tuple(frame.get_columns())


def _unquoted(columns: Iterable[pl.Series]) -> tuple[pl.Series, ...] | None:
    """Columns without the quotes around their fields, None if a quote stands anywhere else."""
    plain: list[pl.Series] = []
    for column in columns:
        marks = column.str.count_matches('"', literal=True)
        if marks.max() == 0:
            plain.append(column)
            continue
        around = column.str.starts_with('"') & column.str.ends_with('"') & (marks == 2)
        if not (around | (marks == 0)).all():
            return None
        plain.append(column.str.strip_chars('"'))
    return tuple(plain)


def _split_by_line(data: bytes, delimiter: str, width: int, file: str, first_line: int, findings: Findings) -> TextRows:
    kept: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(data.split(b"\n"), first_line):
        if not line.strip():
            continue
        fields = _fields(line, delimiter)
        if isinstance(fields, str):
            findings.add("MALFORMED_ROW", file, number, fields)
        elif len(fields) != width:
            findings.add("MALFORMED_ROW", file, number, f"{len(fields)} fields where the file has {width} columns")
        else:
            kept.append(fields)
            numbers.append(number)
    columns = zip(*kept, strict=True) if kept else ([] for _ in range(width))
    series = tuple(pl.Series(f"c{index}", list(values), dtype=pl.String) for index, values in enumerate(columns))
    return TextRows(series, np.array(numbers, dtype=np.int64))


def _fields(line: bytes, delimiter: str) -> list[str] | str:
    """The fields of one line, or what is wrong with it."""
    try:
        return next(csv.reader([line.decode("utf-8")], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError:
        return "the line is no UTF-8 text"
    except csv.Error as error:
        return f"the line can't be split into fields: {error}"
