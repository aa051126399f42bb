"""System calls by other tables than the machine's own. The kernel may end the process, so each has one for itself."""

import ctypes
import os
import socket

from .calls import libc, only_on_x86, run_code
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_ENDED = ("SIGSYS",)
_X32 = 0x40000000
_INT_80 = bytes.fromhex("53 89f8 89f3 89d1 31d2 cd80 5b 4898 c3")
"""The 32-bit table by int 0x80: number, first and second argument."""


def by_interrupt(number: int, first: int = 0, second: int = 0) -> int:
    """A system call of the 32-bit table. Raises OSError with what the kernel answers."""
    only_on_x86()
    result = run_code(_INT_80, number, first, second)
    if -4096 < result < 0:
        raise OSError(-result, os.strerror(-result))
    return result


@attempt("ask for its number with the 32-bit table", SECCOMP, *_ENDED, alone=True)
def own_number(targets: Targets) -> str | None:
    return f"process {by_interrupt(20)}"


@attempt("fork with the 32-bit table", SECCOMP, *_ENDED, alone=True)
def fork(targets: Targets) -> str | None:
    child = by_interrupt(2)
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return f"made process {child}"


@attempt("learn whether a process exists with the 32-bit table", SECCOMP, *_ENDED, alone=True)
def signal(targets: Targets) -> str | None:
    by_interrupt(37, targets.decoy, 0)
    return "may signal it"


def by_x32(number: int, *arguments: int) -> int:
    """A system call of the x32 table. Raises OSError with what the kernel answers."""
    only_on_x86()
    result: int = libc.syscall(ctypes.c_long(number | _X32), *[ctypes.c_long(argument) for argument in arguments])
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@attempt("ask for its number with the x32 table", SECCOMP, *_ENDED, alone=True)
def own_number_x32(targets: Targets) -> str | None:
    return f"process {by_x32(39)}"


@attempt("make a socket with the x32 table", SECCOMP, *_ENDED, alone=True)
def socket_x32(targets: Targets) -> str | None:
    return f"descriptor {by_x32(41, socket.AF_INET, socket.SOCK_STREAM, 0)}"
