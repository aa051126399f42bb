"""Ctrl-C, once to stop gracefully and twice to stop at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from periscope.cli.output import remark


@dataclass(slots=True)
class Stop:
    """Whether the user asked to stop."""

    asked: bool = False


@contextmanager
def interruptible(words: str = "stopping at the next pause; Ctrl-C again stops at once") -> Iterator[Stop]:
    """While it lasts, the first Ctrl-C only notes the wish to stop; the second raises KeyboardInterrupt as ever."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        remark(words)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
