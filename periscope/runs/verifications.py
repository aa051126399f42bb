"""Verifications of kept runs, each by a process of its own, and what came of them.

They lie beside the store's files: `verifications/RUN/NUMBER.json`. The process of one holds the lock of its run's
folder until it ends, however it ends, so at most one is under way for a run, and one that vanished is known to have.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from periscope.instruments.times import time_text
from periscope.market.durable import exclusive, replace_file
from periscope.runs.evidence import STRATEGY
from periscope.runs.journal import BARS, JOURNAL
from periscope.runs.lifecycle import ENDED
from periscope.runs.result_file import RESULT
from periscope.runs.store.clock import now
from periscope.runs.store.refusals import Refused
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.runs.surroundings import Surroundings

MOST_AT_ONCE = 2
"""How many may be under way in a store: each is a backtest of its own."""
MOST_KEPT = 20
"""How many are kept of a run."""
_LOCK = ".lock"
_LOST = {"code": "VERIFICATION_LOST", "message": "its process ended before it was done"}


def start_verification(store: Store, surroundings: Surroundings, run: Run, *, strict: bool) -> dict[str, Any] | Refused:
    """Begin to run an ended run again and to compare; returns the document of the verification."""
    refused = _verifiable(store, run)
    if refused is not None:
        return refused
    place = _folder(store, run)
    place.mkdir(parents=True, exist_ok=True)
    with exclusive(place.parent / _LOCK):
        if is_under_way(place):
            busy = f"run {run.id} is being verified"
            return Refused("VERIFICATION_RUNNING", busy, f"look at verification {max(_numbers(place), default=0)}")
        if sum(is_under_way(other) for other in place.parent.iterdir() if other.is_dir()) >= MOST_AT_ONCE:
            return Refused("VERIFICATIONS_BUSY", f"{MOST_AT_ONCE} runs are being verified", "try again later")
        number = max(_numbers(place), default=0) + 1
        _tidy(store, place)
        return _begin(store, surroundings, run, number, strict=strict)


def verifications(store: Store, run: Run) -> list[dict[str, Any]]:
    """The verifications of what a run has left, the newest first."""
    place = _folder(store, run)
    found = (verification(store, run, number) for number in sorted(_numbers(place), reverse=True))
    return [document for document in found if document is not None]


def verification(store: Store, run: Run, number: int) -> dict[str, Any] | None:
    """One verification, None where there is none of that number of what the run has left."""
    document = _seen(store, run, number) or _seen(store, run, number)  # what began between two looks is not lost
    if document is not None:
        return document
    left = _read(_folder(store, run), number)
    if left is None or left["result"] != _result(store, run):
        return None
    return left | {"status": "failed", "problem": _LOST}


def _seen(store: Store, run: Run, number: int) -> dict[str, Any] | None:
    """One verification of what the run has left that is over, or has a process."""
    place = _folder(store, run)
    running = is_under_way(place)  # first: one that ends in between has written how
    document = _read(place, number)
    if document is None or document["result"] != _result(store, run):
        return None
    return document if running or document["status"] != "running" else None


def change(folder: Path, number: int, changes: Mapping[str, Any]) -> None:
    """Write down how far a verification is, whole or not at all."""
    document = {**(_read(folder, number) or {}), **changes}
    text = json.dumps(document, indent=2)
    replace_file(folder / f"{number}.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _begin(store: Store, surroundings: Surroundings, run: Run, number: int, *, strict: bool) -> dict[str, Any]:
    import fcntl  # strategies are confined on Linux only, so nobody gets here elsewhere

    place = _folder(store, run)
    with (place / _LOCK).open("ab") as lock, (place / "process.log").open("wb") as words:
        fcntl.flock(lock, fcntl.LOCK_EX)
        document = {
            "run": run.id,
            "verification": number,
            "strict": strict,
            "status": "running",
            "started_at": time_text(now()),
            "ended_at": None,
            "progress": None,
            "verdict": None,
            "problem": None,
            "result": _result(store, run),
        }
        change(place, number, document)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "periscope.runs.verify_process", *map(str, (run.id, number, lock.fileno()))],
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
            cwd="/",
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )
    assert process.stdin is not None
    with process.stdin as channel:
        channel.write(surroundings.encode())
    started[:] = [each for each in started if each.poll() is None] + [process]
    return document


started: list[subprocess.Popen[bytes]] = []
"""What this process has started, so that no dead process stays in the system's table."""


def _verifiable(store: Store, run: Run) -> Refused | None:
    if run.status not in ENDED:
        return Refused("RUN_NOT_ENDED", f"run {run.id} is {run.status}, and only a run that has ended can be verified")
    names = {file.name for file in store.runs.files(run.id)}
    missing = [name for name in (RESULT, JOURNAL, BARS, f"{STRATEGY}/strategy.py") if name not in names]
    return Refused("NO_RESULTS", f"run {run.id} has left no {missing[0]}") if missing else None


def _result(store: Store, run: Run) -> str | None:
    return next((file.content for file in store.runs.files(run.id) if file.name == RESULT), None)


def _folder(store: Store, run: Run) -> Path:
    return verification_folder(store.place.folder, run.id)


def verification_folder(store: Path, run: int) -> Path:
    """Where the verifications of a run lie."""
    return store / "verifications" / str(run)


def _numbers(folder: Path) -> list[int]:
    return [int(file.stem) for file in folder.glob("*.json") if file.stem.isdecimal()]


def _read(folder: Path, number: int) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads((folder / f"{number}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return document


def is_under_way(folder: Path) -> bool:
    """Whether a process holds the lock of a run's folder."""
    with _looked_at(folder / _LOCK) as lock:
        if lock is None:
            return False
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def _looked_at(path: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _tidy(store: Store, place: Path) -> None:
    """Remove old verifications of a run, and those of runs that were deleted."""
    for number in sorted(_numbers(place), reverse=True)[MOST_KEPT - 1 :]:
        (place / f"{number}.json").unlink(missing_ok=True)
    folders = {int(each.name): each for each in place.parent.iterdir() if each.name.isdecimal()}
    known = {run.id for run in store.runs.several(list(folders))}
    for number, folder in folders.items():
        if number not in known and not is_under_way(folder):
            shutil.rmtree(folder, ignore_errors=True)
