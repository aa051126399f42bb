"""Runs in the database: what they are, and every move of their status.

Each method is one transaction. Whoever runs a run names the attempt that it is; when another attempt has taken over,
its writes change nothing and it is told so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from periscope.runs.lifecycle import ACTIVE, Move, Status, next_status
from periscope.runs.store.clock import now
from periscope.runs.store.database import Database
from periscope.runs.store.tables import draft_files, run_files, run_issues, runs, strategies, versions
from periscope.strategies.versions import is_name


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the database has it; times in microseconds since 1970-01-01 UTC, `None` for what has not happened.

    `config` has the three sections as they were given. `asked` is what the operator wants of an active run, `reason`
    says in a word why it ended where that is not plain. `reading` is the latest progress, `summary` the result.
    """

    id: int
    version_id: int
    strategy: str
    number: int
    mode: str
    config: dict[str, Any]
    status: Status
    copied_from: int | None
    created_at: int
    queued_at: int | None
    started_at: int | None
    ended_at: int | None
    asked: str | None
    reason: str | None
    attempt: int
    lost: int
    process: str | None
    beat: int
    reading: dict[str, Any] | None
    summary: dict[str, Any] | None
    final_value: Decimal | None
    net_trading_cash: Decimal | None

    @property
    def version(self) -> str:
        """Strategy and number, as `moving_averages@3`."""
        return f"{self.strategy}@{self.number}"

    @property
    def is_active(self) -> bool:
        """Whether it was started and has not ended."""
        return self.status in ACTIVE


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a run's results: its name, and the content that it is."""

    name: str
    content: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, as its process hands it in: the move, the result in short, its files and its issues."""

    move: Move
    reason: str | None
    summary: dict[str, Any] | None
    files: Sequence[StoredFile] = ()
    issues: Sequence[dict[str, Any]] = ()
    final_value: Decimal | None = None
    net_trading_cash: Decimal | None = None


_MOST_RUNS = 1 << 31
"""PostgreSQL's integers end there."""


class RunNotFoundError(Exception):
    """There is no run of that number."""


_FIELDS = [column for column in runs.c if column.name != "status"]
_SELECT = (
    select(*_FIELDS, runs.c.status, strategies.c.name.label("strategy"), versions.c.number)
    .join(versions, runs.c.version_id == versions.c.id)
    .join(strategies, versions.c.strategy_id == strategies.c.id)
)
_FRESH: dict[str, Any] = {
    "queued_at": None,
    "started_at": None,
    "ended_at": None,
    "asked": None,
    "reason": None,
    "lost": 0,
    "process": None,
    "reading": None,
    "summary": None,
    "final_value": None,
    "net_trading_cash": None,
}
"""What a new run has not got, and a reset one has lost."""


