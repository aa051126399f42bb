"""Tokens: who is let in, what for, and for how long."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from periscope.runs.store.store import Store, StorePlace
from periscope.runs.store.tables import kept_answers, tokens
from periscope.runs.store.token_rows import Scope
from periscope.server.context import Doors
from tests.server.serving import CONFIG, Served, serving
from tests.server.test_basics import problem


def secret_of(store: Store, name: str, scope: Scope = Scope.READ, *, days: int | None = None) -> str:
    """The secret of a new token."""
    made = store.tokens.create(name, scope, days=days)
    assert isinstance(made, tuple), made
    return made[1]


def let_expire(store: Store, name: str) -> None:
    """Put the end of a token into the past."""
    with store.database.write() as connection:
        connection.execute(update(tokens).where(tokens.c.name == name).values(expires_at=1))


def test_this_machine_needs_no_token_until_there_is_one(served_on_both: Served) -> None:
    client = served_on_both.client
    assert client.get("runs").status_code == 200
    assert client.get("tokens").json() == {"items": [], "next": None}
    made = client.post("tokens", json={"name": "first", "scope": "read", "days": 1})
    assert made.status_code == 201
    answer = client.get("runs")
    assert problem(answer)["code"] == "TOKEN_MISSING"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.get("healthz").status_code == 200
    assert problem(client.get("nothing"))["code"] == "TOKEN_MISSING"
    with served_on_both.open_client(made.json()["secret"]) as holder:
        assert holder.get("runs").status_code == 200


def test_elsewhere_a_token_is_needed_though_there_is_none(tmp_path: Path) -> None:
    with serving(tmp_path, doors=Doors(loopback_only=False)) as served:
        assert problem(served.client.get("runs"))["code"] == "TOKEN_MISSING"
        assert served.client.get("healthz").status_code == 200


def test_each_scope_may_do_what_it_is_for(served_on_both: Served) -> None:
    secrets = {scope: secret_of(served_on_both.store, scope.value, scope) for scope in Scope}
    body = {"version": "worker", "config": CONFIG}
    wanted = {Scope.READ: (200, 403, 403), Scope.WRITE: (200, 201, 403), Scope.ADMIN: (200, 201, 200)}
    for scope, statuses in wanted.items():
        with served_on_both.open_client(secrets[scope]) as client:
            answers = client.get("runs"), client.post("runs", json=body), client.get("tokens")
        assert tuple(answer.status_code for answer in answers) == statuses
        for answer in answers:
            if answer.status_code == 403:
                assert problem(answer)["code"] == "SCOPE"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer psk_unknown", "Bearer ", "Bearer", "psk_x", "Basic cHNrX3g6", "Bearer psk_\xff",
        "Bearer psk_" + "x" * 5000, "Bearer  psk_x y", "Bearer other",
    ],
)  # fmt: skip
def test_what_is_no_token_of_ours_is_refused(unchanged: Served, header: str) -> None:
    """Also where none would be needed: who sends one means it."""
    answer = unchanged.client.get("runs", headers={b"authorization": header.encode("latin-1").strip()})
    assert problem(answer)["code"] == "TOKEN_UNKNOWN"


def test_a_token_ends(served_on_both: Served) -> None:
    secret = secret_of(served_on_both.store, "short", Scope.ADMIN, days=1)
    with served_on_both.open_client(secret) as client:
        assert client.get("tokens").json()["items"][0]["expired"] is False
        let_expire(served_on_both.store, "short")
        for path in ("runs", "tokens", "openapi.json", "metrics", "nothing"):
            assert problem(client.get(path))["code"] == "TOKEN_EXPIRED"
        served_on_both.store.tokens.delete("short")
        assert problem(client.get("runs"))["code"] == "TOKEN_UNKNOWN"


def test_a_token_of_another_workspace_is_unknown(served: Served, tmp_path: Path) -> None:
    secret_of(served.store, "own")
    with Store(StorePlace(tmp_path / "other")) as other:
        foreign = secret_of(other, "own", Scope.ADMIN)
    with served.open_client(foreign) as client:
        assert problem(client.get("runs"))["code"] == "TOKEN_UNKNOWN"


def test_the_secret_is_shown_once_and_kept_nowhere(served: Served) -> None:
    key = {"idempotency-key": "once"}
    body = {"name": "ci", "scope": "admin", "days": 90}
    made = served.client.post("tokens", json=body, headers=key).json()
    secret = made.pop("secret")
    with served.open_client(secret) as client:
        listed = client.get("tokens").json()["items"]
        today = datetime.now(UTC).date().isoformat()
        assert listed in ([made | {"used_on": today}], [made])  # a day may end in between
        assert client.get("tokens").json()["items"][0]["used_on"] is not None
        assert problem(client.post("tokens", json=body))["code"] == "TOKEN_EXISTS"
        other_caller = client.post("tokens", json=body, headers=key)
        assert problem(other_caller)["code"] == "TOKEN_EXISTS"
    for file in served.store.place.folder.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
    with served.store.database.read() as connection:
        bodies = connection.execute(select(kept_answers.c.body).where(kept_answers.c.caller == 0)).scalars().all()
    assert bodies == [None]


def test_an_answer_with_a_secret_is_not_given_again(served: Served) -> None:
    admin = secret_of(served.store, "admin", Scope.ADMIN)
    with served.open_client(admin) as client:
        key = {"idempotency-key": "once"}
        assert client.post("tokens", json={"name": "a"}, headers=key).status_code == 201
        again = client.post("tokens", json={"name": "a"}, headers=key)
        assert problem(again)["code"] == "IDEMPOTENCY_NOT_KEPT"
        assert [token["name"] for token in client.get("tokens").json()["items"]] == ["admin", "a"]


def test_tokens_are_listed_a_page_at_a_time_and_deleted(served: Served) -> None:
    admin = secret_of(served.store, "admin", Scope.ADMIN)
    for number in range(4):
        secret_of(served.store, f"t{number}")
    with served.open_client(admin) as client:
        first = client.get("tokens", params={"limit": 3}).json()
        second = client.get("tokens", params={"limit": 3, "after": first["next"]}).json()
        names = [token["name"] for token in first["items"] + second["items"]]
        assert names == ["admin", "t0", "t1", "t2", "t3"]
        assert second["next"] is None
        assert client.delete("tokens/t1").status_code == 204
        assert problem(client.delete("tokens/t1"))["code"] == "TOKEN_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""}, {"name": "a b"}, {"name": "../x"}, {"name": "x" * 101}, {"name": "a\n"}, {"name": "."},
        {"name": "a", "days": 0}, {"name": "a", "days": 10**9}, {"name": "a", "days": "1"}, {"name": "a", "scope": "x"},
        {"name": "a", "days": 1.5}, {"name": "a", "days": True},
    ],
)  # fmt: skip
def test_no_odd_token_is_made(unchanged: Served, body: dict[str, object]) -> None:
    answer = unchanged.client.post("tokens", content=json.dumps(body), headers={"content-type": "application/json"})
    assert problem(answer)["code"] == "INVALID"
    assert unchanged.store.tokens.all() == []
