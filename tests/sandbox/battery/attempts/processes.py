"""Making processes and running programs."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH112, PTH118

import asyncio
import ctypes
import multiprocessing
import os
import pty
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from .calls import call, libc, only_on_x86, run_code
from .kit import Layer, Targets, attempt, line_of

SECCOMP = Layer.SECCOMP
_TRUE = "/bin/true"
_CLONE_AND_END = bytes.fromhex("b838000000 31f6 31d2 4d31d2 4d31c0 0f05 85c0 7509 31ff b83c000000 0f05 4898 c3")
"""clone(first argument, 0, 0, 0, 0); in the new process exit(0), in the old one return the answer."""
_VFORK_AND_END = bytes.fromhex("5f b83a000000 0f05 57 85c0 7509 31ff b83c000000 0f05 4898 c3")
"""The same with vfork, which must not leave its return address on the stack that both share."""
_CLONE_VM, _CLONE_SIGHAND, _CLONE_VFORK, _CLONE_PARENT, _CLONE_NEWUSER = 0x100, 0x800, 0x4000, 0x8000, 0x10000000


def waited(child: int) -> str:
    """The evidence that a process was made, once it is over."""
    os.waitpid(child, 0)
    return f"made process {child}"


def cloned(flags: int) -> str:
    """Make a process with the system call clone, which ends at once."""
    only_on_x86()
    child = run_code(_CLONE_AND_END, flags)
    if child < 0:
        raise OSError(-child, os.strerror(-child))
    if not flags & _CLONE_PARENT:
        os.waitpid(child, 0x40000000)
    return f"made process {child}"


@attempt("fork", SECCOMP)
def fork(targets: Targets) -> str | None:
    child = os.fork()
    if not child:
        os._exit(0)
    return waited(child)


@attempt("fork with the system call", SECCOMP)
def fork_by_number(targets: Targets) -> str | None:
    child = call("fork")
    if not child:
        os._exit(0)
    return waited(child)


@attempt("vfork", SECCOMP)
def vfork(targets: Targets) -> str | None:
    only_on_x86()
    child = run_code(_VFORK_AND_END)
    if child < 0:
        raise OSError(-child, os.strerror(-child))
    return waited(child)


@attempt("clone as fork does", SECCOMP)
def clone_a_process(targets: Targets) -> str | None:
    return cloned(signal.SIGCHLD)


@attempt("clone as vfork does", SECCOMP)
def clone_and_wait(targets: Targets) -> str | None:
    return cloned(signal.SIGCHLD | _CLONE_VM | _CLONE_VFORK)


@attempt("clone a process that shares memory and signals, but is no thread", SECCOMP)
def clone_half_a_thread(targets: Targets) -> str | None:
    return cloned(signal.SIGCHLD | _CLONE_VM | _CLONE_VFORK | _CLONE_SIGHAND)


@attempt("clone a process that is the parent's child", SECCOMP)
def clone_a_sibling(targets: Targets) -> str | None:
    return cloned(signal.SIGCHLD | _CLONE_PARENT)


@attempt("clone a process that says nothing when it ends", SECCOMP)
def clone_in_silence(targets: Targets) -> str | None:
    return cloned(0)


@attempt("clone a process into a user namespace", SECCOMP)
def clone_a_user(targets: Targets) -> str | None:
    return cloned(signal.SIGCHLD | _CLONE_NEWUSER)


@attempt("clone3", SECCOMP)
def clone3(targets: Targets) -> str | None:
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    child = call("clone3", ctypes.byref(arguments), ctypes.sizeof(arguments))
    if not child:
        os._exit(0)
    return waited(child)


@attempt("run a command with os.system", SECCOMP, "nothing")
def system(targets: Targets) -> str | None:
    status = os.system(_TRUE)
    if status == -1:
        raise PermissionError(ctypes.get_errno() or 1, "os.system")
    return None if os.waitstatus_to_exitcode(status) else "run"


@attempt("run a command with the C library's system", SECCOMP)
def system_of_the_library(targets: Targets) -> str | None:
    ctypes.set_errno(0)
    if libc.system(_TRUE.encode()) == 0:
        return "run"
    raise OSError(ctypes.get_errno(), "system")


@attempt("run a command with os.popen", SECCOMP)
def popen(targets: Targets) -> str | None:
    return os.popen("echo run").read()


@attempt("run a command with subprocess", SECCOMP)
def run(targets: Targets) -> str | None:
    return f"exit status {subprocess.run([_TRUE], check=True).returncode}"


@attempt("run a command with subprocess, in a session of its own", SECCOMP)
def run_in_a_session(targets: Targets) -> str | None:
    return f"exit status {subprocess.run([_TRUE], check=True, start_new_session=True).returncode}"


@attempt("run a command with posix_spawn", SECCOMP)
def posix_spawn(targets: Targets) -> str | None:
    return waited(os.posix_spawn(_TRUE, [_TRUE], {}))


@attempt("run a command with spawnv", SECCOMP)
def spawnv(targets: Targets) -> str | None:
    return f"exit status {os.spawnv(os.P_WAIT, _TRUE, [_TRUE])}"


@attempt("run a command on a terminal", SECCOMP, "EACCES", "ENOENT", "OSError")
def spawn_on_a_terminal(targets: Targets) -> str | None:
    child, descriptor = pty.fork()
    if not child:
        os._exit(0)
    os.close(descriptor)
    return waited(child)


@attempt("run a command with asyncio", SECCOMP)
def run_asynchronously(targets: Targets) -> str | None:
    async def run_it() -> int:
        process = await asyncio.create_subprocess_exec(_TRUE)
        return await process.wait()

    return f"exit status {asyncio.run(run_it())}"


@attempt("start a process with multiprocessing", SECCOMP)
def with_multiprocessing(targets: Targets) -> str | None:
    process = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    process.start()
    process.join(5)
    return f"exit status {process.exitcode}"


@attempt("start a pool of processes, which begins with semaphores", Layer.LANDLOCK)
def with_a_pool(targets: Targets) -> str | None:
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            return f"{pool.submit(os.getpid).result(5)} computed"
    except BrokenProcessPool as error:
        raise OSError(1, str(error)) from error


def evidence_of(name: str, what: str) -> list[str]:
    """A command that prints the outcome of an attempt that has become another program."""
    outcome = {"name": f"processes.{name}", "outcome": "escaped", "trace": "", "text": what}
    return ["/bin/sh", "-c", f"echo '{line_of(outcome)}'"]


@attempt("become another program", SECCOMP, "EACCES", "ENOENT")
def execute(targets: Targets) -> str | None:
    os.execv("/bin/sh", evidence_of("execute", "became a shell"))


@attempt("become another program with the system call", SECCOMP, "EACCES", "ENOENT")
def execute_by_number(targets: Targets) -> str | None:
    words = [word.encode() for word in evidence_of("execute_by_number", "became a shell")]
    vector = (ctypes.c_char_p * 4)(*words, None)
    call("execve", b"/bin/sh", ctypes.byref(vector), ctypes.byref((ctypes.c_char_p * 1)(None)))
    return None


@attempt("become a program that is open", SECCOMP)
def execute_a_descriptor(targets: Targets) -> str | None:
    """The program of the bundle prints the outcome itself."""
    descriptor = os.open(os.path.join(targets.bundle, "program"), os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    vector = (ctypes.c_char_p * 2)(b"program", None)
    call("execveat", descriptor, b"", ctypes.byref(vector), ctypes.byref((ctypes.c_char_p * 1)(None)), 0x1000)
    return None


@attempt("become a program that only memory holds", SECCOMP, "EFBIG")
def execute_from_memory(targets: Targets) -> str | None:
    descriptor = os.memfd_create("battery", 0)
    words = evidence_of("execute_from_memory", "became a program from memory")
    os.write(descriptor, f"#!/bin/sh\n{words[2]}\n".encode())
    os.execve(descriptor, ["battery"], {})


@attempt("become another program by way of the loader", SECCOMP, "EACCES", "ENOENT")
def execute_by_the_loader(targets: Targets) -> str | None:
    words = evidence_of("execute_by_the_loader", "became a shell")
    loader = "/lib64/ld-linux-x86-64.so.2" if os.path.isdir("/lib64") else "/lib/ld-linux-aarch64.so.1"
    os.execv(loader, [loader, *words])


@attempt("become a second interpreter", SECCOMP, "EACCES", "ENOENT")
def execute_the_interpreter(targets: Targets) -> str | None:
    import sys

    words = evidence_of("execute_the_interpreter", "became an interpreter")
    os.execv(sys.executable, [sys.executable, "-ISc", f"print({words[2][6:-1]!r})"])
