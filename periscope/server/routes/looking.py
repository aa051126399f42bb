"""Runs as a whole: explained, compared, reported, exported."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Annotated, Any

import fastapi
from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from periscope.market.catalog import Catalog
from periscope.market.errors import CatalogError
from periscope.report.catalog_bars import CatalogBars
from periscope.report.page import write_report
from periscope.report.run_files import ReportError
from periscope.runs.comparison import differing_facts, first_difference
from periscope.runs.documents import comparison_document
from periscope.runs.evidence import write_result
from periscope.runs.explaining import UnknownOrderError, explain, find_order, open_run
from periscope.runs.journal import BARS, JOURNAL, JournalDamagedError
from periscope.runs.kept import export_pieces, laid_out
from periscope.runs.recorded import RecordedError
from periscope.runs.result_file import RESULT, NotARunError, without_place
from periscope.runs.store.refusals import StoreError
from periscope.server import result_models as model
from periscope.server.bar_windows import read_bars
from periscope.server.context import Context, Here
from periscope.server.models import MOST_NUMBER, Text
from periscope.server.problems import ProblemError, allowed
from periscope.server.results import Results, ResultsHere, ended, read_document, reading
from periscope.server.routing import content, new_router

router = new_router("results")

_REPORTS_AT_ONCE = BoundedSemaphore(2)
"""A report of a long run takes seconds and much memory; more than so many wait."""
_APART = {"content-security-policy": "sandbox allow-scripts", "x-content-type-options": "nosniff"}
"""A report's scripts run, but not as a page of this server."""

Number = Annotated[int, Query(ge=1, le=MOST_NUMBER, description="A run's number")]
OrderName = Annotated[
    Text, fastapi.Path(min_length=1, max_length=64, description="The order: its number, its id, or how its id begins")
]


@router.get("/runs/compare", response_model=model.Comparison)
def compare(here: Here, left: Number, right: Number) -> dict[str, Any]:
    """In what two runs that have ended differ, and from which event on."""
    with reading(here, left) as first, reading(here, right) as second:
        return _compared(first, second)


@router.api_route("/runs/compare", methods=["POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
def refuse_other_methods() -> None:
    """`compare` is no number of a run that could be changed."""
    raise ProblemError("METHOD", "runs can only be compared with GET", headers={"allow": "GET"})


def _compared(first: Results, second: Results) -> dict[str, Any]:
    for each in (first, second):
        ended(each)
        for name in (RESULT, JOURNAL, BARS):
            each.path(name)
    store = first.here.store
    with laid_out(store, first.run) as here, laid_out(store, second.run) as there:
        try:
            difference = first_difference(here, there)
        except JournalDamagedError as error:
            raise StoreError("STORE_DAMAGED", str(error), str(here)) from error
    facts = differing_facts(*(read_document(each.path(RESULT)) for each in (first, second)))
    return comparison_document(difference, list(facts))


@router.get("/runs/{number}/orders/{order}/explanation", response_model=model.Explanation)
def explain_order(results: ResultsHere, order: OrderName) -> dict[str, Any]:
    """Why an order filled at its price, or why it did not fill, and what would have changed it."""
    for name in (RESULT, "orders.parquet", "fills.parquet"):
        results.path(name)
    with laid_out(results.here.store, results.run) as folder:
        try:
            opened = open_run(folder, _catalog(results.here))
            return explain(opened, find_order(opened, order))
        except UnknownOrderError as error:
            raise ProblemError("ORDER_NOT_FOUND", str(error)) from None
        except NotARunError as error:
            raise StoreError("STORE_DAMAGED", str(error), str(folder)) from error


@router.get("/runs/{number}/report", response_class=Response, responses=content("text/html", "The report."))
def show_report(results: ResultsHere) -> Response:
    """The report of a run that has ended, as one HTML page that needs nothing else."""
    document = results.document()
    with laid_out(results.here.store, results.run) as folder, TemporaryDirectory(prefix="periscope-report-") as made:
        write_result(folder, without_place(document))
        try:
            with _REPORTS_AT_ONCE:
                page = write_report(
                    folder, Path(made) / "report.html", catalog_root=None, bars_source=_bars(results.here, document)
                )
            return Response(page.read_bytes(), media_type="text/html; charset=utf-8", headers=_APART)
        except ReportError as error:
            raise StoreError("STORE_DAMAGED", str(error), str(folder)) from error


@router.get(
    "/runs/{number}/export", response_class=StreamingResponse, responses=content("application/zip", "The archive.")
)
def export(results: ResultsHere) -> StreamingResponse:
    """Everything about a run that has ended as one ZIP archive: results, version, config, and all hashes."""
    pieces: Iterator[bytes] = allowed(export_pieces(results.here.store, results.run))
    name = f'attachment; filename="run-{results.run.id}.zip"'
    return StreamingResponse(pieces, media_type="application/zip", headers={"content-disposition": name})


def _bars(here: Context, document: dict[str, Any]) -> CatalogBars | None:
    """The bars that a run read; None where there is no data."""
    catalog = _catalog(here)
    try:
        return None if catalog is None else read_bars(document, catalog).source
    except RecordedError:
        return None


def _catalog(here: Context) -> Catalog | None:
    """The workspace's data, None where it can't be read: then nothing is said of the bars."""
    try:
        return here.catalog()
    except (ProblemError, CatalogError):
        return None
