"""Instruments of the catalog, futures roots, and the contracts of a root."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from periscope.market.instrument_documents import root_document, stored_document
from periscope.market.instrument_lookup import (
    FIRST_DAY,
    LAST_DAY,
    chain_document,
    found_document,
    known_roots,
    stored_instruments,
)
from periscope.market.roll_documents import rolls_document
from periscope.server.context import Here
from periscope.server.models import Document, Model, Moment, Text
from periscope.server.paging import PagingHere
from periscope.server.problems import ProblemError
from periscope.server.result_models import Counted
from periscope.server.routes.data import CHECKS_AT_ONCE, AssetTypeQuery, RootPath, SymbolPath, require_order
from periscope.server.routes.results import list_page
from periscope.server.routing import new_router

router = new_router("instruments")

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


class Rolls(Model):
    """When a root rolls."""

    root: str
    by: str
    first: Document = Field(description="The first contract, and since when it counts")
    ends: Moment | None = Field(description="When the last contract that is known ceases to count; null: never")
    rolls: list[Document] = Field(description="docs/futures-rolls.md")


@router.get("/instruments", response_model=Counted[Document])
def list_instruments(
    here: Here,
    paging: PagingHere,
    asset_type: AssetTypeQuery = None,
    root: Annotated[Text | None, Query(max_length=20, description="Only contracts of this root")] = None,
    exchange: ExchangeQuery = None,
) -> dict[str, Any]:
    """The instruments of the catalog: their facts with sources, tickers by date."""
    wanted = stored_instruments(here.catalog_if_any(), asset_type, _upper(root), _upper(exchange))
    found = list_page("instruments", wanted, paging)
    return found | {"items": [stored_document(each, None) for each in found["items"]]}


@router.get("/instruments/roots", response_model=Counted[Document])
def list_roots(paging: PagingHere, exchange: ExchangeQuery = None) -> dict[str, Any]:
    """The futures roots whose facts are known."""
    found = list_page("roots", known_roots(None, None, _upper(exchange)), paging)
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
    if on is not None and (since is not None or until is not None):
        raise ProblemError("INVALID", "`date` goes without `from` and `to`")
    require_order(since, until)
    return chain_document(here.catalog_if_any(), root, (on, since, until), count, serial=serial)


@router.get("/instruments/roots/{root}/rolls", response_model=Rolls)
def list_rolls(
    here: Here,
    root: RootPath,
    by: Annotated[
        Literal["volume", "open-interest", "last-trade"], Query(description="What decides which contract counts")
    ] = "volume",
    since: Annotated[date | None, Query(alias="from", description="The first day")] = None,
    until: Annotated[date | None, Query(alias="to", description="The last day")] = None,
) -> dict[str, Any]:
    """When a root passes from one contract to the next."""
    require_order(since, until)
    with CHECKS_AT_ONCE:
        return rolls_document(here.catalog(), root, by, since, until)


@router.get("/instruments/{symbol}", response_model=Found)
def show_instrument(
    here: Here,
    symbol: SymbolPath,
    asset_type: AssetTypeQuery = None,
    on: Annotated[Day | None, Query(alias="date", description="What the name meant on this day")] = None,
) -> dict[str, Any]:
    """An instrument, contract or futures root: its facts with their sources."""
    return found_document(here.catalog_if_any(), symbol, asset_type, on)


def _upper(text: str | None) -> str | None:
    return None if text is None else text.strip().upper()
