"""How the API says no: `application/problem+json` (RFC 9457) with our stable codes.

An answer never holds a traceback or a path of the server's disk: what went wrong inside is in the server's log.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as FrameworkRefusal

from periscope.market.errors import CatalogError, NotThereError
from periscope.runs.config import Problem as ConfigProblem
from periscope.runs.store.refusals import Refused, StoreError
from periscope.server.codes import API_CODES, OF_STATUS
from periscope.strategies.problems import Problem as BundleProblem

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 200
"""How many problems one answer names; `detail` says if there are more."""

log = logging.getLogger(__name__)


class Fault(BaseModel):
    """One of several things that are wrong."""

    code: str = Field(description="A stable code")
    where: str = Field(description="The place: a dotted path in the body, a parameter, a file with its line")
    message: str
    hint: str = ""
    file: str | None = Field(default=None, description="Of what is wrong with a bundle: the file")
    line: int | None = Field(default=None, description="The line in it, from 1")
    column: int | None = Field(default=None, description="The column in it, from 1")


class ProblemDocument(BaseModel):
    """Why a request was refused, or failed."""

    type: str = Field(description="A link to the explanation of the code")
    title: str
    status: int
    detail: str
    code: str = Field(description="A stable code; docs/rest.md lists them")
    hint: str = ""
    problems: list[Fault] = []
    warnings: list[Fault] = Field(default=[], description="What a refused bundle was found to have besides")


class ProblemError(HTTPException):
    """Ends a request with a problem. The code is a row of `API_CODES`, which has the HTTP status."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        hint: str | None = None,
        problems: Sequence[Fault] = (),
        warnings: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        known = API_CODES[code]
        super().__init__(known.status, detail, dict(headers or {}))
        self.code = code
        self.hint = known.mend if hint is None else hint
        self.problems = list(problems)
        self.warnings = list(warnings)


def allowed[T](answer: "T | Refused | list[ConfigProblem]") -> T:
    """What the store's rules answered, unless that was no."""
    if isinstance(answer, Refused):
        refuse(answer)
    if isinstance(answer, list):
        raise ProblemError("CONFIG_INVALID", "the run's config is not valid", problems=of_config(answer))
    return answer


def refuse(refused: Refused) -> NoReturn:
    """End the request with what the store's rules said."""
    raise ProblemError(refused.code, refused.message, hint=refused.hint or None)


def of_config(problems: Sequence[ConfigProblem]) -> list[Fault]:
    """What is wrong with a run's config."""
    return [Fault(code=each.code, where=each.path, message=each.message) for each in problems]


def of_bundle(problems: Sequence[BundleProblem]) -> list[Fault]:
    """What is wrong with a bundle."""
    return [
        Fault(
            code=each.code,
            where=":".join(str(part) for part in (each.file, each.line, each.column) if part),
            message=f"{each.where}: {each.rule}" if each.where else each.rule,
            hint=each.mend,
            file=each.file,
            line=each.line,
            column=each.column,
        )
        for each in problems
    ]


def answer_problem(problem: ProblemError) -> Response:
    """The answer that a problem is."""
    faults = problem.problems[:MOST_FAULTS]
    more = len(problem.problems) - len(faults)
    document = ProblemDocument(
        type=f"/api/v1/problems/{problem.code}",
        title=API_CODES[problem.code].title,
        status=problem.status_code,
        detail=f"{problem.detail}; {more} more problems are not shown" if more else problem.detail,
        code=problem.code,
        hint=problem.hint,
        problems=faults,
        warnings=problem.warnings[:MOST_FAULTS],
    )
    text = document.model_dump_json().encode()
    return Response(text, problem.status_code, problem.headers, media_type=MEDIA_TYPE)


def answer_crash(error: Exception, request: str) -> Response:
    """The answer to what should never happen; the log has all of it."""
    log.error("%s failed", request, exc_info=error)
    return answer_problem(ProblemError("OUR_FAULT", "something went wrong inside Periscope"))


def handle_problems(app: FastAPI) -> None:
    """Have everything that ends a request answered as a problem."""
    app.add_exception_handler(ProblemError, _of_ours)
    app.add_exception_handler(FrameworkRefusal, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(StoreError, _of_store)
    app.add_exception_handler(CatalogError, _of_catalog)


def _of_ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer_problem(error)


def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, FrameworkRefusal)
    code = OF_STATUS.get(error.status_code, "BAD_REQUEST")
    known = API_CODES[code]
    what = {
        "NOT_FOUND": "there is nothing at this address",
        "METHOD": f"{request.method} is not for this resource",
    }.get(code, known.title[0].lower() + known.title[1:])
    return answer_problem(ProblemError(code, what, headers=error.headers))


def _of_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(each) for each in error.errors()[: MOST_FAULTS + 1]]
    return answer_problem(ProblemError("INVALID", "the request is not valid", problems=faults))


def _fault(found: Mapping[str, Any]) -> Fault:
    place, *rest = found["loc"]
    where = ".".join(str(part) for part in rest) if place == "body" else f"{place} {rest[0] if rest else ''}".strip()
    return Fault(code=str(found["type"]).upper(), where=_printable(where), message=_printable(str(found["msg"])))


def _printable(text: str) -> str:
    """Words that may repeat what was sent, kept short and encodable."""
    return text[:500].encode("utf-8", "backslashreplace").decode()


def _of_store(request: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)
    return answer_store_error(error, request.url.path)


def answer_store_error(error: StoreError, path: str) -> Response:
    """The answer where the store can't be used; the place is for the log only."""
    log.error("%s: %s: %s [%s]", path, error.code, error, error.where)
    code = "STORE_DAMAGED" if error.code == "STORE_DAMAGED" else "STORE_UNAVAILABLE"
    return answer_problem(ProblemError(code, API_CODES[code].title[0].lower() + API_CODES[code].title[1:]))


def _of_catalog(request: Request, error: Exception) -> Response:
    assert isinstance(error, CatalogError)
    if isinstance(error, NotThereError):
        return answer_problem(ProblemError(error.code, str(error)))
    log.error("%s: %s: %s", request.url.path, error.code, error)
    code = {"CATALOG_BUSY": "CATALOG_BUSY", "CATALOG_NOT_FOUND": "NO_CATALOG"}.get(error.code, "CATALOG_UNAVAILABLE")
    return answer_problem(ProblemError(code, API_CODES[code].title[0].lower() + API_CODES[code].title[1:]))
