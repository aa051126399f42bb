"""What a name means among instruments, futures roots and contracts, and which contracts a root has."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.chains import Contract, day_of, product_chain, stored_chain, trading_contracts
from periscope.instruments.contract_names import AmbiguousContractError, contracts_named, read_contract
from periscope.instruments.futures import FutureSymbol, future_symbol, parse_future_symbol
from periscope.instruments.instrument import Instrument
from periscope.instruments.master import InstrumentMaster
from periscope.instruments.products import PRODUCTS, FutureProduct
from periscope.market.catalog import Catalog
from periscope.market.errors import NotThereError
from periscope.market.instrument_documents import (
    chain_row,
    contract_document,
    root_document,
    stored_document,
    with_actions,
    zone_of_stored,
)

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2069, 12, 31)
"""Contract symbols have two digits for the year, of these years."""


def master_of(catalog: Catalog | None) -> InstrumentMaster:
    """The instruments of a catalog; where there is none yet, none."""
    return InstrumentMaster([]) if catalog is None else catalog.instruments


def stored_instruments(
    catalog: Catalog | None, asset_type: AssetType | None, root: str | None, exchange: str | None
) -> list[Instrument]:
    """The instruments of a catalog of one type, root and exchange, or of all."""
    return [
        each
        for each in master_of(catalog).all()
        if asset_type in {None, each.asset_type} and root in {None, each.root} and exchange in {None, each.exchange}
    ]


def known_roots(asset_type: AssetType | None, root: str | None, exchange: str | None) -> list[FutureProduct]:
    """The futures roots whose facts are known, of one exchange or of all."""
    return [
        product
        for name, product in sorted(PRODUCTS.items())
        if asset_type in {None, AssetType.FUTURE} and root in {None, name} and exchange in {None, product.exchange.code}
    ]


def found_document(
    catalog: Catalog | None, symbol: str, wanted: AssetType | None, on: date | None
) -> dict[str, list[dict[str, Any]]]:
    """All that a symbol can mean, shares with their splits and dividends. Raises NotThereError if nothing."""
    name = symbol.strip().upper()
    master = master_of(catalog)
    try:
        found = documents_named(master, name, wanted, on)
    except AmbiguousContractError as error:
        raise NotThereError("AMBIGUOUS_CONTRACT", str(error)) from None
    if not found:
        what = master.explain_unknown(name, wanted or AssetType.EQUITY)
        roots = master.near_roots(name) if wanted is AssetType.FUTURE or not master.all() else []
        also = f" (futures roots that sound like it: {', '.join(roots)})" if roots else ""
        raise NotThereError("UNKNOWN_INSTRUMENT", what + also)
    return {"found": found if catalog is None else [with_actions(catalog.files, document) for document in found]}


def chain_document(
    catalog: Catalog | None, root: str, days: tuple[date | None, date | None, date | None], count: int, *, serial: bool
) -> dict[str, Any]:
    """The contracts of a root, as `chain_between` finds them, in the exchange's zone. Raises NotThereError."""
    name = root.strip().upper()
    master = master_of(catalog)
    stored = master.chain(name)
    product = PRODUCTS.get(name)
    if product is None and not stored:
        raise NotThereError("UNKNOWN_ROOT", master.explain_unknown_root(name))
    zone = ZoneInfo(product.exchange.zone) if product is not None else zone_of_stored(stored[0])
    contracts = chain_between(name, stored, days, count, serial=serial)
    if contracts is None:
        raise NotThereError("DATES_REQUIRED", f"the catalog has no contracts of {name}, so say of when")
    return {"root": name, "zone": zone.key, "contracts": [chain_row(each, zone) for each in contracts]}


def documents_named(
    master: InstrumentMaster, symbol: str, wanted: AssetType | None, on: date | None
) -> list[dict[str, Any]]:
    """All that a name can mean: instruments as the catalog has them, a root, a contract of a known root.

    With a day, what it meant then. Raises AmbiguousContractError.
    """

    future = wanted in {None, AssetType.FUTURE}
    contract = _contract(master, symbol, on) if future else None
    kinds = [wanted] if wanted is not None else list(AssetType)
    if contract is None and on is not None:
        named = [each for kind in kinds if (each := master.named(symbol, kind, on)) is not None]
        stored = list({each.key: each for each in named}.values())
    else:
        name = symbol if contract is None else future_symbol(contract.root, contract.year, contract.month)
        stored = [each for each in master.all() if each.symbol == name and each.asset_type in kinds]
    documents = [stored_document(each, on) for each in stored]
    if future and symbol in PRODUCTS:
        documents.append(root_document(PRODUCTS[symbol], on))
    if contract is not None and contract.root in PRODUCTS:
        kept = next((each for each in stored if each.asset_type is AssetType.FUTURE), None)
        product = PRODUCTS[contract.root]
        documents.append(contract_document(product, contract.year, contract.month, kept, on))
    return documents


def _contract(master: InstrumentMaster, symbol: str, on: date | None) -> FutureSymbol | None:
    """The contract of a known root that a name spells, None if it spells none. Raises AmbiguousContractError."""

    names = contracts_named(symbol)
    there = [name for name in names if master.get(name, AssetType.FUTURE) is not None]
    if not names or not (there or parse_future_symbol(names[0]).root in PRODUCTS):
        return None
    if on is None and len(there) == 1:
        return parse_future_symbol(there[0])
    try:
        return read_contract(symbol, on)
    except AmbiguousContractError:
        raise
    except ValueError:
        return None


def chain_between(
    name: str,
    stored: list[Instrument],
    days: tuple[date | None, date | None, date | None],
    count: int,
    *,
    serial: bool,
) -> list[Contract] | None:
    """The contracts of a root: so many that trade on a day, or all that end between two days.

    `days` are the day, the first and the last; without any those from the catalog's first to its last, and None
    where it has none to say so. `serial` takes in months that are listed only when near.
    """

    on, first, last = days
    product = PRODUCTS.get(name)
    if product is None:
        contracts = stored_chain(stored)
        if on is not None:
            return [each for each in contracts if each.ends_on >= on][:count]
        return [each for each in contracts if (first or FIRST_DAY) <= each.ends_on <= (last or LAST_DAY)]
    if on is not None:
        return trading_contracts(product, stored, on, count, serial=serial)
    ends = [day_of(each.expires_at) for each in stored if each.expires_at is not None]
    if first is None:
        first = min(ends, default=None) or product.traded_since
    if last is None:
        last = max(ends, default=None)
    if first is None or last is None:
        return None
    return product_chain(product, stored, first, last, serial=serial)
