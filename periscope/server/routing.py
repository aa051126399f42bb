"""What every route has in common: the scope it needs, how large a body may be, how JSON is read."""

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from periscope.runs.config import Problem, read_document
from periscope.runs.store.token_rows import Scope
from periscope.server.auth import caller_of
from periscope.server.bodies import bounded, spooled
from periscope.server.context import context_of
from periscope.server.idempotency import once
from periscope.server.problems import ProblemError, of_config

MIB = 1 << 20
_DEFAULT_BODY = MIB
_READING = frozenset({"GET", "HEAD"})

type Handler = Callable[..., Any]


def needs[Endpoint: Handler](scope: Scope) -> Callable[[Endpoint], Endpoint]:
    """Have a route ask for this scope, in place of `read` for GET and `write` for all else. Stands below the route."""
    return _marked("needed_scope", scope)


def body_up_to[Endpoint: Handler](size: int, *, in_file: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Let the body of a request be so many bytes. Stands below the route.

    With `in_file` the body is never in memory: the handler asks for `body: FileBody`, a path that is gone afterwards.
    """
    return _marked("most_body", size, "body_in_file", in_file)


def answer_not_kept[Endpoint: Handler](endpoint: Endpoint) -> Endpoint:
    """Don't keep the answer for requests that are sent again: there is a secret in it. Stands below the route."""
    mark: Callable[[Endpoint], Endpoint] = _marked("answer_not_kept", True)
    return mark(endpoint)


def _marked[Endpoint: Handler](*marks: object) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        for name, value in zip(marks[::2], marks[1::2], strict=True):
            setattr(endpoint, str(name), value)
        return endpoint

    return mark


class StrictRequest(Request):
    """A request whose JSON is read as a config file is: exact fractions, no key twice, nothing that can't be stored."""

    async def json(self) -> Any:
        """The body. Raises ProblemError."""
        try:
            text = (await self.body()).decode()
        except UnicodeDecodeError:
            raise ProblemError("NOT_JSON", "the body is no UTF-8") from None
        document = read_document(text)
        if isinstance(document, Problem):
            raise ProblemError("NOT_JSON", document.message, problems=of_config([document]))
        if "\\ud" in text.lower() and not _is_encodable(document):
            raise ProblemError("NOT_JSON", "a text holds half of a surrogate pair")
        if not isinstance(document, dict):  # Pydantic would look for a model's fields among a Decimal's attributes
            raise ProblemError("INVALID", "the body must be a JSON object")
        return document


def _is_encodable(document: Any) -> bool:
    match document:
        case str():
            return not any("\ud800" <= character <= "\udfff" for character in document)
        case dict():
            return all(_is_encodable(part) for pair in document.items() for part in pair)
        case list():
            return all(_is_encodable(part) for part in document)
    return True


class GuardedRoute(APIRoute):
    """A route that is only reached with the scope that it needs, and by bodies that it can hold."""

    @property
    def needed_scope(self) -> Scope:
        """The scope that a caller must have."""
        usual = Scope.READ if (self.methods or set()) <= _READING else Scope.WRITE
        found = getattr(self.endpoint, "needed_scope", usual)
        assert isinstance(found, Scope)
        return found

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guards."""
        handle = super().get_route_handler()
        most_body = int(getattr(self.endpoint, "most_body", _DEFAULT_BODY))
        in_file = bool(getattr(self.endpoint, "body_in_file", False))

        async def guarded(request: Request) -> Response:
            self._require_scope(request)
            if request.method in _READING:
                return await handle(request)
            limited = StrictRequest(request.scope, bounded(request, most_body))
            self._require_json(limited)
            if in_file:
                async with spooled(limited, context_of(request).store.place.folder) as (file, found):
                    limited.state.body_file = file
                    return await self._once(limited, found, handle)
            found = hashlib.sha256(await limited.body()).hexdigest()
            return await self._once(limited, found, handle)

        return guarded

    async def _once(
        self, request: Request, body_hash: str, handle: Callable[[Request], Coroutine[Any, Any, Response]]
    ) -> Response:
        if request.method != "POST":
            return await handle(request)
        is_kept = not getattr(self.endpoint, "answer_not_kept", False)
        return await once(request, body_hash, lambda: handle(request), is_kept=is_kept)

    def _require_scope(self, request: Request) -> None:
        caller = caller_of(request)
        if not caller.scope.covers(self.needed_scope):
            what = f"this needs the scope {self.needed_scope.value}, and the token has {caller.scope.value}"
            raise ProblemError("SCOPE", what)

    def _require_json(self, request: Request) -> None:
        """A body for a model must say that it is JSON: a page of another site can't send that unasked."""
        if self.body_field is None or not _has_body(request):
            return
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ProblemError("UNSUPPORTED_MEDIA", f"expected application/json, found {kind[:100]!r}")


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def new_router(subject: str) -> APIRouter:
    """The router of a subject."""
    return APIRouter(tags=[subject], route_class=GuardedRoute)


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The whole body as it was sent; needs `openapi_extra=raw_body(...)`."""


async def _body_file(request: Request) -> Path:
    found = request.state.body_file
    assert isinstance(found, Path)
    return found


FileBody = Annotated[Path, Depends(_body_file)]
"""The body as a file that lasts as long as the request; needs `@body_up_to(..., in_file=True)` and `raw_body`."""


def raw_body(media_type: str, description: str) -> dict[str, Any]:
    """The description of a body that is no JSON, for `openapi_extra`."""
    schema = {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def content(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The description of an answer that is no JSON, for `responses`."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}
