"""Bodies of requests: no larger than allowed, and no slower, whatever the headers say."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Message, Receive

from periscope.runs.work_folders import working_folder
from periscope.server.problems import ProblemError

PATIENCE_SECONDS = 20.0
"""How long the body of a request may take however small it is."""
SLOWEST = 16_384
"""Bytes a second that buy a body more time."""


def bounded(request: Request, most: int) -> Receive:
    """Receive a body of at most so many bytes. What it gives raises ProblemError."""
    declared = request.headers.get("content-length", "0")
    receive = request.receive
    loop = asyncio.get_running_loop()
    begun = loop.time()
    got = 0
    is_over = False

    async def take() -> Message:
        nonlocal got, is_over
        if is_over:
            return await receive()  # which is how a response learns that nobody waits for it any longer
        if not declared.isdecimal() or int(declared) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout_at(begun + PATIENCE_SECONDS + got / SLOWEST):
                message = await receive()
        except TimeoutError:
            raise ProblemError("BODY_SLOW", "the body did not come in time") from None
        if message["type"] == "http.disconnect":
            raise ProblemError("BODY_INCOMPLETE", "the connection ended before the body did")
        got += len(message.get("body", b""))
        if got > most:
            raise _too_large(most)
        is_over = not message.get("more_body", False)
        return message

    return take


@asynccontextmanager
async def spooled(request: Request, store: Path) -> AsyncIterator[tuple[Path, str]]:
    """The body as a file on the disk of the store for as long as this lasts, and its SHA-256."""
    found = hashlib.sha256()
    with working_folder(store, "upload") as folder:
        path = folder / "body"
        with path.open("wb") as file:
            async for chunk in request.stream():
                found.update(chunk)
                await run_in_threadpool(file.write, chunk)
        yield path, found.hexdigest()


def _too_large(most: int) -> ProblemError:
    return ProblemError("BODY_TOO_LARGE", f"the body may have {most:,} bytes here")
