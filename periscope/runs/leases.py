"""Who may act as the supervisor: one holder at a time, each with a token higher than the one before.

No clock is compared: a holder is given up only when its process is gone, or when whoever waits has seen no sign of
life from it for the whole of a lease by the waiter's own steady clock. A holder that was merely stopped finds, when it
goes on, that its token is an old one, and none of its writes happens.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, update

from periscope.runs.store.database import Database, lock_all
from periscope.runs.store.tables import leases

_ONE_AT_A_TIME = 0x70657269_6C656173
"""The number of PostgreSQL's lock under which a lease changes hands."""

_SIGNS_EVERY = 0.2
"""How much of a lease may pass between two signs of life."""


class FencedError(Exception):
    """Somebody else holds the lease now. Nothing was written."""


class Lease:
    """One process's wish to hold the lease of a name.

    `holder` is the name of the process, `is_alive` says whether a process runs (None: can't be told), `clock` gives
    steady seconds.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        holder: str,
        *,
        is_alive: Callable[[str], bool | None],
        clock: Callable[[], float],
        seconds: float,
    ) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._is_alive = is_alive
        self._clock = clock
        self._seconds = seconds
        self._token: int | None = None
        self._renewed = 0.0
        self._seen: tuple[int, int, float] | None = None

    def renew(self) -> bool:
        """Give a sign of life from time to time, or take the lease where it is free; returns whether it is held."""
        if self._token is None:
            return self._take()
        if self._clock() - self._renewed < self._seconds * _SIGNS_EVERY:
            return True
        try:
            with self.fenced():
                return True
        except FencedError:
            return False

    @contextmanager
    def fenced(self) -> Iterator[Connection]:
        """A transaction that happens only if the lease is still held. Raises FencedError before anything is written."""
        with self._database.write() as connection:
            mine = (leases.c.name == self._name) & (leases.c.token == self._token)
            beat = update(leases).where(mine).values(beat=leases.c.beat + 1)
            if self._token is None or not connection.execute(beat).rowcount:
                self._token = None
                raise FencedError(self._name)
            yield connection
        self._renewed = self._clock()

    def release(self, connection: Connection) -> None:
        """Give the lease back, in a transaction of `fenced`."""
        connection.execute(update(leases).where(leases.c.name == self._name).values(holder=None))
        self._token = None

    def _take(self) -> bool:
        """Take the lease if nobody has it; who had it before writes in full before this, or never again."""
        with self._database.write() as connection:
            lock_all(connection, _ONE_AT_A_TIME)
            wanted = select(leases).where(leases.c.name == self._name).with_for_update()
            row = connection.execute(wanted).one_or_none()
            if row is not None and not self._is_free(row.holder, row.token, row.beat):
                return False
            token = 1 if row is None else row.token + 1
            values = {"name": self._name, "holder": self._holder, "token": token, "beat": 0}
            if row is None:
                connection.execute(leases.insert().values(**values))
            else:
                connection.execute(update(leases).where(leases.c.name == self._name).values(**values))
        self._token = token
        self._renewed = self._clock()
        return True

    def _is_free(self, holder: str | None, token: int, beat: int) -> bool:
        if holder is None or self._is_alive(holder) is False:
            return True
        now = self._clock()
        if self._seen is None or self._seen[:2] != (token, beat):
            self._seen = (token, beat, now)
        return now - self._seen[2] >= self._seconds


def lease_holder(database: Database, name: str) -> str | None:
    """The process that holds a lease, as far as the database knows."""
    with database.read() as connection:
        holder: str | None = connection.execute(select(leases.c.holder).where(leases.c.name == name)).scalar()
    return holder
