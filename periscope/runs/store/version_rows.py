"""Strategies and their versions in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from periscope.runs.store.clock import now
from periscope.runs.store.database import Database
from periscope.runs.store.strategy_rows import strategy_id
from periscope.runs.store.tables import strategies, versions
from periscope.strategies.versions import is_name


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable snapshot of a bundle.

    `hash` is that of the bundle's contents, `archive` the name of the stored file that holds them; `published_at` in
    microseconds since 1970-01-01 UTC. `warnings` are what the check said when it was published, as JSON.
    """

    id: int
    strategy: str
    number: int
    hash: str
    archive: str
    published_at: int
    warnings: Sequence[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.strategy}@{self.number}"


_COLUMNS = (
    versions.c.id,
    strategies.c.name.label("strategy"),
    versions.c.number,
    versions.c.hash,
    versions.c.archive,
    versions.c.published_at,
    versions.c.warnings,
)
_SELECT = select(*_COLUMNS).join(strategies, versions.c.strategy_id == strategies.c.id)

_MOST_VERSIONS = 1 << 31
"""PostgreSQL's integers end there."""


class VersionRows:
    """The versions of all strategies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, strategy: str, bundle_hash: str, archive: str, warnings: Sequence[dict[str, Any]]
    ) -> tuple[Version, bool]:
        """Number a bundle as the strategy's next version, or take the one with the same contents; and whether new."""
        with self._database.write() as connection:
            owner = strategy_id(connection, strategy)
            same = _SELECT.where(versions.c.strategy_id == owner, versions.c.hash == bundle_hash)
            found = connection.execute(same).one_or_none()
            is_new = found is None
            if found is None:
                highest = select(func.max(versions.c.number)).where(versions.c.strategy_id == owner)
                number = (connection.execute(highest).scalar() or 0) + 1
                row = {"strategy_id": owner, "number": number, "hash": bundle_hash, "archive": archive}
                row |= {"published_at": now(), "warnings": list(warnings)}
                connection.execute(versions.insert().values(**row))
                found = connection.execute(same).one()
            return _version(found), is_new

    def get(self, strategy: str, number: int | None = None) -> Version | None:
        """One version, the newest without a number."""
        if not is_name(strategy) or (number is not None and not 0 < number < _MOST_VERSIONS):
            return None
        wanted = _SELECT.where(strategies.c.name == strategy).order_by(versions.c.number.desc()).limit(1)
        if number is not None:
            wanted = wanted.where(versions.c.number == number)
        with self._database.read() as connection:
            found = connection.execute(wanted).one_or_none()
        return None if found is None else _version(found)

    def by_id(self, version_id: int) -> Version:
        """The version with that row number, which must be there."""
        with self._database.read() as connection:
            return _version(connection.execute(_SELECT.where(versions.c.id == version_id)).one())

    def page(self, strategy: str, *, before: int | None = None, limit: int = 100) -> list[Version]:
        """Versions of one strategy, the newest first; `before` continues after the last number of a page."""
        if not is_name(strategy):
            return []
        wanted = _SELECT.where(strategies.c.name == strategy).order_by(versions.c.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(versions.c.number < min(before, _MOST_VERSIONS - 1))
        with self._database.read() as connection:
            return [_version(row) for row in connection.execute(wanted)]

    def all(self, strategy: str | None = None) -> list[Version]:
        """Every version of one strategy or of all, by name, the newest first."""
        wanted = _SELECT.order_by(strategies.c.name, versions.c.number.desc())
        if strategy is not None:
            wanted = wanted.where(strategies.c.name == strategy)
        with self._database.read() as connection:
            return [_version(row) for row in connection.execute(wanted)]


def _version(row: Row[*tuple[Any, ...]]) -> Version:
    return Version(**row._mapping)
