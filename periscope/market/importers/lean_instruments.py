"""The instruments of a LEAN data folder: what its tables and the table of futures roots say about each."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import PRODUCTS, future_instrument, future_symbol
from periscope.instruments.instrument import FactSource, Instrument
from periscope.instruments.tickers import with_tickers
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.intervals import DAY, session_grid
from periscope.market.importers.lean_facts import (
    MapFile,
    Properties,
    PropertiesTable,
    margin_periods,
    read_map_file,
)

SOURCE = "LEAN data folder"
_PROPERTIES = ("currency", "tick", "quantity_step", "multiplier")


def equity_instrument(root: Path, table: PropertiesTable, market: str, symbol: str, notes: list[str]) -> Instrument:
    """An equity as map file and symbol properties describe it.

    Raises `ImportProblem` UNKNOWN_EXCHANGE or BAD_LEAN_FOLDER.
    """
    if market != "usa":
        raise ImportProblem(
            "UNKNOWN_EXCHANGE", f"equities of market {market!r} have no session table here", exit_code=2
        )
    place = f"map_files/{symbol.lower()}.csv"
    map_file = read_map_file(root / "equity" / market / place)
    exchange = None if map_file is None else map_file.exchange
    if exchange is None:
        _note(notes, f"{symbol}: no map file names an exchange we know; the exchange is set to XNYS")
    instrument = Instrument(symbol=symbol, asset_type=AssetType.EQUITY, exchange=exchange or "XNYS", source=SOURCE)
    instrument = _with_properties(instrument, table.of(market, symbol, "equity"))
    if map_file is None:
        return instrument
    instrument = _with_sources(instrument, {"names": place})
    try:
        instrument = with_tickers(instrument, map_file.periods(f"{SOURCE}: {place}"))
    except ValueError as error:
        raise ImportProblem("BAD_LEAN_FOLDER", f"{root / 'equity' / market / place}: {error}") from None
    return _delisted(instrument, map_file, place, notes)


def future_contract(
    root: Path,
    table: PropertiesTable,
    market: str,
    product: str,
    month: tuple[int, int],
    first_at: int,
    notes: list[str],
) -> Instrument:
    """A contract; its margins are those in force at `first_at` (microseconds UTC), and all that are known by date."""
    sources: dict[str, str] = {}
    if product in PRODUCTS:
        instrument = replace(future_instrument(product, *month, source=""), source=SOURCE)
        instrument = replace(instrument, fact_sources=(FactSource("expires_at", PRODUCTS[product].source),))
    else:
        symbol = future_symbol(product, *month)
        instrument = Instrument(
            symbol=symbol,
            asset_type=AssetType.FUTURE,
            exchange=market.upper(),
            root=product,
            price_scale=0,
            source=SOURCE,
        )
        _note(notes, f"{product}: no rule for the expiry of its contracts is known here; they never expire")
    instrument = _with_properties(instrument, table.of(market, product, "future"))
    periods = margin_periods(root, market, product)
    instrument = replace(instrument, margins=tuple(each for each in periods if instrument.valid_on(each.first_day)))
    margins = instrument.margins_on(date(1970, 1, 1) + timedelta(days=first_at // DAY))
    if margins is not None:
        instrument = replace(instrument, initial_margin=margins.initial, maintenance_margin=margins.maintenance)
        row = f"in force at its first bar: margins/{product}.csv, row of {margins.first_day}"
        sources |= {"initial_margin": row, "maintenance_margin": row, "margins": f"margins/{product}.csv"}
    elif product in PRODUCTS and PRODUCTS[product].margin_date is not None:
        told = f"of {PRODUCTS[product].margin_date}: {PRODUCTS[product].margin_source}"
        facts = tuple(FactSource(fact, told) for fact in ("initial_margin", "maintenance_margin"))
        instrument = replace(instrument, fact_sources=(*instrument.fact_sources, *facts))
    return _with_sources(instrument, sources)


def _with_properties(instrument: Instrument, properties: Properties | None) -> Instrument:
    if properties is None:
        return instrument
    instrument = replace(
        instrument,
        currency=properties.currency,
        tick=properties.tick,
        quantity_step=properties.lot,
        multiplier=properties.multiplier,
    )
    return _with_sources(instrument, dict.fromkeys(_PROPERTIES, "symbol-properties-database.csv"))


def _with_sources(instrument: Instrument, sources: dict[str, str]) -> Instrument:
    known = {each.fact: each.source for each in instrument.fact_sources}
    told = known | {fact: f"{SOURCE}: {source}" for fact, source in sources.items()}
    return replace(instrument, fact_sources=tuple(FactSource(fact, source) for fact, source in told.items()))


def _delisted(instrument: Instrument, map_file: MapFile, place: str, notes: list[str]) -> Instrument:
    """An equity that has ceased to trade expires at the close of its last day."""
    if map_file.last_day is None:
        return instrument
    days = np.array([map_file.last_day.toordinal() - date(1970, 1, 1).toordinal()], dtype=np.int64)
    grid = session_grid(instrument.exchange, int(days[0]) * DAY, int(days[0]) * DAY)
    index, known = grid.index_of_day(days)
    expires_at = int(grid.closes[index[0]]) if known[0] else int(grid.local_midnight(days + 1)[0])
    _note(notes, f"{instrument.symbol}: last trading day {map_file.last_day} (map file)")
    return _with_sources(replace(instrument, expires_at=expires_at), {"expires_at": place})


def _note(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)
