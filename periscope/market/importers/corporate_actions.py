"""Dividends, splits and ticker changes beside the catalog: kept as the source has them, not applied yet."""

import json
from datetime import date
from pathlib import Path

import msgspec

from periscope.market.durable import replace_file
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean_facts import FactorFile, FactorRow, MapFile, factor_rows


def corporate_actions_path(root: Path, symbol: str) -> Path:
    """Where the corporate actions of an equity are kept in a catalog."""
    return root / "corporate_actions" / "EQUITY" / f"{symbol}.json"


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


def read_corporate_actions(root: Path, symbol: str) -> CorporateActions | None:
    """What a catalog keeps of an equity, None where it keeps nothing. Raises `CatalogDamagedError`."""
    path = corporate_actions_path(root, symbol)
    try:
        return msgspec.json.decode(path.read_bytes(), type=CorporateActions)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogDamagedError(f"{path} can't be read: {error}. Import the symbol again") from None


def read_factor_rows(root: Path, symbol: str) -> tuple[FactorRow, ...]:
    """The rows of an equity's factor file as the import found them, oldest first; none where it found no file.

    Bars up to and including a row's day, after the day of the row before it, are multiplied by both of its factors.
    Raises `CatalogDamagedError`.
    """
    kept = read_corporate_actions(root, symbol)
    if kept is None:
        return ()
    path = corporate_actions_path(root, symbol)
    try:
        return factor_rows(kept.factor_rows, path)
    except ImportProblem as error:
        raise CatalogDamagedError(f"{error}. Import the symbol again") from None


def save_corporate_actions(root: Path, symbol: str, factors: FactorFile | None, tickers: MapFile | None) -> Path:
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
    path = corporate_actions_path(root, symbol)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(document, indent=1).encode() + b"\n"
    replace_file(path, lambda temporary: temporary.write_bytes(content))
    return path
