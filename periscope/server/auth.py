"""Who asks: every call is looked at before it is known what it is for, so that no door can be forgotten."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from periscope.runs.store.refusals import StoreError
from periscope.runs.store.token_rows import PREFIX, Scope
from periscope.server.context import Context
from periscope.server.problems import ProblemError, answer_problem, answer_store_error

OPEN_PATHS = frozenset({"/api/v1/healthz"})
_MOST_SECRET = 200
_ASK = {"www-authenticate": 'Bearer realm="periscope"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the number of the token (0 for none), and what it may do."""

    token: int
    scope: Scope


def caller_of(request: Request) -> Caller:
    """Who asks. A path that is open to all has a caller that may read."""
    found = request.scope.get("state", {}).get("caller")
    return found if isinstance(found, Caller) else Caller(0, Scope.READ)


class TokenCheck:
    """Lets a request pass if its token is good, and notes who asks."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        """Pass it on, or answer 401."""
        if connection["type"] == "http" and connection["path"] not in OPEN_PATHS:
            try:
                caller = await run_in_threadpool(find_caller, self._context, Request(connection))
            except ProblemError as problem:
                await answer_problem(problem)(connection, receive, send)
                return
            except StoreError as error:
                await answer_store_error(error, connection["path"])(connection, receive, send)
                return
            connection.setdefault("state", {})["caller"] = caller
        await self._app(connection, receive, send)


def find_caller(context: Context, request: Request) -> Caller:
    """Who asks. Raises ProblemError where a token is needed and missing, unknown or expired."""
    header = request.headers.get("authorization")
    if header is None:
        if context.doors.loopback_only and not context.store.tokens.are_there():
            return Caller(0, Scope.ADMIN)
        raise ProblemError("TOKEN_MISSING", "this needs a token", headers=_ASK)
    kind, _, secret = header.partition(" ")
    secret = secret.strip()
    if kind.lower() != "bearer" or not secret.startswith(PREFIX) or len(secret) > _MOST_SECRET:
        raise ProblemError("TOKEN_UNKNOWN", f"the header Authorization is not `Bearer {PREFIX}...`", headers=_ASK)
    token = context.store.tokens.find(secret)
    if token is None:
        raise ProblemError("TOKEN_UNKNOWN", "the token is not known here", headers=_ASK)
    if token.is_expired:
        raise ProblemError("TOKEN_EXPIRED", f"the token {token.name!r} has expired", headers=_ASK)
    return Caller(token.id, token.scope)
