"""Instruments from Databento's definition records: ticks, multipliers, currencies, when they trade.

What a curated table of futures knows stands, save for what the exchange itself says about the contract: tick, currency,
first and last trading moment. A multiplier follows from the money value of a tick (tag 1146 of CME's MDP 3.0), or is
the user's; without either a contract is left out and named.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import databento_dbn as dbn

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.contract_names import read_contract
from periscope.instruments.futures import PRODUCTS, future_instrument, future_symbol
from periscope.instruments.instrument import Instrument
from periscope.instruments.words import counted
from periscope.market.catalog import Catalog
from periscope.market.errors import CatalogConflictError, SymbolRefusedError
from periscope.market.importers.dbn_files import PRICE_SCALE, UNDEFINED_PRICE, UNDEFINED_TIME
from periscope.market.importers.facts import decimals
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary

_EXCHANGES = {"XCME": "CME", "XCBT": "CBOT", "XNYM": "NYMEX", "XCEC": "COMEX"}
"""Periscope's codes of exchanges for their market identifier codes (ISO 10383)."""

_DAY_MICROSECONDS = 86_400_000_000
_SOURCE = "Databento instrument definition"


def store_definitions(
    definitions: Mapping[str, dbn.InstrumentDefMsg], path: Path, catalog: Catalog, options: ImportOptions
) -> ImportSummary:
    """Add the futures and shares among the definitions to the catalog. Raises `ImportProblem` if there are none."""
    notes: list[str] = []
    left: Counter[str] = Counter()
    found: dict[str, Instrument] = {}
    for raw, definition in sorted(definitions.items()):
        instrument = _instrument(definition, options, left, notes)
        if instrument is None:
            continue
        if options.symbol is not None and options.symbol.strip().upper() not in {instrument.symbol, raw.upper()}:
            left["definitions of other symbols"] += 1
            continue
        known = catalog.instruments.get(*instrument.key)
        found[instrument.symbol] = instrument if known is None else _at_least_as_fine(instrument, known)
    if not found:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(left.items()))
        raise ImportProblem("NO_ROWS", f"{path} defines no future or share that can be stored ({counts or 'none'})")
    try:
        catalog.add_instruments(found.values())
    except (CatalogConflictError, SymbolRefusedError) as error:
        raise ImportProblem(error.code, str(error)) from None
    names = ", ".join(sorted(found)[:10]) + (", …" if len(found) > 10 else "")
    notes.insert(0, f"in the catalog now: {counted(len(found), 'instrument')}, {names}")
    return ImportSummary("Databento DBN definitions", str(path), [], Findings(), notes, dict(sorted(left.items())))


def _instrument(
    definition: dbn.InstrumentDefMsg, options: ImportOptions, left: Counter[str], notes: list[str]
) -> Instrument | None:
    kind = str(definition.instrument_class)
    if kind == str(dbn.InstrumentClass.STOCK):
        return _share(definition, options)
    if kind == str(dbn.InstrumentClass.FUTURE):
        return _future(definition, options, left, notes)
    left["definitions of options, spreads and the like"] += 1
    return None


def _share(definition: dbn.InstrumentDefMsg, options: ImportOptions) -> Instrument:
    tick = options.tick or _price(definition.min_price_increment) or Decimal("0.01")
    instrument = Instrument(
        symbol=definition.raw_symbol.strip().upper(),
        asset_type=options.asset_type or AssetType.EQUITY,
        exchange=options.exchange or definition.exchange or "XNYS",
        currency=options.currency or definition.currency or "USD",
        tick=tick,
        source=_SOURCE,
    )
    return replace(instrument, price_scale=decimals(instrument))


def _future(
    definition: dbn.InstrumentDefMsg, options: ImportOptions, left: Counter[str], notes: list[str]
) -> Instrument | None:
    day = date(1970, 1, 1) + timedelta(days=min(definition.ts_event // 1000, 2**60) // _DAY_MICROSECONDS)
    try:
        contract = read_contract(definition.raw_symbol, day)
        symbol = future_symbol(contract.root, contract.year, contract.month)
    except (ValueError, OverflowError):
        left["definitions whose symbol is no futures contract"] += 1
        return None
    tick = options.tick or _price(definition.min_price_increment)
    multiplier = options.multiplier or _multiplier(definition)
    known = contract.root in PRODUCTS
    if known:
        instrument = future_instrument(contract.root, contract.year, contract.month, source=_SOURCE)
    elif tick is None or multiplier is None:
        left["futures whose multiplier or tick the file does not tell (--multiplier, --tick)"] += 1
        return None
    else:
        exchange = _EXCHANGES.get(definition.exchange, definition.exchange)
        instrument = Instrument(
            symbol=symbol, asset_type=AssetType.FUTURE, exchange=exchange, root=contract.root, source=_SOURCE
        )
    if known and multiplier is not None and multiplier != instrument.multiplier:
        notes.append(f"{symbol}: the file's multiplier {multiplier} is taken instead of {instrument.multiplier}")
    expires_at, listed_at = _moment(definition.expiration), _moment(definition.activation)
    changed = replace(
        instrument,
        exchange=options.exchange or instrument.exchange,
        currency=options.currency or definition.currency or instrument.currency,
        tick=tick or instrument.tick,
        multiplier=multiplier or instrument.multiplier,
        expires_at=expires_at or instrument.expires_at,
        listed_at=listed_at or instrument.listed_at,
    )
    return replace(changed, price_scale=decimals(changed))


def _multiplier(definition: dbn.InstrumentDefMsg) -> Decimal | None:
    """Money per price unit: the money value of a tick over the tick."""
    tick, money = definition.min_price_increment, definition.min_price_increment_amount
    if UNDEFINED_PRICE in {tick, money} or tick <= 0 or money <= 0:
        return None
    exact = Decimal(money) / Decimal(tick)
    return exact.normalize() if exact * tick == money else None


def _price(value: int) -> Decimal | None:
    return None if value == UNDEFINED_PRICE or value <= 0 else Decimal(value).scaleb(-PRICE_SCALE).normalize()


def _moment(nanoseconds: int) -> int | None:
    """Microseconds UTC; None where there is no such moment, or only its date is given."""
    if nanoseconds in {0, UNDEFINED_TIME} or nanoseconds // 1000 % _DAY_MICROSECONDS == 0:
        return None
    return nanoseconds // 1000


def _at_least_as_fine(instrument: Instrument, known: Instrument) -> Instrument:
    """The instrument with no fewer decimals than the catalog's bars of it may have."""
    return replace(
        instrument,
        price_scale=max(instrument.price_scale, known.price_scale),
        volume_scale=max(instrument.volume_scale, known.volume_scale),
    )
