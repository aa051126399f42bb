"""Strategies in the database: a name that versions and a draft hang on."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from periscope.runs.store.clock import now
from periscope.runs.store.database import Database, insert_unless_there
from periscope.runs.store.tables import drafts, strategies, versions
from periscope.strategies.versions import is_name


@dataclass(frozen=True, slots=True)
class Strategy:
    """What there is of a strategy: the number of its newest version (None without one), and whether it has a draft.

    `created_at` in microseconds since 1970-01-01 UTC.
    """

    name: str
    created_at: int
    newest: int | None
    has_draft: bool


_NEWEST = select(func.max(versions.c.number)).where(versions.c.strategy_id == strategies.c.id).scalar_subquery()
_SELECT = select(
    strategies.c.name,
    strategies.c.created_at,
    _NEWEST.label("newest"),
    drafts.c.strategy_id.is_not(None).label("has_draft"),
).join(drafts, drafts.c.strategy_id == strategies.c.id, isouter=True)


class StrategyRows:
    """All strategies, whether published or only drafted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Strategy | None:
        """One strategy."""
        if not is_name(name):
            return None
        with self._database.read() as connection:
            found = connection.execute(_SELECT.where(strategies.c.name == name)).one_or_none()
        return None if found is None else _strategy(found)

    def page(self, *, after: str | None = None, limit: int = 100) -> list[Strategy]:
        """Strategies by name; `after` continues after the last name of a page."""
        wanted = _SELECT.order_by(strategies.c.name).limit(limit)
        if after is not None:
            wanted = wanted.where(strategies.c.name > after)
        with self._database.read() as connection:
            return [_strategy(row) for row in connection.execute(wanted)]


def strategy_id(connection: Connection, name: str) -> int:
    """The strategy's row, made where it is missing, and locked so that who adds to it does so one after the other."""
    wanted = select(strategies.c.id).where(strategies.c.name == name).with_for_update()
    while (found := connection.execute(wanted).scalar()) is None:  # again, where somebody removed it in between
        connection.execute(insert_unless_there(connection, strategies).values(name=name, created_at=now()))
    return int(found)


def remove_if_bare(connection: Connection, number: int) -> None:
    """Remove a strategy's locked row if neither versions nor a draft hang on it."""
    in_use = (
        select(versions.c.id)
        .where(versions.c.strategy_id == number)
        .union_all(select(drafts.c.strategy_id).where(drafts.c.strategy_id == number))
    )
    if connection.execute(in_use.limit(1)).first() is None:
        connection.execute(delete(strategies).where(strategies.c.id == number))


def _strategy(row: Row[*tuple[Any, ...]]) -> Strategy:
    return Strategy(row.name, row.created_at, row.newest, bool(row.has_draft))
