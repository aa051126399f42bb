"""The event stream of a run: everything once, in order, also across a broken connection."""

import json
import socket
import threading
import time
from collections.abc import Collection, Iterator
from typing import Any

import httpx
import pytest

from periscope.runs import managing
from periscope.runs.lifecycle import Move
from periscope.runs.store.run_rows import AttemptRows, Ending, Run
from periscope.server import following
from periscope.server.news import Told
from tests.server.results import finished_run
from tests.server.serving import Served
from tests.server.test_basics import problem

LONGEST_SECONDS = 20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look every twentieth of a second."""
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.05)


def issue(number: int, severity: str = "warning") -> dict[str, Any]:
    return {
        "id": f"{number:016x}", "component": "strategy", "classification": "user_error", "severity": severity,
        "code": "ORDER_REJECTED", "message": f"number {number}\nof\r several", "count": 1, "first": None, "last": None,
        "location": None,
    }  # fmt: skip


def events_of(answer: httpx.Response) -> Iterator[tuple[str, str, Any]]:
    """(kind, id, data) of each event as it comes; comments have the kind `:`."""
    found: dict[str, str] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            yield ":", "", line
        elif line:
            name, _, value = line.partition(": ")
            assert name not in found, "one line of data"
            found[name] = value
        elif "event" in found:
            yield found["event"], found["id"], json.loads(found["data"])
            found = {}
        else:
            found = {}


class Stream:
    """A stream in a thread of its own, and what has come so far."""

    def __init__(self, served: Served, run: int, after: str | None = None) -> None:
        self.events: list[tuple[str, str, Any]] = []
        self.status = 0
        self._client = served.open_client()
        self._headers = {} if after is None else {"last-event-id": after}
        self._path = f"runs/{run}/events/stream"
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with self._client, self._client.stream("GET", self._path, headers=self._headers) as answer:
            self.status = answer.status_code
            self.events += ()
            for event in events_of(answer):
                self.events.append(event)

    def wait(self, kind: str, count: int = 1) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        while sum(each[0] == kind for each in self.events) < count:
            assert time.monotonic() < deadline, self.events
            time.sleep(0.01)

    def finish(self) -> list[tuple[str, str, Any]]:
        self._thread.join(LONGEST_SECONDS)
        assert not self._thread.is_alive()
        return self.events


def started(served: Served) -> tuple[Run, AttemptRows]:
    run = served.new_run()
    assert isinstance(managing.start(served.store, run.id), Run)
    return run, AttemptRows(served.store.database, run.id, run.attempt)


def told(events: list[tuple[str, str, Any]]) -> list[Any]:
    """What the events say, in short."""
    found: list[Any] = []
    for kind, _, data in events:
        match kind:
            case "status":
                found.append(data["status"])
            case "issue":
                found.append(int(data["issue"]["id"], 16))
            case "progress":
                found.append(data["progress"]["fraction"])
            case "end":
                found.append("end")
    return found


def test_a_run_is_followed_from_new_to_its_end(served: Served) -> None:
    run = served.new_run()
    stream = Stream(served, run.id)
    stream.wait("status")
    assert isinstance(managing.start(served.store, run.id), Run)
    stream.wait("status", 2)
    rows = AttemptRows(served.store.database, run.id, run.attempt)
    assert rows.begin("process")
    stream.wait("status", 3)
    for number in (1, 2):
        rows.beat({"fraction": number / 4, "issues": [issue(each) for each in range(number)]})
        stream.wait("progress", number)
    fatal = issue(9, "fatal")
    assert rows.end(Ending(Move.FAIL, "it failed", {}, (), [fatal, issue(0), issue(1), issue(2)]))
    events = stream.finish()
    assert told(events) == ["new", "starting", "running", 0, 0.25, 1, 0.5, 2, 9, "error", "end"]
    assert events[-1][2]["status"] == "error"
    assert events[-2][2]["reason"] == "it failed"
    assert len({each[1] for each in events}) == len(events)


def test_a_broken_stream_goes_on_where_it_was_after_any_event(served: Served) -> None:
    run, rows = started(served)
    assert rows.begin("process")
    rows.beat({"fraction": 0.5, "issues": [issue(0), issue(1)]})
    assert rows.end(Ending(Move.FAIL, None, {}, (), [issue(9, "fatal"), issue(0), issue(1), issue(2)]))
    whole = Stream(served, run.id).finish()
    assert told(whole) == ["new", "starting", "running", 0, 1, 2, 9, "error", "end"]
    for place, (_, last, _) in enumerate(whole[:-1]):
        rest = Stream(served, run.id, last).finish()
        assert rest == whole[place + 1 :]
    answer = served.client.get(f"runs/{run.id}/events/stream", headers={"last-event-id": whole[-1][1]})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "last", ["", "x", "1.2.3", "-1.0.0.0.0.0", "9" * 400, "1.1.1.1.1.1.1", "٣.0.0.0.0.0", "0..0.0.0.0"]
)
def test_an_id_of_another_make_begins_anew(served: Served, last: str) -> None:
    assert Told.parse(last) == Told()


def test_a_run_that_is_taken_up_again_tells_so_and_repeats_no_issue(served: Served) -> None:
    from sqlalchemy import update

    from periscope.runs.store.tables import runs

    run, rows = started(served)
    assert rows.begin("process")
    stream = Stream(served, run.id)
    rows.beat({"fraction": 0.5, "issues": [issue(0)]})
    stream.wait("progress")
    with served.store.database.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run.id).values(attempt=run.attempt + 1))
    rows = AttemptRows(served.store.database, run.id, run.attempt + 1)
    assert rows.begin("another")
    rows.beat({"fraction": 0.1, "issues": []})
    stream.wait("progress", 2)
    rows.beat({"fraction": 0.7, "issues": [issue(0), issue(1)]})
    stream.wait("progress", 3)
    assert rows.end(Ending(Move.FINISH, None, {}, (), [issue(0), issue(1)]))
    said = told(stream.finish())
    assert [each for each in said if isinstance(each, str)].count("end") == 1
    assert [each for each in said if isinstance(each, int)] == [0, 1]


def test_a_reset_run_begins_anew_for_who_comes_again(served: Served) -> None:
    run = finished_run(served)
    last = Stream(served, run.id).finish()[-1][1]
    assert isinstance(managing.reset(served.store, run.id), Run)
    stream = Stream(served, run.id, last)
    stream.wait("status")
    assert stream.events[0][2]["status"] == "new"
    assert managing.delete(served.store, run.id) is None
    stream.finish()
    assert problem(served.client.get(f"runs/{run.id}/events/stream"))["code"] == "RUN_NOT_FOUND"


def test_it_says_that_it_is_alive(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(following, "LONGEST_SECONDS", 1.0)
    run = served.new_run()
    stream = Stream(served, run.id)
    assert {each[0] for each in stream.finish()} == {"status", ":"}
    assert 3 < sum(each[0] == ":" for each in stream.events) < 12


def test_many_who_follow_cost_one_look(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[int, ...]] = []
    several = served.store.runs.several

    def counted(numbers: Collection[int]) -> list[Run]:
        looks.append(tuple(numbers))
        return several(numbers)

    monkeypatch.setattr(served.store.runs, "several", counted)
    run, rows = started(served)
    assert rows.begin("process")
    streams = [Stream(served, run.id) for _ in range(12)]
    for stream in streams:
        stream.wait("status", 3)
    looks.clear()
    began = time.monotonic()
    for number in range(5):
        rows.beat({"fraction": number / 10, "issues": []})
        for stream in streams:
            stream.wait("progress", number + 1)
    assert set(looks) == {(run.id,)}
    assert len(looks) <= (time.monotonic() - began) / following.LOOK_SECONDS + 1
    assert rows.end(Ending(Move.FINISH, None, {}))
    assert {tuple(told(stream.finish())[-2:]) for stream in streams} == {("complete", "end")}
    looks.clear()
    time.sleep(4 * following.LOOK_SECONDS)
    assert not looks, "nobody follows, nobody looks"


def test_who_never_reads_does_no_harm(served: Served) -> None:
    run, rows = started(served)
    assert rows.begin("process")
    host, port = served.url.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(5)]
    for each in silent:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        each.sendall(f"GET /api/v1/runs/{run.id}/events/stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    stream = Stream(served, run.id)
    for number in range(20):
        rows.beat({"fraction": number / 100, "issues": [], "text": "x" * 200_000})
        stream.wait("progress", number + 1)
    assert served.client.get("healthz").status_code == 200
    for each in silent:
        each.close()
    assert rows.end(Ending(Move.FINISH, None, {}))
    assert told(stream.finish())[-1] == "end"


def test_a_server_that_ends_ends_its_streams(served: Served) -> None:
    run, _ = started(served)
    streams = [Stream(served, run.id) for _ in range(3)]
    for stream in streams:
        stream.wait("status", 2)
    served.context.over.set()
    for stream in streams:
        assert told(stream.finish()) == ["new", "starting"]
