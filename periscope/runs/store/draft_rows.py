"""Drafts in the database: which files a strategy that is being edited has, each by the name of its content."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, select, update

from periscope.runs.store.clock import now
from periscope.runs.store.database import Database
from periscope.runs.store.strategy_rows import remove_if_bare, strategy_id
from periscope.runs.store.tables import draft_files, drafts, strategies
from periscope.strategies.versions import is_name


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file of a draft. `content` names the stored file with its bytes, and is their SHA-256."""

    name: str
    content: str
    bytes: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A strategy's draft; times in microseconds since 1970-01-01 UTC.

    `based_on` is the version that it was started from, or was last published as.
    """

    strategy: str
    based_on: str | None
    created_at: int
    changed_at: int
    files: Mapping[str, DraftFile]

    @property
    def tag(self) -> str:
        """What stands for all that the draft holds: equal for two drafts exactly if their files are."""
        lines = (f"{file.content} {file.name}\n" for _, file in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


_SELECT = select(
    drafts.c.strategy_id, strategies.c.name, drafts.c.based_on, drafts.c.created_at, drafts.c.changed_at
).join(strategies, drafts.c.strategy_id == strategies.c.id)


class DraftRows:
    """The drafts of all strategies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, strategy: str, files: Sequence[DraftFile], based_on: str | None) -> Draft | None:
        """Give a strategy a draft; None, and nothing changed, where it has one."""
        with self._database.write() as connection:
            number = strategy_id(connection, strategy)
            if _drafts(connection, drafts.c.strategy_id == number):
                return None
            row = {"strategy_id": number, "based_on": based_on, "created_at": now(), "changed_at": now()}
            connection.execute(drafts.insert().values(**row))
            if files:
                connection.execute(draft_files.insert(), [_row(number, file) for file in files])
            return _drafts(connection, drafts.c.strategy_id == number)[0]

    def get(self, strategy: str) -> Draft | None:
        """A strategy's draft."""
        if not is_name(strategy):
            return None
        with self._database.read() as connection:
            found = _drafts(connection, strategies.c.name == strategy)
        return found[0] if found else None

    def page(self, *, after: str | None = None, limit: int = 100) -> list[Draft]:
        """Drafts by their strategies' names; `after` continues after the last name of a page."""
        with self._database.read() as connection:
            wanted = strategies.c.name > ("" if after is None else after)
            return _drafts(connection, wanted, limit)

    @contextmanager
    def editing(self, strategy: str) -> Iterator["Editing | None"]:
        """A strategy's draft, or None, which nobody else changes until the block ends.

        What the block did is kept if it ends well.
        """
        with self._database.write() as connection:
            wanted = select(strategies.c.id).where(strategies.c.name == strategy).with_for_update()
            number = connection.execute(wanted).scalar() if is_name(strategy) else None
            found = [] if number is None else _drafts(connection, drafts.c.strategy_id == number)
            yield Editing(connection, int(number or 0), found[0]) if found else None


class Editing:
    """One draft under its lock. `draft` is what it is within the transaction, so with what has been done so far."""

    def __init__(self, connection: Connection, number: int, draft: Draft) -> None:
        self._connection = connection
        self._number = number
        self.draft = draft

    def put(self, file: DraftFile) -> None:
        """Add a file, or replace the one of its name."""
        self._drop(file.name)
        self._connection.execute(draft_files.insert().values(**_row(self._number, file)))
        self._set(changed_at=file.changed_at)
        files = dict(sorted({**self.draft.files, file.name: file}.items()))
        self.draft = replace(self.draft, files=files, changed_at=file.changed_at)

    def remove(self, name: str) -> None:
        """Take a file out."""
        changed_at = now()
        self._drop(name)
        self._set(changed_at=changed_at)
        files = {each: file for each, file in self.draft.files.items() if each != name}
        self.draft = replace(self.draft, files=files, changed_at=changed_at)

    def base_on(self, version: str) -> None:
        """Note which version holds what the draft holds."""
        self._set(based_on=version)

    def delete(self) -> None:
        """Remove the draft with its files; and the strategy, if it never was published."""
        self._connection.execute(delete(draft_files).where(draft_files.c.strategy_id == self._number))
        self._connection.execute(delete(drafts).where(drafts.c.strategy_id == self._number))
        remove_if_bare(self._connection, self._number)

    def _drop(self, name: str) -> None:
        one = (draft_files.c.strategy_id == self._number) & (draft_files.c.name == name)
        self._connection.execute(delete(draft_files).where(one))

    def _set(self, **changes: int | str) -> None:
        self._connection.execute(update(drafts).where(drafts.c.strategy_id == self._number).values(**changes))


def new_file(name: str, content: str, size: int) -> DraftFile:
    """A file as it is now put into a draft."""
    return DraftFile(name, content, size, now())


def _row(number: int, file: DraftFile) -> dict[str, object]:
    return {
        "strategy_id": number,
        "name": file.name,
        "content": file.content,
        "bytes": file.bytes,
        "changed_at": file.changed_at,
    }


def _drafts(connection: Connection, wanted: object, limit: int = 1) -> list[Draft]:
    """Drafts by name with their files, in two queries however many there are."""
    rows = connection.execute(_SELECT.where(wanted).order_by(strategies.c.name).limit(limit)).all()  # type: ignore[arg-type]
    files: dict[int, dict[str, DraftFile]] = {row.strategy_id: {} for row in rows}
    of_these = draft_files.c.strategy_id.in_(files)
    for row in connection.execute(select(draft_files).where(of_these)) if files else ():
        files[row.strategy_id][row.name] = DraftFile(row.name, row.content, row.bytes, row.changed_at)
    return [
        Draft(row.name, row.based_on, row.created_at, row.changed_at, dict(sorted(files[row.strategy_id].items())))
        for row in rows
    ]
