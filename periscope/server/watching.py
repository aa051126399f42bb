"""Around every request: a line in the log, counts for `metrics`, and an end where a handler fails or the server ends.

A line has no query, no header and no body: what a secret could stand in is not written down.
"""

import asyncio
import logging
import re
import threading

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from periscope.server.metrics import Metrics
from periscope.server.problems import answer_crash

_LOOK_SECONDS = 0.2
_SECRET = re.compile(r"psk_[\w-]*")

log = logging.getLogger("periscope.access")


class Watch:
    """The outermost layer. `over` is set when the server is to end: then the streams that are open end."""

    def __init__(self, app: ASGIApp, metrics: Metrics, over: threading.Event) -> None:
        self._app = app
        self._metrics = metrics
        self._over = over

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if connection["type"] != "http":
            await self._app(connection, receive, send)
            return
        begun = asyncio.get_running_loop().time()
        answer = _Answer(send)
        try:
            await self._app(connection, _Ending(receive, self._over), answer)
        except Exception as error:
            request = f"{connection['method']} {shown_path(connection)}"
            problem = answer_crash(error, request)
            if not answer.has_begun:
                await problem(connection, receive, answer)
        if answer.has_begun and not answer.is_whole and self._over.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        seconds = asyncio.get_running_loop().time() - begun
        self._metrics.note(connection, answer.status, seconds)
        log.info("%s %s %d %.0f ms", connection["method"], shown_path(connection), answer.status, seconds * 1000)


class _Answer:
    """What is sent, noting how far it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.has_begun = False
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.is_whole = not message.get("more_body", False)
        await self._send(message)


class _Ending:
    """What is received; once the body is over and the server is to end, that the connection is over too."""

    def __init__(self, receive: Receive, over: threading.Event) -> None:
        self._receive = receive
        self._over = over
        self._has_body = False

    async def __call__(self) -> Message:
        if not self._has_body:
            message = await self._receive()
            self._has_body = not message.get("more_body", False)
            return message
        waiting = asyncio.ensure_future(self._receive())
        try:
            while not self._over.is_set():
                done, _ = await asyncio.wait({waiting}, timeout=_LOOK_SECONDS)
                if done:
                    return waiting.result()
        finally:
            waiting.cancel()
        return {"type": "http.disconnect"}


def shown_path(connection: Connection) -> str:
    """The path as a line of a log can hold it."""
    path = str(connection["path"]).encode("unicode_escape").decode()
    return _SECRET.sub("psk_...", path)[:500]
