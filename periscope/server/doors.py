"""Which names the server answers to, and which pages may ask.

A page of any site can make a browser ask a server on this machine, and a name server can be made to give that site's
name to this machine (DNS rebinding). Neither gets further than here.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from periscope.server.context import Doors
from periscope.server.problems import ProblemError, answer_problem

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class DoorKeeper:
    """Lets a request pass if its Host is a name of this server, and its Origin a page that may ask."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._names = LOOPBACK_NAMES | {name.lower() for name in doors.hosts}
        self._origins = {origin.lower().rstrip("/") for origin in doors.origins}

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if connection["type"] == "http":
            try:
                self._look_at(Request(connection))
            except ProblemError as problem:
                await answer_problem(problem)(connection, receive, send)
                return
        await self._app(connection, receive, send)

    def _look_at(self, request: Request) -> None:
        hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
        if len(hosts) != 1 or _name_of(hosts[0]) not in self._names:
            raise ProblemError("HOST_REFUSED", f"this server is not known as {' '.join(hosts)[:200]!r}")
        own = {f"{scheme}://{hosts[0].lower()}" for scheme in ("http", "https")}
        for origin in origins:
            if origin.lower() not in own | self._origins:
                raise ProblemError("ORIGIN_REFUSED", f"pages of {origin[:200]!r} may not ask this server")


def _name_of(host: str) -> str:
    """The name in a Host header, without the port."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()
