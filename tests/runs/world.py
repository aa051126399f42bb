"""A world in which supervisors and the processes of runs are simulated, over a real store: time passes when told to.

What a process does to the database is done by the code that real processes use; only starting, dying and the clock are
played. A supervisor crashes in the middle of what it does by an exception at its next write, before or after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from periscope.runs.lifecycle import Move
from periscope.runs.store.database import Database
from periscope.runs.store.run_rows import AttemptRows, Ending, StoredFile
from periscope.runs.store.store import Store
from periscope.runs.supervisor import Supervisor


class CrashError(BaseException):
    """The supervisor was killed at this place."""


@dataclass(eq=False)
class FakeProcess:
    """The process of an attempt. One that is elsewhere can neither be looked at nor killed from here."""

    name: str
    run: int
    attempt: int
    rows: AttemptRows
    is_elsewhere: bool = False
    is_alive: bool = True
    has_begun: bool = False
    ended_run: bool = False

    def begin(self) -> None:
        """Say that it is there; one that comes too late ends."""
        self.has_begun = self.rows.begin(self.name)
        self.is_alive = self.has_begun

    def beat(self) -> None:
        """Give a sign of life, and do what the answer is."""
        asked = self.rows.beat({"attempt": self.attempt})
        if asked == "gone":
            self.is_alive = False
        elif asked == "stop":
            self.finish(Move.STOP)

    def finish(self, move: Move) -> None:
        """Hand in results and end."""
        files = [StoredFile("result.json", f"{self.attempt:064x}", self.attempt)]
        self.ended_run = self.rows.end(Ending(move, None, {"attempt": self.attempt}, files))
        self.is_alive = False


@dataclass
class World:
    """All processes that ever were, and the time."""

    store: Store
    elsewhere_every: int = 0
    """Every so many processes is one on another machine; 0 for none."""
    seconds: float = 0.0
    processes: list[FakeProcess] = field(default_factory=list)
    supervisors: set[str] = field(default_factory=set)
    born: int = 0

    def living(self) -> list[FakeProcess]:
        """The processes of runs that are alive."""
        return [process for process in self.processes if process.is_alive]

    def new_supervisor(self, at_once: int = 2, database: Database | None = None) -> "FakeSupervisor":
        """Another supervisor, with its own eyes on the same world."""
        self.born += 1
        name = f"supervisor {self.born}"
        self.supervisors.add(name)
        return FakeSupervisor(self, name, at_once)


class FakeLauncher:
    """Starts and ends processes of the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def launch(self, run: int, attempt: int) -> None:
        """Start one."""
        rows = AttemptRows(self._world.store.database, run, attempt)
        every = self._world.elsewhere_every
        elsewhere = bool(every) and len(self._world.processes) % every == every - 1
        self._world.processes.append(FakeProcess(f"process {run}.{attempt}", run, attempt, rows, elsewhere))

    def has_ended(self, run: int, attempt: int) -> bool:
        """Whether one is over."""
        return all(not each.is_alive for each in self._world.processes if (each.run, each.attempt) == (run, attempt))

    def abandon(self, run: int, attempt: int) -> None:
        """End one by its attempt."""
        for process in self._world.processes:
            if (process.run, process.attempt) == (run, attempt) and not process.is_elsewhere:
                process.is_alive = False

    def is_alive(self, process: str) -> bool | None:
        """Whether a process or a supervisor of the world lives."""
        if any(each.name == process and each.is_elsewhere for each in self._world.processes):
            return None
        return process in self._world.supervisors or any(each.name == process for each in self._world.living())

    def kill(self, process: str) -> None:
        """End one by its name."""
        for each in self._world.processes:
            if each.name == process and not each.is_elsewhere:
                each.is_alive = False

    def left_behind(self) -> set[tuple[int, int]]:
        """Attempts that left something."""
        return {(each.run, each.attempt) for each in self._world.processes}

    def clean(self, run: int, attempt: int) -> None:
        """Nothing is left in this world."""


class FakeSupervisor:
    """A real supervisor whose process can be killed at any of its writes."""

    def __init__(self, world: World, name: str, at_once: int) -> None:
        self.name = name
        self._world = world
        self._crash_at: int | None = None
        self._after = False
        database = _Crashing(world.store.database, self._written)
        view = Store.__new__(Store)
        view.place, view.files, view.versions = world.store.place, world.store.files, world.store.versions
        view.runs = world.store.runs
        view.database = database
        self.supervisor = Supervisor(
            view, FakeLauncher(world), holder=name, clock=lambda: world.seconds, at_once=at_once
        )

    def step(self, crash_at: int | None = None, *, after: bool = False) -> bool | None:
        """One step; None if it was killed at that write of it, before the commit or `after`."""
        self._crash_at, self._after = crash_at, after
        try:
            return self.supervisor.step()
        except CrashError:
            self.die()
            return None

    def die(self) -> None:
        """Its process is gone."""
        self._world.supervisors.discard(self.name)

    def _written(self, *, after: bool) -> None:
        if self._crash_at is not None and after == self._after:
            self._crash_at -= 1
            if self._crash_at < 0:
                raise CrashError


class _Crashing(Database):
    """A database over which a supervisor may die."""

    def __init__(self, real: Database, written: object) -> None:
        self._real = real
        self._written = written
        self.is_sqlite, self.engine, self.shown = real.is_sqlite, real.engine, real.shown

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The same, with a place to die before the commit and one after it."""
        with self._real.write() as connection:
            yield connection
            self._written(after=False)  # type: ignore[operator]
        self._written(after=True)  # type: ignore[operator]
