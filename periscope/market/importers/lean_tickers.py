"""The tickers of a LEAN data folder by date: which instrument had a ticker on a day, by the map files.

A map file tells the tickers of one equity by date, and is named by the ticker it has now, or had last (with a number,
as in `fb.1`, where another company took that ticker over): this name is the instrument's. LEAN reads, date by date, the
file of the ticker that an equity has on that date, and nothing before the first or after the last date of its map file
(Common/Data/Auxiliary/MapFile.cs and MapFileResolver.cs of https://github.com/QuantConnect/Lean). So a file of one
ticker may hold the bars of several instruments, and an instrument's may lie in the files of several tickers. Rows of
dates on which no map file has the ticker are left out. A ticker that stands in no map file names an instrument.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean_facts import MapFile, read_map_file

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Use:
    """The days, from the first to the last, on which an instrument had a ticker."""

    ticker: str
    symbol: str
    first: date
    last: date

    @property
    def days(self) -> str:
        """The days in words."""
        since = "" if self.first == date.min else f" from {self.first}"
        return (since + ("" if self.last == date.max else f" to {self.last}")) or " on all days"


class TickerTable:
    """The tickers of one market's equities by date. Of a ticker's uses, `of`, no two have a day in common."""

    def __init__(self, uses: Iterable[Use], notes: Iterable[str] = ()) -> None:
        self.notes = list(notes)
        self._shared: dict[str, list[str]] = {}
        self._of_ticker: dict[str, list[Use]] = {}
        self._of_symbol: dict[str, list[Use]] = {}
        for use in uses:
            self._of_symbol.setdefault(use.symbol, []).append(use)
            self._of_ticker.setdefault(use.ticker, []).append(use)
        for ticker, found in self._of_ticker.items():
            self._of_ticker[ticker] = self._apart(ticker, sorted(found, key=lambda use: (use.last, use.symbol)))

    def of(self, ticker: str) -> list[Use]:
        """Who had a ticker, oldest first; empty where it stands in no map file."""
        return self._of_ticker.get(ticker, [])

    def names(self, symbol: str) -> list[Use]:
        """The tickers of an instrument as its map file has them, oldest first; empty where it has no map file."""
        return self._of_symbol.get(symbol, [])

    def shared(self, ticker: str) -> list[str]:
        """What to say of days on which two map files have the ticker."""
        return self._shared.get(ticker, [])

    def _apart(self, ticker: str, uses: list[Use]) -> list[Use]:
        """The uses without the days that another one has: as in LEAN, the one that ends first has them."""
        found: list[Use] = []
        for number, use in enumerate(uses):
            pieces = [use]
            for earlier in reversed(uses[:number]):
                if earlier.last < use.first:
                    break
                if earlier.first > use.last:
                    continue
                first = max(earlier.first, use.first)
                told = f"{ticker} is the ticker of {earlier.symbol} and of {use.symbol} in their map files"
                self._shared.setdefault(ticker, []).append(
                    f"{told} from {first} to {earlier.last}: the rows of these days are {earlier.symbol}'s"
                )
                pieces = [part for piece in pieces for part in _without(piece, earlier)]
            found += pieces
        return sorted(found, key=lambda use: use.first)


def _without(use: Use, other: Use) -> Iterator[Use]:
    """What is left of a use without the days of another."""
    if other.last < use.first or other.first > use.last:
        yield use
        return
    if use.first < other.first:
        yield replace(use, last=other.first - _ONE_DAY)
    if other.last < use.last:
        yield replace(use, first=other.last + _ONE_DAY)


def read_tickers(root: Path, market: str) -> TickerTable:
    """The table of all map files of a market. One that can't be read has no say, which the table's notes tell."""
    uses: list[Use] = []
    notes: list[str] = []
    for path in sorted((root / "equity" / market / "map_files").glob("*.csv")):
        if path.stem != path.stem.lower():
            continue
        try:
            found = read_map_file(path)
            uses += [] if found is None else _uses(found, path)
        except (ImportProblem, ValueError) as error:
            notes.append(f"map_files/{path.name} can't be read, so it names no tickers: {error}")
    return TickerTable(uses, notes)


def _uses(found: MapFile, path: Path) -> Iterator[Use]:
    symbol = path.stem.upper()
    if len(found.rows) == 1:
        last = found.last_day
        yield Use(found.rows[0][1], symbol, date.min, date.max if last is None else last)
    for period in found.periods(path.name):
        yield Use(period.ticker, symbol, period.first_day or date.min, period.last_day or date.max)
