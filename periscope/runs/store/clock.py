"""The one place where the store reads the machine's clock: when something was published, started, ended, expires."""

import time


def now() -> int:
    """Microseconds since 1970-01-01 UTC. Clocks jump: only what expires after days is decided by it."""
    return time.time_ns() // 1_000
