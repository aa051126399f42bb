"""The same from elsewhere: from threads, another interpreter, signal handlers, finalizers, and code of its own."""

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from .calls import call, only_on_x86, reach, run_code
from .kit import MARK, Layer, Targets, attempt

SECCOMP, LANDLOCK = Layer.SECCOMP, Layer.LANDLOCK
_EBADF, _EINVAL, _EFAULT, _ENOENT = 9, 22, 14, 2
_SOCKET = bytes.fromhex("b829000000 bf02000000 be01000000 31d2 0f05 4898 c3")
"""socket(AF_INET, SOCK_STREAM, 0), in machine code for x86-64."""


def elsewhere(act: Callable[[], str | None], run: Callable[[Callable[[], None]], None]) -> str | None:
    """What comes of an act that something else runs; its exception is raised here."""
    found: list[str | None] = []
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            found.append(act())
        except BaseException as error:
            failed.append(error)

    run(guarded)
    if failed:
        raise failed[0]
    return found[0] if found else None


def in_thread(act: Callable[[], None]) -> None:
    """Run in a new thread."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(5)


def in_handler(act: Callable[[], None]) -> None:
    """Run when a signal arrives."""
    before = signal.signal(signal.SIGALRM, lambda *_: act())
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    signal.sigtimedwait([signal.SIGRTMAX], 0.05)
    signal.signal(signal.SIGALRM, before)


def in_finalizer(act: Callable[[], None]) -> None:
    """Run when an object goes."""

    class Last:
        def __del__(self) -> None:
            act()

    Last()


def read(targets: Targets) -> str | None:
    """Read a decoy."""
    return "read a decoy" if MARK in Path(targets.path("open.txt")).read_text() else None


def make_socket() -> str | None:
    """Make a socket."""
    with socket.socket() as made:
        return f"made socket {made.fileno()}"


@attempt("read a file from a thread", LANDLOCK)
def read_in_a_thread(targets: Targets) -> str | None:
    return elsewhere(lambda: read(targets), in_thread)


@attempt("make a socket in a thread", SECCOMP)
def socket_in_a_thread(targets: Targets) -> str | None:
    return elsewhere(make_socket, in_thread)


@attempt("fork in a thread", SECCOMP)
def fork_in_a_thread(targets: Targets) -> str | None:
    def fork() -> str:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        return f"made process {child}"

    return elsewhere(fork, in_thread)


@attempt("read a file while a signal is handled", LANDLOCK)
def read_in_a_handler(targets: Targets) -> str | None:
    return elsewhere(lambda: read(targets), in_handler)


@attempt("make a socket while an object goes", SECCOMP)
def socket_in_a_finalizer(targets: Targets) -> str | None:
    return elsewhere(make_socket, in_finalizer)


@attempt("read a file from a second interpreter in the process", LANDLOCK, "OSError")
def read_in_an_interpreter(targets: Targets) -> str | None:
    """There may be none: it looks for its modules where they cannot be reached any more."""
    import _interpreters

    try:
        made = _interpreters.create()
    except _interpreters.InterpreterError as error:
        raise OSError(str(error)) from None
    left, right = os.pipe()
    code = f"""
import os
try:
    found = os.read(os.open({targets.path("open.txt")!r}, os.O_RDONLY), 100)
except OSError as error:
    found = b"error %d" % error.errno
