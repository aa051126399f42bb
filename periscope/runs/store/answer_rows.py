"""Answers of the API that are kept for a while, so that a request that is sent again is not done again.

Who begins a request writes that down before doing anything. A row without an answer is being worked on, or its worker
died: then nobody can tell from the row whether the thing was done, and nobody does it a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select, update

from periscope.runs.processes import is_alive, own_process
from periscope.runs.store.clock import now
from periscope.runs.store.database import Database, insert_unless_there
from periscope.runs.store.tables import kept_answers

KEPT_HOURS = 24
MOST_KEPT = 10_000
"""How many answers are kept; beyond that the oldest go before their time."""
MOST_BODY = 1 << 20
_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given; `body` is None where it was too large, or too secret, to be kept."""

    status: int
    headers: dict[str, str]
    body: bytes | None


type Begun = KeptAnswer | Literal["begun", "other request", "in flight", "lost"]


class AnswerRows:
    """All kept answers. `caller` is the number of a token, 0 for none: keys of two callers have nothing to do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, caller: int, key: str, request: str) -> Begun:
        """Take a request up, unless it was before; `request` is a hash of all that it says."""
        mine = (kept_answers.c.caller == caller) & (kept_answers.c.key == key)
        row = {"caller": caller, "key": key, "request": request, "process": own_process(), "begun_at": now()}
        with self._database.write() as connection:
            connection.execute(delete(kept_answers).where(kept_answers.c.begun_at <= now() - KEPT_HOURS * _HOUR))
            wish = insert_unless_there(connection, kept_answers).values(**row).returning(kept_answers.c.key)
            if connection.execute(wish).first() is not None:
                oldest = select(kept_answers.c.begun_at).order_by(kept_answers.c.begun_at.desc()).offset(MOST_KEPT)
                last = connection.execute(oldest.limit(1)).scalar()
                if last is not None:
                    connection.execute(delete(kept_answers).where(kept_answers.c.begun_at <= last))
                return "begun"
            found = connection.execute(select(kept_answers).where(mine)).one_or_none()
        if found is None:  # dropped at this moment
            return "in flight"
        if found.request != request:
            return "other request"
        if found.status is not None:
            return KeptAnswer(found.status, dict(found.headers), found.body)
        return "lost" if is_alive(found.process) is False else "in flight"

    def finish(self, caller: int, key: str, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        """Keep the answer to a request that was taken up; of one without a body only that there was one."""
        mine = (kept_answers.c.caller == caller) & (kept_answers.c.key == key)
        kept = None if body is None or len(body) > MOST_BODY else body
        with self._database.write() as connection:
            values = {"status": status, "headers": dict(headers), "body": kept}
            connection.execute(update(kept_answers).where(mine).values(**values))

    def drop(self, caller: int, key: str) -> None:
        """Forget a request that was taken up and has done nothing."""
        mine = (kept_answers.c.caller == caller) & (kept_answers.c.key == key)
        with self._database.write() as connection:
            connection.execute(delete(kept_answers).where(mine))
