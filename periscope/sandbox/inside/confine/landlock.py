"""Landlock: what of the file system may be read, and that nothing may be written.

The facts are those of landlock(7) and of include/uapi/linux/landlock.h. A kernel knows the rights up to its own version
of the interface; a right that it does not know is left to the other layers.
"""

import os
import stat
import struct
from collections.abc import Iterable, Sequence

from .kernel import LANDLOCK_ADD_RULE, LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF, call

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE, IOCTL_DEVICE = 1 << 14, 1 << 15

FILE_RIGHTS = (
    (EXECUTE, 1, "starting a program"),
    (WRITE_FILE, 1, "opening a file to write into it"),
    (READ_FILE, 1, "opening a file to read it"),
    (READ_DIR, 1, "listing a folder"),
    (1 << 4, 1, "removing an empty folder, or renaming it"),
    (1 << 5, 1, "removing a file, or renaming it"),
    (1 << 6, 1, "making a character device"),
    (1 << 7, 1, "making a folder"),
    (1 << 8, 1, "making a file"),
    (1 << 9, 1, "making a socket in the file system"),
    (1 << 10, 1, "making a named pipe"),
    (1 << 11, 1, "making a block device"),
    (1 << 12, 1, "making a symbolic link"),
    (1 << 13, 2, "linking or renaming from one folder into another"),
    (TRUNCATE, 3, "cutting a file short"),
    (IOCTL_DEVICE, 5, "sending a command to a device"),
)
"""Bit, the version of the interface that brought it, what it lets a process do."""

NET_RIGHTS = (
    (1 << 0, 4, "waiting for connections on a TCP port"),
    (1 << 1, 4, "connecting to a TCP port"),
)
SCOPES = (
    (1 << 0, 6, "connecting to an abstract unix socket of a process outside"),
    (1 << 1, 6, "sending a signal to a process outside"),
)

READ, WRITE = READ_FILE | READ_DIR, READ_FILE | WRITE_FILE | TRUNCATE
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
_VERSION_QUERY = 1
_PATH_BENEATH = 1


def version() -> int:
    """The kernel's version of Landlock. Raises OSError where it has none, or has it switched off."""
    return call(LANDLOCK_CREATE_RULESET, None, 0, _VERSION_QUERY)


def known(table: Sequence[tuple[int, int, str]], version: int) -> int:
    """All rights of a table that a kernel with that version knows, as one mask."""
    return sum(bit for bit, since, _ in table if since <= version)


def ruleset(version: int) -> bytes:
    """A ruleset's attributes: every right the kernel knows is taken away unless a rule grants it."""
    handled = (known(FILE_RIGHTS, version), known(NET_RIGHTS, version), known(SCOPES, version))
    words = 1 if version < 4 else 2 if version < 6 else 3
    return struct.pack(f"<{words}Q", *handled[:words])


def confine(readable: Iterable[tuple[str, bool]], writable: Iterable[str], hidden: Sequence[str]) -> int:
    """Let this process and all that it starts read `readable`, write `writable`, and nothing else, for ever.

    A folder counts with all that is in it, except what is in `hidden`; each says whether it may also be listed. One
    that holds something hidden can't be listed itself, since that would go for all below it. What does not exist is
    passed over. Returns the kernel's version of Landlock. Raises OSError.
    """
    found = version()
    attributes = ruleset(found)
    rules = call(LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    allowed = known(FILE_RIGHTS, found)
    for path, listed in readable:
        _grant(rules, path, READ if listed else READ_FILE, hidden)
    for path in writable:
        _grant(rules, path, WRITE & allowed, hidden)
    call(LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return found


def _grant(rules: int, path: str, rights: int, hidden: Sequence[str]) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        inside = [other for other in hidden if is_folder and other.startswith(f"{path.rstrip('/')}/")]
        if inside:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.path not in inside:
                        _grant(rules, entry.path, rights, inside)
        else:
            _add(rules, descriptor, rights if is_folder else rights & _OF_FILES)
    finally:
        os.close(descriptor)


def _add(rules: int, descriptor: int, rights: int) -> None:
    call(LANDLOCK_ADD_RULE, rules, _PATH_BENEATH, struct.pack("<Qi", rights, descriptor), 0)
