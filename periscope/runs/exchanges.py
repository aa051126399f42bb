"""Where the symbols of a run's config are traded: it decides what a date without a time means."""

import json
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import AssetType
from periscope.market.catalog import Catalog


def exchanges_of(bundle: Path, values: Any, catalog: Catalog) -> list[str]:
    """The exchanges of the symbols among a strategy's parameters, as far as schema and catalog tell."""
    try:
        properties = json.loads((bundle / "config_schema.json").read_text(encoding="utf-8"))["properties"]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return []
    found = set()
    for name, shape in properties.items() if isinstance(properties, dict) else ():
        if not isinstance(shape, dict) or shape.get("x-periscope-type") != "symbol":
            continue
        ticker = (values.get(name) if isinstance(values, dict) else None) or shape.get("default")
        kind = AssetType.__members__.get(str(shape.get("x-periscope-asset-type")))
        if isinstance(ticker, str) and kind is not None:
            found |= set(_exchanges(catalog, ticker.strip().upper(), kind))
    return sorted(found)


def _exchanges(catalog: Catalog, ticker: str, kind: AssetType) -> list[str]:
    instrument = catalog.instruments.get(ticker, kind)
    known = [instrument] if instrument is not None else catalog.instruments.chain(ticker)
    return [each.exchange for each in known]
