"""Verifications over HTTP: begun, looked at, one at a time, and told truly, however they end."""

import time
from typing import Any

import pytest

from periscope.runs import managing, verifications
from periscope.runs.store.run_rows import Run
from tests.server.results import finished_run
from tests.server.serving import Served
from tests.server.test_basics import problem

LONGEST_SECONDS = 60
PEEKS = """
import gc
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("10000")]
    async def on_bar(self, event):
        self.bars += 1
        ahead = sum(type(each) is type(event) for each in gc.get_objects())
        return [limit("BUY", 1, f"{1 + ahead}.00")] if self.bars == 5 else []
"""


def outcome(served: Served, where: str) -> dict[str, Any]:
    """The verification once it is over."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        document: dict[str, Any] = served.client.get(where).json()
        if document["status"] != "running":
            return document
        assert time.monotonic() < deadline, document
        time.sleep(0.1)


def begin(served: Served, run: Run, **wanted: Any) -> str:
    answer = served.client.post(f"runs/{run.id}/verifications", json=wanted)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "running"
    where = answer.headers["location"]
    assert where.startswith(f"/api/v1/runs/{run.id}/verifications/")
    return f"{served.url}{where}"


def begin_soon(served: Served, run: Run, **wanted: Any) -> str:
    """Begin once the process before, which has said that it is done, has ended."""
    folder = verifications.verification_folder(served.store.place.folder, run.id).parent
    deadline = time.monotonic() + LONGEST_SECONDS
    while any(verifications.is_under_way(each) for each in folder.glob("*/")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return begin(served, run, **wanted)


def test_a_run_is_verified(served: Served) -> None:
    run = finished_run(served)
    where = begin(served, run)
    assert where.endswith(f"/api/v1/runs/{run.id}/verifications/1")
    found = outcome(served, where)
    assert (found["status"], found["problem"], found["progress"]) == ("done", None, 1.0)
    assert found["verdict"]["verified"] is True
    assert found["verdict"]["hash"] == found["verdict"]["hash_again"]
    assert found["ended_at"] > found["started_at"]
    assert begin_soon(served, run, strict=True).endswith("/2")
    assert outcome(served, f"runs/{run.id}/verifications/2")["verdict"]["strict"] is True
    listed = served.client.get(f"runs/{run.id}/verifications").json()
    assert [each["verification"] for each in listed["items"]] == [2, 1]
    assert listed["items"][1] == found
    assert isinstance(managing.reset(served.store, run.id), Run)
    assert served.client.get(f"runs/{run.id}/verifications").json()["items"] == []
    assert problem(served.client.get(where))["code"] == "VERIFICATION_NOT_FOUND"


def test_a_strategy_that_digs_for_the_future_is_found(served: Served) -> None:
    run = finished_run(served, PEEKS, "peeks")
    found = outcome(served, begin(served, run, strict=True))
    assert found["verdict"]["verified"] is False
    assert found["verdict"]["difference"]["bars"] == 5
    assert found["verdict"]["findings"]


def test_one_at_a_time_and_few_in_all_and_one_that_vanished_is_lost(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifications, "MOST_AT_ONCE", 1)
    run, other = finished_run(served), finished_run(served)
    where = begin(served, run)
    again = problem(served.client.post(f"runs/{run.id}/verifications", json={}))
    assert (again["code"], again["hint"]) == ("VERIFICATION_RUNNING", "look at verification 1")
    assert problem(served.client.post(f"runs/{other.id}/verifications", json={}))["code"] == "VERIFICATIONS_BUSY"
    verifications.started[-1].kill()
    found = outcome(served, where)
    assert (found["status"], found["problem"]["code"]) == ("failed", "VERIFICATION_LOST")
    found = outcome(served, begin(served, other))
    assert found["verdict"]["verified"] is True, "the lock went with the process"


def test_a_problem_names_no_place_of_the_machine(served: Served) -> None:
    run = finished_run(served)
    (served.lab.folder / "catalog").rename(served.lab.folder / "elsewhere")
    found = outcome(served, begin(served, run))
    assert (found["status"], found["verdict"]) == ("failed", None)
    assert str(served.lab.folder) not in str(found)
    assert "the catalog" in found["problem"]["message"]


def test_what_can_not_be_verified_is_a_problem(served: Served) -> None:
    run = served.new_run()
    path = f"runs/{run.id}/verifications"
    assert problem(served.client.post(path, json={}))["code"] == "RUN_NOT_ENDED"
    assert problem(served.client.post("runs/77/verifications", json={}))["code"] == "RUN_NOT_FOUND"
    bodies: list[Any] = [{"strict": "perhaps"}, {"other": 1}, [], None]
    for body in bodies:
        assert problem(served.client.post(path, json=body))["code"] in {"INVALID", "NOT_JSON"}
    for number, code in (("1", "VERIFICATION_NOT_FOUND"), ("0", "INVALID"), ("x", "INVALID"), ("..%2f1", "NOT_FOUND")):
        assert problem(served.client.get(f"{path}/{number}"))["code"] == code


def test_old_ones_are_cleared_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifications, "MOST_KEPT", 2)
    run, gone = finished_run(served), finished_run(served)
    places = [verifications.verification_folder(served.store.place.folder, each.id) for each in (run, gone)]
    for place in places:
        place.mkdir(parents=True)
        for number in (1, 2):
            verifications.change(place, number, {"verification": number, "status": "done"})
    assert managing.delete(served.store, gone.id) is None
    assert begin(served, run).endswith("/3")
    verifications.started[-1].kill()
    assert sorted(file.name for file in places[0].glob("*.json")) == ["2.json", "3.json"]
    assert not places[1].exists()
