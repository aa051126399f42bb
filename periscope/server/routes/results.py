"""What runs leave behind, a page at a time: orders, fills, trades, positions, issues, logs, the journal."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query

from libs.shared_ipc.src.protocol import OrderState
from periscope.runs.documents import row_document, run_issues
from periscope.runs.journal import JOURNAL
from periscope.runs.journal_pages import NoPlaceError, journal_page
from periscope.runs.journal_pages import Place as JournalPlace
from periscope.runs.kept import log_file, rows_of
from periscope.runs.log_pages import log_page
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import Run
from periscope.server import result_models as model
from periscope.server.models import Page, Text
from periscope.server.paging import Paging, PagingHere, none_of, page
from periscope.server.problems import allowed
from periscope.server.results import ResultsHere
from periscope.server.routing import new_router

router = new_router("results")

SymbolQuery = Annotated[Text | None, Query(max_length=100, description="Only this symbol")]
StateQuery = Annotated[OrderState | None, Query(description="Only orders in this state")]
_ITEMS_AT_MOST = 1 << 40
SkipQuery = Annotated[
    int, Query(ge=0, le=_ITEMS_AT_MOST, description="Begin after so many; without meaning beside `after`")
]


@router.get("/runs/{number}/orders", response_model=model.Counted[model.Order])
def list_orders(
    results: ResultsHere,
    paging: PagingHere,
    symbol: SymbolQuery = None,
    state: StateQuery = None,
    skip: SkipQuery = 0,
) -> dict[str, Any]:
    """The orders of a run that has ended, refused ones included."""
    return table_page(results.path("orders.parquet"), "orders", paging, {"symbol": symbol, "state": state}, skip=skip)


@router.get("/runs/{number}/fills", response_model=model.Counted[model.Fill])
def list_fills(
    results: ResultsHere, paging: PagingHere, symbol: SymbolQuery = None, skip: SkipQuery = 0
) -> dict[str, Any]:
    """The fills of a run that has ended, each with the rule behind its price."""
    return table_page(results.path("fills.parquet"), "fills", paging, {"symbol": symbol}, skip=skip)


@router.get("/runs/{number}/trades", response_model=model.Counted[model.Trade])
def list_trades(
    results: ResultsHere, paging: PagingHere, symbol: SymbolQuery = None, skip: SkipQuery = 0
) -> dict[str, Any]:
    """The round trips of a run that has ended."""
    return table_page(results.path("trades.parquet"), "trades", paging, {"symbol": symbol}, skip=skip)


@router.get("/runs/{number}/positions", response_model=model.Counted[model.Position])
def list_positions(results: ResultsHere, paging: PagingHere) -> dict[str, Any]:
    """What a run holds: an active one now (the first fifty), one that has ended at its end."""
    run = results.run
    if run.is_active:
        found = ((run.reading or {}).get("portfolio") or {}).get("positions") or []
    else:
        found = results.document().get("positions") or []
    return list_page("positions", found, paging)


@router.get("/runs/{number}/issues", response_model=model.Counted[model.Issue])
def list_issues(results: ResultsHere, paging: PagingHere) -> dict[str, Any]:
    """What went wrong, where, how often: of an active run the first fifty so far."""
    return list_page("issues", run_issues(results.here.store, results.run), paging)


@router.get("/runs/{number}/statistics")
def show_statistics(results: ResultsHere) -> model.Statistics:
    """What a run that has ended came to."""
    return model.Statistics(run=results.run.id, statistics=results.document().get("statistics") or {})


@router.get("/runs/{number}/logs", response_model=Page[model.LogLine])
def list_logs(
    results: ResultsHere,
    paging: PagingHere,
    search: Annotated[Text | None, Query(max_length=1_000, description="Only lines that hold this text")] = None,
) -> dict[str, Any]:
    """What the strategy printed. While the run is active `next` is never null: ask again with it to follow.

    Where the run's process vanished and another one has begun the run again, the log begins again too, and so does who
    follows it. A page may hold fewer lines than its limit, or none, and yet have a `next`, where little matches.
    """
    run = results.run
    after = _place_in_log(paging, run)
    path = allowed(log_file(results.here.store, run))
    found = None if path is None else log_page(path, after=after, limit=paging.limit, search=search)
    if found is not None:
        is_over = found.is_last and not run.is_active
        return page("logs", found.lines, None if is_over else f"{run.attempt}:{found.after}")
    if not run.is_active:
        raise none_of("logs")
    return page("logs", [], f"{run.attempt}:{after}")  # nothing yet


def _place_in_log(paging: Paging, run: Run) -> int:
    """Where in the log of the run's latest attempt a page begins: a place in an earlier one's is its beginning."""
    text = paging.text("logs")
    if text is None:
        return 0
    parts = text.split(":")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
        raise none_of("logs")
    attempt, place = map(int, parts)
    if attempt > run.attempt:
        raise none_of("logs")
    return place if attempt == run.attempt else 0


@router.get("/runs/{number}/events", response_model=Page[model.JournalLine])
def list_events(results: ResultsHere, paging: PagingHere) -> dict[str, Any]:
    """The journal of a run that has ended: every event but bars, every action, every entry of the books."""
    text = paging.text("events")
    path = results.path(JOURNAL)
    try:
        place = JournalPlace() if text is None else JournalPlace.parse(text)
        found, following = journal_page(path, place, paging.limit)
    except NoPlaceError as error:
        if text is None:
            raise StoreError("STORE_DAMAGED", f"{JOURNAL} can't be read", str(path)) from error
        raise none_of("events") from None
    return page("events", found, None if following is None else str(following))


def table_page(
    path: Path, listing: str, paging: Paging, match: Mapping[str, str | None], *, skip: int
) -> dict[str, Any]:
    """A page of orders, fills or trades, of the rows that match; the first one begins after `skip`."""
    return row_page(path, listing, paging, match, row_document, skip=skip)


def row_page(
    path: Path,
    listing: str,
    paging: Paging,
    match: Mapping[str, str | None],
    document: Callable[[Mapping[str, Any]], dict[str, Any]],
    *,
    skip: int = 0,
) -> dict[str, Any]:
    """A page of a table of a run, of the rows that match, each as `document` makes it."""
    after = min(paging.number(listing) or skip, _ITEMS_AT_MOST)
    wanted = {name: text for name, text in match.items() if text is not None}
    rows, count = rows_of(path, after=after, limit=paging.limit, match=wanted)
    following = after + len(rows)
    done = page(listing, [document(row) for row in rows], following if rows and following < count else None)
    return done | {"count": count}


def list_page(listing: str, found: list[Any], paging: Paging) -> dict[str, Any]:
    """A page of what is in memory anyway."""
    after = min(paging.number(listing) or 0, len(found))
    items = found[after : after + paging.limit]
    following = after + len(items)
    return page(listing, items, following if following < len(found) else None) | {"count": len(found)}
