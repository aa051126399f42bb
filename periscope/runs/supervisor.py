"""Starts runs as processes of their own, looks after them, and brings every one to a true end.

All that it decides stands in the database before it acts on it, under a lease that one supervisor holds: so it may be
killed between any two lines, and the next one goes on. What it remembers besides only saves it from waiting.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, update

from periscope.runs.issues import IssueLog
from periscope.runs.leases import FencedError, Lease
from periscope.runs.lifecycle import Move
from periscope.runs.store.clock import now
from periscope.runs.store.run_rows import Run, RunNotFoundError, has_active_runs, keep_issue, locked_run, move_run
from periscope.runs.store.store import Store
from periscope.runs.store.tables import runs

LEASE_NAME = "supervisor"
LEASE_SECONDS = 10.0
"""How long a supervisor may give no sign of life before another one takes over."""
SILENCE_SECONDS = 30.0
"""The same for the process of a run, which gives a sign of life every second."""
MOST_LOST = 3
"""A run whose process vanished this often is not started again."""

log = logging.getLogger(__name__)


class Launcher(Protocol):
    """What starts and ends the processes of runs."""

    def launch(self, run: int, attempt: int) -> None:
        """Start a process for this attempt of a run. Raises OSError where that can't be done now."""

    def has_ended(self, run: int, attempt: int) -> bool:
        """Whether a process that this launcher started is over."""

    def is_alive(self, process: str) -> bool | None:
        """Whether a process, by its name, still runs; None where that can't be told."""

    def kill(self, process: str) -> None:
        """End a process at once."""

    def abandon(self, run: int, attempt: int) -> None:
        """End a process that this launcher started, if it did."""

    def left_behind(self) -> set[tuple[int, int]]:
        """Runs and attempts that files are lying around of."""

    def clean(self, run: int, attempt: int) -> None:
        """Remove the files of an attempt."""


@dataclass(slots=True)
class _Watch:
    """What the supervisor last saw of an attempt, and when by its steady clock."""

    attempt: int
    beat: int
    since: float


