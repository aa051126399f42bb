"""What a run read, for its result: bars, files with their hashes, facts of the instruments, corporate actions."""

import hashlib
from dataclasses import MISSING, fields
from typing import Any

import msgspec

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.backtest import Outcome
from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.catalog_files import CatalogFiles
from periscope.market.corporate_actions import corporate_actions_name
from periscope.market.manifest import series_name
from periscope.runs.feed import CatalogFeed

_IN_THE_LINE = frozenset({"symbol", "asset_type", "source"})


def data_read(catalog: Catalog, feed: CatalogFeed | None, outcome: Outcome | None) -> dict[str, list[dict[str, Any]]]:
    """`data` has a line for each stream; `also_read` the files of all else, such as what decided the front month.

    The files of a stream are those that reach into the run's window.
    """
    if feed is None or outcome is None:
        return {"data": [], "also_read": []}
    lines, streams = [], set()
    with_actions = catalog.files.sizes("corporate_actions")
    for (symbol, asset_type, span), instrument in sorted(feed.read.items(), key=_by_name):
        series = outcome.markets.series(instrument, span)
        if series is None or series.first_start is None or series.last_start is None:
            continue
        source = feed.resampled.get((symbol, asset_type, span), span)
        streams.add(series_name(symbol, asset_type, source))
        lines.append(
            {
                "symbol": symbol,
                "asset_type": str(asset_type),
                "span": str(span),
                "resampled_from": str(source) if source is not span else None,
                "source": instrument.source,
                "first": time_text(series.first_start),
                "last": time_text(series.last_start),
                "bars": series.stop,
                "files": catalog.fingerprint(instrument, source, feed.start, feed.end),
                "instrument": facts_of(instrument),
                "corporate_actions": actions_hash(catalog.files, instrument, with_actions),
            }
        )
    also = [
        {
            "series": name,
            "files": [{"file": file.file, "sha256": file.sha256, "rows": file.rows} for file in files],
        }
        for name, files in feed.files_read().items()
        if name not in streams
    ]
    return {"data": lines, "also_read": also}


def facts_of(instrument: Instrument) -> dict[str, Any]:
    """What is known of an instrument as a result's JSON has it, without what is as usual: no fact of default value."""
    plain = msgspec.json.decode(msgspec.json.encode(instrument))
    return {
        field.name: plain[field.name]
        for field in fields(instrument)
        if field.name not in _IN_THE_LINE
        and (field.default is MISSING or getattr(instrument, field.name) != field.default)
    }


def actions_hash(files: CatalogFiles, instrument: Instrument, there: dict[str, int]) -> str | None:
    """The SHA-256 of an equity's corporate actions, None where the catalog knows of none; `there` are the names."""
    name = corporate_actions_name(instrument.symbol)
    if instrument.asset_type not in TRADES_AS_EQUITY or name not in there:
        return None
    return hashlib.sha256(files.read(name)).hexdigest()


def _by_name(entry: tuple[tuple[str, AssetType, BarTimeSpan], Any]) -> tuple[str, str, str]:
    symbol, asset_type, span = entry[0]
    return (symbol, str(asset_type), str(span))