class RunRows:
    """All runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, version_id: int, config: Mapping[str, Any], *, mode: str = "backtest", copied_from: int | None = None
    ) -> Run:
        """Add a new run."""
        row = {"version_id": version_id, "mode": mode, "config": dict(config), "status": Status.NEW.value}
        row |= {"copied_from": copied_from, "created_at": now(), "attempt": 0, "beat": 0, **_FRESH}
        with self._database.write() as connection:
            number = connection.execute(runs.insert().values(**row).returning(runs.c.id)).scalar_one()
            return _one(connection, number)

    def get(self, number: int) -> Run:
        """One run. Raises RunNotFoundError."""
        with self._database.read() as connection:
            return _one(connection, number)

    def page(
        self, *, status: Status | None = None, strategy: str | None = None, before: int | None = None, limit: int = 100
    ) -> list[Run]:
        """Runs, the newest first; `before` continues after the last run of a page."""
        wanted = _SELECT.order_by(runs.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(runs.c.status == status.value)
        if strategy is not None:
            if not is_name(strategy):
                return []
            wanted = wanted.where(strategies.c.name == strategy)
        if before is not None:
            wanted = wanted.where(runs.c.id < min(before, _MOST_RUNS - 1))
        return self._all(wanted)

    def counts(self) -> dict[Status, int]:
        """How many runs there are of each status that any has."""
        wanted = select(runs.c.status, func.count()).group_by(runs.c.status)
        with self._database.read() as connection:
            return {Status(status): int(count) for status, count in connection.execute(wanted)}

    def active(self) -> list[Run]:
        """Every run that was started and has not ended, in the order in which they were started."""
        wanted = _SELECT.where(runs.c.status.in_([status.value for status in ACTIVE]))
        return self._all(wanted.order_by(runs.c.queued_at, runs.c.id))

    def several(self, numbers: Collection[int]) -> list[Run]:
        """The runs of those numbers that there are."""
        return self._all(_SELECT.where(runs.c.id.in_(numbers)))

    def edit(self, number: int, config: Mapping[str, Any]) -> bool:
        """Replace the config of a new run; False, and nothing changed, where it is no longer new."""
        with self._database.write() as connection:
            _one(connection, number)
            is_new = (runs.c.id == number) & (runs.c.status == Status.NEW.value)
            return connection.execute(update(runs).where(is_new).values(config=dict(config))).rowcount == 1

    def start(self, number: int) -> Run:
        """Queue a new run."""
        return self._move(number, Move.START, queued_at=now())

    def ask(self, number: int, what: str) -> Run:
        """Note that an active run is to `stop` or to be `kill`ed; one that no process has begun on ends at once.

        A kill outdoes a stop, and is not taken back by one.
        """
        with self._database.write() as connection:
            run = _one(connection, number, locked=True)
            if run.process is None and run.is_active:
                _set(connection, run, Move.STOP, ended_at=now(), attempt=run.attempt + 1, reason=f"{what} by operator")
            else:
                next_status(run.status, Move.STOP)
                asked = "kill" if "kill" in (what, run.asked) else what
                connection.execute(update(runs).where(runs.c.id == number).values(asked=asked))
            return _one(connection, number)

    def reset(self, number: int) -> tuple[Run, set[str]]:
        """Put an ended run back to new and drop its results; returns it and the content that it named."""
        with self._database.write() as connection:
            run = _one(connection, number, locked=True)
            _set(connection, run, Move.RESET, **_FRESH)
            return _one(connection, number), _drop_results(connection, number)

    def delete(self, number: int) -> tuple[bool, set[str]]:
        """Remove a run that is not active; returns whether that was done, and the content that it named."""
        with self._database.write() as connection:
            run = _one(connection, number, locked=True)
            if run.is_active:
                return False, set()
            named = _drop_results(connection, number)
            connection.execute(delete(runs).where(runs.c.id == number))
            return True, named

    def files(self, number: int) -> list[StoredFile]:
        """The files of a run's results, by name."""
        wanted = select(run_files.c.name, run_files.c.content, run_files.c.bytes)
        with self._database.read() as connection:
            rows = connection.execute(wanted.where(run_files.c.run_id == number).order_by(run_files.c.name))
            return [StoredFile(*row) for row in rows]

    def issues(self, number: int) -> list[dict[str, Any]]:
        """The issues of a run that has ended, as they stand in its result."""
        wanted = select(run_issues.c.issue).where(run_issues.c.run_id == number).order_by(run_issues.c.position)
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def _all(self, wanted: Select[*tuple[Any, ...]]) -> list[Run]:
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(wanted)]

    def _move(self, number: int, move: Move, **changes: Any) -> Run:
        with self._database.write() as connection:
            _set(connection, _one(connection, number, locked=True), move, **changes)
            return _one(connection, number)


