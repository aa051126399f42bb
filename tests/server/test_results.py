"""What a run has left, over HTTP: pages that miss nothing and say what the files say."""

import json
from typing import Any

import polars as pl
import pytest
from sqlalchemy import update

from periscope.runs import managing
from periscope.runs.documents import row_document, run_issues
from periscope.runs.journal import read_lines
from periscope.runs.kept import laid_out
from periscope.runs.store.run_rows import Run
from periscope.runs.store.tables import runs
from tests.server.results import FAILS, finished_run
from tests.server.serving import Served
from tests.server.test_basics import other, problem

LISTINGS = ("orders", "fills", "trades", "positions", "issues", "logs", "events")


def everything(served: Served, path: str, limit: int, **query: Any) -> list[Any]:
    """All items of a listing, a page at a time."""
    found: list[Any] = []
    after = None
    while True:
        asked = {"limit": limit, **query} | ({} if after is None else {"after": after})
        answer = served.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if (after := answer.json()["next"]) is None:
            return found


@pytest.mark.parametrize("table", ["orders", "fills", "trades"])
def test_tables_come_in_pages_that_miss_nothing(ended: tuple[Served, Run], table: str) -> None:
    served, run = ended
    with laid_out(served.store, run) as folder:
        stored = [row_document(row) for row in pl.read_parquet(folder / f"{table}.parquet").to_dicts()]
    assert len(stored) > 3
    assert everything(served, f"runs/{run.id}/{table}", 3) == stored
    assert everything(served, f"runs/{run.id}/{table}", 1000) == stored
    assert served.client.get(f"runs/{run.id}/{table}").json()["count"] == len(stored)
    assert everything(served, f"runs/{run.id}/{table}", 2, symbol="AAA") == stored
    assert everything(served, f"runs/{run.id}/{table}", 2, symbol="' OR 1=1") == []


@pytest.mark.parametrize("state", ["REJECTED", "FILLED", "WORKING", "EXPIRED"])
def test_orders_are_filtered_by_state(ended: tuple[Served, Run], state: str) -> None:
    served, run = ended
    stored = everything(served, f"runs/{run.id}/orders", 1000)
    assert everything(served, f"runs/{run.id}/orders", 2, state=state) == [
        order for order in stored if order["state"] == state
    ]


def test_money_is_text_and_times_are_utc(ended: tuple[Served, Run]) -> None:
    served, run = ended
    fill = everything(served, f"runs/{run.id}/fills", 1)[0]
    assert (type(fill["price"]), fill["quantity"]) == (str, "1")
    assert fill["filled_at"].endswith("Z")


def test_logs_are_paged_searched_and_end(ended: tuple[Served, Run]) -> None:
    served, run = ended
    lines = everything(served, f"runs/{run.id}/logs", 10)
    assert [line["line"] for line in lines[:3]] == ["begun", "bar 7", "bar 14"]
    assert len(lines) == 1 + 390 // 7
    assert [line["line"] for line in everything(served, f"runs/{run.id}/logs", 2, search="bar 14")] == [
        "bar 14", "bar 140", "bar 147",
    ]  # fmt: skip


def test_logs_of_an_active_run_are_followed(served: Served) -> None:
    run = served.new_run()
    assert isinstance(managing.start(served.store, run.id), Run)
    answer = served.client.get(f"runs/{run.id}/logs").json()
    assert (answer["items"], answer["next"] is None) == ([], False)
    folder = served.store.place.folder / "work" / f"{run.id}.{run.attempt}" / "out"
    folder.mkdir(parents=True)
    seen: list[str] = []
    written = b""
    for number in range(5):
        line = json.dumps({"time": None, "stream": "stdout", "line": f"line {number}"}).encode() + b"\n"
        (folder / "logs.jsonl").write_bytes(written + line + line[:9])
        written += line
        answer = served.client.get(f"runs/{run.id}/logs", params={"after": answer["next"]}).json()
        seen += [each["line"] for each in answer["items"]]
        assert answer["next"] is not None
    assert seen == [f"line {number}" for number in range(5)]
    behind = served.client.get(f"runs/{run.id}/logs", params={"after": answer["next"]}).json()
    assert behind == {"items": [], "next": answer["next"]}


