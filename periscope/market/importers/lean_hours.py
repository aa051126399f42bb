"""LEAN's hours beside the catalog: what its market-hours database says of what was imported from its folder."""

import json
from pathlib import Path

from periscope.instruments.instrument import Instrument
from periscope.instruments.lean_hours import LeanHours, read_entry
from periscope.market.catalog_files import CatalogFiles
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.lean_facts import hours_entry, told_of_hours


def lean_hours_name(kind: str, symbol: str) -> str:
    """The file of a catalog in which LEAN's hours are kept: one for an equity, one for a futures root."""
    return f"lean_hours/{kind.upper()}/{symbol}.json"


def save_lean_hours(files: CatalogFiles, root: Path, kind: str, market: str, symbol: str) -> None:
    """Keep the entry of the folder's database that counts for an equity or a futures root; nothing where it has none.

    `kind` is "equity" or "future". Raises `ImportProblem` BAD_LEAN_FOLDER.
    """
    with told_of_hours(root):
        entry = hours_entry(root, kind, market, symbol)
        if entry is not None:
            read_entry(entry)
            files.replace(lean_hours_name(kind, symbol), json.dumps(entry, indent=1).encode() + b"\n")


def read_lean_hours(files: CatalogFiles, instrument: Instrument) -> LeanHours | None:
    """LEAN's hours of an instrument, None where the catalog has none. Raises `CatalogDamagedError`."""
    kind = "future" if instrument.is_future else "equity"
    name = lean_hours_name(kind, instrument.root or instrument.symbol)
    try:
        return read_entry(json.loads(files.read(name)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogDamagedError(f"{files.where}/{name} can't be read: {error}. Import the symbol again") from None
