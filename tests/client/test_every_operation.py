"""Every operation that the API describes has a method of the client, every method has one, and every answer is read."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from periscope.client import Client
from periscope.client.group import Group
from periscope.runs.publishing import version_files
from periscope.runs.store.refusals import Refused
from periscope.runs.store.token_rows import Scope
from periscope.strategies.archive import write_archive
from tests.server.results import finished_run
from tests.server.serving import CONFIG, Served, serving

NO_CALLS = {"call", "close", "fetch", "from_environment"}
"""Methods of the client that stand for no operation."""

AAA_MINUTE = "AAA:EQUITY:minute"


class World(NamedTuple):
    """A server with a run that has ended, and the secret of a token for everything."""

    served: Served
    run: int
    secret: str

    def file(self, name: str) -> Path:
        """A file to be written."""
        return self.served.lab.folder / name


type Call = Callable[[Client, World], Any]


def new(client: Client) -> int:
    """A new run."""
    return client.runs.create("worker@1", CONFIG).run


def started(client: Client) -> int:
    """A run that waits for its turn, since nobody supervises this store."""
    return client.runs.start(new(client)).run


def stopped(client: Client) -> int:
    """A run that was stopped before it began."""
    return client.runs.stop(started(client)).run


def future(client: Client) -> Any:
    """Three days of a future, imported as often as it is asked for."""
    days = b"".join(b"2024-01-%d,4800,4810,4790,4805,9\n" % day for day in (22, 23, 24))
    rows = b"time,open,high,low,close,volume\n" + days
    return client.data.upload(rows, symbol="ESH24", asset_type="FUTURE", span="day", exchange="CME")


def archive(world: World) -> bytes:
    """The bundle of the version that is there."""
    return write_archive(version_files(world.served.store, world.served.version))


def edited(client: Client) -> Any:
    """A helper that was added, and then replaced by somebody who has seen it."""
    first = client.drafts.write("idea", "helper.py", b"A = 1")
    return client.drafts.write("idea", "helper.py", b"A = 2", seen=first.tag)


def bars(world: World) -> Path:
    """A file of bars."""
    lines = [f"2024-01-22 14:3{minute}:00,1.00,1.02,0.99,1.01,10" for minute in range(5)]
    file = world.file("new.csv")
    file.write_text("\n".join(("time,open,high,low,close,volume", *lines)) + "\n")
    return file


def verified(client: Client, world: World) -> Any:
    """The verdict, once the verification that was begun before is over."""
    while client.runs.verification(world.run, 1).status == "running":
        time.sleep(0.1)
    done = client.runs.verify(world.run)
    assert done.verdict is not None, done
    assert done.verdict.verified, done
    return done


CALLS: dict[str, Call] = {
    "health": lambda client, world: client.health(),
    "description": lambda client, world: client.description(),
    "explain_code": lambda client, world: client.explain_code("RUN_NOT_FOUND"),
    "metrics": lambda client, world: client.metrics(),
    "runs.list": lambda client, world: client.runs.list(),
    "runs.get": lambda client, world: client.runs.get(world.run),
    "runs.create": lambda client, world: client.runs.create("worker", CONFIG),
    "runs.edit": lambda client, world: client.runs.edit(new(client), {**CONFIG, "core": {"seed": 2}}),
    "runs.start": lambda client, world: client.runs.start(new(client)),
    "runs.stop": lambda client, world: client.runs.stop(started(client)),
    "runs.kill": lambda client, world: client.runs.kill(started(client)),
    "runs.reset": lambda client, world: client.runs.reset(stopped(client)),
    "runs.copy": lambda client, world: client.runs.copy(world.run),
    "runs.delete": lambda client, world: client.runs.delete(new(client)),
    "runs.orders": lambda client, world: client.runs.orders(world.run, state="FILLED"),
    "runs.fills": lambda client, world: client.runs.fills(world.run),
    "runs.trades": lambda client, world: client.runs.trades(world.run),
    "runs.positions": lambda client, world: client.runs.positions(world.run),
    "runs.issues": lambda client, world: client.runs.issues(world.run),
    "runs.statistics": lambda client, world: client.runs.statistics(world.run),
    "runs.balances": lambda client, world: client.runs.balances(world.run),
    "runs.postings": lambda client, world: client.runs.postings(world.run),
    "runs.explanation": lambda client, world: client.runs.explanation(world.run, 1),
    "runs.compare": lambda client, world: client.runs.compare(world.run, world.run),
    "runs.report": lambda client, world: client.runs.report(world.run, world.file("report.html")),
    "runs.export": lambda client, world: client.runs.export(world.run, world.file("run.zip")),
    "runs.streams": lambda client, world: client.runs.streams(world.run),
    "runs.bars": lambda client, world: len(client.runs.bars(world.run, AAA_MINUTE)),
    "runs.bar_window": lambda client, world: client.runs.bar_window(world.run, AAA_MINUTE, most=10),
    "runs.equity": lambda client, world: len(client.runs.equity(world.run)),
    "runs.equity_window": lambda client, world: client.runs.equity_window(world.run, most=10),
    "runs.follow": lambda client, world: client.runs.follow(world.run),
    "runs.start_verification": lambda client, world: client.runs.start_verification(world.run),
    "runs.verification": lambda client, world: client.runs.verification(world.run, 1),
    "runs.verifications": lambda client, world: client.runs.verifications(world.run),
    "runs.verify": verified,
    "runs.events": lambda client, world: client.runs.events(world.run),
    "runs.logs": lambda client, world: client.runs.logs(world.run),
    "strategies.list": lambda client, world: client.strategies.list(),
    "strategies.get": lambda client, world: client.strategies.get("worker"),
    "strategies.check": lambda client, world: client.strategies.check("worker", archive(world)),
    "strategies.publish": lambda client, world: client.strategies.publish("again", archive(world)),
    "strategies.versions": lambda client, world: client.strategies.versions("worker"),
    "strategies.version": lambda client, world: client.strategies.version("worker", 1),
    "strategies.export": lambda client, world: client.strategies.export("worker", 1, world.file("version.zip")),
    "strategies.diff": lambda client, world: client.strategies.diff("worker", 1, 1),
    "drafts.list": lambda client, world: [client.drafts.start("third"), *client.drafts.list(behind="second")][1:],
    "drafts.start": lambda client, world: client.drafts.start("idea", "worker@1"),
    "drafts.start_from_archive": lambda client, world: client.drafts.start_from_archive("other", archive(world)),
    "drafts.get": lambda client, world: client.drafts.get("idea"),
    "drafts.files": lambda client, world: client.drafts.files("idea"),
    "drafts.read": lambda client, world: client.drafts.read("idea", "strategy.py"),
    "drafts.write": lambda client, world: edited(client),
    "drafts.remove": lambda client, world: client.drafts.remove("idea", "helper.py", seen="*"),
    "drafts.export": lambda client, world: client.drafts.export("idea", world.file("draft.zip")),
    "drafts.delete": lambda client, world: client.drafts.delete("idea", seen=client.drafts.get("idea").tag),
    "data.list": lambda client, world: client.data.list(),
    "data.show": lambda client, world: client.data.show("AAA", rows=2),
    "data.check": lambda client, world: client.data.check("AAA", span="minute"),
    "data.upload": lambda client, world: client.data.upload(
        bars(world), symbol="NEW", span="minute", tz="UTC", stamp="start"
    ),
    "data.continuous": lambda client, world: future(client) and client.data.continuous("ES", rows=1),
    "instruments.rolls": lambda client, world: future(client) and client.instruments.rolls("ES", by="last-trade"),
    "instruments.list": lambda client, world: client.instruments.list(),
    "instruments.get": lambda client, world: client.instruments.get("AAA"),
    "instruments.roots": lambda client, world: client.instruments.roots(exchange="CME"),
    "instruments.chain": lambda client, world: client.instruments.chain("ES", on=date(2024, 3, 1)),
    "sessions.list": lambda client, world: client.sessions.list(),
    "sessions.get": lambda client, world: client.sessions.get("XNYS"),
    "sessions.days": lambda client, world: client.sessions.days("XNYS", date(2024, 7, 3), date(2024, 7, 5)),
    "tokens.create": lambda client, world: client.tokens.create("watcher", days=1).secret,
    "tokens.list": lambda client, world: client.tokens.list(),
    "tokens.delete": lambda client, world: client.tokens.delete("watcher"),
}
"""A use of each method."""
MAY_BE_EMPTY = {
    "runs.delete",
    "tokens.delete",
    "drafts.delete",
    "drafts.remove",
    "runs.issues",
    "runs.positions",
    "runs.trades",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with a run that has ended."""
    with serving(Path(tmp_path_factory.mktemp("walk"))) as served:
        made = served.store.tokens.create("walk", Scope.ADMIN)
        assert not isinstance(made, Refused)
        yield World(served, finished_run(served).id, made[1])