def test_who_follows_the_log_of_a_run_that_begins_again_begins_again(served: Served) -> None:
    run = served.new_run()
    assert isinstance(managing.start(served.store, run.id), Run)
    after = None
    for attempt in range(3):
        with served.store.database.write() as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(attempt=attempt))
        folder = served.store.place.folder / "work" / f"{run.id}.{attempt}" / "out"
        folder.mkdir(parents=True)
        none_yet = served.client.get(f"runs/{run.id}/logs", params={"after": after} if after else {}).json()
        assert (none_yet["items"], none_yet["next"] is None) == ([], False)
        lines = [{"time": None, "stream": "stdout", "line": f"{attempt} {number}"} for number in range(3 - attempt)]
        (folder / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        for cursor in {after, none_yet["next"]} - {None}:
            answer = served.client.get(f"runs/{run.id}/logs", params={"after": cursor}).json()
            assert answer["items"] == lines
        after = answer["next"]


def test_the_journal_is_paged_whole(ended: tuple[Served, Run]) -> None:
    served, run = ended
    with laid_out(served.store, run) as folder:
        stored: list[Any] = list(read_lines(folder))
    found = everything(served, f"runs/{run.id}/events", 7)
    assert [line["line"] for line in found] == list(range(1, len(stored) + 1))
    assert [line["kind"] for line in found] == [line[0] for line in stored]
    assert {line["name"] for line in found if line["kind"] == "event"} >= {"order update"}
    assert everything(served, f"runs/{run.id}/events", 1000) == found


def test_issues_statistics_and_positions_are_those_of_the_result(ended: tuple[Served, Run]) -> None:
    served, run = ended
    with laid_out(served.store, run) as folder:
        document = json.loads((folder / "result.json").read_text())
    assert everything(served, f"runs/{run.id}/issues", 1) == run_issues(served.store, run) != []
    assert everything(served, f"runs/{run.id}/positions", 1) == document["positions"]
    answer = served.client.get(f"runs/{run.id}/statistics").json()
    assert answer == {"run": run.id, "statistics": document["statistics"]}


BAD_CURSORS = ("1", "...", "", "ü", "\0", "x" * 501)
BAD_PLACES = (
    "-1",
    "1.5",
    "",
    "9" * 30,
    "0.0",
    "0.0.0.0",
    "-1.0.0",
    "7.0.0",
    "0.3.0",
    "0.9999999.0",
    "999999.0.0",
    "\0",
)


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("after", BAD_CURSORS)
def test_a_cursor_that_is_none_is_refused(ended: tuple[Served, Run], listing: str, after: str) -> None:
    served, run = ended
    answer = served.client.get(f"runs/{run.id}/{listing}", params={"after": after})
    assert problem(answer)["code"] == ("INVALID" if len(after) > 500 else "CURSOR_INVALID")


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("place", BAD_PLACES)
def test_a_made_up_place_is_refused_or_empty(ended: tuple[Served, Run], listing: str, place: str) -> None:
    served, run = ended
    answer = served.client.get(f"runs/{run.id}/{listing}", params={"after": other(f"{listing}:{place}")})
    assert problem(answer)["code"] == "CURSOR_INVALID"
    foreign = served.client.get(f"runs/{run.id}/{listing}", params={"after": other("runs:1")})
    assert problem(foreign)["code"] == "CURSOR_INVALID"


@pytest.mark.parametrize("listing", ["orders", "fills", "trades", "positions", "issues"])
def test_a_place_beyond_the_end_gives_an_end(ended: tuple[Served, Run], listing: str) -> None:
    served, run = ended
    answer = served.client.get(f"runs/{run.id}/{listing}", params={"after": other(f"{listing}:{10**18}")}).json()
    assert (answer["items"], answer["next"]) == ([], None)


def test_a_new_run_has_nothing_yet(served: Served) -> None:
    run = served.new_run()
    for listing in ("orders", "fills", "trades", "positions", "logs", "events", "statistics"):
        assert problem(served.client.get(f"runs/{run.id}/{listing}"))["code"] == "NO_RESULTS"
    assert served.client.get(f"runs/{run.id}/issues").json() == {"items": [], "next": None, "count": 0}
    for listing in LISTINGS:
        assert problem(served.client.get(f"runs/{run.id + 1}/{listing}"))["code"] == "RUN_NOT_FOUND"
        assert problem(served.client.get(f"runs/0/{listing}"))["code"] == "INVALID"


def test_a_run_that_failed_shows_what_it_did_and_why(served: Served) -> None:
    run = finished_run(served, FAILS)
    assert run.status.value == "error"
    assert len(everything(served, f"runs/{run.id}/orders", 100)) > 2
    first = everything(served, f"runs/{run.id}/issues", 100)[0]
    assert (first["severity"], first["location"]["file"]) == ("fatal", "strategy.py")
    assert everything(served, f"runs/{run.id}/events", 1000)


def test_damage_is_said_without_a_path(served: Served) -> None:
    run = finished_run(served)
    for file in served.store.runs.files(run.id):
        path = served.store.files.path(file.content)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-3] + b"odd")
    for listing in ("orders", "fills", "trades", "positions", "logs", "events", "statistics"):
        found = problem(served.client.get(f"runs/{run.id}/{listing}"))
        assert found["code"] == "STORE_DAMAGED"
        assert str(served.store.place.folder) not in str(found)
