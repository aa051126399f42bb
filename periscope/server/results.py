"""What every handler of a run's results works with: the run, and the files that it has left."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends

from periscope.runs import managing
from periscope.runs.kept import results_file
from periscope.runs.result_file import RESULT
from periscope.runs.store.refusals import Refused, StoreError
from periscope.runs.store.run_rows import Run, RunNotFoundError
from periscope.server.context import Context, Here
from periscope.server.models import RunNumber
from periscope.server.problems import ProblemError, allowed

_DOCUMENTS = 8
"""How many results are kept in memory; one may be long."""


@dataclass(frozen=True, slots=True)
class Results:
    """A run, as it was when the request came."""

    here: Context
    run: Run

    def path(self, name: str) -> Path:
        """A file of its results, checked. Raises ProblemError where it has left none."""
        return allowed(results_file(self.here.store, self.run, name))

    def document(self) -> dict[str, Any]:
        """Its result. Raises ProblemError where it has left none."""
        return read_document(self.path(RESULT))

    def are_there(self) -> bool:
        """Whether it still has the results that it had."""
        store = self.here.store
        try:
            fresh = store.runs.get(self.run.id)
        except RunNotFoundError:
            return False
        return (fresh.status, fresh.attempt) == (self.run.status, self.run.attempt)


def results_of(here: Here, number: RunNumber) -> Iterator[Results]:
    """A run's results. What was reset or deleted while it was read is said to be gone, not to be damaged."""
    found = Results(here, allowed(managing.find(here.store, number)))
    try:
        yield found
    except (FileNotFoundError, StoreError):
        if found.are_there():
            raise
        raise ProblemError("NO_RESULTS", f"run {number} was changed while it was read") from None


reading = contextmanager(results_of)
"""The same for who reads several runs."""

ResultsHere = Annotated[Results, Depends(results_of)]


@lru_cache(maxsize=_DOCUMENTS)
def read_document(path: Path) -> dict[str, Any]:
    """A result by its place among the contents, where nothing ever changes. Not to be changed."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def ended(results: Results) -> Run:
    """The run, which must have ended. Raises ProblemError."""
    if results.run.is_active or results.run.ended_at is None:
        what = f"run {results.run.id} is {results.run.status}, and this is for runs that have ended"
        allowed(Refused("RUN_NOT_ENDED", what))
    return results.run
