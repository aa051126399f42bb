"""`Idempotency-Key`: a POST that is sent again is not done again, but answered as it was."""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from periscope.runs.store.answer_rows import KeptAnswer
from periscope.server.auth import caller_of
from periscope.server.context import context_of
from periscope.server.problems import ProblemError, answer_problem

HEADER = "idempotency-key"
MOST_KEY = 200
_KEPT_HEADERS = ("content-type", "location", "etag")


async def once(
    request: Request, body_hash: str, handle: Callable[[], Awaitable[Response]], *, is_kept: bool = True
) -> Response:
    """Handle a request, or answer it as it was answered before. Without a key it is always handled.

    Of an answer that is not to be kept, because there is a secret in it, only that it was given is known afterwards.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await handle()
    if not (0 < len(key) <= MOST_KEY and all("!" <= character <= "~" for character in key)):
        raise ProblemError("IDEMPOTENCY_KEY", f"expected 1 to {MOST_KEY} visible ASCII characters")
    caller = caller_of(request).token
    answers = context_of(request).store.answers
    begun = await run_in_threadpool(answers.begin, caller, key, _hash_of(request, body_hash))
    if begun != "begun":
        return _answer_again(begun)
    try:
        answer = await _handled(handle)
    except Exception:
        await run_in_threadpool(answers.drop, caller, key)
        raise
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    body = bytes(answer.body) if is_kept or answer.status_code >= 400 else None
    await run_in_threadpool(answers.finish, caller, key, answer.status_code, headers, body)
    return answer


async def _handled(handle: Callable[[], Awaitable[Response]]) -> Response:
    """The answer; a refusal is one too, so that it stays the answer to this key. A failure is none."""
    try:
        return await handle()
    except ProblemError as problem:
        if problem.status_code >= 500:
            raise
        return answer_problem(problem)


def _answer_again(found: KeptAnswer | str) -> Response:
    match found:
        case KeptAnswer(body=bytes() as body):
            return Response(body, found.status, {**found.headers, "idempotency-replayed": "true"})
        case KeptAnswer():
            raise ProblemError("IDEMPOTENCY_NOT_KEPT", "it was done, and its answer was not kept")
        case "other request":
            raise ProblemError("IDEMPOTENCY_KEY_REUSED", "this key came with another request before")
        case "lost":
            raise ProblemError("IDEMPOTENCY_LOST", "the server ended while it worked on the request of this key")
    raise ProblemError("IDEMPOTENCY_IN_FLIGHT", "a request with this key is being worked on")


def _hash_of(request: Request, body_hash: str) -> str:
    """All that the request says: what is asked, of what, and with which body."""
    url = request.url
    parts = (request.method, url.path, url.query, request.headers.get("content-type", ""), body_hash)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
