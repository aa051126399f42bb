"""What a LEAN data folder says beside its prices: hours, ticks, margins, ticker changes, dividends and splits.

Formats: Common/Data/Auxiliary (map and factor files), Data/symbol-properties, Data/market-hours and
Data/future/*/margins of https://github.com/QuantConnect/Lean.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from periscope.instruments.instrument import MarginPeriod, TickerPeriod
from periscope.instruments.tickers import ticker_periods
from periscope.market.importers.findings import ImportProblem

OPEN_ENDED = date(2050, 12, 31)
"""LEAN's date for "still trading"."""

_HOURS = Path("market-hours") / "market-hours-database.json"

EXCHANGE_LETTERS = {"N": "XNYS", "Q": "XNAS", "P": "ARCX", "Z": "BATS"}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FutureHours:
    """When LEAN takes a future to trade: the regular hours of a date, and the dates that differ; times of `zone`.

    `data_zone` is the clock of the time stamps in the files.
    """

    zone: ZoneInfo
    data_zone: ZoneInfo
    opens: time
    closes: time
    evening: time
    early_closes: dict[date, time]
    late_opens: dict[date, time]


NEW_YORK = ZoneInfo("America/New_York")
CME_DEFAULT = FutureHours(NEW_YORK, ZoneInfo("UTC"), time(9, 30), time(17), time(18), {}, {})
"""Equity index futures at CME, for folders without a market-hours database."""


def future_hours(root: Path, market: str, product: str) -> FutureHours:
    """The hours of a futures root from the folder's market-hours database; the default where the folder has none."""
    with told_of_hours(root):
        entry = hours_entry(root, "future", market, product)
        return CME_DEFAULT if entry is None else _hours(entry)


def hours_entry(root: Path, kind: str, market: str, symbol: str) -> dict[str, Any] | None:
    """The entry of the folder's market-hours database that counts for an equity or a futures root, if it has one.

    `kind` is "equity" or "future". Raises what `told_of_hours` tells.
    """
    path = root / _HOURS
    if not path.is_file():
        return None
    stat = path.stat()
    entries = _hours_entries(path, stat.st_mtime_ns, stat.st_size)
    prefix = f"{kind.capitalize()}-{market}-"
    entry: dict[str, Any] | None = entries.get(prefix + symbol, entries.get(prefix + "[*]"))
    return entry


@lru_cache(maxsize=1)
def _hours_entries(path: Path, _changed: int, _size: int) -> dict[str, Any]:
    """All of the database, kept in memory: it has megabytes, and every series asks for a line of it."""
    entries: dict[str, Any] = json.loads(path.read_bytes())["entries"]
    return entries


