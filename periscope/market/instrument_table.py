"""The catalog's table of instruments: `instruments.json`, every fact with its source, decimals as strings."""

from pathlib import Path

import msgspec

from periscope.instruments.instrument import Instrument
from periscope.market.durable import replace_file
from periscope.market.errors import CatalogDamagedError

INSTRUMENTS_NAME = "instruments.json"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    instruments: list[Instrument]
    format: int = 1


def load_instruments(root: Path) -> list[Instrument]:
    """The catalog's instruments; raises `CatalogDamagedError` if the table can't be read."""
    path = root / INSTRUMENTS_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Table).instruments
    except FileNotFoundError:
        raise CatalogDamagedError(f"{path} is missing. Restore it from a backup or import again") from None
    except msgspec.DecodeError as error:
        raise CatalogDamagedError(f"{path} is damaged: {error}. Restore it from a backup or import again") from None


def save_instruments(root: Path, instruments: list[Instrument]) -> None:
    """Replace the table in one step, sorted by symbol and asset type."""
    table = _Table(sorted(instruments, key=lambda instrument: instrument.key))
    content = msgspec.json.format(msgspec.json.encode(table), indent=1)
    replace_file(root / INSTRUMENTS_NAME, lambda temporary: temporary.write_bytes(content))
