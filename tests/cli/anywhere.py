"""The same commands here and through a server: one server for a workspace, started when it is first asked."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from periscope.cli.store import open_desk
from periscope.runs.supervise import supervise
from periscope.server.context import Context
from tests.cli.command import Command, Outcome
from tests.server.serving import listening

PLACES = ("here", "server")
ANSWERED = {"drafts", "publish", "versions", "diff", "runs", "explain", "ledger", "compare", "verify"}
"""The commands that a server can answer."""


@contextmanager
def served_workspace() -> Iterator[str]:
    """Serve the workspace of the current folder, and look after its runs; gives the address."""
    over = threading.Event()
    with open_desk() as desk:
        surroundings = desk.surroundings()
        options = {"over": over, "until_idle": False, "at_once": os.cpu_count() or 1}
        supervisor = threading.Thread(target=supervise, args=(surroundings,), kwargs=options)
        with listening(Context(desk.store, surroundings)) as url:
            supervisor.start()
            try:
                yield url
            finally:
                over.set()
                supervisor.join()


@contextmanager
def anywhere(place: str, command: Command) -> Iterator[Command]:
    """The command as it is, or asking a server of the workspace in which it is run."""
    if place == "here":
        yield command
        return
    with ExitStack() as stack:
        found: list[str] = []

        def run(*words: str) -> Outcome:
            if words[0] not in ANSWERED:
                return command(*words)
            if not found:
                found.append(stack.enter_context(served_workspace()))
            return command(*_with_server(words, found[0]))

        yield run


def _with_server(words: Sequence[str], url: str) -> list[str]:
    return [*words, "--server", url]
