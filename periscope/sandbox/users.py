"""A user for a strategy's process that nothing on the machine belongs to."""

import contextlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

_FIRST, _LAST = 61_184, 65_519
"""Numbers that Debian, Fedora and systemd give to nobody for long; systemd lends them to services while these run."""


def unused_user() -> int | None:
    """A user number that is neither known nor in use; None where this process has none to give.

    Only root can change its user, and only within what its own namespace knows. Concurrent runs start looking at
    different places, so that each finds a number of its own.
    """
    if os.getuid() != 0:
        return None
    known = [number for number in _mapped() if _FIRST <= number <= _LAST]
    taken = _in_use()
    at = os.getpid() * 7 % max(1, len(known))
    return next(
        (number for number in (*known[at:], *known[:at]) if number not in taken and not _has_name(number)), None
    )


def _mapped() -> Iterator[int]:
    """All numbers between first and last that mean something here."""
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        yield from range(max(first, _FIRST), min(first + count, _LAST + 1))


def _in_use() -> set[int]:
    found = set()
    with os.scandir("/proc") as processes:
        for process in processes:
            if process.name.isdigit():
                with contextlib.suppress(OSError):
                    found.add(process.stat().st_uid)
    return found


def _has_name(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True
