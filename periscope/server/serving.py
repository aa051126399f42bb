"""`periscope serve`: the API and the supervisor in one process, until a signal ends both."""

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from periscope.runs.supervise import supervise
from periscope.runs.work_folders import clear_left
from periscope.server.app import create_app
from periscope.server.connections import PatientProtocol
from periscope.server.context import Context

_GRACE_SECONDS = 5
"""How long requests may go on once the server is to end."""
_AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


def web_server(context: Context, version: str) -> uvicorn.Server:
    """The API behind uvicorn, not yet running."""
    config = uvicorn.Config(
        create_app(context, version),
        http=PatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return _Server(config, context.over)


class _Server(uvicorn.Server):
    """Uvicorn's server, which tells all that waits when it is to end."""

    def __init__(self, config: uvicorn.Config, over: threading.Event) -> None:
        super().__init__(config)
        self._over = over

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        self._over.set()
        super().handle_exit(sig, frame)


def serve(context: Context, listener: socket.socket, version: str, *, at_once: int) -> bool:
    """Serve and supervise until SIGTERM or SIGINT; returns whether it was the latter. Runs go on by themselves."""
    clear_left(context.store.place.folder)
    server = web_server(context, version)
    supervisor = threading.Thread(target=_supervise, args=(context, at_once), name="supervisor")
    with _noting_signals(server) as seen:
        supervisor.start()
        try:
            server.run(sockets=[listener])
        finally:
            context.over.set()
            supervisor.join()
    return signal.SIGINT in seen


def _supervise(context: Context, at_once: int) -> None:
    """Be the supervisor until the server ends, whatever happens."""
    while not context.over.is_set() and not context.store.is_gone:
        try:
            supervise(context.surroundings, over=context.over, until_idle=False, at_once=at_once)
        except Exception:
            log.exception("the supervisor failed, and begins anew")
            context.over.wait(_AGAIN_SECONDS)


@contextmanager
def _noting_signals(server: uvicorn.Server) -> Iterator[list[int]]:
    """Which signals came. Uvicorn raises again what ended it; without this the process would die of that."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if not server.should_exit:
            server.handle_exit(number, frame)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
