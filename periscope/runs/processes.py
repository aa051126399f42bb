"""Processes by a name that no other process ever has, so that a number that was given again is not mistaken.

The name of a process is its boot, its namespace of process numbers, its number and its start, by the kernel's clock.
"""

import os
import signal
from pathlib import Path

_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat behind the name, from 0 (man 5 proc)."""


def own_process() -> str:
    """The name of this process."""
    name = process_of(os.getpid())
    assert name is not None, "a process can read about itself"
    return name


def process_of(number: int) -> str | None:
    """The name of a process of this machine by its number, None where there is none."""
    fields = _fields(number)
    return None if fields is None else f"{_here()}:{number}:{fields[_STARTED]}"


def is_alive(process: str) -> bool | None:
    """Whether a process still runs; None where that can't be told from here: another machine, another container."""
    here, number, started = process.rsplit(":", 2)
    if here != _here():
        return None
    fields = _fields(int(number))
    return fields is not None and fields[_STARTED] == started and fields[_STATE] not in "ZX"


def is_stopped(process: str) -> bool:
    """Whether a process is there, but was stopped (SIGSTOP, a debugger) and does nothing."""
    fields = _fields(int(process.rsplit(":", 2)[1])) if is_alive(process) else None
    return fields is not None and fields[_STATE] in "Tt"


def kill(process: str) -> None:
    """End a process at once, if it runs here; what belongs to it ends with it."""
    number = int(process.rsplit(":", 2)[1])
    if not is_alive(process):
        return
    try:
        descriptor = os.pidfd_open(number)
    except ProcessLookupError:
        return
    try:
        if is_alive(process):  # so the descriptor is that process's, and not that of one with its number
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def _here() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"


def _fields(number: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
