"""Instruments of the catalog, futures roots, and the contracts of a root."""

from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Path, Query
from pydantic import Field

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.contract_names import AmbiguousContractError
from periscope.instruments.products import PRODUCTS
from periscope.market.instrument_documents import (
    chain_row,
    root_document,
    stored_document,
    with_actions,
    zone_of_stored,
)
from periscope.market.instrument_lookup import FIRST_DAY, LAST_DAY, chain_between, documents_named
from periscope.server.context import Here
from periscope.server.models import Document, Model, Text
from periscope.server.paging import PagingHere
from periscope.server.problems import ProblemError
from periscope.server.result_models import Counted
from periscope.server.routes.results import list_page
from periscope.server.routing import new_router

router = new_router("instruments")

SymbolPath = Annotated[Text, Path(min_length=1, max_length=100, description="The symbol, such as SPY or ESZ13")]
RootPath = Annotated[Text, Path(min_length=1, max_length=20, description="The futures root, such as ES")]
AssetTypeQuery = Annotated[AssetType | None, Query(description="Only of this type")]
ExchangeQuery = Annotated[Text | None, Query(max_length=40, description="Only of this exchange")]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class Found(Model):
    """All that a name can mean."""

    found: list[Document] = Field(description="Told apart by `kind`: instrument, root, contract; docs/instruments.md")


class Chain(Model):
    """The contracts of a root."""

    root: str
    zone: str
    contracts: list[Document] = Field(description="docs/instruments.md")


@router.get("/instruments", response_model=Counted[Document])
def list_instruments(
    here: Here,
    paging: PagingHere,
    asset_type: AssetTypeQuery = None,
    root: Annotated[Text | None, Query(max_length=20, description="Only contracts of this root")] = None,
    exchange: ExchangeQuery = None,
) -> dict[str, Any]:
    """The instruments of the catalog: their facts with sources, tickers by date."""
    of_root, at = _upper(root), _upper(exchange)
    wanted = [
        each
        for each in here.catalog().instruments.all()
        if asset_type in {None, each.asset_type} and of_root in {None, each.root} and at in {None, each.exchange}
    ]
    found = list_page("instruments", wanted, paging)
    return found | {"items": [stored_document(each, None) for each in found["items"]]}


@router.get("/instruments/roots", response_model=Counted[Document])
def list_roots(paging: PagingHere, exchange: ExchangeQuery = None) -> dict[str, Any]:
    """The futures roots whose facts are known."""
    at = _upper(exchange)
    wanted = [product for _, product in sorted(PRODUCTS.items()) if at in {None, product.exchange.code}]
    found = list_page("roots", wanted, paging)
    return found | {"items": [root_document(product, None) for product in found["items"]]}


@router.get("/instruments/roots/{root}/chain", response_model=Chain)
def list_chain(
    here: Here,
    root: RootPath,
    on: Annotated[Day | None, Query(alias="date", description="Contracts that trade on this day")] = None,
    since: Annotated[
        Day | None, Query(alias="from", description="Contracts that trade up to this day or later")
    ] = None,
    until: Annotated[Day | None, Query(alias="to", description="Contracts that end on this day or earlier")] = None,
    count: Annotated[int, Query(ge=1, le=200, description="With `date`: how many")] = 8,
    serial: Annotated[bool, Query(description="Also months that are listed only when near")] = False,
) -> dict[str, Any]:
    """The contracts of a root with first notice and last trade. Without days those that the catalog has."""
    name = root.strip().upper()
    if on is not None and (since is not None or until is not None):
        raise ProblemError("INVALID", "`date` goes without `from` and `to`")
    if since is not None and until is not None and until < since:
        raise ProblemError("INVALID", f"`to` {until} is before `from` {since}")
    master = here.catalog().instruments
    stored = master.chain(name)
    product = PRODUCTS.get(name)
    if product is None and not stored:
        raise ProblemError("UNKNOWN_ROOT", master.explain_unknown_root(name))
    zone = ZoneInfo(product.exchange.zone) if product is not None else zone_of_stored(stored[0])
    contracts = chain_between(name, stored, (on, since, until), count, serial=serial)
    if contracts is None:
        raise ProblemError("DATES_REQUIRED", f"the catalog has no contracts of {name}, so say of when")
    return {"root": name, "zone": zone.key, "contracts": [chain_row(each, zone) for each in contracts]}


@router.get("/instruments/{symbol}", response_model=Found)
def show_instrument(
    here: Here,
    symbol: SymbolPath,
    asset_type: AssetTypeQuery = None,
    on: Annotated[Day | None, Query(alias="date", description="What the name meant on this day")] = None,
) -> dict[str, Any]:
    """An instrument, contract or futures root: its facts with their sources."""
    catalog = here.catalog()
    name = symbol.strip().upper()
    try:
        found = documents_named(catalog.instruments, name, asset_type, on)
    except AmbiguousContractError as error:
        raise ProblemError("AMBIGUOUS_CONTRACT", str(error)) from None
    if not found:
        what = catalog.instruments.explain_unknown(name, asset_type or AssetType.EQUITY)
        raise ProblemError("UNKNOWN_INSTRUMENT", what)
    return {"found": [with_actions(catalog.files, document) for document in found]}


def _upper(text: str | None) -> str | None:
    return None if text is None else text.strip().upper()
