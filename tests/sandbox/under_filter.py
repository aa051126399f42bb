"""A process that binds itself to the filter of system calls, tries things, and says as JSON what came of each.

With `free` it tries the same without the filter. Nothing here depends on Landlock or on who runs it.
"""

import asyncio
import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fcntl import F_GETFL, F_SETFL, F_SETOWN, fcntl
from pathlib import Path

from periscope.sandbox.filter.program import program
from periscope.sandbox.inside.confine import kernel, seccomp

_PR_SET_NO_NEW_PRIVS = 38
_OWN = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_READ_MODULE = Path(os.__file__)
_GETPID_BY_INTERRUPT = bytes.fromhex("b814000000 cd80 c3")
"""x86: mov eax, 20 (getpid of the 32-bit table); int 0x80; ret."""


def fork() -> None:
    """Make a process, and wait for its end."""
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def spawn() -> None:
    """Start a program."""
    os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", ""], {}), 0)


def pair(use: Callable[[socket.socket, socket.socket], object]) -> object:
    """Do something with two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return use(ours, theirs)


def talk(ours: socket.socket, theirs: socket.socket) -> str:
    """Send something there and back."""
    ours.setblocking(False)
    ours.sendall(b"there")
    theirs.settimeout(5)
    return theirs.recv(5, socket.MSG_PEEK).decode() + theirs.recv(5).decode()


def in_thread() -> int:
    """What a thread did, and what libc knows of its stack."""
    found: list[int] = []

    def describe() -> None:
        libc = ctypes.CDLL(None)
        libc.pthread_self.restype = ctypes.c_ulong
        found.append(libc.pthread_getattr_np(ctypes.c_ulong(libc.pthread_self()), ctypes.create_string_buffer(256)))

    thread = threading.Thread(target=describe)
    thread.start()
    thread.join()
    return found[0]


async def loop() -> list[int]:
    """Timers, tasks, threads and a pipe of an event loop."""

    async def later(number: int) -> int:
        await asyncio.sleep(number / 1000)
        return number

    numbers = await asyncio.gather(*(later(number) for number in range(3)))
    return [*numbers, await asyncio.to_thread(len, "four"), await asyncio.wait_for(later(5), 10)]


def write_nothing() -> int:
    """Write to the null device."""
    return Path(os.devnull).write_text("x")


def cut_while_reading() -> None:
    """Cut a file short through a descriptor that only reads; it is this process's own."""
    os.close(os.open("/dev/null", os.O_RDONLY | os.O_TRUNC))


def append_packets() -> None:
    """Make a pipe one of packets, as a strategy might with its output."""
    _, writer = os.pipe()
    fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) | os.O_DIRECT)


def set_limit() -> None:
    """Set a limit to what it is; Python's word for EPERM is a ValueError here."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    except ValueError as error:
        raise PermissionError from error


def handle_signal() -> int:
    """Send a signal to this process and to this thread, and handle both."""
    seen: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    return len(seen)


WORKS: dict[str, Callable[[], object]] = {
    "read a file": lambda: len(_READ_MODULE.read_text()) > 1000,
    "list a folder": lambda: _READ_MODULE in _READ_MODULE.parent.iterdir(),
    "write to the null device": write_nothing,
    "socket pair": lambda: pair(talk),
    "thread": in_thread,
    "pool of threads": lambda: list(ThreadPoolExecutor(4).map(abs, [-1, 2])),
    "event loop": lambda: asyncio.run(loop()),
    "processors": lambda: os.process_cpu_count() == len(os.sched_getaffinity(os.getpid())),
    "clocks": lambda: time.thread_time() <= time.process_time() < time.time(),
    "clock of this thread": lambda: time.clock_gettime(time.pthread_getcpuclockid(threading.get_ident())) >= 0,
    "signal to oneself": handle_signal,
    "limits": lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0,
    "executable memory": lambda: len(mmap.mmap(-1, 4096, _OWN, mmap.PROT_READ | mmap.PROT_EXEC)),
}

REFUSED: dict[str, Callable[[], object]] = {
    "fork": fork,
    "posix_spawn": spawn,
    "exec": lambda: os.execv(sys.executable, [sys.executable, "-S", "-c", "print('{}')"]),
    "internet socket": lambda: socket.socket(socket.AF_INET).close(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "pair of datagram sockets": lambda: socket.socketpair(type=socket.SOCK_DGRAM),
    "urgent data": lambda: pair(lambda ours, _: ours.send(b"x", socket.MSG_OOB)),
    "ancillary data": lambda: pair(lambda ours, _: ours.sendmsg([b"x"])),
    "ancillary data received": lambda: pair(lambda ours, theirs: (ours.send(b"x"), theirs.recvmsg(1))),
    "who is at the other end": lambda: pair(lambda ours, _: ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)),
    "signal to the parent": lambda: os.kill(os.getppid(), 0),
    "signal to the group": lambda: os.kill(0, 0),
    "group of the parent": lambda: os.getpgid(os.getppid()),
    "session of the parent": lambda: os.getsid(os.getppid()),
    "clock of the parent": lambda: time.clock_gettime(~os.getppid() << 3 | 2),
    "file in memory": lambda: os.close(os.memfd_create("made")),
    "handle of a process": lambda: os.close(os.pidfd_open(os.getpid())),
    "timer with a descriptor": lambda: os.close(os.timerfd_create(time.CLOCK_MONOTONIC)),
    "cut while reading": cut_while_reading,
    "path without reading": lambda: os.close(os.open("/", os.O_PATH)),
    "own nice value": lambda: os.nice(0),
    "own processors": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "own limit": set_limit,
    "signals for a descriptor": lambda: fcntl(0, F_SETOWN, os.getpid()),
    "pipe of packets": append_packets,
    "size of a disk": lambda: os.statvfs("/"),
    "file without a name": lambda: Path("/nothing/of/that/name").unlink(),
    "own death signal": lambda: kernel.prctl(1, 0),
}


def outcome(attempt: Callable[[], object]) -> object:
    """What an attempt returned, or the name of the error that it raised."""
    try:
        return attempt()
    except OSError as error:
        return type(error).__name__


def by_interrupt() -> int:
    """Make a call by the table of 32-bit programs; there is no return from it under the filter."""
    page = mmap.mmap(-1, 4096, _OWN, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(_GETPID_BY_INTERRUPT)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return int(function())


def main(*, mode: str, wanted: str) -> None:
    """Try what is wanted, under the filter or free of it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if mode == "filtered":
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
        seccomp.install(program(kernel.MACHINE, os.getpid()))
    match wanted:
        case "interrupt":
            print(json.dumps(by_interrupt() == os.getpid()))
        case "x32":
            kernel.call(0x4000_0000 + 39)
        case "all":
            attempts = WORKS | {name: attempt for name, attempt in REFUSED.items() if name != "exec"}
            print(json.dumps({name: outcome(attempt) for name, attempt in attempts.items()}, default=str))
        case "exec":
            print(json.dumps(outcome(REFUSED["exec"])))
        case _:
            raise ValueError(wanted)


if __name__ == "__main__":
    main(mode=sys.argv[1], wanted=sys.argv[2])
