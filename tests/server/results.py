"""Runs with real results for the tests of what can be read of them."""

import shutil
from typing import Any

from periscope.runs import managing
from periscope.runs.launching import work_folder
from periscope.runs.publishing import publish
from periscope.runs.run_process import run_attempt
from periscope.runs.store.run_rows import Run
from tests.server.serving import CONFIG, Served

TALKER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        print("begun")
        return [register(), cash("10000"), order("SELL_TO_CLOSE", 1)]

    async def on_bar(self, event):
        self.bars += 1
        if self.bars % 7 == 0:
            print("bar", self.bars)
        if self.bars % 20 == 0:
            return [order("BUY" if self.bars % 40 else "SELL", 1)]
        return [limit("BUY", 1, "1.00")] if self.bars == 5 else []
"""
FAILS = TALKER.replace("self.bars += 1", "self.bars += 1\n        assert self.bars < 50, 'this far'")


def finished_run(served: Served, source: str = TALKER, name: str = "talker", core: dict[str, Any] | None = None) -> Run:
    """A run that has ended, with all that a run leaves, made in this process."""
    published = publish(served.store, name, served.lab.bundle(source))
    assert published.version is not None, published.problems
    run = managing.create(served.store, published.version, CONFIG | {"core": core or {}}, served.lab.catalog)
    assert isinstance(run, Run), run
    return finish(served, run)


def finish(served: Served, run: Run) -> Run:
    """Start a new run, and run it to its end in this process."""
    assert isinstance(managing.start(served.store, run.id), Run)
    folder = work_folder(served.store.place.folder, run.id, run.attempt)
    folder.mkdir(parents=True)
    assert run_attempt(served.store, run.id, run.attempt, served.context.surroundings)
    shutil.rmtree(folder)
    return served.store.runs.get(run.id)
