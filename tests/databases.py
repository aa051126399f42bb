"""Stores to test with: on SQLite, and on the PostgreSQL server that PERISCOPE_TEST_POSTGRESQL names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from periscope.runs.store.database import database_url
from periscope.runs.store.store import StorePlace

VARIABLE = "PERISCOPE_TEST_POSTGRESQL"
KINDS = ("sqlite", "postgresql")
_numbers = count()


@contextmanager
def store_place(kind: str, folder: Path) -> Iterator[StorePlace]:
    """A place for an empty store; its database is gone afterwards. Skips the test where there is no PostgreSQL."""
    if kind == "sqlite":
        yield StorePlace(folder)
        return
    server = os.environ.get(VARIABLE)
    if not server:
        pytest.skip(f"{VARIABLE} names no PostgreSQL server; `.ci/postgresql start FOLDER` starts one")
    name = f"periscope_{os.getpid()}_{next(_numbers)}"
    engine = create_engine(database_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = database_url(server).set(database=name, drivername="postgresql")
        yield StorePlace(folder, url.render_as_string(hide_password=False))
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
