"""The catalog's table of instruments: `instruments.json`, every fact with its source, decimals as strings.

Fields were added over time; a table that lacks them opens with their defaults. Tickers of equities that the table does
not have are taken from the catalog's `corporate_actions`, where the import of a LEAN folder keeps them.
"""

import msgspec

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.tickers import ticker_periods, with_tickers
from periscope.market.catalog_files import CatalogFiles
from periscope.market.corporate_actions import StoredActions, corporate_actions_name, every_corporate_action
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.lean_facts import OPEN_ENDED

INSTRUMENTS_NAME = "instruments.json"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    instruments: list[Instrument]
    format: int = 1


def load_instruments(files: CatalogFiles) -> list[Instrument]:
    """The catalog's instruments; raises `CatalogDamagedError` if the table can't be read."""
    path = f"{files.where}/{INSTRUMENTS_NAME}"
    try:
        instruments = msgspec.json.decode(files.read(INSTRUMENTS_NAME), type=_Table).instruments
    except FileNotFoundError:
        raise CatalogDamagedError(f"{path} is missing. Restore it from a backup or import again") from None
    except msgspec.DecodeError as error:
        raise CatalogDamagedError(f"{path} is damaged: {error}. Restore it from a backup or import again") from None
    if all(each.asset_type is not AssetType.EQUITY or each.names for each in instruments):
        return instruments
    kept = every_corporate_action(files)
    return [_named(files, instrument, kept.get(instrument.symbol)) for instrument in instruments]


def _named(files: CatalogFiles, instrument: Instrument, kept: StoredActions | None) -> Instrument:
    """An equity with the tickers that its corporate actions tell, if the table has none."""
    if kept is None or instrument.asset_type is not AssetType.EQUITY or instrument.names:
        return instrument
    rows = [(None if row.last_day >= OPEN_ENDED else row.last_day, row.ticker) for row in kept.tickers]
    try:
        return with_tickers(instrument, ticker_periods(rows, kept.source))
    except ValueError as error:
        path = f"{files.where}/{corporate_actions_name(instrument.symbol)}"
        raise CatalogDamagedError(f"{path} is damaged: {error}. Import the symbol again") from None


def save_instruments(files: CatalogFiles, instruments: list[Instrument]) -> None:
    """Replace the table in one step, sorted by symbol and asset type."""
    table = _Table(sorted(instruments, key=lambda instrument: instrument.key))
    content = msgspec.json.format(msgspec.json.encode(table), indent=1)
    files.replace(INSTRUMENTS_NAME, content)
