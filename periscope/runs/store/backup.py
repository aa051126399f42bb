"""A copy of a store that is in use, checked byte by byte, and restored into either kind of database.

A backup is a folder: the rows of all tables as lines of JSON, read in one transaction; the files that they name; a list
of all that with hashes; and the hash of that list. So no bit of it can change, and nothing go missing, without notice.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select, text

from periscope.instruments.words import counted
from periscope.market.durable import sync_file, sync_folder
from periscope.runs.store.content import ContentFiles, digest
from periscope.runs.store.database import Database, database_url, sqlite_url
from periscope.runs.store.migrating import migrate, revision
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.store import DATABASE_FILE, Store, StorePlace
from periscope.runs.store.tables import draft_files, run_files, versions

ROWS, LIST, SEAL = "rows.jsonl", "list.json", "list.sha256"
_TABLES = ("strategies", "versions", "drafts", "draft_files", "runs", "run_files", "run_issues", "tokens")
"""In an order in which rows only name rows before them. Leases and kept answers are of the moment, and left out."""
_NUMBERED = ("strategies", "versions", "runs", "tokens")


def back_up(store: Store, folder: Path) -> dict[str, int]:
    """Copy a store into a new folder while others go on working with it; returns how much of what there is.

    Raises FileExistsError, other OSErrors, and StoreError where a file of the store is damaged.
    """
    folder.mkdir(parents=True)
    copies = ContentFiles(folder / "files")
    copies.create()
    with store.files.keeping(), store.database.read() as connection:
        with (folder / ROWS).open("w", encoding="utf-8") as lines:
            counts = {table: _write_rows(connection, table, lines) for table in _TABLES}
        written_by = revision(connection)
        names = _named(connection)
        for name in names:
            copies.put(store.files.read(name))
    sync_file(folder / ROWS)
    about = {"revision": written_by, "rows": counts, "rows_sha256": digest(folder / ROWS)[0], "files": names}
    content = json.dumps(about, indent=1).encode()
    for name, data in ((LIST, content), (SEAL, hashlib.sha256(content).hexdigest().encode())):
        (folder / name).write_bytes(data)
        sync_file(folder / name)
    sync_folder(folder)
    return counts | {"files": len(names)}


def backup_problems(folder: Path) -> list[str]:
    """Everything that is damaged or missing in a backup, a sentence each."""
    try:
        content = (folder / LIST).read_bytes()
        sealed = (folder / SEAL).read_bytes()
    except OSError as error:
        return [f"it is no backup, or not a whole one: {error}"]
    if hashlib.sha256(content).hexdigest().encode() != sealed:
        return [f"{LIST} is damaged, or {SEAL} is"]
    about = json.loads(content)
    problems = [] if _hash(folder / ROWS) == about["rows_sha256"] else [f"{ROWS} is damaged or missing"]
    copies = ContentFiles(folder / "files")
    return problems + [
        f"{copies.path(name)} is damaged or missing" for name in about["files"] if not _is_good(copies, name)
    ]


def store_problems(store: Store) -> list[str]:
    """Everything that is damaged or missing in a store, a sentence each."""
    with store.database.read() as connection:
        problems = []
        if store.database.is_sqlite:
            answers = connection.execute(text("PRAGMA integrity_check")).scalars().all()
            problems += [f"the database: {answer}" for answer in answers if answer != "ok"]
        names = _named(connection)
    return problems + [
        f"{store.files.path(name)} is damaged or missing" for name in names if not _is_good(store.files, name)
    ]


def restore(folder: Path, place: StorePlace) -> dict[str, int]:
    """Make an empty place the store that was backed up; returns how many rows of which table.

    Raises StoreError for a damaged backup, and for a place that is in use.
    """
    problems = backup_problems(folder)
    if problems:
        raise StoreError("BACKUP_DAMAGED", problems[0], str(folder), f"{counted(len(problems), 'problem')} in all")
    about = json.loads((folder / LIST).read_bytes())
    files = ContentFiles(place.folder / "files")
    if (place.folder / DATABASE_FILE).exists():
        raise StoreError("STORE_EXISTS", "there is a store already", str(place.folder), "name an empty folder")
    files.create()
    for name in about["files"]:
        files.put(ContentFiles(folder / "files").read(name))
    database = Database(sqlite_url(place.folder / DATABASE_FILE) if place.url is None else database_url(place.url))
    try:
        migrate(database, about["revision"])
        with database.write() as connection:
            _insert_rows(connection, folder / ROWS)
    finally:
        database.close()
    Store(place).close()
    counts: dict[str, int] = about["rows"]
    return counts


def _write_rows(connection: Connection, table: str, lines: Any) -> int:
    """The rows of a table as the database has them, so that no type can change anything."""
    result = connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - a table of ours
    names = list(result.keys())
    count = 0
    for row in result:
        lines.write(json.dumps([table, dict(zip(names, row, strict=True))]) + "\n")
        count += 1
    return count


def _insert_rows(connection: Connection, path: Path) -> None:
    if connection.execute(text("SELECT count(*) FROM strategies")).scalar():
        raise StoreError("STORE_EXISTS", "the database holds a store already", "", "name an empty database")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            table, row = json.loads(line)
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - sealed
    if connection.dialect.name == "postgresql":
        for table in (table for table in _NUMBERED if inspect(connection).has_table(table)):
            last = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"  # noqa: S608 - a table of ours
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last}, false)"))


def _named(connection: Connection) -> list[str]:
    """The content that versions, drafts and runs name."""
    places = (versions.c.archive, draft_files.c.content, run_files.c.content)
    return sorted({name for place in places for name in connection.execute(select(place).distinct()).scalars()})


def _is_good(files: ContentFiles, name: str) -> bool:
    try:
        files.check(name)
    except StoreError:
        return False
    return True


def _hash(path: Path) -> str | None:
    try:
        return digest(path)[0]
    except OSError:
        return None
