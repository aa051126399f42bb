"""A run from new to deleted, over HTTP."""

import threading
from typing import Any

import pytest

from periscope.runs.lifecycle import Move
from periscope.runs.store.run_rows import AttemptRows, Ending
from tests.server.serving import CONFIG, Served
from tests.server.test_basics import problem


def made(served: Served, config: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = served.client.post("runs", json={"version": "worker@1", "config": config or CONFIG})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{document['run']}"
    return document


def test_a_run_is_made_changed_copied_and_deleted(served_on_both: Served) -> None:
    client = served_on_both.client
    run = made(served_on_both, {**CONFIG, "core": {"slippage": {"ticks": 1}}})
    assert (run["status"], run["version"], run["config"]["core"]) == ("new", "worker@1", {"slippage": {"ticks": 1}})
    changed = client.patch(f"runs/{run['run']}", json={"config": {**CONFIG, "core": {"seed": 7}}})
    assert changed.json()["config"]["core"] == {"seed": 7}
    copied = client.post(f"runs/{run['run']}/copy")
    assert copied.status_code == 201
    assert copied.json()["copied_from"] == run["run"]
    assert copied.json()["config"] == changed.json()["config"]
    gone = client.delete(f"runs/{run['run']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert problem(client.get(f"runs/{run['run']}"))["code"] == "RUN_NOT_FOUND"
    assert problem(client.delete(f"runs/{run['run']}"))["code"] == "RUN_NOT_FOUND"


def test_a_run_is_started_stopped_and_reset(served_on_both: Served) -> None:
    client = served_on_both.client
    number = made(served_on_both)["run"]
    assert client.post(f"runs/{number}/start").json()["status"] == "starting"
    assert problem(client.post(f"runs/{number}/start"))["code"] == "RUN_MOVE"
    assert problem(client.patch(f"runs/{number}", json={"config": CONFIG}))["code"] == "RUN_NOT_NEW"
    assert problem(client.delete(f"runs/{number}"))["code"] == "RUN_ACTIVE"
    assert problem(client.post(f"runs/{number}/reset"))["code"] == "RUN_MOVE"
    assert AttemptRows(served_on_both.store.database, number, 0).begin("1:1:1")
    asked = client.post(f"runs/{number}/stop").json()
    assert (asked["status"], asked["asked"]) == ("running", "stop")
    assert client.post(f"runs/{number}/kill").json()["asked"] == "kill"
    AttemptRows(served_on_both.store.database, number, 0).end(Ending(Move.STOP, "killed by operator", None))
    assert client.get(f"runs/{number}").json()["status"] == "stopped"
    assert client.post(f"runs/{number}/reset").json()["status"] == "new"


def test_everything_wrong_with_a_config_is_said_at_once(unchanged: Served) -> None:
    config = {"environment": {"start": "2024-13-01", "end": "x"}, "core": {"no_such_key": 1}, "extra": {}}
    found = problem(unchanged.client.post("runs", json={"version": "worker", "config": config}))
    assert found["code"] == "CONFIG_INVALID"
    assert len(found["problems"]) >= 4
    assert {"core.no_such_key", "environment.start"} <= {each["where"] for each in found["problems"]}
    assert unchanged.store.runs.page() == []


def test_there_must_be_such_a_version(served_on_both: Served) -> None:
    for version in ("worker@2", "worker@99999999999999999999", "other", "../worker", "worker@1@1"):
        answer = served_on_both.client.post("runs", json={"version": version, "config": CONFIG})
        assert problem(answer)["code"] == "VERSION_NOT_FOUND", version


def test_digits_of_a_config_are_kept(served: Served) -> None:
    body = (
        '{"version": "worker", "config": {"environment": {"start": "2024-01-22", "end": "2024-01-22"},'
        ' "core": {"slippage": {"basis_points": 0.12345678901234567891}}}}'
    )
    answer = served.client.post("runs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert "0.12345678901234567891" in answer.text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"version": "worker", "version": "worker", "config": {}}', "NOT_JSON"),
        (b'{"version": "worker", "config": {"strategy": {"x": NaN}}}', "NOT_JSON"),
        (b'{"version": "worker", "config": ' + b"[" * 100_000 + b"}", "NOT_JSON"),
        (b"\xff\xfe", "NOT_JSON"),
        (b'{"version": "worker", "config": {"strategy": {"x": "\\ud800"}}}', "NOT_JSON"),
        (b'{"version": "worker"}', "INVALID"),
        (b'{"version": "worker", "config": {}, "more": 1}', "INVALID"),
        (b'{"version": "work\\u0000er", "config": {}}', "INVALID"),
        (b'{"version": 1, "config": {}}', "INVALID"),
        (b"[]", "INVALID"),
        (b"", "INVALID"),
        (b'{"version": "worker", "config": {"environment": {"start": 1e999, "end": 1}}}', "CONFIG_INVALID"),
        (b'{"version": "worker", "config": {"environment": 1, "core": null, "strategy": []}}', "CONFIG_INVALID"),
    ],
)
def test_bad_bodies_are_refused(unchanged: Served, body: bytes, code: str) -> None:
    answer = unchanged.client.post("runs", content=body, headers={"content-type": "application/json"})
    assert problem(answer)["code"] == code


@pytest.mark.parametrize("body", [b"1.5", b"6e16", b"7", b"[]", b"null", b'"x"', b"true"])
def test_a_body_is_an_object_also_where_no_part_of_it_is_needed(unchanged: Served, body: bytes) -> None:
    answer = unchanged.client.post("strategies/x/draft", content=body, headers={"content-type": "application/json"})
    assert problem(answer)["code"] == "INVALID"
    assert problem(unchanged.client.get("strategies/x/draft"))["code"] == "DRAFT_NOT_FOUND"


def test_a_body_must_say_that_it_is_json(unchanged: Served) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = unchanged.client.post("runs", content=b'{"version": "worker"}', headers={"content-type": kind})
        assert problem(answer)["code"] == "UNSUPPORTED_MEDIA"
    assert problem(unchanged.client.post("runs", content=b"{}"))["code"] == "UNSUPPORTED_MEDIA"


def test_without_data_no_run_is_made(served: Served) -> None:
    (served.lab.folder / "catalog").rename(served.lab.folder / "elsewhere")
    answer = served.client.post("runs", json={"version": "worker", "config": CONFIG})
    assert problem(answer)["code"] == "NO_CATALOG"
    (served.lab.folder / "catalog").mkdir()
    answer = served.client.post("runs", json={"version": "worker", "config": CONFIG})
    assert str(served.lab.folder) not in answer.text
    assert problem(answer)["code"] in ("NO_CATALOG", "CATALOG_UNAVAILABLE")


def test_a_request_that_is_sent_again_is_not_done_again(served_on_both: Served) -> None:
    client = served_on_both.client
    body = {"version": "worker", "config": CONFIG}
    first = client.post("runs", json=body, headers={"idempotency-key": "a"})
    again = client.post("runs", json=body, headers={"idempotency-key": "a"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert len(served_on_both.store.runs.page()) == 1
    assert client.post("runs", json=body, headers={"idempotency-key": "b"}).json()["run"] == 2
    assert client.post("runs", json=body).json()["run"] == 3


def test_a_key_belongs_to_one_request(served: Served) -> None:
    client = served.client
    number = made(served)["run"]
    key = {"idempotency-key": "a"}
    assert client.post(f"runs/{number}/copy", headers=key).status_code == 201
    assert problem(client.post(f"runs/{number}/start", headers=key))["code"] == "IDEMPOTENCY_KEY_REUSED"
    body = {"version": "worker", "config": CONFIG}
    assert problem(client.post("runs", json=body, headers=key))["code"] == "IDEMPOTENCY_KEY_REUSED"
    for bad in ("", "x" * 201, "a b", "ü"):
        answer = client.post(f"runs/{number}/copy", headers={b"idempotency-key": bad.encode()})
        assert problem(answer)["code"] == "IDEMPOTENCY_KEY"


def test_a_refusal_stays_the_answer_to_its_key(served: Served) -> None:
    number = made(served)["run"]
    key = {"idempotency-key": "a"}
    refused = served.client.post(f"runs/{number}/reset", headers=key)
    assert problem(refused)["code"] == "RUN_MOVE"
    served.client.post(f"runs/{number}/start")
    served.client.post(f"runs/{number}/stop")
    again = served.client.post(f"runs/{number}/reset", headers=key)
    assert (again.status_code, again.content) == (refused.status_code, refused.content)
    assert served.store.runs.get(number).status == "stopped"


def test_many_at_once_with_one_key_are_one(served_on_both: Served) -> None:
    body = {"version": "worker", "config": CONFIG}
    codes: list[int] = []

    def send() -> None:
        with served_on_both.open_client() as client:
            codes.append(client.post("runs", json=body, headers={"idempotency-key": "k"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(served_on_both.store.runs.page()) == 1
    assert set(codes) <= {201, 409}
    assert 201 in codes
