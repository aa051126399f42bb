"""Stores of every release open for ever, with all that was in them, and can be worked with."""

import re
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.notebook.run import Run as KeptRun
from periscope.runs import managing
from periscope.runs.explaining import explain, find_order, open_run
from periscope.runs.journal import kept_hash, read_checkpoints, read_lines
from periscope.runs.lifecycle import Move, Status
from periscope.runs.publishing import version_files
from periscope.runs.store.database import Database, database_url, sqlite_url
from periscope.runs.store.migrating import NEWEST, migrate, revision
from periscope.runs.store.run_rows import AttemptRows, Ending, Run
from periscope.runs.store.store import DATABASE_FILE, Store, StorePlace
from periscope.runs.store.tables import metadata
from periscope.runs.verification import verify
from tests.databases import KINDS, store_place
from tests.runs.store.make_first_run import ARCHIVE
from tests.runs.store.make_first_version import FOLDER, ISSUE

MIGRATIONS = Path(__file__).parents[3] / "periscope" / "runs" / "store" / "migrations" / "versions"


def _restore(place: StorePlace) -> None:
    """Put the first release's store there: in SQLite as it was dumped, in PostgreSQL its rows in its tables."""
    shutil.copytree(FOLDER / "files", place.folder / "files")
    dump = (FOLDER / "database.sql").read_text()
    if place.url is None:
        connection = sqlite3.connect(place.folder / DATABASE_FILE)
        connection.executescript(dump)
        connection.close()
        return
    database = Database(database_url(place.url))
    migrate(database, to="0001")
    with database.write() as postgresql:
        for table in ("strategies", "versions", "runs", "run_files", "run_issues"):
            for line in re.findall(rf'^INSERT INTO "{table}" VALUES.*?;$', dump, re.MULTILINE):
                postgresql.exec_driver_sql(line.replace("%", "%%"))
        for table in ("strategies", "versions", "runs"):
            sequence = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            postgresql.execute(text(sequence))
    database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_of_the_first_release_opens_with_all_that_was_in_it(kind: str, tmp_path: Path) -> None:
    with store_place(kind, tmp_path / "store") as place:
        _restore(place)
        with Store(place) as store:
            _look(store)
            _work(store)
            with store.database.read() as connection:
                assert revision(connection) == NEWEST
                assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        with Store(place) as store:
            assert store.runs.get(7).status is Status.COMPLETE


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_store_has_what_all_migrations_make(kind: str, tmp_path: Path) -> None:
    with store_place(kind, tmp_path / "new") as place, store_place(kind, tmp_path / "migrated") as other:
        other.folder.mkdir()
        database = Database(sqlite_url(other.folder / DATABASE_FILE) if other.url is None else database_url(other.url))
        migrate(database, to="0001")
        migrate(database)
        with Store(place) as store, database.read() as migrated, store.database.read() as made:
            assert _described(made) == _described(migrated)
            assert revision(made) == revision(migrated) == NEWEST
        database.close()


def _described(connection: Connection) -> dict[str, Any]:
    """All tables with everything that a database says of them, names of constraints included."""
    found = inspect(connection)
    described: dict[str, Any] = {}
    for table in found.get_table_names():
        columns = [{**column, "type": str(column["type"])} for column in found.get_columns(table)]
        parts = (found.get_unique_constraints, found.get_foreign_keys, found.get_indexes)
        described[table] = [columns, found.get_pk_constraint(table)]
        described[table] += [sorted(part(table), key=lambda each: str(each["name"])) for part in parts]
    if connection.dialect.name == "sqlite":
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'")).scalars()
        described["sql"] = sorted(sorted(line.strip(" ,\t") for line in sql.splitlines()) for sql in made)
    assert len(described) > 10
    return described


def _look(store: Store) -> None:
    (version,) = store.versions.all()
    assert str(version) == "observe@1"
    assert set(version_files(store, version)) == {"strategy.py", "config_schema.json"}
    runs = store.runs.page()[::-1]
    assert [run.id for run in runs] == [1, 2, 3, 4, 5, 6, 7]
    assert [run.status.value for run in runs] == [
        "new", "starting", "running", "complete", "stopped", "error", "new",
    ]  # fmt: skip
    assert runs[0].config == {
        "environment": {"start": "2024-01-02"},
        "strategy": {"n": 0.1},
        "core": {"slippage": {"ticks": 1}},
    }
    assert (runs[2].asked, runs[2].reading, runs[2].beat) == ("stop", {"fraction": 0.5, "bars": 10}, 1)
    assert runs[6].copied_from == 4
    for run in runs[3:6]:
        assert run.final_value == Decimal("123456789012345678.000000000000000001")
        assert run.net_trading_cash == Decimal("-0.5")
        assert run.summary == {"hash": f"{run.id}", "exit_code": 0}
        assert store.runs.issues(run.id) == [ISSUE]
        (file,) = store.runs.files(run.id)
        assert store.files.read(file.content) == f'{{"hash": "{run.id}"}}'.encode()
    assert store.files.collect(store.names) == 0


def _work(store: Store) -> None:
    """A store of an old release can be worked with as a new one can."""
    started = managing.start(store, 7)
    assert isinstance(started, Run)
    rows = AttemptRows(store.database, 7, started.attempt)
    assert rows.begin("process")
    assert rows.end(Ending(Move.FINISH, None, {}))
    copied = managing.copy(store, 4)
    assert isinstance(copied, Run)
    assert copied.id == 8
    assert store.versions.add("observe", "other", "a" * 64, [])[0].number == 2


def test_every_migration_has_its_place() -> None:
    """One line of migrations, the last of which is what this release calls the newest."""
    found = {}
    for file in sorted(MIGRATIONS.glob("v*.py")):
        words = dict(re.findall(r"^(revision|down_revision) = (.+)$", file.read_text(), re.MULTILINE))
        found[words["revision"].strip('"')] = words["down_revision"].strip('"')
        assert file.name.startswith(f"v{words['revision'].strip('"')}_")
    numbers = sorted(found)
    assert numbers[-1] == NEWEST
    assert [found[number] for number in numbers] == ["None", *numbers[:-1]]


def test_the_catalog_and_a_run_of_the_first_release_open(tmp_path: Path) -> None:
    """Its journal, tables and bars are read, it is explained, and it can be run again."""
    shutil.unpack_archive(ARCHIVE, tmp_path)
    run, catalog = KeptRun(tmp_path / "run"), Catalog(tmp_path / "catalog")
    assert run.hash == kept_hash(run.folder)
    kinds = [line[0] for line in read_lines(run.folder)]
    assert (kinds.count("action"), kinds.count("entry"), kinds.count("stream")) == (7, 4, 1)
    assert [each.bars for each in read_checkpoints(run.folder)] == [60]
    assert (run.orders.height, run.fills.height, run.trades.height, run.ledger.height) == (5, 3, 1, 9)
    assert run.fills["price"].to_list() == [Decimal("100.04"), Decimal("100.07"), Decimal("100.09")]
    aaa = catalog.instruments.get("AAA", AssetType.EQUITY)
    assert aaa is not None
    assert sum(len(bars) for bars in catalog.chunks(aaa, BarTimeSpan.MINUTE, 0, 1 << 60, extended=False)) == 60
    opened = open_run(run.folder, catalog)
    assert explain(opened, find_order(opened, "3"))["fills"][0]["price"] == "100.04"
    assert verify(run.folder, catalog).tampered == ()
