"""Other processes: their memory, their descriptors, signals to them, and how they are scheduled."""

import ctypes
import os
import resource
import signal
import time

from .calls import call, libc, reach
from .kit import MARK, Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_SEIZE, _TRACE_ME = 0x4206, 0
_HARMLESS = signal.SIGWINCH
_EBADF, _EFAULT, _EINVAL, _ESRCH = 9, 14, 22, 3


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def environment(targets: Targets, name: str, data: ctypes.Array[ctypes.c_char]) -> int:
    """Copy between some memory of ours and the other process's environment."""
    here = _Piece(ctypes.addressof(data), len(data))
    there = _Piece(targets.environ[0], len(data))
    return call(name, targets.decoy, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


@attempt("read another process's memory", SECCOMP)
def read_memory(targets: Targets) -> str | None:
    data = ctypes.create_string_buffer(targets.environ[1])
    environment(targets, "process_vm_readv", data)
    return "read its environment" if MARK.encode() in data.raw else None


@attempt("write another process's memory", SECCOMP)
def write_memory(targets: Targets) -> str | None:
    name = MARK.upper().encode()
    data = (ctypes.c_char * len(name)).from_buffer_copy(name)
    return f"wrote {environment(targets, 'process_vm_writev', data)} bytes"


@attempt("trace another process", SECCOMP)
def trace(targets: Targets) -> str | None:
    call("ptrace", _SEIZE, targets.decoy, 0, 0)
    return "traces it"


@attempt("let itself be traced", SECCOMP)
def be_traced(targets: Targets) -> str | None:
    call("ptrace", _TRACE_ME, 0, 0, 0)
    return "is traced"


@attempt("let anybody trace it", SECCOMP)
def allow_tracers(targets: Targets) -> str | None:
    if libc.prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0) == -1 and ctypes.get_errno() != _EINVAL:
        raise OSError(ctypes.get_errno(), "prctl")
    return "asked"


@attempt("get a descriptor for another process", SECCOMP)
def open_process(targets: Targets) -> str | None:
    return f"descriptor {os.pidfd_open(targets.decoy)}"


@attempt("get a descriptor for the host", SECCOMP)
def open_host(targets: Targets) -> str | None:
    return f"descriptor {os.pidfd_open(targets.host)}"


@attempt("take a descriptor out of another process", SECCOMP)
def take_descriptor(targets: Targets) -> str | None:
    return f"took {call('pidfd_getfd', call('pidfd_open', targets.decoy, 0), 0, 0)}"


@attempt("ask for a descriptor of another process, with whatever", SECCOMP)
def take_any_descriptor(targets: Targets) -> str | None:
    return reach("pidfd_getfd", -1, 0, 0, beyond=(_EBADF,))


@attempt("signal another process by its descriptor", SECCOMP)
def signal_descriptor(targets: Targets) -> str | None:
    signal.pidfd_send_signal(os.pidfd_open(targets.decoy), _HARMLESS)
    return "sent"


@attempt("signal whatever a descriptor stands for", SECCOMP)
def signal_any_descriptor(targets: Targets) -> str | None:
    return reach("pidfd_send_signal", 0, 0, 0, 0, beyond=(_EBADF, _EINVAL))


@attempt("signal another process", SECCOMP)
def signal_another(targets: Targets) -> str | None:
    os.kill(targets.decoy, _HARMLESS)
    return "sent"


@attempt("end another process", SECCOMP)
def kill_another(targets: Targets) -> str | None:
    os.kill(targets.victim, signal.SIGKILL)
    return "sent"


@attempt("signal the host", SECCOMP)
def signal_host(targets: Targets) -> str | None:
    os.kill(targets.host, 0)
    return "may"


@attempt("signal the parent", SECCOMP)
def signal_parent(targets: Targets) -> str | None:
    parent = os.getppid()
    if not parent:
        os.kill(1 << 20, 0)
    os.kill(parent, 0)
    return "may"


@attempt("signal every process", SECCOMP)
def signal_all(targets: Targets) -> str | None:
    os.kill(-1, 0)
    return "may"


@attempt("signal another process's group", SECCOMP)
def signal_group(targets: Targets) -> str | None:
    os.killpg(targets.decoy, _HARMLESS)
    return "sent"


@attempt("signal the first process", SECCOMP)
def signal_first(targets: Targets) -> str | None:
    os.kill(1 if os.getpid() != 1 else 2, 0)
    return "may"


@attempt("signal another process as a thread", SECCOMP)
def signal_thread(targets: Targets) -> str | None:
    call("tkill", targets.decoy, int(_HARMLESS))
    return "sent"


@attempt("signal another process's thread", SECCOMP)
def signal_thread_of_another(targets: Targets) -> str | None:
    call("tgkill", targets.decoy, targets.decoy, int(_HARMLESS))
    return "sent"


@attempt("queue a signal for another process", SECCOMP)
def queue_signal(targets: Targets) -> str | None:
    told = (ctypes.c_int * 32)(_HARMLESS, 0, -1)
    call("rt_sigqueueinfo", targets.decoy, int(_HARMLESS), ctypes.byref(told))
    return "sent"


