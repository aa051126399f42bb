"""What the store keeps for the API, on both databases: answers that may be asked for again, and tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from periscope.runs.store import answer_rows
from periscope.runs.store.answer_rows import KEPT_HOURS, MOST_BODY, KeptAnswer
from periscope.runs.store.backup import back_up, restore
from periscope.runs.store.clock import now
from periscope.runs.store.refusals import Refused
from periscope.runs.store.store import Store, StorePlace
from periscope.runs.store.tables import kept_answers
from periscope.runs.store.token_rows import Scope, Token
from tests.databases import KINDS, store_place

HEADERS = {"content-type": "application/json"}


@pytest.fixture(params=KINDS)
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store."""
    with store_place(request.param, tmp_path / "store") as place, Store(place) as found:
        yield found


def change(store: Store, **values: object) -> None:
    """Change all kept answers."""
    with store.database.write() as connection:
        connection.execute(update(kept_answers).values(**values))


def test_an_answer_is_given_again_to_the_same_request_only(store: Store) -> None:
    assert store.answers.begin(1, "k", "request") == "begun"
    assert store.answers.begin(1, "k", "request") == "in flight"
    assert store.answers.begin(1, "k", "other") == "other request"
    assert store.answers.begin(2, "k", "other") == "begun"
    body = bytes(range(256))
    store.answers.finish(1, "k", 201, HEADERS, body)
    assert store.answers.begin(1, "k", "request") == KeptAnswer(201, HEADERS, body)
    assert store.answers.begin(1, "k", "other") == "other request"


def test_a_dropped_request_can_be_taken_up_again(store: Store) -> None:
    assert store.answers.begin(1, "k", "request") == "begun"
    store.answers.drop(1, "k")
    assert store.answers.begin(1, "k", "other") == "begun"


def test_what_a_dead_process_worked_on_is_lost_and_not_done_again(store: Store) -> None:
    store.answers.begin(1, "k", "request")
    boot, number, _ = _own().rsplit(":", 2)
    change(store, process=f"{boot}:{number}:1")
    assert store.answers.begin(1, "k", "request") == "lost"
    change(store, process="another-machine:1:1")
    assert store.answers.begin(1, "k", "request") == "in flight"


def _own() -> str:
    from periscope.runs.processes import own_process

    return own_process()


def test_answers_end_after_a_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.answers.begin(1, "k", "request")
    store.answers.finish(1, "k", 200, HEADERS, b"{}")
    later = now() + KEPT_HOURS * 3_600_000_000
    monkeypatch.setattr(answer_rows, "now", lambda: later - 1_000_000)
    assert isinstance(store.answers.begin(1, "k", "request"), KeptAnswer)
    monkeypatch.setattr(answer_rows, "now", lambda: later + 1_000_000)
    assert store.answers.begin(1, "k", "other") == "begun"


def test_no_more_than_so_many_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_rows, "MOST_KEPT", 5)
    for number in range(12):
        assert store.answers.begin(1, f"k{number}", "request") == "begun"
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(kept_answers)).scalar_one() == 5
    assert store.answers.begin(1, "k11", "request") == "in flight"


def test_a_large_answer_is_known_but_not_kept(store: Store) -> None:
    store.answers.begin(1, "k", "request")
    store.answers.finish(1, "k", 200, HEADERS, b"x" * (MOST_BODY + 1))
    assert store.answers.begin(1, "k", "request") == KeptAnswer(200, HEADERS, None)


def test_tokens_are_in_a_backup_and_their_secrets_are_not(store: Store, tmp_path: Path) -> None:
    made = store.tokens.create("ci", Scope.WRITE, days=90)
    assert not isinstance(made, Refused)
    _, secret = made
    back_up(store, tmp_path / "backup")
    for file in (tmp_path / "backup").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
    place = StorePlace(tmp_path / "again")
    restore(tmp_path / "backup", place)
    with Store(place) as again:
        found = again.tokens.find(secret)
        assert isinstance(found, Token)
        assert (found.name, found.scope) == ("ci", Scope.WRITE)
        second = again.tokens.create("more", Scope.READ)
        assert not isinstance(second, Refused)
        assert second[0].id == found.id + 1


def test_a_token_is_made_once_and_found_by_its_secret_only(store: Store) -> None:
    made = store.tokens.create("ci", Scope.READ)
    assert not isinstance(made, Refused)
    token, secret = made
    assert store.tokens.find(secret) == token
    assert store.tokens.find(secret + "x") is None
    assert store.tokens.find(secret[:-1]) is None
    assert isinstance(store.tokens.create("ci", Scope.READ), Refused)
    for days in (0, -1, 3_651):
        assert isinstance(store.tokens.create("x", Scope.READ, days=days), Refused)
    assert store.tokens.delete("ci")
    assert not store.tokens.delete("ci")
    assert store.tokens.find(secret) is None
    assert not store.tokens.are_there()
