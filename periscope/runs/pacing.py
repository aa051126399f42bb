"""How the two processes of a run wait for each other while they take turns.

A process that sleeps has to be woken, which costs more than most turns do. While a strategy seldom acts that does not
matter: both sleep, and the engine's bookkeeping runs beside the strategy. While it acts often there are two better
ways. Both may share one processor, so that one goes on where the other stops; or each may look for the other's answer
for a moment before it goes to sleep, which needs a processor each. Which is faster depends on what else the machine
is doing, so it is tried out: some turns this way, some that way, and then the faster one until the next trial. Only
where a thread may run and how it waits is changed, never what it does.
"""

import os
import time
from enum import Enum
from pathlib import Path

from periscope.sandbox.session import Session

_LOOK_EVERY = 64
_FEW_BARS = 400
_TRIAL_TURNS = 192
_TURNS_BETWEEN_TRIALS = 6_144
_SPIN_MICROSECONDS = 200
_PROCESSOR_FIELD = 36
"""Index of `processor` in /proc/<pid>/stat after the command's closing parenthesis (field 39 of proc(5))."""


class Way(Enum):
    """How the two wait."""

    SLEEP = "sleep"
    SHARE = "share a processor"
    SPIN = "look before sleeping"


class Pacing:
    """Watches the turns of a run and chooses how its two sides wait for each other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._free = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self._way = Way.SLEEP
        self._turns = 0
        self._bars = 0
        self._until_look = _LOOK_EVERY
        self._since = time.perf_counter()
        self._trials: dict[Way, float] = {}

    def turn(self, bars: int) -> None:
        """A turn is over in which `bars` bars were delivered."""
        self._turns += 1
        self._bars += bars
        if self._turns >= self._until_look and len(self._free) > 1:
            self._look()

    def release(self) -> None:
        """Let the calling thread run where it could before."""
        self._go(Way.SLEEP, 0)

    def _look(self) -> None:
        """Some turns are over: choose the way of the next ones."""
        often = self._bars < _FEW_BARS * self._turns
        seconds = (time.perf_counter() - self._since) / self._turns
        if not often:
            self._trials = {}
            self._go(Way.SLEEP, _LOOK_EVERY)
        elif self._way is Way.SLEEP or self._until_look == _TURNS_BETWEEN_TRIALS:
            self._trials = {}
            self._go(Way.SHARE, _TRIAL_TURNS)
        elif len(self._trials) == 0:
            self._trials[self._way] = seconds
            self._go(Way.SPIN, _TRIAL_TURNS)
        else:
            self._trials[self._way] = seconds
            self._go(min(self._trials, key=self._trials.__getitem__), _TURNS_BETWEEN_TRIALS)

    def _go(self, way: Way, turns: int) -> None:
        if way is not self._way:
            here = {_processor()} & self._free
            others = self._free - here
            if way is Way.SLEEP or not here or not others:
                self._place(self._free, self._free)
            else:
                self._place(here, here if way is Way.SHARE else others)
            self._session.spin_microseconds = _SPIN_MICROSECONDS if way is Way.SPIN else 0
            self._way = way
        self._until_look = turns
        self._turns = self._bars = 0
        self._since = time.perf_counter()

    def _place(self, ours: set[int], theirs: set[int]) -> None:
        """Let the calling thread run on `ours` only and the strategy's process on `theirs`."""
        try:
            os.sched_setaffinity(0, ours)
            os.sched_setaffinity(self._session.pid, theirs)
        except OSError:
            return


def _processor() -> int:
    """The processor that the calling thread runs on, -1 where it cannot be told."""
    try:
        stat = Path("/proc/thread-self/stat").read_text(encoding="ascii")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[_PROCESSOR_FIELD])
