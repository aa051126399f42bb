"""`periscope serve`: the REST API of the workspace, and the supervisor of its runs, in one command."""

import errno
import ipaddress
import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.store import open_desk

if TYPE_CHECKING:
    from periscope.server.context import Doors

PORT = 8750
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.", min=0, max=65535)] = PORT,
    at_once: Annotated[
        int | None, typer.Option(help="How many runs may run together; default: the number of processors.", min=1)
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another name of this server; repeatable.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A site whose pages may ask, as https://app.example; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Serve the REST API of the workspace and look after its runs, until Ctrl-C or SIGTERM. Runs go on without it."""
    import logging

    from periscope.cli.release import release
    from periscope.server.context import Context
    from periscope.server.serving import serve as serve_until_told

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with open_desk() as desk:
        surroundings = desk.surroundings(must_exist=False)
        doors = _doors(host, allow_host or [], allow_origin or [])
        if not doors.loopback_only and not desk.store.tokens.are_there():
            what = f"{host} can be reached from other machines, and there is no token yet"
            hint = "`periscope tokens create NAME --scope write --days 90` makes one"
            fail("TOKENS_NEEDED", what, exit_code=ExitCode.USAGE, hint=hint)
        context = Context(desk.store, surroundings, doors)
        with _listen(host, port) as listener:
            address = _address(host, listener.getsockname()[1])
            if as_json:
                print_json({"url": address, "process": os.getpid()})
            else:
                say(f"serving {desk.workspace.root} at {address} (Ctrl-C ends it)")
            _flush()
            interrupted = serve_until_told(context, listener, release(), at_once=at_once or os.cpu_count() or 1)
    remark("ended; runs go on by themselves")
    return ExitCode.INTERRUPTED if interrupted else ExitCode.DONE


def _doors(host: str, hosts: list[str], origins: list[str]) -> "Doors":
    from periscope.server.context import Doors

    own = () if host in _EVERYWHERE else (f"[{host}]" if ":" in host else host,)
    return Doors(loopback_only=_is_loopback(host), hosts=(*own, *hosts), origins=tuple(origins))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as problem:
        where = _address(host, port)
        if problem.errno == errno.EADDRINUSE:
            what = f"port {port} of {host} is in use"
            fail("PORT_IN_USE", what, exit_code=ExitCode.USAGE, hint="choose another one with --port, or --port 0")
        fail("NOT_LISTENING", "can't listen there", exit_code=ExitCode.USAGE, where=where, why=problem.strerror or "")


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/api/v1"


def _flush() -> None:
    """Whoever waits for the address reads it through a pipe."""
    import sys

    sys.stdout.flush()
