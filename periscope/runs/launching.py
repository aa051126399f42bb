"""The processes that run runs, as a supervisor starts and ends them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from periscope.runs.processes import is_alive, kill
from periscope.runs.surroundings import Surroundings

_WORK = re.compile(r"([1-9][0-9]*)\.([1-9][0-9]*)", re.ASCII)

_REMEMBERED = 100
"""How many ended processes are remembered, so that those which never began are noticed."""


def work_folder(store: Path, run: int, attempt: int) -> Path:
    """Where an attempt leaves its files until they are kept, and its process what it has to say."""
    return store / "work" / f"{run}.{attempt}"


class ProcessLauncher:
    """Starts each attempt as a process of its own, in a session of its own: it outlives the supervisor."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._store = Path(surroundings.folder)
        self._started: dict[tuple[int, int], subprocess.Popen[bytes]] = {}

    def launch(self, run: int, attempt: int) -> None:
        """Start a process for this attempt. Raises OSError."""
        self._reap()
        folder = work_folder(self._store, run, attempt)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "process.log").open("ab") as words:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "periscope.runs.run_process", str(run), str(attempt)],
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self._started[run, attempt] = process
        assert process.stdin is not None
        with process.stdin as channel:
            channel.write(self._surroundings.encode())

    def has_ended(self, run: int, attempt: int) -> bool:
        """Whether a process that this launcher started is over."""
        process = self._started.get((run, attempt))
        return process is not None and process.poll() is not None

    def abandon(self, run: int, attempt: int) -> None:
        """End a process that this launcher started, if it did."""
        process = self._started.get((run, attempt))
        if process is not None:
            process.kill()

    def is_alive(self, process: str) -> bool | None:
        """Whether a process, by its name, still runs; None where that can't be told."""
        self._reap()
        return is_alive(process)

    def kill(self, process: str) -> None:
        """End a process at once."""
        kill(process)

    def left_behind(self) -> set[tuple[int, int]]:
        """Runs and attempts that have a folder."""
        names = (_WORK.fullmatch(folder.name) for folder in (self._store / "work").glob("*.*"))
        return {(int(name[1]), int(name[2])) for name in names if name is not None}

    def clean(self, run: int, attempt: int) -> None:
        """Remove an attempt's folder."""
        shutil.rmtree(work_folder(self._store, run, attempt), ignore_errors=True)

    def _reap(self) -> None:
        """Take note of what has ended, so that no dead process stays in the system's table."""
        for process in self._started.values():
            process.poll()
        ended = [attempt for attempt, process in self._started.items() if process.returncode is not None]
        for attempt in ended[:-_REMEMBERED]:
            del self._started[attempt]