class Supervisor:
    """One supervisor. Call `step` again and again; between two calls nothing is held but the lease."""

    def __init__(
        self, store: Store, launcher: Launcher, *, holder: str, clock: Callable[[], float], at_once: int
    ) -> None:
        """`holder` is this process's name, `clock` gives steady seconds, `at_once` runs may be active together."""
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._at_once = at_once
        self._watched: dict[int, _Watch] = {}
        self._launched: dict[int, _Watch] = {}
        self._cleaned: set[tuple[int, int]] | None = None
        self.is_busy = False
        self.lease = Lease(
            store.database,
            LEASE_NAME,
            holder,
            is_alive=launcher.is_alive,
            clock=clock,
            seconds=LEASE_SECONDS,
        )

    def step(self) -> bool:
        """Look after every active run once; returns whether this supervisor is the one that acts."""
        try:
            return self.lease.renew() and self._act()
        except FencedError:
            log.warning("another supervisor has taken over")
            return False

    def leave_if_idle(self) -> bool:
        """Give the lease back if no run is active: then whoever starts one sees that a supervisor is needed."""
        try:
            with self.lease.fenced() as connection:
                if has_active_runs(connection):
                    return False
                self.lease.release(connection)
        except FencedError:
            pass
        return True

    def leave(self) -> None:
        """Give the lease back; runs go on by themselves, and what is queued waits."""
        try:
            with self.lease.fenced() as connection:
                self.lease.release(connection)
        except FencedError:
            pass

    def _act(self) -> bool:
        active = self._store.runs.active()
        self.is_busy = bool(active)
        self._forget_others({run.id for run in active})
        busy = 0
        for run in active:
            busy += self._look_after(run)
        for run in active:
            if busy >= self._at_once:
                break
            if run.process is None and run.id not in self._launched:
                busy += self._launch(run)
        self._clean(active)
        return True

    def _look_after(self, run: Run) -> bool:
        """Do what a run needs, but starting; returns whether it takes one of the places."""
        if run.process is None:
            return self._await_claim(run)
        self._launched.pop(run.id, None)
        if run.asked == "kill":
            self._end(run, "killed by operator")
            return False
        alive = self._launcher.is_alive(run.process)
        if alive is False:
            self._lose(run, "its process ended without a word")
            return False
        if self._is_silent(run):
            self._lose(run, f"its process gave no sign of life for {SILENCE_SECONDS:g} seconds")
            return False
        return True

    def _await_claim(self, run: Run) -> bool:
        """A process was started, but has not yet said that it is there."""
        launched = self._launched.get(run.id)
        if launched is None or launched.attempt != run.attempt:
            self._launched.pop(run.id, None)
            return False
        ended = self._launcher.has_ended(run.id, run.attempt)
        if ended or self._clock() - launched.since > SILENCE_SECONDS:
            del self._launched[run.id]
            self._lose(run, "its process ended before it began" if ended else "its process never began")
            self._launcher.abandon(run.id, run.attempt)
            return False
        return True

    def _is_silent(self, run: Run) -> bool:
        seen = self._watched.get(run.id)
        if seen is None or (seen.attempt, seen.beat) != (run.attempt, run.beat):
            self._watched[run.id] = _Watch(run.attempt, run.beat, self._clock())
            return False
        return self._clock() - seen.since > SILENCE_SECONDS

    def _launch(self, run: Run) -> bool:
        with self.lease.fenced() as connection:
            fresh = _same(connection, run)
            if fresh is None:
                return False
            attempt = run.attempt + 1
            connection.execute(update(runs).where(runs.c.id == run.id).values(attempt=attempt))
        try:
            self._launcher.launch(run.id, attempt)
        except OSError as error:
            log.warning("run %d could not be started now: %s", run.id, error)
            return False
        log.info("run %d: attempt %d started", run.id, attempt)
        self._launched[run.id] = _Watch(attempt, 0, self._clock())
        return True

    def _end(self, run: Run, reason: str) -> None:
        with self.lease.fenced() as connection:
            if _same(connection, run) is None:
                return
            move_run(connection, run, Move.STOP, reason=reason, ended_at=now(), attempt=run.attempt + 1)
        log.info("run %d: %s", run.id, reason)
        self._kill(run)

    def _lose(self, run: Run, why: str) -> None:
        """The process of this attempt is gone, or as good as gone: try again, unless that is pointless or unwanted."""
        lost = run.lost + 1
        attempt = run.attempt + 1
        with self.lease.fenced() as connection:
            fresh = _same(connection, run)
            if fresh is None:
                return
            if fresh.asked is not None:
                reason = f"{fresh.asked} by operator"
                move_run(connection, run, Move.STOP, reason=reason, ended_at=now(), attempt=attempt, lost=lost)
            elif lost >= MOST_LOST:
                reason = f"{why}; that was attempt {lost} of {MOST_LOST}"
                move_run(connection, run, Move.FAIL, reason=reason, ended_at=now(), attempt=attempt, lost=lost)
                keep_issue(connection, run.id, _lost_issue(reason))
            else:
                again = {"process": None, "attempt": attempt, "lost": lost, "reading": None}
                connection.execute(update(runs).where(runs.c.id == run.id).values(**again))
        log.warning("run %d, attempt %d: %s", run.id, run.attempt, why)
        self._kill(run)

    def _kill(self, run: Run) -> None:
        """End the process of an attempt that may no longer write."""
        if run.process is not None:
            self._launcher.kill(run.process)

    def _forget_others(self, active: set[int]) -> None:
        for remembered in (self._watched, self._launched):
            for number in remembered.keys() - active:
                del remembered[number]

    def _clean(self, active: list[Run]) -> None:
        """Remove what ended attempts left. What is active is read after what lies there, so nothing new is removed."""
        seen = {(run.id, run.attempt) for run in active}
        if seen != self._cleaned:
            left = self._launcher.left_behind()
            for run, attempt in sorted(left - {(run.id, run.attempt) for run in self._store.runs.active()}):
                self._launcher.clean(run, attempt)
            self._cleaned = seen


def _lost_issue(reason: str) -> dict[str, Any]:
    issues = IssueLog()
    issues.add("RUN_PROCESS_LOST", None, reason)
    return issues.to_json()[0]


def _same(connection: Connection, run: Run) -> Run | None:
    """The run as it is now, locked; None where it is no longer what was looked at."""
    try:
        fresh = locked_run(connection, run.id)
    except RunNotFoundError:
        return None
    unchanged = fresh.is_active and (fresh.attempt, fresh.process) == (run.attempt, run.process)
    return fresh if unchanged else None
