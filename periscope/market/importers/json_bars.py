"""Importing the JSON answers that vendors give for bars: Alpaca's `bars` and Polygon's `results`, saved as files.

Layouts: Alpaca, "Historical bars" (docs.alpaca.markets): {"bars": [{"t", "o", "h", "l", "c", "v", …}], "symbol": …} or,
for several symbols, {"bars": {symbol: […]}}; t is RFC 3339. Polygon (Massive), "Custom bars": {"ticker": …, "adjusted":
…, "results": [{"t", "o", "h", "l", "c", "v", …}]}; t is the start of the window in milliseconds. Of both, t is a bar's
start. Numbers stay the text that they are in the file; no float ever holds one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from periscope.market.catalog import Catalog
from periscope.market.importers.assemble import Assembler, store_file
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.importers.opening import Text, unpacked
from periscope.market.importers.options import DEFAULTS, START, ImportOptions
from periscope.market.importers.rows import Block
from periscope.market.importers.spool import Spool
from periscope.market.importers.storing import ImportSummary, Progress
from periscope.market.importers.timestamps import TimeReader, time_reader

LARGEST_FILE = 256 << 20
"""JSON is decoded as a whole; vendors' answers hold at most some ten thousand bars each."""

_ROWS_AT_ONCE = 250_000
_LISTS = re.compile(rb'"(?:bars|results)"\s*:')
_KEYS_OF_LISTS = re.compile(rb'"\s*:\s*\[')
"""JSON lets a key come twice, and decoders take the last: these see it, so that no bars are lost."""

_NULL = msgspec.Raw(b"null")
_WANTED = 'an object with "bars" (as Alpaca gives) or "results" (as Polygon does)'


class _Bar(msgspec.Struct):
    t: msgspec.Raw
    o: msgspec.Raw
    h: msgspec.Raw
    l: msgspec.Raw  # noqa: E741 - the vendors' name
    c: msgspec.Raw
    v: msgspec.Raw = _NULL


class _Page(msgspec.Struct):
    bars: msgspec.Raw = _NULL
    results: msgspec.Raw = _NULL
    symbol: str | None = None
    ticker: str | None = None
    adjusted: bool | None = None
    next_page_token: str | None = None
    next_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Series:
    symbol: str | None
    bars: list[msgspec.Raw]


def import_json(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one saved answer. Raises `ImportProblem`; then nothing was written. The "line" of a finding is a bar's
    number within the file."""
    page = _page(path)
    findings, notes, spool = Findings(), list[str](), Spool(catalog.files.scratch)
    if page.adjusted:
        what = 'the answer says "adjusted": true: its prices are adjusted for splits'
        findings.add("ADJUSTED_PRICES", path.name, None, what)
    if page.next_page_token or page.next_url:
        notes.append("the answer names a next page: it is not all that was asked for")
    assemblers: list[Assembler] = []
    first = 1
    left_alone = 0
    for series in _series(page, path):
        wanted = options.symbol
        if wanted is not None and series.symbol is not None and series.symbol != wanted.strip().upper():
            left_alone += len(series.bars)
        else:
            chosen = options if series.symbol is None else replace(options, symbol=series.symbol)
            assembler = Assembler.of_series(path, chosen, findings, notes, spool)
            assembler.stamp = START
            _gather(series.bars, first, assembler)
            assemblers.append(assembler)
        first += len(series.bars)
    if not assemblers:
        raise ImportProblem("NO_ROWS", f"{path} has no bars of {options.symbol}")
    summary = store_file("JSON", assemblers, catalog, progress=progress)
    return replace(summary, skipped_files={"bars of other symbols": left_alone} if left_alone else {})


def _page(path: Path) -> _Page:
    with unpacked(path) as content:
        text = Text(content)
        data = b""
        while more := text.read(8 << 20):
            data += more
            if len(data) > LARGEST_FILE:
                what = f"{path} holds more than {LARGEST_FILE >> 20} MB of JSON; download it as CSV, or in parts"
                raise ImportProblem("BAD_FILE", what)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if len(_LISTS.findall(data)) > 1:
        raise ImportProblem("BAD_FILE", f"{path} holds several answers, or one twice; import them one by one")
    try:
        return msgspec.json.decode(data, type=_Page)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ImportProblem("BAD_FILE", f"{path} can't be read as JSON: {error}; expected {_WANTED}") from None


def _series(page: _Page, path: Path) -> Iterator[_Series]:
    content = next((each for each in (page.bars, page.results) if bytes(each) != b"null"), None)
    if content is None:
        raise ImportProblem("COLUMNS_MISSING", f"{path}: expected {_WANTED}")
    try:
        if bytes(content).startswith(b"{"):
            by_symbol = msgspec.json.decode(content, type=dict[str, list[msgspec.Raw]])
            if len(_KEYS_OF_LISTS.findall(content)) > len(by_symbol):
                raise ImportProblem("BAD_FILE", f"{path} has the bars of a symbol twice")
            for name, of_symbol in by_symbol.items():
                yield _Series(name.strip().upper(), of_symbol)
            return
        bars = msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise ImportProblem("BAD_FILE", f"{path}: expected a list of bars: {error}") from None
    symbol = page.symbol or page.ticker
    yield _Series(None if symbol is None else symbol.strip().upper(), bars)


def _gather(raw: list[msgspec.Raw], first: int, assembler: Assembler) -> None:
    decoder = msgspec.json.Decoder(_Bar)
    reader: TimeReader | None = None
    for begin in range(0, len(raw), _ROWS_AT_ONCE):
        bars: list[_Bar] = []
        lines: list[int] = []
        for number, each in enumerate(raw[begin : begin + _ROWS_AT_ONCE], first + begin):
            try:
                bars.append(decoder.decode(each))
                lines.append(number)
            except msgspec.DecodeError as error:
                assembler.findings.add("MALFORMED_ROW", assembler.path.name, number, f"no bar: {error}")
        stamps = _texts("t", [bar.t for bar in bars])
        if reader is None and bars:
            reader = time_reader(stamps, assembler.path, date_format=assembler.options.date_format)
            assembler.zoned, assembler.dates = reader.zoned, reader.dates
        if reader is not None:
            times, timed = reader.read(stamps)
            prices = (
                _texts("o", [bar.o for bar in bars]),
                _texts("h", [bar.h for bar in bars]),
                _texts("l", [bar.l for bar in bars]),
                _texts("c", [bar.c for bar in bars]),
            )
            volume = _texts("v", [bar.v for bar in bars])
            assembler.add(Block(times, timed, stamps, prices, (volume,), np.array(lines, dtype=np.int64)))


def _texts(name: str, values: list[msgspec.Raw]) -> pl.Series:
    """JSON values as the text between their quotes, or as it stands; null is empty."""
    texts = [bytes(value).decode("utf-8", errors="replace").strip('"') for value in values]
    return pl.Series(name, ["" if text == "null" else text for text in texts], dtype=pl.String)
