"""publish, run, kill -9 at random moments, go on: every run reaches a true end, and nothing acknowledged is lost."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from periscope.runs import managing
from periscope.runs.leases import lease_holder
from periscope.runs.lifecycle import ENDED, Status
from periscope.runs.processes import is_alive
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import DATABASE_FILE, Store
from periscope.runs.supervisor import LEASE_NAME, MOST_LOST
from tests.databases import KINDS, store_place
from tests.runs.desk import LONGEST_SECONDS, Desk
from tests.runs.lab import AAA, Lab, walk


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    lab = Lab(tmp_path).add(AAA, minute=walk("2024-01-22 09:30", 9_000))
    with store_place(request.param, tmp_path / "store") as place, Store(place) as store:
        made = Desk(store, lab, place.url)
        try:
            yield made
        finally:
            made.end()


def test_nothing_is_lost_by_kills_at_random_moments(desk: Desk, cases: Callable[..., int]) -> None:
    managing.start(desk.store, desk.first)
    desk.go_on()
    desk.wait()
    reference = desk.store.runs.get(desk.first)
    assert reference.status is Status.COMPLETE
    seen: dict[int, Run] = {}
    acknowledged = [desk.first]
    for number in range(cases(2, 100, 1_000)):
        chance = random.Random(number)
        while len(desk.store.runs.active()) < 2:
            acknowledged.append(desk.start_another())
        desk.go_on()
        time.sleep(chance.uniform(0, cases(1, 2.5)))
        what = chance.randrange(3)
        if what != 0:
            desk.kill_supervisor()
        if what != 1:
            desk.kill_a_run(chance)
        for run in desk.store.runs.page(limit=1_000):
            if run.status in ENDED:
                assert seen.setdefault(run.id, run) == run, "what has ended has ended"
    desk.wait()
    for number in acknowledged:
        run = desk.store.runs.get(number)
        assert run.summary is not None or run.lost == MOST_LOST, run
        if run.summary is None:
            assert [issue["code"] for issue in desk.store.runs.issues(number)] == ["RUN_PROCESS_LOST"]
            continue
        assert reference.summary is not None
        assert (run.status, run.summary["hash"]) == (Status.COMPLETE, reference.summary["hash"])
        for file in desk.store.runs.files(number):
            desk.store.files.check(file.content)
    assert desk.store.versions.get("worker", 1) == desk.version


def _stop(desk: Desk, pid: int) -> None:
    """SIGSTOP, but not while it holds SQLite's one lock for writing: then nobody could write, by nobody's fault."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        if not desk.store.database.is_sqlite:
            return
        with closing(sqlite3.connect(desk.store.place.folder / DATABASE_FILE, timeout=0.2)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)


@pytest.mark.full
def test_a_supervisor_that_is_stopped_past_its_lease_does_no_harm(desk: Desk) -> None:
    """With real processes: SIGSTOP one, let another take over, SIGCONT the first."""
    number = desk.start_another()
    desk.go_on()
    deadline = time.monotonic() + LONGEST_SECONDS
    while (holder := lease_holder(desk.store.database, LEASE_NAME)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert holder is not None
    pid = int(holder.split(":")[2])
    try:
        _stop(desk, pid)
        assert is_alive(holder)
        others = [desk.start_another() for _ in range(2)]

        desk.wait()
    finally:
        os.kill(pid, signal.SIGCONT)
    for run in (number, *others):
        assert desk.store.runs.get(run).status is Status.COMPLETE
