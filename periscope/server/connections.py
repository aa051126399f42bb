"""Connections that don't wait for ever: for a request's head, for the rest of a refused body, for a slow reader."""

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from periscope.server.problems import ProblemError, answer_problem

HEAD_SECONDS = 20.0
"""How long the first line and the headers of a request may take."""
LINGER_SECONDS = 5.0
"""How long a refused body may still arrive, so that its sender gets to read why it was refused."""
KEEP_SECONDS = 5
"""How long a connection is kept for a next request."""
READER_SECONDS = 120.0
"""How long a client may read nothing of what waits for it."""
MOST_CONNECTIONS = 500
"""How many may be connected; each further one is told that it is one too many."""


class PatientProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1, with an end to each kind of waiting."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.access_log = False  # whose lines hold the query; `Watch` writes one without
        self.timeout_keep_alive = KEEP_SECONDS
        self._head_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request. An answer's body goes out at once, not when its head was acknowledged.

        Event loops see to that only for sockets that were made with their protocol named.
        """
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > MOST_CONNECTIONS:
            headers = {"connection": "close", "retry-after": "1"}
            self.app = answer_problem(ProblemError("SERVER_BUSY", "too many are connected", headers=headers))
        self._await(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that is not whole yet has its time."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_timer = _stop(self._head_timer)
        elif self._head_timer is None and self.timeout_keep_alive_task is None:
            self._await(HEAD_SECONDS)

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait a little for the rest of a body that was refused."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._await(LINGER_SECONDS)

    def pause_writing(self) -> None:
        """The client reads more slowly than it is written to."""
        super().pause_writing()
        self._read_timer = self.loop.call_later(READER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        self._read_timer = _stop(self._read_timer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._head_timer = _stop(self._head_timer)
        self._read_timer = _stop(self._read_timer)
        super().connection_lost(exc)

    def _await(self, seconds: float) -> None:
        _stop(self._head_timer)
        self._head_timer = self.loop.call_later(seconds, self.transport.close)


def _stop(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """End a timer; gives what then stands in its place."""
    if timer is not None:
        timer.cancel()
    return None
