"""Dividends, splits and ticker changes beside the catalog: kept as the source has them, not applied yet."""

import json
from datetime import date
from pathlib import Path

import msgspec

from periscope.market.catalog_files import CatalogFiles
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean_facts import FactorFile, FactorRow, MapFile, factor_rows

_FOLDER = "corporate_actions/EQUITY"


def corporate_actions_name(symbol: str) -> str:
    """The file of a catalog in which the corporate actions of an equity are kept."""
    return f"{_FOLDER}/{symbol}.json"


class Split(msgspec.Struct):
    """A split that takes effect at the open of the session after a day."""

    last_day_before: date


class Ticker(msgspec.Struct):
    """A ticker, valid up to and including a day."""

    last_day: date
    ticker: str


class CorporateActions(msgspec.Struct):
    """What of the file is read again today."""

    source: str = ""
    splits: list[Split] = []
    tickers: list[Ticker] = []
    factor_rows: list[str] = []


def read_corporate_actions(files: CatalogFiles, symbol: str) -> CorporateActions | None:
    """What a catalog keeps of an equity, None where it keeps nothing. Raises `CatalogDamagedError`."""
    name = corporate_actions_name(symbol)
    try:
        return _decoded(files, name, files.read(name))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(files, name, error) from None


def read_factor_rows(files: CatalogFiles, symbol: str) -> tuple[FactorRow, ...]:
    """The rows of an equity's factor file as the import found them, oldest first; none where it found no file.

    Bars up to and including a row's day, after the day of the row before it, are multiplied by both of its factors.
    Raises `CatalogDamagedError`.
    """
    kept = read_corporate_actions(files, symbol)
    if kept is None:
        return ()
    path = Path(f"{files.where}/{corporate_actions_name(symbol)}")
    try:
        return factor_rows(kept.factor_rows, path)
    except ImportProblem as error:
        raise CatalogDamagedError(f"{error}. Import the symbol again") from None


def every_corporate_action(files: CatalogFiles) -> dict[str, CorporateActions]:
    """What a catalog keeps of all equities, by symbol. Raises `CatalogDamagedError`."""
    try:
        kept = files.read_all(_FOLDER)
    except OSError as error:
        raise _damaged(files, _FOLDER, error) from None
    return {
        name.removeprefix(f"{_FOLDER}/").removesuffix(".json"): _decoded(files, name, content)
        for name, content in kept.items()
    }


def _decoded(files: CatalogFiles, name: str, content: bytes) -> CorporateActions:
    try:
        return msgspec.json.decode(content, type=CorporateActions)
    except msgspec.DecodeError as error:
        raise _damaged(files, name, error) from None


def _damaged(files: CatalogFiles, name: str, error: Exception) -> CatalogDamagedError:
    return CatalogDamagedError(f"{files.where}/{name} can't be read: {error}. Import the symbol again")


def save_corporate_actions(
    files: CatalogFiles, symbol: str, factors: FactorFile | None, tickers: MapFile | None
) -> None:
    """Write what factor and map file say: the lines as they stand, and what follows from them. Decimals are strings.

    A dividend is the cash per share that its factor row stands for, rounded to the cent as LEAN does; a split's
    `factor` is the old shares per new one (0.5 is 2 for 1). Both take effect at the open of the session after
    `last_day_before`. A ticker of `tickers` was valid up to and including `last_day`.
    """
    document = {
        "format": 1,
        "symbol": symbol,
        "asset_type": "EQUITY",
        "source": f"LEAN data folder: factor_files/{symbol.lower()}.csv, map_files/{symbol.lower()}.csv",
        "applied": False,
        "dividends": [] if factors is None else factors.dividends(),
        "splits": [] if factors is None else factors.splits(),
        "tickers": []
        if tickers is None
        else [
            {"last_day": day.isoformat(), "ticker": ticker, "exchange_letter": letter}
            for day, ticker, letter in tickers.rows
        ],
        "factor_rows": [] if factors is None else list(factors.raw),
        "map_rows": [] if tickers is None else list(tickers.raw),
    }
    files.replace(corporate_actions_name(symbol), json.dumps(document, indent=1).encode() + b"\n")
