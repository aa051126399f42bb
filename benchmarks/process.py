"""Runs a command to its end and watches how much memory it and its children take."""

import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Finished:
    """`seconds` from launch to end, start-up included; `peak_bytes` is the sum over the processes of each one's peak.

    Pages that processes share are counted in each.
    """

    code: int
    output: str
    errors: str
    seconds: float
    peak_bytes: int


def run_watched(command: Sequence[str], *, folder: Path) -> Finished:
    """Runs `command` in `folder`; never raises for what the command does."""
    began = perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peaks: dict[int, int] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks, ended))
    watcher.start()
    try:
        output, errors = process.communicate()
    finally:
        seconds = perf_counter() - began
        ended.set()
        watcher.join()
    return Finished(process.returncode, output, errors, seconds, sum(peaks.values()))


def _watch(pid: int, peaks: dict[int, int], ended: threading.Event) -> None:
    while not ended.wait(LOOK_EVERY_SECONDS):
        for member in _family(pid):
            peaks[member] = max(peaks.get(member, 0), _peak_bytes(member))


def _family(pid: int) -> list[int]:
    """The process and everything below it."""
    members = [pid]
    for member in members:
        try:
            children = Path(f"/proc/{member}/task/{member}/children").read_text()
        except OSError:
            continue
        members.extend(map(int, children.split()))
    return members


def _peak_bytes(pid: int) -> int:
    """The kernel's high-water mark. Unlike `ru_maxrss` it starts anew with the program."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
