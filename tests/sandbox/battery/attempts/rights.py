"""Users, capabilities, limits, and the switches of a process that keep it confined."""

import ctypes
import mmap
import os
import resource
from pathlib import Path

from .calls import call, checked, libc
from .kit import Layer, Targets, attempt, held

SECCOMP, LIMIT, IDENTITY = Layer.SECCOMP, Layer.LIMIT, Layer.IDENTITY
_EINVAL = 22


def became(number: int) -> str | None:
    """The evidence of being root."""
    return f"user {os.getresuid()}, group {os.getresgid()}" if number == 0 else None


@attempt("become root", SECCOMP)
def set_user(targets: Targets) -> str | None:
    os.setuid(0)
    return became(os.getuid())


@attempt("become root, in all three ways", SECCOMP)
def set_users(targets: Targets) -> str | None:
    os.setresuid(0, 0, 0)
    return became(os.getuid())


@attempt("become root, in two ways", SECCOMP)
def set_two_users(targets: Targets) -> str | None:
    os.setreuid(0, 0)
    return became(os.getuid())


@attempt("join root's group", SECCOMP)
def set_groups(targets: Targets) -> str | None:
    os.setresgid(0, 0, 0)
    return became(os.getgid())


@attempt("join more groups", SECCOMP)
def join_groups(targets: Targets) -> str | None:
    os.setgroups([0, 6])
    return f"groups {os.getgroups()}"


@attempt("be root for files", SECCOMP)
def set_file_user(targets: Targets) -> str | None:
    call("setfsuid", 0)
    return "is root" if call("setfsuid", -1) == 0 else None


@attempt("take all capabilities", SECCOMP)
def take_capabilities(targets: Targets) -> str | None:
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    wanted = (ctypes.c_uint32 * 6)(*[0x1FFFFF] * 2, 0, 0, 0, 0)
    call("capset", ctypes.byref(head), ctypes.byref(wanted))
    return "taken"


@attempt("have any capability", IDENTITY)
def have_capabilities(targets: Targets) -> str | None:
    head, found = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    call("capget", ctypes.byref(head), ctypes.byref(found))
    return f"capabilities {[hex(word) for word in found]}" if any(found) else None


@attempt("read another process's capabilities", SECCOMP)
def read_capabilities(targets: Targets) -> str | None:
    head, found = (ctypes.c_uint32 * 2)(0x20080522, targets.decoy), (ctypes.c_uint32 * 6)()
    call("capget", ctypes.byref(head), ctypes.byref(found))
    return f"capabilities {[hex(word) for word in found]}"


def raised(kind: int, value: int) -> str | None:
    """Raise a limit; the evidence is that it then is what was asked for."""
    try:
        resource.setrlimit(kind, (value, value))
    except ValueError as error:
        held(1, str(error))
    return f"limit {resource.getrlimit(kind)}" if resource.getrlimit(kind)[0] == value else None


@attempt("allow itself core dumps", LIMIT)
def raise_core(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_CORE, 1 << 20)


@attempt("allow itself to write files", LIMIT)
def raise_file_size(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_FSIZE, 1 << 20)


@attempt("allow itself more descriptors", LIMIT)
def raise_descriptors(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_NOFILE, 1024)


@attempt("allow itself to lock memory", LIMIT)
def raise_locked_memory(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_MEMLOCK, 1 << 16)


@attempt("allow itself queues of messages", LIMIT)
def raise_queues(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_MSGQUEUE, 1 << 12)


@attempt("allow itself a larger stack", LIMIT)
def raise_stack(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_STACK, 1 << 26)


@attempt("allow itself more memory", LIMIT)
def raise_memory(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_DATA, 1 << 40)


@attempt("allow itself more addresses", LIMIT)
def raise_addresses(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_AS, 1 << 46)


@attempt("allow itself to be a real-time process", LIMIT)
def raise_real_time(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_RTPRIO, 1)


@attempt("allow itself a better priority", LIMIT)
def raise_priority(targets: Targets) -> str | None:
    return raised(resource.RLIMIT_NICE, 40)


@attempt("lock memory", LIMIT, "ENOSYS", "ENOMEM")
def lock_memory(targets: Targets) -> str | None:
    page = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    call("mlock", ctypes.addressof(ctypes.c_char.from_buffer(page)), mmap.PAGESIZE)
    return "locked"


def switched(option: int, *arguments: int) -> str:
    """Turn a switch of the process."""
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return f"prctl returned {checked(libc.prctl(option, *padded), 'prctl')}"