os.write({right}, found)
"""
    _interpreters.exec(made, code)
    said = os.read(left, 100).decode()
    if said.startswith("error"):
        raise OSError(int(said[6:]), os.strerror(int(said[6:])))
    return "read a decoy" if MARK in said else None


@attempt("make a socket with machine code of its own", SECCOMP)
def socket_by_machine_code(targets: Targets) -> str | None:
    only_on_x86()
    made = run_code(_SOCKET)
    if made < 0:
        raise OSError(-made, os.strerror(-made))
    os.close(made)
    return f"made socket {made}"


@attempt("make a socket with the C library, past Python", SECCOMP)
def socket_by_the_library(targets: Targets) -> str | None:
    made = ctypes.CDLL(None, use_errno=True).socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    if made == -1:
        raise OSError(ctypes.get_errno(), "socket")
    os.close(made)
    return f"made socket {made}"


@attempt("read a file with the C library, past Python", LANDLOCK)
def read_by_the_library(targets: Targets) -> str | None:
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.open(targets.path("open.txt").encode(), os.O_RDONLY)
    if descriptor == -1:
        raise OSError(ctypes.get_errno(), "open")
    return "read a decoy" if MARK.encode() in os.read(descriptor, 100) else None


@attempt("load a library from a folder of others", LANDLOCK, "OSError")
def load_a_library(targets: Targets) -> str | None:
    """The file is none, which the loader says only after it has read it."""
    try:
        ctypes.CDLL(targets.path("open.txt"))
    except OSError as error:
        if "invalid ELF header" in str(error) or "file too short" in str(error):
            return "the loader has read it"
        raise
    return "loaded"


@attempt("copy between files in the kernel", SECCOMP)
def copy_in_the_kernel(targets: Targets) -> str | None:
    return reach("copy_file_range", -1, 0, -1, 0, 1, 0, beyond=(_EBADF,))


@attempt("send a file in the kernel", SECCOMP)
def send_in_the_kernel(targets: Targets) -> str | None:
    return reach("sendfile", -1, -1, 0, 1, beyond=(_EBADF,))


@attempt("reserve room in a file", SECCOMP)
def reserve(targets: Targets) -> str | None:
    return reach("fallocate", -1, 0, 0, 1, beyond=(_EBADF,))


@attempt("cut an open file", SECCOMP)
def cut_an_open_file(targets: Targets) -> str | None:
    return reach("ftruncate", -1, 0, beyond=(_EBADF, _EINVAL))


@attempt("have a disk's cache written out", SECCOMP)
def flush_a_disk(targets: Targets) -> str | None:
    return reach("syncfs", -1, beyond=(_EBADF,))


@attempt("read a file ahead of time", SECCOMP)
def read_ahead(targets: Targets) -> str | None:
    return reach("readahead", -1, 0, 1, beyond=(_EBADF,))


@attempt("learn how full a disk is", SECCOMP)
def ask_about_a_disk(targets: Targets) -> str | None:
    return f"{os.statvfs('/').f_bfree} blocks are free"


@attempt("choose what a security module does with it", SECCOMP)
def choose_security(targets: Targets) -> str | None:
    return reach("lsm_set_self_attr", 100, 0, 0, 0, beyond=(_EINVAL, _EFAULT, 7, 95))


@attempt("list the security modules", SECCOMP)
def list_security(targets: Targets) -> str | None:
    numbers, size = (ctypes.c_uint64 * 32)(), ctypes.c_uint32(256)
    return f"{call('lsm_list_modules', ctypes.byref(numbers), ctypes.byref(size), 0)} modules"


@attempt("make a pipe for the kernel's notices", SECCOMP)
def pipe_of_notices(targets: Targets) -> str | None:
    left, right = os.pipe2(os.O_EXCL)
    os.close(left)
    os.close(right)
    return "made"


@attempt("limit a quota by a descriptor", SECCOMP)
def quota_by_descriptor(targets: Targets) -> str | None:
    return reach("quotactl_fd", -1, 0, 0, 0, beyond=(_EBADF, _EINVAL))


@attempt("make a timer that signals another process's thread", SECCOMP)
def timer_for_another(targets: Targets) -> str | None:
    """SIGEV_THREAD_ID; the kernel finds that the thread is none of its own only when it looks."""
    event = (ctypes.c_uint32 * 16)(0, 0, 28, 4, targets.decoy)
    made = ctypes.c_int()
    return reach("timer_create", 0, ctypes.byref(event), ctypes.byref(made), beyond=(_EINVAL,))


@attempt("receive signals as data", SECCOMP)
def signals_as_data(targets: Targets) -> str | None:
    return reach("signalfd4", -1, 0, 0, 0, beyond=(_EINVAL,))
