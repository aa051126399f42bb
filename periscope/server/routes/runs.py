"""Runs from new to deleted: listing, creating, and every move."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from periscope.runs import managing
from periscope.runs.documents import run_document, run_line
from periscope.runs.lifecycle import Status
from periscope.server.context import Here
from periscope.server.models import Amount, Document, Model, Moment, Page, RunNumber, Text
from periscope.server.paging import PagingHere, page
from periscope.server.problems import allowed
from periscope.server.routing import new_router

router = new_router("runs")


class RunLine(Model):
    """A run in short."""

    run: int
    version: str = Field(description="Strategy and number, as moving_averages@3")
    mode: str
    status: Status
    asked: str | None = Field(description="What the operator wants of an active run: stop or kill")
    reason: str | None
    created_at: Moment
    queued_at: Moment | None
    started_at: Moment | None
    ended_at: Moment | None
    progress: Document | None = Field(description="How far an active run is; docs/runs.md")
    final_value: Amount | None
    net_trading_cash: Amount | None
    copied_from: int | None
    lost: int = Field(description="How often its process vanished")


class RunDocument(RunLine):
    """Everything about a run but its long lists."""

    config: Document = Field(description="As it was given: environment, strategy, core")
    result: Document | None = Field(description="The result of a run that has ended, without its lists")
    issues: list[Document]
    files: dict[str, int] = Field(description="The files of its results, with their sizes in bytes")


@router.get("/runs", response_model=Page[RunLine])
def list_runs(
    here: Here,
    paging: PagingHere,
    status: Annotated[Status | None, Query(description="Only runs of this status")] = None,
    strategy: Annotated[Text | None, Query(max_length=200, description="Only runs of this strategy")] = None,
) -> dict[str, Any]:
    """Runs, the newest first."""
    before = paging.number("runs")
    found = here.store.runs.page(status=status, strategy=strategy, before=before, limit=paging.limit)
    more = found[-1].id if len(found) == paging.limit else None
    return page("runs", [run_line(run) for run in found], more)


@router.get("/runs/{number}", response_model=RunDocument)
def show_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """A run: status, config, progress, and what came of it."""
    return run_document(here.store, allowed(managing.find(here.store, number)))
