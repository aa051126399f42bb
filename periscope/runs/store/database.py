"""Connections to the store's database: SQLite in the workspace, or PostgreSQL by URL.

Both give the same promise: what a `write` did is there in full or not at all once it returns, also after a power cut,
and two writers never see each other's halves.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from periscope.market.durable import exclusive
from periscope.runs.store.lock_holder import holder_of
from periscope.runs.store.refusals import StoreError

WAIT_SECONDS = 30
"""How long a writer waits for another one."""
_STOPPED_SECONDS = 10
"""How long PostgreSQL waits for a client that is silent within a transaction; none of ours takes that long."""


class Database:
    """One database, opened. Raises StoreError where it can't be reached, or is none."""

    def __init__(self, url: URL, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.is_sqlite = url.get_backend_name() == "sqlite"
        try:
            self.engine = (_sqlite_engine if self.is_sqlite else _postgresql_engine)(url, wait_seconds)
        except (ImportError, NoSuchModuleError) as error:
            raise StoreError("STORE_DRIVER_MISSING", str(error), _DRIVER_HINT) from error
        self.shown = url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose queries all see the same state."""
        with self._explained(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection that may write. What it did is committed when the block ends, undone if the block raises."""
        with self._explained(), self.engine.connect() as connection:
            connection.info["writing"] = True
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.info.pop("writing", None)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the database says of itself as a StoreError; what is a mistake of ours stays what it is."""
        try:
            yield
        except (OperationalError, InterfaceError, InternalError) as error:
            why, hint = self._holder(error)
            raise StoreError("STORE_UNAVAILABLE", f"the database answered: {why}", self.shown, hint) from error
        except NoConnectionLeftError as error:
            raise StoreError("STORE_UNAVAILABLE", "too many are asking the database at once", self.shown) from error
        except DatabaseError as error:
            if type(error) is not DatabaseError:
                raise
            raise StoreError("STORE_DAMAGED", f"the database answered: {_said(error)}", self.shown, _RESTORE) from error

    def _holder(self, error: DatabaseError | InterfaceError) -> tuple[str, str]:
        """What the database says, with who holds its lock where that can be told, and what to do."""
        said, path = _said(error), self.engine.url.database
        is_locked = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        held = holder_of(Path(path)) if is_locked and path is not None else None
        return (said, "") if held is None else (f"{said}: {held[0]}", held[1])


def _said(error: DatabaseError | InterfaceError) -> str:
    return " ".join(str(error.orig).split())


_RESTORE = "restore it from a backup"
_DRIVER_HINT = "pip install 'periscope-trading[postgresql]'"


def database_url(written: str) -> URL:
    """The address of a PostgreSQL database. Raises StoreError for anything else; the text may hold a password."""
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql":
        raise StoreError("STORE_URL", "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE", "")
    return url.set(drivername="postgresql+psycopg")


def sqlite_url(path: Path) -> URL:
    """The address of a file."""
    return URL.create("sqlite", database=str(path))


def _sqlite_engine(url: URL, wait_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": wait_seconds, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # The driver would begin transactions at moments of its own choice.
        with exclusive(Path(str(url.database) + ".lock")):  # SQLite refuses to wait while another one sets the mode
            connection.execute("PRAGMA journal_mode=WAL")
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that began as a reader could not wait its turn: it would fail at its first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("writing") else "BEGIN")

    return engine


def _postgresql_engine(url: URL, wait_seconds: float) -> Engine:
    # A process that is stopped within a transaction must not keep others out for ever.
    wait = f"-c lock_timeout={round(wait_seconds * 1_000)}ms"
    options = f"-c idle_in_transaction_session_timeout={_STOPPED_SECONDS}s {wait}"
    arguments = {"connect_timeout": 10, "application_name": "periscope", "options": options}
    return create_engine(url, pool_size=2, max_overflow=8, pool_pre_ping=True, connect_args=arguments)


def lock_all(connection: Connection, number: int) -> None:
    """Keep other writers out that ask for the same number, until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def insert_unless_there(connection: Connection, table: Table) -> Any:
    """An insertion that does nothing where a row of that key is there."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table).on_conflict_do_nothing()
