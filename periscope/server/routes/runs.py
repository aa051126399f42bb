"""Runs from new to deleted: listing, creating, and every move."""

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from periscope.runs import managing
from periscope.runs.config import Problem
from periscope.runs.documents import run_document, run_line
from periscope.runs.lifecycle import Status
from periscope.runs.result_file import without_place
from periscope.runs.store.refusals import Refused
from periscope.runs.store.run_rows import Run
from periscope.server.context import Context, Here
from periscope.server.models import MOST_NUMBER, Amount, Document, Model, Moment, Page, RunNumber, Text
from periscope.server.paging import PagingHere, page
from periscope.server.problems import allowed, refuse
from periscope.server.routing import new_router

router = new_router("runs")


_EXAMPLE = {"environment": {"start": "2024-01-02", "end": "2024-03-28"}, "strategy": {}, "core": {"seed": 1}}


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


class NewRun(Model):
    """What a new run is made of."""

    version: Annotated[Text, Field(min_length=1, max_length=300)] = Field(
        description="NAME@NUMBER, or NAME for the newest", examples=["moving_averages@1"]
    )
    config: Document = Field(description="environment, strategy, core; docs/runs.md", examples=[_EXAMPLE])


class ChangedRun(Model):
    """What can be changed of a new run."""

    config: Document = Field(description="The whole config; it replaces the one before", examples=[_EXAMPLE])


@router.get("/runs", response_model=Page[RunLine])
def list_runs(
    here: Here,
    paging: PagingHere,
    status: Annotated[Status | None, Query(description="Only runs of this status")] = None,
    strategy: Annotated[Text | None, Query(max_length=200, description="Only runs of this strategy")] = None,
    before: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="Begin below this number")] = None,
) -> dict[str, Any]:
    """Runs, the newest first."""
    before = before if paging.after is None else paging.number("runs")
    found = here.store.runs.page(status=status, strategy=strategy, before=before, limit=paging.limit)
    return page("runs", [run_line(run) for run in found], paging.following(found, lambda last: last.id))


@router.get("/runs/{number}", response_model=RunDocument)
def show_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """A run: status, config, progress, and what came of it."""
    return _document(here, allowed(managing.find(here.store, number)))


@router.post("/runs", response_model=RunDocument, status_code=201)
def create_run(here: Here, new: NewRun, response: Response) -> dict[str, Any]:
    """Make a new run of a version. Everything that is wrong with its config is said at once."""
    version = allowed(managing.find_version(here.store, new.version))
    run = allowed(managing.create(here.store, version, new.config, here.catalog()))
    response.headers["location"] = f"/api/v1/runs/{run.id}"
    return _document(here, run)


@router.patch("/runs/{number}", response_model=RunDocument)
def edit_run(here: Here, number: RunNumber, changed: ChangedRun) -> dict[str, Any]:
    """Give a run that is still new another config."""
    allowed(managing.find(here.store, number))
    return _shown(here, managing.edit(here.store, number, changed.config, here.catalog()))


@router.delete("/runs/{number}", status_code=204)
def delete_run(here: Here, number: RunNumber) -> None:
    """Remove a run that is not active, with all its results. It can't be undone."""
    refused = managing.delete(here.store, number)
    if refused is not None:
        refuse(refused)


@router.post("/runs/{number}/start", response_model=RunDocument)
def start_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """Start a new run. It runs in the background; what does not run yet waits its turn."""
    return _shown(here, managing.start(here.store, number))


@router.post("/runs/{number}/stop", response_model=RunDocument)
def stop_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """Have an active run end gracefully: `on_stop` runs, and what there is of results is kept."""
    return _shown(here, managing.stop(here.store, number))


@router.post("/runs/{number}/kill", response_model=RunDocument)
def kill_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """Have an active run ended at once; nothing of its results is kept."""
    return _shown(here, managing.kill(here.store, number))


@router.post("/runs/{number}/reset", response_model=RunDocument)
def reset_run(here: Here, number: RunNumber) -> dict[str, Any]:
    """Put an ended run back to new, and drop its results."""
    return _shown(here, managing.reset(here.store, number))


@router.post("/runs/{number}/copy", response_model=RunDocument, status_code=201)
def copy_run(here: Here, number: RunNumber, response: Response) -> dict[str, Any]:
    """Make a new run of the same version with the same config."""
    run = allowed(managing.copy(here.store, number))
    response.headers["location"] = f"/api/v1/runs/{run.id}"
    return _document(here, run)


def _shown(here: Context, answer: Run | Refused | list[Problem]) -> dict[str, Any]:
    return _document(here, allowed(answer))


def _document(here: Context, run: Run) -> dict[str, Any]:
    """A run as its document, without the folder of the server's disk where its data is."""
    document = run_document(here.store, run)
    result = document["result"]
    return document if result is None else document | {"result": without_place(result)}
