"""From whatever release wrote the database to the tables of this one."""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from periscope.runs.store.database import Database, lock_all
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.tables import metadata

NEWEST = "0003"
"""The last of the migrations in this release."""

_REVISION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, in which it looks for the last migration that was applied."""

_ONE_AT_A_TIME = 0x7065726973636F70
"""The number of PostgreSQL's lock under which one process migrates."""


def migrate(database: Database, to: str = NEWEST) -> None:
    """Bring the tables to this release, in one transaction; nothing to do is quick. A test may stop earlier.

    Raises StoreError for a database of a newer release, and for one that is not ours.
    """
    with database.read() as connection:
        if revision(connection) == to:
            return
    with database.write() as connection:
        lock_all(connection, _ONE_AT_A_TIME)
        found = revision(connection)
        _require_known(connection, found, database.shown)
        if found is None and to == NEWEST:
            _create(connection)
        elif found != to:
            _run(connection, to)


def revision(connection: Connection) -> str | None:
    """The last migration that was applied; None for a database that none was."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _require_known(connection: Connection, found: str | None, where: str) -> None:
    if found is None:
        foreign = inspect(connection).get_table_names()
        if {"strategies", "versions", "runs"} & set(foreign):
            what = "the database holds tables of these names that Periscope did not make"
            raise StoreError("STORE_FOREIGN", what, where, "name an empty database")
    elif found > NEWEST:
        what = f"the store was written by a newer release (tables {found}, this release knows {NEWEST})"
        raise StoreError("STORE_TOO_NEW", what, where, "install the newer release; nothing was changed")


def _create(connection: Connection) -> None:
    """What all migrations make of an empty database, at a tenth of their time; a test compares the two."""
    metadata.create_all(connection, checkfirst=False)
    _REVISION.create(connection, checkfirst=True)
    connection.execute(_REVISION.insert().values(version_num=NEWEST))


def _run(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
