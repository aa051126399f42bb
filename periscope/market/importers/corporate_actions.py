"""What LEAN's factor and map files say of an equity, into the catalog's file of its corporate actions and back."""

import json
from pathlib import Path

import msgspec

from periscope.market.catalog_files import CatalogFiles
from periscope.market.corporate_actions import corporate_actions_name, read_corporate_actions
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean_facts import FactorFile, FactorRow, MapFile, factor_rows


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


def save_corporate_actions(
    files: CatalogFiles, symbol: str, factors: FactorFile | None, tickers: MapFile | None
) -> None:
    """Write what factor and map file say: the lines as they stand, and what follows from them. Decimals are strings.

    A dividend is the cash per share that its factor row stands for, rounded to the cent as LEAN does; a split's
    `factor` is the old shares per new one (0.5 is 2 for 1). Both take effect at the open of the session after
    `last_day_before`. A ticker of `tickers` was valid up to and including `last_day`. What tables of corporate actions
    have told of the symbol stays.
    """
    known = read_corporate_actions(files, symbol)
    document = {
        "format": 1,
        "symbol": symbol,
        "asset_type": "EQUITY",
        "source": f"LEAN data folder: factor_files/{symbol.lower()}.csv, map_files/{symbol.lower()}.csv",
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
        "actions": [] if known is None else msgspec.to_builtins(known.actions),
    }
    files.replace(corporate_actions_name(symbol), json.dumps(document, indent=1).encode() + b"\n")