@attempt("be dumpable again", SECCOMP)
def be_dumpable(targets: Targets) -> str | None:
    return switched(4, 1)


@attempt("outlive its parent", SECCOMP)
def outlive_parent(targets: Targets) -> str | None:
    return switched(1, 0)


@attempt("want new privileges again", SECCOMP)
def want_privileges(targets: Targets) -> str | None:
    return switched(38, 0)


@attempt("keep capabilities over a change of user", SECCOMP)
def keep_capabilities(targets: Targets) -> str | None:
    return switched(8, 1)


@attempt("change what root's number means to it", SECCOMP)
def change_secure_bits(targets: Targets) -> str | None:
    return switched(28, 0)


@attempt("raise a capability for its programs", SECCOMP)
def raise_ambient(targets: Targets) -> str | None:
    return switched(47, 4)


@attempt("adopt its children's children", SECCOMP)
def adopt(targets: Targets) -> str | None:
    return switched(36, 1)


@attempt("change what the kernel shows of its memory", SECCOMP)
def change_memory_map(targets: Targets) -> str | None:
    try:
        return switched(35, 9, 0, 0)
    except OSError as error:
        if error.errno != _EINVAL:
            raise
        return "looked into"


@attempt("have system calls handed to itself", SECCOMP)
def dispatch_calls(targets: Targets) -> str | None:
    return switched(59, 0)


@attempt("use the processor's clock less precisely or not at all", SECCOMP)
def change_clock(targets: Targets) -> str | None:
    return switched(26, 1)


@attempt("allow itself to be killed by bad memory", SECCOMP)
def choose_bad_memory(targets: Targets) -> str | None:
    return switched(33, 0)


@attempt("read the kernel's notes on its start", SECCOMP)
def start_notes(targets: Targets) -> str | None:
    notes = ctypes.create_string_buffer(512)
    return switched(0x41555856, ctypes.addressof(notes), 512)


@attempt("be root, from the beginning", IDENTITY)
def is_root(targets: Targets) -> str | None:
    numbers = (*os.getresuid(), *os.getresgid(), *os.getgroups())
    return f"users and groups {numbers}" if 0 in numbers else None


@attempt("be a process that others may look into", IDENTITY, "ENOENT")
def be_looked_into(targets: Targets) -> str | None:
    """What the kernel shows of a process belongs to its user only as long as others may look into it."""
    owner = Path("/proc/self/environ").stat().st_uid
    return f"it belongs to user {owner}" if owner == os.getuid() else None


def has_more(kind: int, most: int) -> str | None:
    """The evidence, if a limit can be raised beyond what a strategy may have."""
    hard = resource.getrlimit(kind)[1]
    return f"limit {hard}" if hard == resource.RLIM_INFINITY or hard > most else None


@attempt("have core dumps", LIMIT, "nothing")
def has_core_dumps(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_CORE, 0)


@attempt("have files that grow", LIMIT, "nothing")
def has_files(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_FSIZE, 0)


@attempt("have many descriptors", LIMIT, "nothing")
def has_descriptors(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_NOFILE, 64)


@attempt("have locked memory", LIMIT, "nothing")
def has_locked_memory(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_MEMLOCK, 0)


@attempt("have queues of messages", LIMIT, "nothing")
def has_queues(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_MSGQUEUE, 0)


@attempt("have a stack without an end", LIMIT, "nothing")
def has_stack(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_STACK, 8 << 20)


@attempt("have memory without an end", LIMIT, "nothing")
def has_memory(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_DATA, 1 << 40)


@attempt("have addresses without an end", LIMIT, "nothing")
def has_addresses(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_AS, 1 << 43)


@attempt("have the processor for ever", LIMIT, "nothing")
def has_processor(targets: Targets) -> str | None:
    return has_more(resource.RLIMIT_CPU, 366 * 24 * 3600)


@attempt("open a hundred descriptors", LIMIT, "EMFILE")
def open_many(targets: Targets) -> str | None:
    opened: list[int] = []
    try:
        while len(opened) < 100:
            opened.append(os.dup(0))
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return f"{len(opened)} more"


@attempt("reserve more memory than it may have", LIMIT, "ENOMEM")
def reserve_memory(targets: Targets) -> str | None:
    """None of it is used, so that nobody misses it."""
    mmap.mmap(-1, 3 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_NORESERVE).close()
    return "reserved"


@attempt("reserve more addresses than it may have", LIMIT, "ENOMEM")
def reserve_addresses(targets: Targets) -> str | None:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_NORESERVE
    mmap.mmap(-1, 100 << 30, flags=flags, prot=mmap.PROT_READ).close()
    return "reserved"
