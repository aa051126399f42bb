"""Calls to the kernel for which Python's standard library has no function."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

MACHINE = os.uname().machine

SECCOMP = {"x86_64": 317, "aarch64": 277}
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPSET = {"x86_64": 126, "aarch64": 91}
MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
"""Since 424 a call has the same number on every machine."""


def call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call. Raises OSError with the kernel's error number."""
    result: int = _libc.syscall(ctypes.c_long(number), *map(_passed, arguments))
    return _checked(result)


def prctl(option: int, *arguments: int) -> int:
    """Read or change something of this process. Raises OSError."""
    given = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc.prctl(option, *(ctypes.c_ulong(argument) for argument in given)))


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount or bind something. Raises OSError that names the target."""
    named = (None if text is None else os.fsencode(text) for text in (source, target, kind))
    given = None if options is None else options.encode()
    _checked(_libc.mount(*named, ctypes.c_ulong(flags), given), target)


def umount(target: str, flags: int) -> None:
    """Take a mount away. Raises OSError that names the target."""
    _checked(_libc.umount2(os.fsencode(target), flags), target)


def _passed(argument: int | bytes | None) -> object:
    """The argument as wide as the kernel reads it."""
    return ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_char_p(argument)


def _checked(result: int, subject: str | None = None) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), subject)
    return result
