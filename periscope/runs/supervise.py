"""The supervisor's process: `python -m periscope.runs.supervise`, started where runs wait and none is there."""

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from periscope.runs.launching import ProcessLauncher
from periscope.runs.leases import lease_holder
from periscope.runs.processes import is_alive, is_stopped, own_process
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.store import Store
from periscope.runs.supervisor import LEASE_NAME, Supervisor
from periscope.runs.surroundings import Surroundings, read_surroundings

STEP_SECONDS = 0.2
IDLE_SECONDS = 5.0
"""A supervisor that was started for some runs stays this long after the last one has ended."""

_BEGIN_SECONDS = 10.0
"""How long a supervisor that was just started may take until it holds the lease."""
_started: dict[str, tuple[subprocess.Popen[bytes], float]] = {}
"""By the store's folder, the supervisor that this process started last, and when."""

log = logging.getLogger(__name__)


def supervise(surroundings: Surroundings, *, over: threading.Event, until_idle: bool, at_once: int) -> None:
    """Be the supervisor, or wait until one is needed, until `over` is set; with `until_idle` until all runs ended.

    What the database or the disk refuses is tried again, since a full disk has space again one day.
    """
    with Store(surroundings.store) as store:
        launcher = ProcessLauncher(surroundings)
        supervisor = Supervisor(store, launcher, holder=own_process(), clock=time.monotonic, at_once=at_once)
        last_active = time.monotonic()
        while not over.wait(STEP_SECONDS):
            if store.is_gone:
                log.warning("the store was removed")
                return
            try:
                acts = supervisor.step()
                if supervisor.is_busy or not acts:
                    last_active = time.monotonic()
                elif until_idle and time.monotonic() - last_active > IDLE_SECONDS and supervisor.leave_if_idle():
                    return
                if until_idle and not acts and not is_needed(store):
                    return
            except (StoreError, OSError) as error:
                log.warning("trying again: %s", error)
                over.wait(1)
        supervisor.leave()


def is_needed(store: Store) -> bool:
    """Whether runs are active and nobody looks after them, as far as can be told from here."""
    holder = lease_holder(store.database, LEASE_NAME)
    if holder is not None and is_alive(holder) and not is_stopped(holder):
        return False
    return bool(store.runs.active())


def ensure_supervisor(store: Store, surroundings: Surroundings, *, at_once: int | None = None) -> bool:
    """Start a supervisor if runs wait for one; returns whether one was started. It outlives this process.

    May be called again and again: one that this process has started is given time to begin.
    """
    if not is_needed(store) or _is_beginning(surroundings.folder):
        return False
    command = [sys.executable, "-P", "-m", "periscope.runs.supervise", "--until-idle"]
    if at_once is not None:
        command += ["--at-once", str(at_once)]
    with (Path(surroundings.folder) / "supervisor.log").open("ab") as words:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=words, stderr=words, cwd="/", start_new_session=True
        )
    assert process.stdin is not None
    with process.stdin as channel:
        channel.write(surroundings.encode())
    _started[surroundings.folder] = process, time.monotonic()
    return True


def _is_beginning(folder: str) -> bool:
    process, since = _started.get(folder, (None, 0.0))
    return process is not None and process.poll() is None and time.monotonic() - since < _BEGIN_SECONDS


def main() -> int:
    """Supervise the store that standard input names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--until-idle", action="store_true")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    surroundings = read_surroundings(sys.stdin.buffer.read())
    supervise(surroundings, over=over, until_idle=options.until_idle, at_once=options.at_once)
    return 0


if __name__ == "__main__":
    sys.exit(main())
