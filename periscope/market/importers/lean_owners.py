"""The files of a LEAN data folder by the instrument whose bars they hold, date by date."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from periscope.market.importers.findings import Findings
from periscope.market.importers.intervals import DAY, EPOCH_ORDINAL
from periscope.market.importers.lean_files import LeanFile, LeanFolder, series_of
from periscope.market.importers.lean_tickers import TickerTable, Use, read_tickers
from periscope.market.importers.rows import Block

type Tables = dict[str, TickerTable]
"""The tickers of equities, by market."""


def by_instrument(folder: LeanFolder) -> tuple[list[LeanFile], Tables]:
    """The folder's files, each with the instrument that it belongs to and its days, sorted by series and date.

    A file that holds bars of several instruments is there once for each of them.
    """
    markets = sorted({file.market for file in folder.files if file.kind == "equity"})
    tables = {market: read_tickers(folder.root, market) for market in markets}
    found: list[LeanFile] = []
    for file in folder.files:
        found += _owned(file, tables[file.market]) if file.kind == "equity" else [file]
    return sorted(found, key=lambda file: (*series_of(file), file.path.name, file.ticker)), tables


def _owned(file: LeanFile, table: TickerTable) -> list[LeanFile]:
    uses = table.of(file.ticker)
    if not uses:
        return [replace(file, days=()) if table.names(file.ticker) else file]
    if file.day is not None:
        own = [use for use in uses if use.first <= file.day <= use.last]
        nearest = [*own, *(use for use in uses if use.last >= file.day), uses[-1]]
        return [replace(file, symbol=nearest[0].symbol, days=None if own else ())]
    every = tuple(map(_numbers, uses))
    return [
        replace(file, symbol=symbol, days=tuple(_numbers(use) for use in uses if use.symbol == symbol), taken=every)
        for symbol in dict.fromkeys(use.symbol for use in uses)
    ]


def _numbers(use: Use) -> tuple[int, int]:
    """First and last day of a use as days since 1970-01-01."""
    return use.first.toordinal() - EPOCH_ORDINAL, use.last.toordinal() - EPOCH_ORDINAL


def own_parts(block: Block, file: LeanFile) -> Iterator[tuple[int, Block]]:
    """The rows of the file's instrument, each period by itself with its first day.

    Rows whose date can't be read come with the first: they may be the instrument's.
    """
    assert file.days is not None, "the file has the rows of one instrument"
    days, unknown = block.times // DAY, ~block.timed
    for first, last in file.days:
        rows = np.flatnonzero(unknown | (block.timed & (days >= first) & (days <= last)))
        unknown = np.zeros(len(days), dtype=np.bool_)
        if len(rows) > 0:
            yield first, block.some(rows)


def remark_left_out(
    block: Block, unread: int, file: LeanFile, place: str, table: TickerTable, findings: Findings
) -> None:
    """Count the rows that belong to no instrument, because no map file has the file's ticker on their date.

    Of a file that is no instrument's at all, `unread` more could not be read.
    """
    days, taken = block.times // DAY, np.zeros(len(block.times), dtype=np.bool_)
    for first, last in file.taken:
        taken |= (days >= first) & (days <= last)
    alone = np.flatnonzero(~taken & block.timed if file.days else ~taken)

    def describe(row: int) -> str:
        found = int(days[alone[row]]) if file.day is None else file.day.toordinal() - EPOCH_ORDINAL
        day = date.fromordinal(found + EPOCH_ORDINAL)
        instead = [use.ticker for use in table.names(file.symbol) if use.first <= day <= use.last]
        if instead:
            return f"left out: {file.symbol} had the ticker {instead[0]} on {day}"
        return f"left out: no map file has the ticker {file.ticker} on {day}"

    findings.add_rows("OTHER_TICKER", place, block.lines[alone], describe)
    findings.add_rows("OTHER_TICKER", place, [None] * unread, lambda _: f"left out: a row under {file.ticker}")


def files_named(files: list[LeanFile], name: str, tables: Tables, notes: list[str]) -> list[LeanFile]:
    """The files of an instrument or a root; where there is none of that name, of those that had it as their ticker."""
    own = [file for file in files if file.symbol == name]
    if own:
        return own
    uses = [use for table in tables.values() for use in table.of(name)]
    found = [file for file in files if file.symbol in {use.symbol for use in uses}]
    if found:
        notes += [f"{name} was the ticker of {use.symbol}{use.days}: {use.symbol} is imported" for use in uses]
    return found


def ticker_notes(folder: LeanFolder, chosen: list[LeanFile], tables: Tables) -> Iterator[str]:
    """What to say of tickers: rows that go to an instrument of another name, and files that are not imported now."""
    there = {place for file in chosen for place in (file.path, file.path.parent)}
    for market, table in tables.items():
        yield from table.notes
        mine = [file for file in chosen if file.kind == "equity" and file.market == market]
        symbols = {file.symbol for file in mine}
        for ticker in sorted({file.ticker for file in mine}):
            for use in table.of(ticker):
                if use.symbol != ticker and use.symbol in symbols:
                    told = f"{ticker} was the ticker of {use.symbol}{use.days}"
                    yield f"{told}: the rows of these days are {use.symbol}'s"
            yield from table.shared(ticker)
        one_of_each = {
            (file.symbol, file.rows, file.path if file.day is None else file.path.parent): file for file in mine
        }
        lacking = [
            (path, use)
            for file in one_of_each.values()
            for use in table.names(file.symbol)
            for path in _beside(file, use, there)
        ]
        for path, use in sorted(lacking, key=lambda each: (each[0], each[1].first)):
            yield f"{folder.name(path)} has bars of {use.symbol} too{use.days}; they are not part of this import"


def _beside(file: LeanFile, use: Use, there: set[Path]) -> Iterable[Path]:
    """The file like this one with the days of a use, or the folder of such files, unless it is `there` already."""
    ticker = use.ticker.lower()
    if file.day is None:
        path = file.path.with_name(file.path.name.replace(file.ticker.lower(), ticker, 1))
        return [path] if path not in there and path.is_file() else []
    folder = file.path.parent.with_name(ticker)
    if folder in there:
        return []
    first, last = (f"{day.year:04}{day:%m%d}" for day in (use.first, use.last))
    return [folder] if any(first <= each.name[:8] <= last for each in folder.glob("????????_*.zip")) else []