def methods(of: object, prefix: str = "") -> Iterator[str]:
    """The public methods of a client and of its groups."""
    for name in dir(of):
        if name.startswith("_") or name in NO_CALLS:
            continue
        part = getattr(of, name)
        if isinstance(part, Group):
            yield from methods(part, f"{prefix}{name}.")
        elif callable(part):
            yield prefix + name


def operations(description: dict[str, Any]) -> dict[tuple[str, str], re.Pattern[str]]:
    """Each operation by method and path, with what its addresses look like."""
    return {
        (method.upper(), path): re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)))
        for path, item in description["paths"].items()
        for method in item
    }


def used(world: World, call: Call, known: dict[tuple[str, str], re.Pattern[str]]) -> tuple[Any, set[tuple[str, str]]]:
    """What a call gives, and the operations that it asked for."""
    found: set[tuple[str, str]] = set()

    def note(request: httpx.Request) -> None:
        matching = [key for key, form in known.items() if key[0] == request.method and form.fullmatch(request.url.path)]
        assert matching, f"{request.method} {request.url.path} is nothing that the API describes"
        found.add(min(matching, key=lambda key: key[1].count("{")))

    with Client(world.served.url, world.secret) as client:
        client._transport._http.event_hooks["request"].append(note)
        given = call(client, world)
        return list(given) if isinstance(given, Iterator) else given, found


def test_the_table_has_every_method() -> None:
    with Client("http://localhost") as client:
        assert set(methods(client)) == CALLS.keys()


def test_every_operation_has_a_method_and_every_answer_is_read(world: World) -> None:
    with Client(world.served.url, world.secret) as client:
        known = operations(client.description())
    asked: set[tuple[str, str]] = set()
    for name, call in CALLS.items():
        given, found = used(world, call, known)
        assert found, f"{name} asked for nothing"
        assert given or name in MAY_BE_EMPTY, f"{name} gave {given!r}"
        asked |= found
    assert asked == known.keys(), f"without a method: {known.keys() - asked}"
