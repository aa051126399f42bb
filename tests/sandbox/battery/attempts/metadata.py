"""Changing what is known about files: rights, owners, times, attributes, flags."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH101, PTH118

import ctypes
import fcntl
import os

from .calls import call
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602


def own_file(targets: Targets) -> int:
    """A descriptor for reading the strategy's own file, which it may have."""
    return os.open(os.path.join(targets.bundle, "strategy.py"), os.O_RDONLY)


@attempt("change a file's rights", SECCOMP)
def change_rights(targets: Targets) -> str | None:
    os.chmod(targets.path("changed.txt"), 0o600)
    return "changed"


@attempt("change a file's rights with fchmodat2", SECCOMP)
def change_rights_by_number(targets: Targets) -> str | None:
    call("fchmodat2", -100, targets.path("changed.txt").encode(), 0o666, 0)
    return "changed"


@attempt("change the rights of the own file by its descriptor", SECCOMP)
def change_own_rights(targets: Targets) -> str | None:
    os.fchmod(own_file(targets), 0o777)
    return "changed"


@attempt("change a file's owner", SECCOMP)
def change_owner(targets: Targets) -> str | None:
    os.chown(targets.path("changed.txt"), os.getuid(), os.getgid())
    return "changed"


@attempt("change the owner of the own file by its descriptor", SECCOMP)
def change_own_owner(targets: Targets) -> str | None:
    os.fchown(own_file(targets), os.getuid(), os.getgid())
    return "changed"


@attempt("change the owner of a link", SECCOMP)
def change_owner_of_a_link(targets: Targets) -> str | None:
    os.lchown(targets.path("link"), os.getuid(), os.getgid())
    return "changed"


@attempt("change a file's times", SECCOMP)
def change_times(targets: Targets) -> str | None:
    os.utime(targets.path("changed.txt"), (1, 1))
    return "changed"


@attempt("change the times of the own file by its descriptor", SECCOMP)
def change_own_times(targets: Targets) -> str | None:
    os.utime(own_file(targets))
    return "changed"


@attempt("give a file an attribute", SECCOMP)
def set_attribute(targets: Targets) -> str | None:
    os.setxattr(targets.path("changed.txt"), "user.battery", b"x")
    return "set"


@attempt("give the own file an attribute by its descriptor", SECCOMP)
def set_own_attribute(targets: Targets) -> str | None:
    os.setxattr(own_file(targets), "user.battery", b"x")
    return "set"


@attempt("give a file an attribute with setxattrat", SECCOMP)
def set_attribute_by_number(targets: Targets) -> str | None:
    value = ctypes.create_string_buffer(b"x")
    wanted = (ctypes.c_uint64 * 2)(ctypes.addressof(value), 1)
    path = targets.path("changed.txt").encode()
    call("setxattrat", -100, path, 0, b"user.battery", ctypes.byref(wanted), 16)
    return "set"


@attempt("read a file's attributes", SECCOMP)
def read_attribute(targets: Targets) -> str | None:
    return f"read {os.getxattr(targets.path('open.txt'), 'user.decoy')!r}"


@attempt("list a file's attributes", SECCOMP)
def list_attributes(targets: Targets) -> str | None:
    return f"read {os.listxattr(targets.path('open.txt'))}"


@attempt("take an attribute from a file", SECCOMP)
def remove_attribute(targets: Targets) -> str | None:
    os.removexattr(targets.path("doomed_attribute.txt"), "user.decoy")
    return "removed"


@attempt("read the own file's flags", SECCOMP)
def read_flags(targets: Targets) -> str | None:
    return f"flags {fcntl.ioctl(own_file(targets), _GET_FLAGS, bytes(8)).hex()}"


@attempt("change the own file's flags", SECCOMP)
def change_flags(targets: Targets) -> str | None:
    descriptor = own_file(targets)
    flags = int.from_bytes(fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8)), "little")
    fcntl.ioctl(descriptor, _SET_FLAGS, (flags | 0x40).to_bytes(8, "little"))
    return "set the flag for not being in a dump"


@attempt("change a file's attributes with file_setattr", SECCOMP)
def change_attributes_by_number(targets: Targets) -> str | None:
    wanted = (ctypes.c_uint64 * 3)()
    call("file_setattr", -100, targets.path("changed.txt").encode(), ctypes.byref(wanted), 24, 0)
    return "set"
