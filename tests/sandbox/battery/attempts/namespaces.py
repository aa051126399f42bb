"""Namespaces, mounts and roots."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH208

import ctypes
import os

from .calls import call, libc, reach
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_ENOENT, _EBADF, _EFAULT, _EINVAL, _E2BIG = 2, 9, 14, 22, 7
_USER, _MOUNT, _PID, _NET, _IPC, _UTS, _GROUP, _TIME = (
    *(0x10000000, 0x00020000, 0x20000000, 0x40000000),
    *(0x08000000, 0x04000000, 0x02000000, 0x00000080),
)


def unshared(flags: int) -> str:
    """Leave some namespaces for new ones."""
    call("unshare", flags)
    return "left"


@attempt("make a user namespace, in which it is root", SECCOMP)
def user(targets: Targets) -> str | None:
    return unshared(_USER)


@attempt("make a namespace of mounts", SECCOMP)
def mounts(targets: Targets) -> str | None:
    return unshared(_MOUNT)


@attempt("make a namespace of processes", SECCOMP)
def processes(targets: Targets) -> str | None:
    return unshared(_PID)


@attempt("make a network", SECCOMP)
def network(targets: Targets) -> str | None:
    return unshared(_NET)


@attempt("make a namespace of shared memory", SECCOMP)
def shared_memory(targets: Targets) -> str | None:
    return unshared(_IPC)


@attempt("make a namespace of names", SECCOMP)
def names(targets: Targets) -> str | None:
    return unshared(_UTS)


@attempt("make a namespace of control groups", SECCOMP)
def groups(targets: Targets) -> str | None:
    return unshared(_GROUP)


@attempt("make a namespace of clocks", SECCOMP)
def clocks(targets: Targets) -> str | None:
    return unshared(_TIME)


@attempt("make a user namespace and everything in it", SECCOMP)
def everything(targets: Targets) -> str | None:
    return unshared(_USER | _MOUNT | _PID | _NET | _IPC | _UTS)


@attempt("stop sharing its descriptors and folder with its threads", SECCOMP)
def files(targets: Targets) -> str | None:
    return unshared(0x600)


@attempt("enter another namespace", SECCOMP)
def enter(targets: Targets) -> str | None:
    return reach("setns", -1, 0, beyond=(_EBADF,))


@attempt("mount a file system in a namespace of its own", SECCOMP)
def mount_in_a_namespace(targets: Targets) -> str | None:
    call("unshare", _USER | _MOUNT)
    call("mount", b"none", targets.path("empty_mount").encode(), b"tmpfs", 0, 0)
    return "mounted"


@attempt("mount a file system", SECCOMP)
def mount(targets: Targets) -> str | None:
    path = targets.path("empty_mount").encode()
    call("mount", b"none", path, b"tmpfs", 0, 0)
    call("umount2", path, 0)
    return "mounted"


@attempt("mount a folder of the machine over another", SECCOMP)
def bind(targets: Targets) -> str | None:
    path = targets.path("empty_mount").encode()
    call("mount", b"/etc", path, b"none", 4096, 0)
    call("umount2", path, 0)
    return "mounted"


@attempt("make what is mounted writable", SECCOMP)
def remount(targets: Targets) -> str | None:
    return reach("mount", b"none", b"/no-such-folder-of-the-battery", b"none", 32, 0, beyond=(_ENOENT,))


@attempt("unmount", SECCOMP)
def unmount(targets: Targets) -> str | None:
    return reach("umount2", b"/no-such-folder-of-the-battery", 0, beyond=(_ENOENT,))


@attempt("turn to another root", SECCOMP)
def pivot(targets: Targets) -> str | None:
    missing = b"/no-such-folder-of-the-battery"
    return reach("pivot_root", missing, missing, beyond=(_ENOENT,))


@attempt("change its root", SECCOMP)
def change_root(targets: Targets) -> str | None:
    os.chroot(targets.folder)
    return f"root has {os.listdir('/')[:3]}"


@attempt("change its root in a namespace of its own", SECCOMP)
def change_root_in_a_namespace(targets: Targets) -> str | None:
    call("unshare", _USER)
    os.chroot(targets.folder)
    return f"root has {os.listdir('/')[:3]}"


@attempt("open a file system to mount", SECCOMP)
def open_file_system(targets: Targets) -> str | None:
    os.close(call("fsopen", b"tmpfs", 0))
    return "opened"


@attempt("make a mount of an opened file system", SECCOMP)
def make_mount(targets: Targets) -> str | None:
    return reach("fsmount", -1, 0, 0, beyond=(_EBADF,))


@attempt("pick a mount", SECCOMP)
def pick_mount(targets: Targets) -> str | None:
    return reach("fspick", -100, b"/no-such-folder-of-the-battery", 0, beyond=(_ENOENT,))


@attempt("take a copy of a tree of mounts", SECCOMP)
def copy_tree(targets: Targets) -> str | None:
    os.close(call("open_tree", -100, targets.folder.encode(), 0))
    return "opened"


@attempt("move a mount", SECCOMP)
def move_mount(targets: Targets) -> str | None:
    return reach("move_mount", -1, b"", -1, b"", 0, beyond=(_EBADF, _ENOENT, _EINVAL))


@attempt("change how a mount may be used", SECCOMP)
def change_mount(targets: Targets) -> str | None:
    return reach("mount_setattr", -100, b"/no-such-folder-of-the-battery", 0, 0, 8, beyond=(_EINVAL,))


@attempt("list what is mounted", SECCOMP)
def list_mounts(targets: Targets) -> str | None:
    request = (ctypes.c_uint64 * 3)(24, 0xFFFFFFFFFFFFFFFF, 0)
    found = (ctypes.c_uint64 * 64)()
    return f"{call('listmount', ctypes.byref(request), ctypes.byref(found), 64, 0)} mounts"


@attempt("ask about what is mounted", SECCOMP)
def ask_about_a_mount(targets: Targets) -> str | None:
    return reach("statmount", 0, 0, 0, 0, beyond=(_EFAULT, _EINVAL, _E2BIG))


@attempt("send its root's changes to other namespaces", SECCOMP)
def share_mounts(targets: Targets) -> str | None:
    result = libc.mount(b"none", b"/no-such-folder-of-the-battery", b"none", 0x100000, None)
    number = ctypes.get_errno()
    if result == -1 and number != _ENOENT:
        raise OSError(number, "mount")
    return "looked into"
