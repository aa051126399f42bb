"""About the API itself: whether it works, how it is described, what its codes mean."""

from typing import Annotated, Any, Literal

from fastapi import Path, Request, Response
from pydantic import Field

from periscope.server.codes import API_CODES
from periscope.server.context import Here
from periscope.server.metrics import MEDIA_TYPE
from periscope.server.models import Model
from periscope.server.openapi import describe
from periscope.server.problems import ProblemError
from periscope.server.routing import content, new_router

router = new_router("about")


class Health(Model):
    """That the API answers and its store can be used."""

    status: Literal["ok"]
    version: str


class CodeExplained(Model):
    """What a code means."""

    code: str
    status: int = Field(description="The HTTP status that comes with it")
    title: str
    mend: str


@router.get("/healthz")
def healthz(here: Here, request: Request) -> Health:
    """Whether the API and its store can be used. Needs no token."""
    here.store.tokens.are_there()
    return Health(status="ok", version=request.app.version)


@router.get("/openapi.json", response_model=dict[str, Any])
def openapi(request: Request) -> dict[str, Any]:
    """This description."""
    return describe(request.app)


@router.get("/metrics", response_class=Response, responses=content(MEDIA_TYPE, "As Prometheus reads it."))
def metrics(request: Request) -> Response:
    """Requests by route and status, runs by status."""
    return Response(request.app.state.metrics.text(), media_type=MEDIA_TYPE)


@router.get("/problems/{code}")
def explain_code(code: Annotated[str, Path(pattern=r"^[A-Z_]{1,100}$")]) -> CodeExplained:
    """What a code of a problem means; `type` of every problem links here."""
    known = API_CODES.get(code)
    if known is None:
        raise ProblemError("NOT_FOUND", f"no problem has the code {code}")
    return CodeExplained(code=code, status=known.status, title=known.title, mend=known.mend)
