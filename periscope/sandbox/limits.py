"""What a strategy's process may take of the machine while it runs, and how much of it it has taken."""

import contextlib
import os
import re
from dataclasses import dataclass

MOST_THREADS = 256
_MIB = 1 << 20
_LONGEST_STATUS = 8_192
_FIELD = re.compile(rb"^(RssAnon|RssShmem|VmSwap|Threads):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits that hold from outside, whatever the process does.

    Wall seconds for a handler and for the start, bytes of output, actions in a reply, bytes of memory. `deadline` is
    the time of the monotonic clock at which the whole run must be over, None where it may last.
    """

    handler_seconds: float
    start_seconds: float
    output_bytes: int
    actions_per_reply: int
    memory_bytes: int = 2 << 30
    deadline: float | None = None


class Appetite:
    """Measures the memory and the threads of a process.

    Memory is what is the process's own: private pages, shared ones that no file stands behind, and what of the former
    was swapped out. Programs and libraries, which come from files, don't count.
    """

    def __init__(self, process: int) -> None:
        self._status: int | None = None
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            self._status = os.open(f"/proc/{process}/status", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the process."""
        if self._status is not None:
            os.close(self._status)

    def excess(self, memory_bytes: int) -> tuple[str, str] | None:
        """An issue code and a sentence where the process has more than it may, None where it has not, or has ended."""
        if self._status is None:
            return None
        try:
            text = os.pread(self._status, _LONGEST_STATUS, 0)
        except ProcessLookupError:
            return None
        taken = {name: int(number) for name, number in _FIELD.findall(text)}
        threads = taken.pop(b"Threads", 0)
        memory = sum(taken.values()) * 1024
        if memory > memory_bytes:
            return "MEMORY_LIMIT", (
                f"the strategy's process held {memory / _MIB:.0f} MiB of memory; {memory_bytes / _MIB:.0f} are allowed"
            )
        if threads > MOST_THREADS:
            return "THREAD_LIMIT", f"the strategy had {threads} threads; {MOST_THREADS} are allowed"
        return None
