"""What the kernel lets the process have of the machine, whatever its code does."""

import resource

_STACK_BYTES = 8 << 20
_MOST_DESCRIPTORS = 64
MOST_THREADS = 512
_ADDRESSES_PER_BYTE = 8
_MONTH_SECONDS = 31 * 24 * 3600


def table(memory_bytes: int, cpu_seconds: int | None) -> tuple[tuple[int, int, str], ...]:
    """Resource, limit, and why it stands there."""
    return (
        (resource.RLIMIT_CORE, 0, "a core dump is a file, and holds memory"),
        (resource.RLIMIT_FSIZE, 0, "no file may grow, should one ever be opened for writing"),
        (resource.RLIMIT_NOFILE, _MOST_DESCRIPTORS, "descriptors are the machine's, asyncio needs about ten"),
        (resource.RLIMIT_MEMLOCK, 0, "memory that cannot be swapped out is the machine's"),
        (resource.RLIMIT_MSGQUEUE, 0, "message queues outlive their process"),
        (resource.RLIMIT_STACK, _STACK_BYTES, "what a thread gets for its stack counts as memory"),
        (resource.RLIMIT_DATA, memory_bytes, "the limit of private memory, as the run's config says"),
        (resource.RLIMIT_AS, _ADDRESSES_PER_BYTE * memory_bytes, "libraries reserve addresses that they never use"),
        (resource.RLIMIT_CPU, cpu_seconds or _MONTH_SECONDS, "should nobody be left to watch the clock"),
    )


def confine(memory_bytes: int, cpu_seconds: int | None, *, own_user: bool) -> None:
    """Set the limits, which can be lowered afterwards and never raised.

    Threads are counted by user, so they are limited only where the process has its user for itself. Raises OSError or
    ValueError.
    """
    wanted = table(memory_bytes, cpu_seconds)
    if own_user:
        wanted += ((resource.RLIMIT_NPROC, MOST_THREADS, "threads are the machine's"),)
    for kind, limit, _ in wanted:
        _, most = resource.getrlimit(kind)
        lowest = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (lowest, lowest))
