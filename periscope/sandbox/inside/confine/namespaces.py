"""A world of its own: no other processes, no network, and a read-only root with nothing in it but what is needed.

The steps are those of namespaces(7), mount_namespaces(7) and pivot_root(2).
"""

import _socket
import os
import stat
import struct
from collections.abc import Iterable

from .kernel import MACHINE, MOUNT_SETATTR, PIVOT_ROOT, call, mount, umount

NAMESPACES = (
    (os.CLONE_NEWUSER, "user", "rights of its own here are no rights outside"),
    (os.CLONE_NEWNS, "mount", "a file system of its own"),
    (os.CLONE_NEWPID, "pid", "other processes have no number here"),
    (os.CLONE_NEWNET, "net", "no network device, not even loopback"),
    (os.CLONE_NEWIPC, "ipc", "no shared memory or queues of others"),
    (os.CLONE_NEWUTS, "uts", "the machine's name is not seen"),
    (os.CLONE_NEWCGROUP, "cgroup", "the place in the tree of control groups is not seen"),
)
"""Flag, name, and what it keeps away."""

_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_NO_SET_USER, _NO_DEVICES, _NO_PROGRAMS = 1 << 1, 1 << 2, 1 << 3
_READ_ONLY = 1
_DETACH = 2
_HERE = -100
_WITH_ALL_BELOW = 0x8000
_BASE = "/proc"
"""A folder that every system has and that nothing which is bound lies in: the new root is put together there."""


def leave() -> None:
    """Leave the namespaces that this process was started in. Raises OSError where that is not allowed."""
    flags = 0
    for flag, _, _ in NAMESPACES:
        flags |= flag
    os.unshare(flags)


def map_own_user(user: int, group: int) -> None:
    """Be the same user in the new namespace as outside. Raises OSError."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def build_root(shown: Iterable[tuple[str, str]], hidden: Iterable[str]) -> None:
    """Exchange the root for an empty one that shows, read-only, each source at its path; `hidden` folders are empty.

    Later entries may lie in earlier ones, also in hidden ones: what is hidden is so for what was shown before it.
    Sources that do not exist are passed over. Raises OSError.
    """
    _socket.sethostname("sandbox")
    mount(None, "/", None, _RECURSIVE | _PRIVATE)
    mount("root", _BASE, "tmpfs", _NO_SET_USER | _NO_DEVICES | _NO_PROGRAMS, "mode=755,size=1m,nr_inodes=10k")
    os.umask(0o022)
    pending = list(hidden)
    for source, path in shown:
        covering = [folder for folder in pending if path.startswith(f"{folder}/")]
        for folder in covering:
            pending.remove(folder)
            _cover(folder)
        _show(source, path)
    for folder in pending:
        _cover(folder)
    os.chdir(_BASE)
    call(PIVOT_ROOT[MACHINE], b".", b".")
    umount(".", _DETACH)
    os.chdir("/")
    _restrict("/", _READ_ONLY)


def _show(source: str, path: str) -> None:
    try:
        mode = os.stat(source).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    target = _BASE + path
    _make_folder(target if stat.S_ISDIR(mode) else os.path.dirname(target))
    if not stat.S_ISDIR(mode) and not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    mount(source, target, None, _BIND | _RECURSIVE)
    devices = 0 if stat.S_ISCHR(mode) else _NO_DEVICES
    _restrict(target, _READ_ONLY | _NO_SET_USER | devices)


def _cover(folder: str) -> None:
    """Put an empty folder over one that is shown."""
    target = _BASE + folder
    if os.path.isdir(target):
        mount("hidden", target, "tmpfs", _NO_SET_USER | _NO_DEVICES | _NO_PROGRAMS, "mode=755,size=1m,nr_inodes=10k")


def _make_folder(path: str) -> None:
    if not os.path.isdir(path):
        _make_folder(os.path.dirname(path))
        os.mkdir(path, 0o755)


def _restrict(target: str, attributes: int) -> None:
    """Set attributes on a mount and on all below it."""
    call(MOUNT_SETATTR, _HERE, os.fsencode(target), _WITH_ALL_BELOW, struct.pack("<4Q", attributes, 0, 0, 0), 32)