class AttemptRows:
    """What the process that runs a run writes. Every method says whether this attempt is still the one to act."""

    def __init__(self, database: Database, number: int, attempt: int) -> None:
        self._database = database
        self._number = number
        self._attempt = attempt

    def begin(self, process: str) -> bool:
        """This attempt's process is there."""
        return self._write(Move.BEGIN, process=process, started_at=now(), reading=None)

    def beat(self, reading: Mapping[str, Any] | None) -> str | None:
        """A sign of life with the latest progress; returns what the operator asks for, "gone" if not to go on."""
        mine = (runs.c.id == self._number) & (runs.c.attempt == self._attempt)
        changes: dict[str, Any] = {"beat": runs.c.beat + 1}
        if reading is not None:
            changes["reading"] = dict(reading)
        still = mine & (runs.c.status == Status.RUNNING.value)
        with self._database.write() as connection:
            beaten = update(runs).where(still).values(**changes).returning(runs.c.id, runs.c.asked)
            row = connection.execute(beaten).one_or_none()
        if row is None:
            return "gone"
        asked: str | None = row.asked
        return asked

    def end(self, ending: Ending) -> bool:
        """Keep the results and end the run, both or neither."""
        return self._write(
            ending.move,
            ending,
            reason=ending.reason,
            ended_at=now(),
            summary=ending.summary,
            final_value=ending.final_value,
            net_trading_cash=ending.net_trading_cash,
        )

    def _write(self, move: Move, ending: Ending | None = None, **changes: Any) -> bool:
        with self._database.write() as connection:
            try:
                run = _one(connection, self._number, locked=True)
            except RunNotFoundError:
                return False
            if run.attempt != self._attempt or not run.is_active:
                return False
            _set(connection, run, move, **changes)
            if ending is not None:
                _keep_results(connection, self._number, ending)
            return True


def content_is_named(database: Database, name: str) -> bool:
    """Whether any run, version or draft names this content."""
    places = (run_files.c.content, versions.c.archive, draft_files.c.content)
    with database.read() as connection:
        return any(connection.execute(select(place).where(place == name).limit(1)).first() for place in places)


def has_active_runs(connection: Connection) -> bool:
    """Whether any run was started and has not ended."""
    wanted = select(runs.c.id).where(runs.c.status.in_([status.value for status in ACTIVE])).limit(1)
    return connection.execute(wanted).first() is not None


def keep_issue(connection: Connection, number: int, issue: dict[str, Any]) -> None:
    """Keep the only issue of a run that ended without a result."""
    _keep_results(connection, number, Ending(Move.FAIL, None, None, issues=[issue]))


def locked_run(connection: Connection, number: int) -> Run:
    """One run, which nobody else changes until the transaction ends. Raises RunNotFoundError."""
    return _one(connection, number, locked=True)


def move_run(connection: Connection, run: Run, move: Move, **changes: Any) -> None:
    """Make a move of a run that was read under its lock; raises IllegalMoveError for a move that is none."""
    _set(connection, run, move, **changes)


def _one(connection: Connection, number: int, *, locked: bool = False) -> Run:
    if not 0 < number < _MOST_RUNS:
        raise RunNotFoundError(number)
    wanted = _SELECT.where(runs.c.id == number)
    found = connection.execute(wanted.with_for_update(of=runs) if locked else wanted).one_or_none()
    if found is None:
        raise RunNotFoundError(number)
    return _run(found)


def _run(row: Row[*tuple[Any, ...]]) -> Run:
    return Run(**{**row._mapping, "status": Status(row.status)})


def _set(connection: Connection, run: Run, move: Move, **changes: Any) -> None:
    status = next_status(run.status, move)
    connection.execute(update(runs).where(runs.c.id == run.id).values(status=status.value, **changes))


def _keep_results(connection: Connection, number: int, ending: Ending) -> None:
    files = [
        {"run_id": number, "name": each.name, "content": each.content, "bytes": each.bytes} for each in ending.files
    ]
    issues = [
        {"run_id": number, "position": position, "code": issue["code"], "issue": issue}
        for position, issue in enumerate(ending.issues)
    ]
    if files:
        connection.execute(run_files.insert(), files)
    if issues:
        connection.execute(run_issues.insert(), issues)


def _drop_results(connection: Connection, number: int) -> set[str]:
    named = set(connection.execute(select(run_files.c.content).where(run_files.c.run_id == number)).scalars())
    connection.execute(delete(run_files).where(run_files.c.run_id == number))
    connection.execute(delete(run_issues).where(run_issues.c.run_id == number))
    return named
