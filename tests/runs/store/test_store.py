"""What every store promises, as one class that runs on each kind of database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from periscope.runs.lifecycle import NEXT_STATUS, IllegalMoveError, Move, Status
from periscope.runs.store.content import ContentFiles
from periscope.runs.store.database import database_url
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import AttemptRows, Ending, Run, RunNotFoundError, StoredFile, move_run
from periscope.runs.store.store import Store, StorePlace
from periscope.runs.store.tables import metadata
from periscope.runs.store.version_rows import Version
from tests.databases import store_place

DIGITS = Decimal("12345678901234567890.12345678901234567890")


class StoreContract:
    """The promises. A subclass names the database."""

    kind: ClassVar[str]

    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[StorePlace]:
        with store_place(self.kind, tmp_path / "store") as place:
            yield place

    @pytest.fixture
    def store(self, place: StorePlace) -> Iterator[Store]:
        with Store(place) as store:
            yield store

    def test_the_migrations_make_the_tables_of_this_release(self, store: Store) -> None:
        with store.database.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []

    def test_many_open_an_empty_store_at_once(self, place: StorePlace) -> None:
        def publish(number: int) -> str:
            with Store(place) as store:
                return str(_version(store, hash=f"{number}"))

        with ThreadPoolExecutor(6) as pool:
            names = sorted(pool.map(publish, range(6)))
        assert names == [f"one@{number}" for number in range(1, 7)]

    def test_the_same_contents_are_one_version_for_all_who_publish_at_once(self, store: Store) -> None:
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: store.versions.add("one", "same", "a" * 64, []), range(12)))
        assert {version.number for version, _ in found} == {1}
        assert [is_new for _, is_new in found].count(True) == 1

    def test_versions_are_found_by_name_and_number(self, store: Store) -> None:
        first, second = _version(store, hash="1"), _version(store, hash="2")
        other = _version(store, name="two", hash="1")
        assert store.versions.get("one") == second
        assert store.versions.get("one", 1) == first
        assert store.versions.get("one", 3) is None
        assert store.versions.get("three") is None
        assert store.versions.all() == [second, first, other]
        assert store.versions.by_id(other.id) == other

    def test_money_keeps_every_digit(self, store: Store) -> None:
        run = _running(store)
        done = Ending(Move.FINISH, None, {}, final_value=DIGITS, net_trading_cash=-DIGITS)
        assert AttemptRows(store.database, run.id, 1).end(done)
        found = store.runs.get(run.id)
        assert (found.final_value, found.net_trading_cash) == (DIGITS, -DIGITS)
        for wrong, error in ((1.5, TypeError), (Decimal("NaN"), ValueError), (Decimal("Infinity"), ValueError)):
            with pytest.raises(Exception) as raised:
                AttemptRows(store.database, _running(store).id, 1).end(
                    Ending(Move.FINISH, None, {}, final_value=wrong)  # type: ignore[arg-type]
                )
            assert error.__name__ in repr(raised.value) or error.__name__ in repr(raised.value.__cause__)

    def test_text_of_any_kind_comes_back(self, store: Store) -> None:
        odd = {"a": "\x00 \ud800 \U0001f600 ' \" \\ %s :name", "b": [1, 2.5, None, True], "": {}}
        run = store.runs.create(_version(store).id, odd)
        assert store.runs.get(run.id).config == odd

    def test_a_run_moves_by_the_table_and_by_nothing_else(self, store: Store) -> None:
        for status in Status:
            for move in Move:
                run = _run_with(store, status)
                with store.database.write() as connection:
                    wanted = NEXT_STATUS.get((status, move))
                    if wanted is None:
                        with pytest.raises(IllegalMoveError):
                            move_run(connection, run, move, reason="changed")
                    else:
                        move_run(connection, run, move, reason="changed")
                found = store.runs.get(run.id)
                assert (found.status, found.reason) == ((wanted, "changed") if wanted else (status, None))

    def test_a_config_changes_only_while_new(self, store: Store) -> None:
        run = _run_with(store, Status.NEW)
        assert store.runs.edit(run.id, {"core": {"seed": 2}})
        store.runs.start(run.id)
        assert not store.runs.edit(run.id, {"core": {"seed": 3}})
        assert store.runs.get(run.id).config == {"core": {"seed": 2}}

    def test_an_old_attempt_changes_nothing(self, store: Store) -> None:
        run = _running(store)
        old, new = AttemptRows(store.database, run.id, 1), AttemptRows(store.database, run.id, 2)
        with store.database.write() as connection:
            connection.execute(text("UPDATE runs SET attempt = 2, process = NULL"))
        assert not old.begin("old")
        assert old.beat({"bars": 1}) == "gone"
        assert not old.end(Ending(Move.FINISH, None, {"hash": "old"}, [StoredFile("a", "b" * 64, 1)]))
        assert new.begin("new")
        assert new.end(Ending(Move.FINISH, None, {"hash": "new"}))
        found = store.runs.get(run.id)
        assert (found.process, found.summary, store.runs.files(run.id)) == ("new", {"hash": "new"}, [])
        assert not new.end(Ending(Move.FAIL, "again", None))

    def test_an_end_is_kept_in_full_or_not_at_all(self, store: Store) -> None:
        run = _running(store)
        rows = AttemptRows(store.database, run.id, 1)
        twice = [StoredFile("same", "a" * 64, 1), StoredFile("same", "b" * 64, 1)]
        with pytest.raises(IntegrityError):
            rows.end(Ending(Move.FINISH, None, {}, twice, [{"code": "X"}]))
        assert store.runs.get(run.id).status is Status.RUNNING
        assert store.runs.issues(run.id) == []
        assert rows.end(Ending(Move.FINISH, None, {}, twice[:1], [{"code": "X"}]))
        assert store.runs.files(run.id) == twice[:1]
        assert store.runs.issues(run.id) == [{"code": "X"}]

    def test_a_kill_outdoes_a_stop_and_stays(self, store: Store) -> None:
        run = _running(store)
        rows = AttemptRows(store.database, run.id, 1)
        assert rows.beat(None) is None
        store.runs.ask(run.id, "stop")
        assert rows.beat(None) == "stop"
        store.runs.ask(run.id, "kill")
        store.runs.ask(run.id, "stop")
        assert rows.beat({"bars": 7}) == "kill"
        found = store.runs.get(run.id)
        assert (found.reading, found.beat) == ({"bars": 7}, 3)

    def test_what_waits_for_its_turn_ends_at_once(self, store: Store) -> None:
        run = _run_with(store, Status.STARTING)
        assert store.runs.ask(run.id, "stop").status is Status.STOPPED
        assert not AttemptRows(store.database, run.id, 0).begin("late")

    def test_reset_and_delete_drop_results_and_name_their_files(self, store: Store) -> None:
        run = _running(store)
        content = store.files.put(b"results")
        ending = Ending(Move.FINISH, None, {"hash": "x"}, [StoredFile("a", content, 7)], [{"code": "X"}], DIGITS)
        assert AttemptRows(store.database, run.id, 1).end(ending)
        assert store.names(content)
        reset, named = store.runs.reset(run.id)
        assert (reset.status, reset.summary, reset.final_value, named) == (Status.NEW, None, None, {content})
        assert (store.runs.files(run.id), store.runs.issues(run.id)) == ([], [])
        assert reset.attempt == run.attempt, "an attempt of before the reset must not be taken for one after it"
        store.forget(named)
        assert not store.files.path(content).exists()
        assert store.runs.delete(run.id) == (True, set())
        with pytest.raises(RunNotFoundError):
            store.runs.get(run.id)
        assert store.runs.create(run.version_id, {}).id > run.id, "a number is never given twice"

    def test_a_number_that_no_run_can_have_is_not_found(self, store: Store) -> None:
        for number in (0, -1, 1 << 31, 1 << 63, 10**30):
            with pytest.raises(RunNotFoundError):
                store.runs.get(number)
        assert store.runs.page(before=10**30) == []

    def test_active_runs_are_not_deleted(self, store: Store) -> None:
        run = _running(store)
        assert store.runs.delete(run.id) == (False, set())
        assert store.runs.get(run.id).status is Status.RUNNING

    def test_pages_follow_each_other(self, store: Store) -> None:
        version = _version(store)
        numbers = [store.runs.create(version.id, {}).id for _ in range(7)]
        found: list[int] = []
        before = None
        while page := store.runs.page(before=before, limit=3):
            found += [run.id for run in page]
            before = page[-1].id
        assert found == numbers[::-1]
        assert store.runs.page(strategy="two") == []

    def test_a_reader_sees_one_state(self, store: Store) -> None:
        version = _version(store)
        with store.database.read() as connection:
            count = text("SELECT count(*) FROM runs")
            before = connection.execute(count).scalar()
            thread = threading.Thread(target=lambda: store.runs.create(version.id, {}))
            thread.start()
            thread.join()
            assert connection.execute(count).scalar() == before

    def test_writers_wait_for_each_other(self, place: StorePlace, store: Store) -> None:
        run = _running(store)

        def beat(_: int) -> None:
            with Store(place) as other:
                for _ in range(5):
                    assert AttemptRows(other.database, run.id, 1).beat(None) is None

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(beat, range(4)))
        assert store.runs.get(run.id).beat == 20

    def test_a_store_of_a_newer_release_is_left_alone(self, place: StorePlace, store: Store) -> None:
        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError) as refused:
            Store(place)
        assert refused.value.code == "STORE_TOO_NEW"

    def test_tables_of_somebody_else_are_left_alone(self, place: StorePlace, store: Store) -> None:
        with store.database.write() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
        with pytest.raises(StoreError) as refused:
            Store(place)
        assert refused.value.code == "STORE_FOREIGN"


class TestSqlite(StoreContract):
    kind = "sqlite"

    def test_a_file_that_is_no_database_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "periscope.db").write_bytes(b"no database at all" * 100)
        with pytest.raises(StoreError) as refused:
            Store(StorePlace(tmp_path))
        assert refused.value.code == "STORE_DAMAGED"
        assert str(tmp_path) in refused.value.where

    def test_a_folder_that_cannot_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreError) as refused:
            Store(StorePlace(tmp_path / "file" / "store"))
        assert refused.value.code == "STORE_UNAVAILABLE"

    def test_what_was_written_survives_a_power_cut(self, tmp_path: Path) -> None:
        with Store(StorePlace(tmp_path)) as store, store.database.read() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


class TestPostgresql(StoreContract):
    kind = "postgresql"

    def test_a_server_that_does_not_answer_is_said_without_its_password(self, tmp_path: Path) -> None:
        place = StorePlace(tmp_path, f"postgresql://me:geheim@/nowhere?host={tmp_path}")
        with pytest.raises(StoreError) as refused:
            Store(place)
        assert refused.value.code == "STORE_UNAVAILABLE"
        assert "geheim" not in str(refused.value) + refused.value.where


@pytest.mark.parametrize(
    "url", ["", "mysql://x/y", "postgresql", "sqlite:///x", "http://x", "postgresql+asyncpg://x:p/"]
)
def test_only_postgresql_is_taken_by_url(url: str) -> None:
    if url.startswith("postgresql+"):
        with pytest.raises(StoreError):
            database_url(url)
        return
    with pytest.raises(StoreError) as refused:
        database_url(url)
    assert refused.value.code == "STORE_URL"


class TestContent:
    """Files named by what they hold."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> ContentFiles:
        files = ContentFiles(tmp_path / "files")
        files.create()
        return files

    @given(data=st.binary(max_size=200))
    @settings(max_examples=30)
    def test_what_is_put_is_read(self, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
        files = ContentFiles(tmp_path_factory.getbasetemp() / "many")
        files.create()
        assert files.read(files.put(data)) == data
        assert files.put(data) == files.put(data)

    def test_a_file_is_taken_as_it_is(self, files: ContentFiles, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * 100_000)
        (tmp_path / "b").write_bytes(b"x" * 100_000)
        name, size = files.take(tmp_path / "a")
        assert files.take(tmp_path / "b") == (name, size) == (name, 100_000)
        (tmp_path / "a").unlink()
        files.check(name)

    def test_damage_is_seen(self, files: ContentFiles) -> None:
        name = files.put(b"content")
        path = files.path(name)
        path.chmod(0o644)
        path.write_bytes(b"c0ntent")
        for look in (files.read, files.check):
            with pytest.raises(StoreError) as seen:
                look(name)
            assert seen.value.code == "STORE_DAMAGED"
        path.unlink()
        for look in (files.read, files.check):
            with pytest.raises(StoreError):
                look(name)
        assert files.put(b"content") == name
        files.check(name)

    def test_a_shortened_file_is_mended_by_the_next_who_stores_it(self, files: ContentFiles, tmp_path: Path) -> None:
        name = files.put(b"content")
        files.path(name).chmod(0o644)
        files.path(name).write_bytes(b"con")
        (tmp_path / "again").write_bytes(b"content")
        assert files.take(tmp_path / "again")[0] == name
        files.check(name)

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "/" * 64, "a" * 63 + "/", "." * 64])
    def test_only_hashes_are_names(self, files: ContentFiles, name: str) -> None:
        with pytest.raises(ValueError):
            files.path(name)

    def test_what_nothing_names_is_collected(self, files: ContentFiles) -> None:
        kept, lost = files.put(b"kept"), files.put(b"lost")
        half = files.path(kept).with_name(".half.123.partial")
        half.write_bytes(b"ha")
        assert files.collect({kept}.__contains__) == 2
        assert files.path(kept).exists()
        assert not files.path(lost).exists()
        assert not half.exists()

    def test_collecting_waits_for_whoever_stores(self, files: ContentFiles) -> None:
        with files.keeping():
            name = files.put(b"not yet named")
            collecting = threading.Thread(target=files.collect, args=({name}.__contains__,))
            collecting.start()
            collecting.join(0.2)
            assert collecting.is_alive()
        collecting.join()
        files.check(name)


def _version(store: Store, name: str = "one", hash: str = "h") -> Version:  # noqa: A002
    return store.versions.add(name, hash, "a" * 64, [])[0]


def _running(store: Store) -> Run:
    return _run_with(store, Status.RUNNING)


def _run_with(store: Store, status: Status, **changes: Any) -> Run:
    """A run of that status, in attempt 1."""
    run = store.runs.create(_version(store).id, {})
    with store.database.write() as connection:
        values: dict[str, Any] = {"status": status.value, "id": run.id}
        process = "'process'" if status is Status.RUNNING else "NULL"
        connection.execute(
            text(f"UPDATE runs SET status = :status, attempt = 1, process = {process} WHERE id = :id"), values
        )
    return store.runs.get(run.id)
