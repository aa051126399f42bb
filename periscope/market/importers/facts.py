"""The instrument that an imported file's bars are of: what the user says, else what the catalog or a table knows."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import PRODUCTS, future_instrument, parse_future_symbol
from periscope.instruments.instrument import FactSource, Instrument
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.options import ImportOptions

_PLAIN_NAME = re.compile(r"[A-Za-z0-9.\-]{1,12}")
_NO_NAME = {
    "data",
    "bars",
    "prices",
    "export",
    "table",
    "ohlcv",
    "history",
    "daily",
    "minute",
    "hour",
    "sample",
    "test",
}


def symbol_of(path: Path, options: ImportOptions, notes: list[str]) -> str:
    """The symbol: the option, else a file name that looks like one (SPY.csv)."""
    if options.symbol is not None:
        return options.symbol.strip().upper()
    name = path.name.split(".")[0] if path.name.endswith(".gz") else path.stem
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _NO_NAME:
        notes.append(f"no --symbol given: taken to be {name.upper()}, from the file's name")
        return name.upper()
    raise ImportProblem("SYMBOL_REQUIRED", f"{path} does not say which symbol it is of; use --symbol", exit_code=2)


def instrument_of(symbol: str, catalog: Catalog, options: ImportOptions, notes: list[str]) -> Instrument:
    """The instrument with the user's options on top. Raises `ImportProblem` if a future's facts are not known."""
    kind = options.asset_type or AssetType.EQUITY
    known = catalog.instruments.get(symbol, kind)
    if known is not None and (options.asset_type is None or known.asset_type is kind):
        instrument = known
    elif kind is AssetType.FUTURE:
        instrument = _future(symbol, options)
    else:
        if options.exchange is None:
            note = f"no --exchange given: {kind.name} symbols are taken to trade in the sessions of XNYS"
            if note not in notes:
                notes.append(note)
        instrument = Instrument(symbol=symbol, asset_type=kind, exchange="XNYS", source="import")
    changed = _as_told(instrument, options)
    return replace(changed, price_scale=max(changed.price_scale, decimals(changed))) if known else _tick_scaled(changed)


def _as_told(instrument: Instrument, options: ImportOptions) -> Instrument:
    """The instrument with the facts that the user gave, each with that as its source."""
    told = {
        "exchange": options.exchange,
        "tick": options.tick,
        "multiplier": options.multiplier,
        "currency": options.currency,
    }
    given: dict[str, Any] = {fact: value for fact, value in told.items() if value is not None}
    changed = {fact: value for fact, value in given.items() if getattr(instrument, fact) != value}
    if not changed:
        return instrument
    others = tuple(each for each in instrument.fact_sources if each.fact not in changed)
    sources = tuple(FactSource(fact, "given with an import") for fact in changed)
    return replace(instrument, **changed, fact_sources=(*others, *sources))


def decimals(instrument: Instrument) -> int:
    """The decimals that the instrument's tick needs."""
    exponent = instrument.tick.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(-exponent, 0)


def _tick_scaled(instrument: Instrument) -> Instrument:
    return replace(instrument, price_scale=decimals(instrument))


def _future(symbol: str, options: ImportOptions) -> Instrument:
    try:
        parts = parse_future_symbol(symbol)
    except ValueError as error:
        raise ImportProblem("BAD_SYMBOL", str(error), exit_code=2) from None
    if parts.root in PRODUCTS:
        return future_instrument(parts.root, parts.year, parts.month, source="import")
    missing = [
        option
        for option, value in (
            ("--exchange", options.exchange),
            ("--tick", options.tick),
            ("--multiplier", options.multiplier),
        )
        if value is None
    ]
    if missing:
        raise ImportProblem(
            "FACTS_REQUIRED",
            f"nothing is known about futures of root {parts.root}; give {', '.join(missing)}"
            f" (known roots: {', '.join(sorted(PRODUCTS))})",
            exit_code=2,
        )
    assert options.exchange is not None
    return Instrument(
        symbol=symbol, asset_type=AssetType.FUTURE, exchange=options.exchange, root=parts.root, source="import"
    )
