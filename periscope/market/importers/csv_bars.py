"""Importing bars from delimited text: CSV, TSV and their kin, plain or packed, read in blocks of bounded size."""

import csv
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from periscope.market.catalog import Catalog
from periscope.market.importers.assemble import store_file
from periscope.market.importers.by_symbol import BySymbol
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.importers.names import Roles, expected, roles_of
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.opening import Text, opened
from periscope.market.importers.options import DEFAULTS, ImportOptions
from periscope.market.importers.rows import Block
from periscope.market.importers.storing import ImportSummary, Progress
from periscope.market.importers.table import TextRows, read_rows
from periscope.market.importers.timestamps import TimeReader, time_reader

DELIMITERS = ",;\t|"
BLOCK_BYTES = 16 << 20
_LONGEST_LINE = 1 << 20
_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line with names: how fields are separated, how many there are, what they are."""

    delimiter: str
    width: int
    roles: Roles
    line: int


def import_csv(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one file of delimited text. Raises `ImportProblem`; then nothing was written."""
    size, style = path.stat().st_size, NumberStyle(path, options.decimal)
    with opened(path) as content:
        header, rest = _header(content, path, options.kind)
        series = BySymbol.of_file(path, options, header.roles, catalog)
        reader: TimeReader | None = None
        for rows, malformed in _split_ahead(_blocks(content, rest, path), header, path.name):
            series.findings.take(malformed)
            stamps = _stamps(rows, header.roles)
            if reader is None and len(rows) > 0:
                reader = time_reader(stamps, path, date_format=options.date_format)
                series.take_reader(reader)
            if reader is not None:
                symbols = None if header.roles.symbol is None else rows.columns[header.roles.symbol]
                series.add_block(_block(rows, stamps, header.roles, reader), symbols, style)
            if progress is not None:
                progress(min(content.position, size), size, path.name)
    return store_file("CSV", series.assemblers(), catalog, progress=progress)


def _split_ahead(blocks: Iterator[bytes], header: _Header, file: str) -> Iterator[tuple[TextRows, Findings]]:
    """The rows of each block with the findings about its lines; the next block is split while one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as helper:
        line = header.line + 1
        ahead: Future[tuple[TextRows, Findings]] | None = None
        for data in blocks:
            split = helper.submit(_split, data, header, file, line)
            line += data.count(b"\n")
            if ahead is not None:
                yield ahead.result()
            ahead = split
        if ahead is not None:
            yield ahead.result()


def _split(data: bytes, header: _Header, file: str, line: int) -> tuple[TextRows, Findings]:
    findings = Findings()
    rows = read_rows(data, header.delimiter, header.width, file=file, first_line=line, findings=findings)
    return rows, findings


def _block(rows: TextRows, stamps: pl.Series, roles: Roles, reader: TimeReader) -> Block:
    times, timed = reader.read(stamps)
    prices = tuple(rows.columns[place] for place in roles.prices)
    sizes = tuple(None if place is None else rows.columns[place] for place in roles.sizes)
    return Block(times, timed, stamps, prices, sizes, rows.lines, rows.exponents, roles.kind)


def _stamps(rows: TextRows, roles: Roles) -> pl.Series:
    """The time column; a date and a time of day joined with a blank."""
    parts = [rows.columns[place] for place in roles.time]
    if len(parts) == 1:
        return parts[0]
    return (parts[0].str.strip_chars() + " " + parts[1].str.strip_chars()).alias("time")


def _header(content: Text, path: Path, kind: str | None) -> tuple[_Header, bytes]:
    """The header and what was read beyond it."""
    data = content.read(_LONGEST_LINE)
    if not data.strip():
        raise ImportProblem("EMPTY_FILE", f"{path} is empty")
    if b"\x00" in data[:_HEADER_BYTES]:
        raise ImportProblem("NOT_TEXT", f"{path} is no text file")
    data = data.removeprefix(b"\xef\xbb\xbf")
    number, at = 0, 0
    while at < len(data):
        end = _end_of_line(data, at)
        line, at = data[at:end].strip(), end + 1 + (data[end : end + 2] == b"\r\n")
        number += 1
        if line and not line.startswith(b"#"):
            return _named(line, path, number, kind), data[at:]
    raise ImportProblem("EMPTY_FILE", f"{path} has nothing but comments and blank lines")


def _end_of_line(data: bytes, start: int) -> int:
    ends = [place for place in (data.find(b"\n", start), data.find(b"\r", start)) if place >= 0]
    return min(ends, default=len(data))


def _named(line: bytes, path: Path, number: int, kind: str | None) -> _Header:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise ImportProblem("NOT_TEXT", f"{path} is no UTF-8 text") from None
    if len(text) > csv.field_size_limit():
        raise ImportProblem("NOT_TEXT", f"{path}:{number}: a line of {len(text):,} characters is no header")
    widest: list[str] = []
    for delimiter in DELIMITERS:
        names = next(csv.reader([text], delimiter=delimiter), [])
        widest = max(widest, names, key=len)
        roles = roles_of(names, path, kind)
        if roles is not None:
            return _Header(delimiter, len(names), roles, number)
    found = ", ".join(repr(name.strip()[:20]) for name in widest[:8])
    raise ImportProblem("HEADER_MISSING", f"{path}:{number}: expected a header that names {expected()}; found {found}")


def _blocks(content: Text, rest: bytes, path: Path) -> Iterator[bytes]:
    """The content in blocks that end with whole lines."""
    while True:
        more = content.read(BLOCK_BYTES)
        data = rest + more
        if not more:
            if data:
                yield _with_newlines(data)
            return
        cut = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        if cut == 0 and len(data) > BLOCK_BYTES + _LONGEST_LINE:
            raise ImportProblem("NOT_TEXT", f"{path} has a line of more than {BLOCK_BYTES >> 20} MB: no table of bars")
        rest = data[cut:]
        if cut > 0:
            yield _with_newlines(data[:cut])


def _with_newlines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
