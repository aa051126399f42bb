"""Memory, queues and counters that processes share."""

import ctypes
import multiprocessing
import multiprocessing.shared_memory
import os

from .calls import call, checked, libc
from .kit import MARK, Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_PRIVATE, _CREATE = 0, 0o1000
_SIZE = 4096


@attempt("make shared memory", SECCOMP)
def make_memory(targets: Targets) -> str | None:
    made = call("shmget", _PRIVATE, _SIZE, _CREATE | 0o600)
    checked(libc.shmctl(made, 0, None), "shmctl")
    return f"made {made}"


@attempt("read memory that another process shares", SECCOMP)
def read_memory(targets: Targets) -> str | None:
    found = call("shmget", targets.memory_key, 0, 0)
    address = call("shmat", found, 0, 0o10000)
    return "read it" if ctypes.string_at(address, len(MARK)).decode() == MARK else None


@attempt("change memory that another process shares", SECCOMP)
def change_memory(targets: Targets) -> str | None:
    found = call("shmget", targets.memory_key, 0, 0)
    ctypes.memset(call("shmat", found, 0, 0) + 1000, 1, 8)
    return "changed it"


@attempt("make a queue of messages", SECCOMP)
def make_queue(targets: Targets) -> str | None:
    made = call("msgget", _PRIVATE, _CREATE | 0o600)
    checked(libc.msgctl(made, 0, None), "msgctl")
    return f"made {made}"


@attempt("make a set of semaphores", SECCOMP)
def make_semaphores(targets: Targets) -> str | None:
    made = call("semget", _PRIVATE, 1, _CREATE | 0o600)
    checked(libc.semctl(made, 0, 0, 0), "semctl")
    return f"made {made}"


@attempt("make a named queue of messages", SECCOMP)
def make_named_queue(targets: Targets) -> str | None:
    name = f"battery-made-{os.getpid()}".encode()
    os.close(call("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, 0))
    libc.mq_unlink(b"/" + name)
    return "made"


@attempt("open another process's named queue", SECCOMP)
def open_named_queue(targets: Targets) -> str | None:
    os.close(call("mq_open", targets.queue.encode(), os.O_WRONLY | os.O_NONBLOCK, 0, 0))
    return "opened"


@attempt("make named shared memory", Layer.LANDLOCK)
def make_named_memory(targets: Targets) -> str | None:
    name = f"/battery-{targets.decoy}-{os.getpid()}".encode()
    os.close(checked(libc.shm_open(name, os.O_CREAT | os.O_RDWR, 0o600), "shm_open"))
    libc.shm_unlink(name)
    return "made"


@attempt("make shared memory with multiprocessing", Layer.LANDLOCK)
def share_memory(targets: Targets) -> str | None:
    made = multiprocessing.shared_memory.SharedMemory(create=True, size=_SIZE, track=False)
    made.close()
    made.unlink()
    return f"made {made.name}"


@attempt("make a named semaphore", Layer.LANDLOCK)
def make_semaphore(targets: Targets) -> str | None:
    made = multiprocessing.get_context("fork").Semaphore()
    return f"made {made!r}"