@contextmanager
def told_of_hours(root: Path) -> Iterator[None]:
    """What is wrong with the folder's market-hours database as an `ImportProblem` BAD_LEAN_FOLDER."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{root / _HOURS} can't be read: {error!r}") from None


def _hours(entry: dict[str, object]) -> FutureHours:
    regular = next(part for part in _parts(entry, "monday") if part["state"] == "market")
    evening = next((part["start"] for part in _parts(entry, "sunday")), "18:00:00")
    return FutureHours(
        ZoneInfo(str(entry["exchangeTimeZone"])),
        ZoneInfo(str(entry["dataTimeZone"])),
        time.fromisoformat(regular["start"]),
        time.fromisoformat(regular["end"]) if not regular["end"].startswith("1.") else time(23, 59, 59),
        time.fromisoformat(evening),
        _dated(entry.get("earlyCloses", {})),
        _dated(entry.get("lateOpens", {})),
    )


def _parts(entry: dict[str, object], day: str) -> list[dict[str, str]]:
    parts = entry[day]
    assert isinstance(parts, list), day
    return parts


def _dated(table: object) -> dict[date, time]:
    assert isinstance(table, dict)
    return {
        datetime.strptime(day, "%m/%d/%Y").date(): time.fromisoformat(at)  # noqa: DTZ007 - a date, no moment
        for day, at in table.items()
    }


@dataclass(frozen=True, slots=True)
class Properties:
    """One row of the symbol properties database."""

    currency: str
    multiplier: Decimal
    tick: Decimal
    lot: Decimal


@dataclass(frozen=True, slots=True)
class PropertiesTable:
    """The symbol properties database of a folder, by market, symbol and kind; empty where the folder has none."""

    path: Path
    rows: dict[tuple[str, str, str], list[str]]

    def of(self, market: str, symbol: str, kind: str) -> Properties | None:
        """Currency, multiplier, tick and lot of a symbol ("[*]" rows count for all); None if the table lacks it."""
        row = self.rows.get((market, symbol, kind), self.rows.get((market, "[*]", kind)))
        return None if row is None else Properties(row[4], *(_decimal(text, self.path) for text in row[5:8]))


def read_properties(root: Path) -> PropertiesTable:
    """The table of a data folder."""
    path = root / "symbol-properties" / "symbol-properties-database.csv"
    rows = _csv_rows(path) if path.is_file() else ()
    return PropertiesTable(path, {(row[0], row[1], row[2]): row for row in rows if len(row) >= 8})


def margin_periods(root: Path, market: str, product: str) -> tuple[MarginPeriod, ...]:
    """The margins of a futures root by date, oldest first; none if the folder has no file of them.

    The columns are date, initial, maintenance and, in some files, initial and maintenance within the day
    (Common/Securities/Future/MarginRequirementsEntry.cs).
    """
    path = root / "future" / market / "margins" / f"{product}.csv"
    if not path.is_file():
        return ()
    rows = [row for row in _csv_rows(path) if len(row) >= 3 and row[0].strip().isdigit()]
    periods = [
        MarginPeriod(
            first_day=_date(row[0], path),
            initial=_decimal(row[1], path),
            maintenance=_decimal(row[2], path),
            intraday_initial=_decimal(row[3], path) if len(row) >= 5 else None,
            intraday_maintenance=_decimal(row[4], path) if len(row) >= 5 else None,
        )
        for row in rows
    ]
    return tuple(sorted(periods, key=lambda period: period.first_day))


@dataclass(frozen=True, slots=True)
class MapFile:
    """Ticker history of an equity: (last day, ticker, exchange letter) as in the file, oldest first."""

    rows: tuple[tuple[date, str, str], ...]
    raw: tuple[str, ...]

    @property
    def exchange(self) -> str | None:
        """The exchange code of the last row, None if the file does not tell or we do not know it."""
        return EXCHANGE_LETTERS.get(self.rows[-1][2].upper()) if self.rows else None

    @property
    def last_day(self) -> date | None:
        """The last trading day of a delisted equity, None while it trades."""
        return self.rows[-1][0] if self.rows and self.rows[-1][0] < OPEN_ENDED else None

    def periods(self, source: str) -> tuple[TickerPeriod, ...]:
        """The tickers by date; none of a single row, which has no first day. Raises ValueError."""
        return ticker_periods(((None if day >= OPEN_ENDED else day, ticker) for day, ticker, _ in self.rows), source)


def read_map_file(path: Path) -> MapFile | None:
    """A map file, None if there is none."""
    if not path.is_file():
        return None
    rows: list[tuple[date, str, str]] = []
    for row in _csv_rows(path):
        if len(row) < 2:
            raise ImportProblem("BAD_LEAN_FOLDER", f"{path}: {row[0]!r} is no date with a ticker")
        rows.append((_date(row[0], path), row[1].strip().upper(), row[2] if len(row) > 2 else ""))
    return MapFile(tuple(rows), tuple(_lines(path)))


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A row of a factor file: bars up to and including `day` are multiplied by both factors; `close` is raw."""

    day: date
    price_factor: Decimal
    split_factor: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class FactorFile:
    """Price and split factors of an equity, oldest first, and the lines as they stand."""

    rows: tuple[FactorRow, ...]
    raw: tuple[str, ...]

    def dividends(self) -> list[dict[str, str]]:
        """Cash per share after each row whose price factor differs from the next one's, to the cent as in LEAN."""
        return [
            {
                "last_day_before": row.day.isoformat(),
                "amount": str(_dividend(row, following)),
                "close_before": str(row.close),
            }
            for row, following in self._pairs()
            if following.price_factor not in {row.price_factor, 0}
        ]

    def splits(self) -> list[dict[str, str]]:
        """Old shares per new one after each row whose split factor differs from the next one's (0.5 is 2 for 1)."""
        return [
            {
                "last_day_before": row.day.isoformat(),
                "factor": str(row.split_factor / following.split_factor),
                "close_before": str(row.close),
            }
            for row, following in self._pairs()
            if following.split_factor not in {row.split_factor, 0}
        ]

    def _pairs(self) -> Iterable[tuple[FactorRow, FactorRow]]:
        return zip(self.rows, self.rows[1:], strict=False)


def _dividend(row: FactorRow, following: FactorRow) -> Decimal:
    paid = row.close - row.close * row.price_factor / following.price_factor
    return paid.quantize(_CENT, ROUND_HALF_EVEN)


def read_factor_file(path: Path) -> FactorFile | None:
    """A factor file, None if there is none."""
    if not path.is_file():
        return None
    lines = _lines(path)
    return FactorFile(factor_rows(lines, path), tuple(lines))


def factor_rows(lines: Iterable[str], path: Path) -> tuple[FactorRow, ...]:
    """The rows of a factor file's lines; raises `ImportProblem` BAD_LEAN_FOLDER, which names `path`."""
    rows: list[FactorRow] = []
    for row in _fields(lines, path):
        if len(row) < 3:
            raise ImportProblem("BAD_LEAN_FOLDER", f"{path}: {','.join(row)!r} has {len(row)} fields, expected 3 or 4")
        close = _decimal(row[3], path) if len(row) > 3 else Decimal(0)
        rows.append(FactorRow(_date(row[0], path), _decimal(row[1], path), _decimal(row[2], path), close))
    return tuple(rows)


def _csv_rows(path: Path) -> Iterable[list[str]]:
    return _fields(_lines(path), path)


def _fields(lines: Iterable[str], path: Path) -> Iterable[list[str]]:
    try:
        return [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    except csv.Error as error:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{path} can't be read: {error}") from None


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{path} is no text file") from None
    except OSError as error:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{path} can't be read: {error.strerror}") from None


def _date(text: str, path: Path) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a date, no moment
    except ValueError:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{path}: {text!r} is no date of the form 20131004") from None


def _decimal(text: str, path: Path) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ImportProblem("BAD_LEAN_FOLDER", f"{path}: {text!r} is no number")
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
