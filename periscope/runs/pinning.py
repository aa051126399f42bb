"""Keeping the two processes of a run on one processor while they take turns.

A turn between two processors costs several times one on the same processor, since the one that waits has to be woken
from afar. While a strategy acts often, engine and strategy only ever wait for each other, so one processor is enough;
while it does not, the engine's bookkeeping runs beside the strategy and two are better. Only where a thread may run
is changed, never what it does.
"""

import os
from pathlib import Path

_LOOK_EVERY = 64
_FEW_BARS = 400
_PROCESSOR_FIELD = 36
"""Index of `processor` in /proc/<pid>/stat after the command's closing parenthesis (field 39 of proc(5))."""


class Pinning:
    """Watches how many bars go by between two turns, and pins or frees the calling thread and the process `pid`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._turns = 0
        self._bars = 0
        self._pinned = False
        self._free = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()

    def turn(self, bars: int) -> None:
        """A turn is over in which `bars` bars were delivered."""
        self._turns += 1
        self._bars += bars
        if self._turns < _LOOK_EVERY:
            return
        often = self._bars < _FEW_BARS * self._turns
        self._turns = self._bars = 0
        if often != self._pinned and len(self._free) > 1:
            self._set({_processor()} & self._free if often else self._free, pinned=often)

    def release(self) -> None:
        """Let the calling thread run where it could before."""
        if self._pinned:
            self._set(self._free, pinned=False)

    def _set(self, processors: set[int], *, pinned: bool) -> None:
        if not processors:
            return
        try:
            os.sched_setaffinity(0, processors)
            self._pinned = pinned
            os.sched_setaffinity(self._pid, processors)
        except OSError:
            return


def _processor() -> int:
    """The processor that the calling thread runs on, -1 where it cannot be told."""
    try:
        stat = Path("/proc/thread-self/stat").read_text(encoding="ascii")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[_PROCESSOR_FIELD])
