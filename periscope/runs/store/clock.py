"""The one place where the store reads the machine's clock: when something was published, started, ended."""

import time


def now() -> int:
    """Microseconds since 1970-01-01 UTC. Shown to people; nothing is decided by it, since clocks jump."""
    return time.time_ns() // 1_000
