"""A store with a published strategy, and the real processes that work for it."""

import random
import time

from periscope.runs import managing
from periscope.runs.leases import lease_holder
from periscope.runs.processes import kill
from periscope.runs.publishing import publish
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.runs.store.version_rows import Version
from periscope.runs.supervise import ensure_supervisor
from periscope.runs.supervisor import LEASE_NAME
from periscope.runs.surroundings import Surroundings
from tests.runs.lab import Lab

WORKER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("1000000"), register()]

    async def on_bar(self, event):
        self.bars += 1
        for _ in range(300):
            self.bars += 0
        if self.bars % 40 == 0:
            return [order("BUY" if self.bars % 80 else "SELL", 1)]
        return []
"""
LONGEST_SECONDS = 120


class Desk:
    """A store with a published strategy, and the real processes that work for it."""

    def __init__(self, store: Store, lab: Lab, url: str | None) -> None:
        self.store = store
        self.surroundings = Surroundings(
            folder=str(store.place.folder.resolve()), catalog=str(lab.folder / "catalog"), url=url
        )
        published = publish(store, "worker", lab.bundle(WORKER))
        assert published.version is not None, published.problems
        self.version: Version = published.version
        window = {"start": "2024-01-22T09:30:00-05:00", "end": "2024-01-31T16:00:00-05:00"}
        run = managing.create(store, self.version, {"environment": window, "strategy": {}}, lab.catalog)
        assert isinstance(run, Run), run
        self.first = run.id

    def start_another(self) -> int:
        """A copy of the first run, started; returns its number once that is acknowledged."""
        copied = managing.copy(self.store, self.first)
        assert isinstance(copied, Run)
        started = managing.start(self.store, copied.id)
        assert isinstance(started, Run)
        return started.id

    def go_on(self) -> bool:
        """What any command does that sees active runs; returns whether that started a supervisor."""
        return ensure_supervisor(self.store, self.surroundings, at_once=2)

    def wait(self) -> None:
        """Until nothing is active."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while self.store.runs.active():
            self.go_on()
            time.sleep(0.1)
            assert time.monotonic() < deadline, [(run.id, run.status, run.reading) for run in self.store.runs.active()]

    def kill_supervisor(self) -> None:
        """kill -9."""
        holder = lease_holder(self.store.database, LEASE_NAME)
        if holder is not None:
            kill(holder)

    def kill_a_run(self, chance: random.Random) -> None:
        """kill -9 of the process of one active run."""
        processes = [run.process for run in self.store.runs.active() if run.process is not None]
        if processes:
            kill(chance.choice(processes))

    def end(self) -> None:
        """End all processes that are left."""
        for run in self.store.runs.active():
            managing.kill(self.store, run.id)
        self.kill_supervisor()
        for run in self.store.runs.page():
            if run.process is not None:
                kill(run.process)
