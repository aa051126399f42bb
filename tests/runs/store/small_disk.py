"""A real disk that is full: a file system of its own in memory, whose size is changed under a store at work.

Run as `python -m tests.runs.store.small_disk FOLDER STEP PAGES...`, in namespaces of its own (`unshare -rm`). It gives
the store 0, 1, 2… pages to write to, by steps, until it needs no more, and then each of PAGES to a backtest that runs.
"""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from periscope.runs import managing
from periscope.runs.lifecycle import Status
from periscope.runs.publishing import publish
from periscope.runs.run_process import run_attempt
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store, StorePlace
from periscope.runs.surroundings import Surroundings
from tests.runs.lab import AAA, SCHEMA, Lab, walk
from tests.runs.store.test_failing_disk import STRATEGY, look, publish_and_run

PAGE = 4096
ROOMY = 64 << 20
FULL_SECONDS = 2.5
TRADER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("1000000"), register()]

    async def on_bar(self, event):
        self.bars += 1
        print("bar", self.bars, "x" * 1_000)
        return [order("BUY" if self.bars % 2 else "SELL", 1)]
"""


def resize(disk: Path, size: int) -> None:
    """Make the disk that large, in bytes."""
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def used(disk: Path) -> int:
    """Bytes that are taken."""
    words = subprocess.run(["df", "--output=used", "-B1", disk], check=True, capture_output=True, text=True).stdout
    return int(words.split()[-1])


def every_page(disk: Path, bundle: Path, step: int) -> int:
    """Let the store run out of space at every `step`-th page; returns how many pages it needs."""
    for pages in range(0, 1_000, step):
        resize(disk, ROOMY)
        with Store(StorePlace(disk / f"store{pages}")) as store:
            acknowledged: list[str] = []
            resize(disk, used(disk) + pages * PAGE)
            with suppress(OSError, StoreError):
                publish_and_run(store, bundle, store.place.folder, acknowledged)
            full = "ended" not in acknowledged
            resize(disk, ROOMY)
            look(store, acknowledged)
            publish_and_run(store, bundle, store.place.folder, acknowledged)
            look(store, ["published", "ended"])
        subprocess.run(["rm", "-r", disk / f"store{pages}"], check=True)
        if not full:
            return pages
    raise AssertionError("there is no end of pages")


def backtest_on_a_full_disk(disk: Path, lab: Lab, size: int) -> None:
    """A whole run: while it is at work the disk has no space beyond `size`; later it has, and the run ends."""
    resize(disk, ROOMY)
    place = StorePlace(disk / "store")
    surroundings = Surroundings(folder=str(place.folder), catalog=str(lab.folder / "catalog"))
    with Store(place) as store:
        version = publish(store, "trader", lab.bundle(TRADER)).version
        assert version is not None
        window = {"start": "2024-01-22T09:30:00-05:00", "end": "2024-01-31T16:00:00-05:00"}
        made = managing.create(store, version, {"environment": window, "strategy": {}}, lab.catalog)
        assert isinstance(made, Run), made
        hashes = []
        for number in (made.id, _copied(store, made.id)):
            started = managing.start(store, number)
            assert isinstance(started, Run)
            if number != made.id:
                resize(disk, used(disk) + size)
                threading.Timer(FULL_SECONDS, resize, (disk, ROOMY)).start()
            before = time.monotonic()
            _attempt(store, number, started.attempt, surroundings)
            if number != made.id:
                assert time.monotonic() - before > FULL_SECONDS, "there was space after all"
            run = store.runs.get(number)
            assert (run.status, run.lost) == (Status.COMPLETE, 0), (run.status, run.reason, run.summary)
            assert run.summary is not None
            hashes.append(run.summary["hash"])
            for file in store.runs.files(number):
                store.files.check(file.content)
        assert hashes[0] == hashes[1]
    subprocess.run(["rm", "-r", place.folder], check=True)


def _attempt(store: Store, number: int, attempt: int, surroundings: Surroundings) -> None:
    """What a supervisor does: a process that can't begin is started again."""
    while True:
        try:
            assert run_attempt(store, number, attempt, surroundings)
        except StoreError as error:
            assert error.code == "STORE_UNAVAILABLE", error
            time.sleep(0.5)
        else:
            return


def _copied(store: Store, number: int) -> int:
    copied = managing.copy(store, number)
    assert isinstance(copied, Run)
    return copied.id


def main() -> None:
    """Do all of it."""
    folder, step, sizes = Path(sys.argv[1]), int(sys.argv[2]), [int(pages) * PAGE for pages in sys.argv[3:]]
    disk, bundle = folder / "disk", folder / "bundle"
    disk.mkdir()
    bundle.mkdir()
    (bundle / "strategy.py").write_text(STRATEGY)
    (bundle / "config_schema.json").write_text(SCHEMA)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "small", disk], check=True)
    print("pages", every_page(disk, bundle, step))
    lab = Lab(folder).add(AAA, minute=walk("2024-01-22 09:30", 3_000))
    for size in sizes:
        backtest_on_a_full_disk(disk, lab, size)
        print("a run on a disk with", size, "bytes")


if __name__ == "__main__":
    main()