@attempt("queue a signal for another process's thread", SECCOMP)
def queue_signal_for_thread(targets: Targets) -> str | None:
    told = (ctypes.c_int * 32)(_HARMLESS, 0, -1)
    call("rt_tgsigqueueinfo", targets.decoy, targets.decoy, int(_HARMLESS), ctypes.byref(told))
    return "sent"


@attempt("learn whether a process exists from its group", SECCOMP)
def group_of_another(targets: Targets) -> str | None:
    return f"group {os.getpgid(targets.decoy)}"


@attempt("learn whether a process exists from its session", SECCOMP)
def session_of_another(targets: Targets) -> str | None:
    return f"session {os.getsid(targets.decoy)}"


@attempt("learn whether a process exists from its clock", SECCOMP)
def clock_of_another(targets: Targets) -> str | None:
    return f"{time.clock_gettime(~targets.decoy << 3 | 2)} seconds"


@attempt("read another process's priority", SECCOMP)
def read_priority(targets: Targets) -> str | None:
    return f"priority {os.getpriority(os.PRIO_PROCESS, targets.decoy)}"


@attempt("change another process's priority", SECCOMP)
def change_priority(targets: Targets) -> str | None:
    os.setpriority(os.PRIO_PROCESS, targets.decoy, 7)
    return "changed"


@attempt("change its own priority", SECCOMP)
def change_own_priority(targets: Targets) -> str | None:
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0))
    return "changed"


@attempt("read which processors another process may use", SECCOMP)
def read_affinity(targets: Targets) -> str | None:
    return f"processors {os.sched_getaffinity(targets.decoy)}"


@attempt("choose another process's processors", SECCOMP)
def change_affinity(targets: Targets) -> str | None:
    os.sched_setaffinity(targets.decoy, {min(os.sched_getaffinity(0))})
    return "changed"


@attempt("choose its own processors", SECCOMP)
def change_own_affinity(targets: Targets) -> str | None:
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return "changed"


@attempt("read how another process is scheduled", SECCOMP)
def read_scheduler(targets: Targets) -> str | None:
    return f"scheduler {os.sched_getscheduler(targets.decoy)}"


@attempt("choose how another process is scheduled", SECCOMP)
def change_scheduler(targets: Targets) -> str | None:
    os.sched_setscheduler(targets.decoy, os.SCHED_BATCH, os.sched_param(0))
    return "changed"


@attempt("be scheduled before everybody else", SECCOMP)
def be_real_time(targets: Targets) -> str | None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return "was"


@attempt("choose another process's scheduling with sched_setattr", SECCOMP)
def change_scheduler_by_number(targets: Targets) -> str | None:
    wanted = (ctypes.c_uint32 * 12)(48, os.SCHED_BATCH, 0, 0, 7)
    call("sched_setattr", targets.decoy, ctypes.byref(wanted), 0)
    return "changed"


@attempt("read another process's limits", SECCOMP)
def read_limits(targets: Targets) -> str | None:
    return f"limit {resource.prlimit(targets.decoy, resource.RLIMIT_NOFILE)}"


@attempt("change another process's limits", SECCOMP)
def change_limits(targets: Targets) -> str | None:
    resource.prlimit(targets.decoy, resource.RLIMIT_CORE, (0, 0))
    return "changed"


@attempt("choose another process's place at the disk", SECCOMP)
def change_disk_priority(targets: Targets) -> str | None:
    call("ioprio_set", 1, targets.decoy, (2 << 13) | 7)
    return "changed"


@attempt("move another process's memory between nodes", SECCOMP)
def move_memory(targets: Targets) -> str | None:
    nodes = ctypes.c_ulong(1)
    return reach("migrate_pages", targets.decoy, 2, ctypes.byref(nodes), ctypes.byref(nodes), beyond=(_EINVAL,))


@attempt("ask where another process's pages are", SECCOMP)
def find_pages(targets: Targets) -> str | None:
    page, status = ctypes.c_void_p(targets.environ[0]), ctypes.c_int()
    call("move_pages", targets.decoy, 1, ctypes.byref(page), 0, ctypes.byref(status), 0)
    return f"node {status.value}"


@attempt("advise the kernel about another process's memory", SECCOMP)
def advise(targets: Targets) -> str | None:
    return reach("process_madvise", -1, 0, 0, 0, 0, beyond=(_EBADF,))


@attempt("take the memory of a dying process", SECCOMP)
def reap(targets: Targets) -> str | None:
    return reach("process_mrelease", -1, 0, beyond=(_EBADF,))


@attempt("compare itself with another process", SECCOMP)
def compare(targets: Targets) -> str | None:
    return f"order {call('kcmp', os.getpid(), targets.decoy, 1, 0, 0)}"


@attempt("read another process's list of locks", SECCOMP)
def list_of_locks(targets: Targets) -> str | None:
    head, size = ctypes.c_void_p(), ctypes.c_size_t()
    call("get_robust_list", targets.decoy, ctypes.byref(head), ctypes.byref(size))
    return f"{size.value} bytes"


@attempt("leave its session", SECCOMP)
def leave_session(targets: Targets) -> str | None:
    os.setsid()
    return f"session {os.getsid(0)}"


@attempt("leave its group", SECCOMP)
def leave_group(targets: Targets) -> str | None:
    os.setpgid(0, 0)
    return f"group {os.getpgrp()}"
