"""Running a finished run again, and comparing the two event by event."""

from typing import Annotated, Any

import fastapi
from fastapi import Response

from periscope.runs.verifications import start_verification, verification, verifications
from periscope.server import result_models as model
from periscope.server.models import MOST_NUMBER
from periscope.server.paging import PagingHere
from periscope.server.problems import ProblemError, allowed
from periscope.server.results import ResultsHere
from periscope.server.routes.results import list_page
from periscope.server.routing import new_router

router = new_router("results")

VerificationNumber = Annotated[int, fastapi.Path(ge=1, le=MOST_NUMBER, description="The verification's number")]


@router.post("/runs/{number}/verifications", status_code=202, response_model=model.Verification)
def verify(results: ResultsHere, response: Response, wanted: model.VerificationWanted) -> dict[str, Any]:
    """Begin to run a run that has ended again, in a process of its own, and to compare every event.

    One at a time for a run. The header Location names what to look at until its status is no longer `running`.
    """
    here = results.here
    begun = allowed(start_verification(here.store, here.surroundings, results.run, strict=wanted.strict))
    response.headers["location"] = f"/api/v1/runs/{results.run.id}/verifications/{begun['verification']}"
    return _shown(begun)


@router.get("/runs/{number}/verifications", response_model=model.Counted[model.Verification])
def list_verifications(results: ResultsHere, paging: PagingHere) -> dict[str, Any]:
    """The verifications of a run, the newest first; those of results that were dropped are not shown."""
    found = verifications(results.here.store, results.run)
    return list_page("verifications", [_shown(each) for each in found], paging)


@router.get("/runs/{number}/verifications/{verification_number}", response_model=model.Verification)
def show_verification(results: ResultsHere, verification_number: VerificationNumber) -> dict[str, Any]:
    """How far a verification is, and what came of it."""
    found = verification(results.here.store, results.run, verification_number)
    if found is None:
        what = f"run {results.run.id} has no verification {verification_number}"
        raise ProblemError("VERIFICATION_NOT_FOUND", what)
    return _shown(found)


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "result"}
