"""The catalog's table of instruments: `instruments.json`, every fact with its source, decimals as strings.

Fields were added over time; a table that lacks them opens with their defaults. Tickers of equities that the table does
not have are taken from the catalog's `corporate_actions`, where the import of a LEAN folder keeps them.
"""

from pathlib import Path

import msgspec

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.tickers import ticker_periods, with_tickers
from periscope.market.durable import replace_file
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.corporate_actions import corporate_actions_path, read_corporate_actions
from periscope.market.importers.lean_facts import OPEN_ENDED

INSTRUMENTS_NAME = "instruments.json"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    instruments: list[Instrument]
    format: int = 1


def load_instruments(root: Path) -> list[Instrument]:
    """The catalog's instruments; raises `CatalogDamagedError` if the table can't be read."""
    path = root / INSTRUMENTS_NAME
    try:
        instruments = msgspec.json.decode(path.read_bytes(), type=_Table).instruments
    except FileNotFoundError:
        raise CatalogDamagedError(f"{path} is missing. Restore it from a backup or import again") from None
    except msgspec.DecodeError as error:
        raise CatalogDamagedError(f"{path} is damaged: {error}. Restore it from a backup or import again") from None
    return [_named(root, instrument) for instrument in instruments]


def _named(root: Path, instrument: Instrument) -> Instrument:
    """An equity with the tickers that its corporate actions tell, if the table has none."""
    if instrument.asset_type is not AssetType.EQUITY or instrument.names:
        return instrument
    kept = read_corporate_actions(root, instrument.symbol)
    if kept is None:
        return instrument
    rows = [(None if row.last_day >= OPEN_ENDED else row.last_day, row.ticker) for row in kept.tickers]
    try:
        return with_tickers(instrument, ticker_periods(rows, kept.source))
    except ValueError as error:
        path = corporate_actions_path(root, instrument.symbol)
        raise CatalogDamagedError(f"{path} is damaged: {error}. Import the symbol again") from None


def save_instruments(root: Path, instruments: list[Instrument]) -> None:
    """Replace the table in one step, sorted by symbol and asset type."""
    table = _Table(sorted(instruments, key=lambda instrument: instrument.key))
    content = msgspec.json.format(msgspec.json.encode(table), indent=1)
    replace_file(root / INSTRUMENTS_NAME, lambda temporary: temporary.write_bytes(content))
