"""The system calls that a confined Python program may make whatever their arguments, each with its numbers.

Numbers are those of the kernel's asm/unistd_64.h (x86-64) and asm-generic/unistd.h (aarch64). None: that machine does
not have the call. What is not listed here or in `rules` is refused.
"""

from typing import NamedTuple

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7

type Call = tuple[str, int | None, int | None]
"""Name, number on x86-64, number on aarch64."""


class Machine(NamedTuple):
    """What differs from machine to machine beside the numbers of calls.

    `architecture` is the kernel's AUDIT_ARCH number, which it shows to a filter; `foreign_from` is the first number of
    a second table for the same architecture, if it has one. The rest are flags of `open` that differ.
    """

    architecture: int
    foreign_from: int | None
    directory: int
    no_follow: int
    direct: int
    large_file: int


class Group(NamedTuple):
    """Calls that are on the list for the same reason."""

    reason: str
    calls: tuple[Call, ...]


MACHINES = {
    "x86_64": Machine(_X86_64, 0x4000_0000, 0o200000, 0o400000, 0o40000, 0o100000),
    "aarch64": Machine(_AARCH64, None, 0o40000, 0o100000, 0o200000, 0o400000),
}


def number_on(machine: Machine, call: Call) -> int | None:
    """The number of a call on a machine, None where it has no such call."""
    _, x86_64, aarch64 = call
    return x86_64 if machine.architecture == _X86_64 else aarch64


ALLOWED = (
    Group(
        "read and write what is open already",
        (
            ("read", 0, 63),
            ("readv", 19, 65),
            ("pread64", 17, 67),
            ("preadv", 295, 69),
            ("write", 1, 64),
            ("writev", 20, 66),
            ("pwrite64", 18, 68),
            ("pwritev", 296, 70),
            ("lseek", 8, 62),
            ("fadvise64", 221, 223),
        ),
    ),
    Group(
        "close and copy descriptors, the limit on their number stands",
        (
            ("close", 3, 57),
            ("dup", 32, 23),
            ("dup2", 33, None),
            ("dup3", 292, 24),
        ),
    ),
    Group(
        "look at files: imports ask for their kind, time and size; Landlock and the private root decide which are seen",
        (
            ("fstat", 5, 80),
            ("newfstatat", 262, 79),
            ("stat", 4, None),
            ("lstat", 6, None),
            ("statx", 332, 291),
            ("access", 21, None),
            ("faccessat", 269, 48),
            ("readlink", 89, None),
            ("readlinkat", 267, 78),
            ("getdents64", 217, 61),
        ),
    ),
    Group(
        "the working folder, which only changes what relative paths mean",
        (
            ("getcwd", 79, 17),
            ("chdir", 80, 49),
            ("fchdir", 81, 50),
        ),
    ),
    Group(
        "memory: the allocator, thread stacks, and libraries that are loaded, which need executable pages",
        (
            ("munmap", 11, 215),
            ("mprotect", 10, 226),
            ("mremap", 25, 216),
            ("brk", 12, 214),
        ),
    ),
    Group(
        "unwinders ask by these whether a page is there before they read it",
        (
            ("msync", 26, 227),
            ("mincore", 27, 232),
        ),
    ),
    Group(
        "locks, and what libc does when a thread starts and ends",
        (
            ("futex", 202, 98),
            ("set_robust_list", 273, 99),
            ("set_tid_address", 218, 96),
            ("rseq", 334, 293),
            ("membarrier", 324, 283),
            ("getcpu", 309, 168),
            ("sched_yield", 24, 124),
        ),
    ),
    Group(
        "end a thread or the process",
        (
            ("exit", 60, 93),
            ("exit_group", 231, 94),
        ),
    ),
    Group(
        "read the time and wait; most of it never reaches the kernel",
        (
            ("nanosleep", 35, 101),
            ("gettimeofday", 96, 169),
            ("time", 201, None),
            ("times", 100, 153),
            ("getrusage", 98, 165),
        ),
    ),
    Group(
        "what the process is and runs on: platform, logging and libc ask for it",
        (
            ("uname", 63, 160),
            ("sysinfo", 99, 179),
            ("getpid", 39, 172),
            ("getppid", 110, 173),
            ("gettid", 186, 178),
            ("getpgrp", 111, None),
            ("getuid", 102, 174),
            ("geteuid", 107, 175),
            ("getgid", 104, 176),
            ("getegid", 108, 177),
            ("getresuid", 118, 148),
            ("getresgid", 120, 150),
            ("getgroups", 115, 158),
            ("getrlimit", 97, 163),
        ),
    ),
    Group(
        "libc's answer when it is refused is an error without a number; nothing can be made that it would apply to",
        (("umask", 95, 166),),
    ),
    Group(
        "the range of priorities, which libc asks for when a thread starts",
        (
            ("sched_get_priority_max", 146, 125),
            ("sched_get_priority_min", 147, 126),
        ),
    ),
    Group("random numbers: hashing, secrets, uuid", (("getrandom", 318, 278),)),
    Group(
        "pipes and waiting on descriptors, which asyncio, selectors and queues are made of",
        (
            ("pipe", 22, None),
            ("poll", 7, None),
            ("ppoll", 271, 73),
            ("select", 23, None),
            ("pselect6", 270, 72),
            ("epoll_create", 213, None),
            ("epoll_create1", 291, 20),
            ("epoll_ctl", 233, 21),
            ("epoll_wait", 232, None),
            ("epoll_pwait", 281, 22),
            ("eventfd2", 290, 19),
        ),
    ),
    Group(
        "use a socket that is open already: asyncio's own pair",
        (
            ("shutdown", 48, 210),
            ("getsockname", 51, 204),
            ("getpeername", 52, 205),
        ),
    ),
    Group(
        "handle signals, and set alarms for oneself: faulthandler, signal, and libc around threads",
        (
            ("rt_sigaction", 13, 134),
            ("rt_sigprocmask", 14, 135),
            ("rt_sigreturn", 15, 139),
            ("rt_sigpending", 127, 136),
            ("rt_sigsuspend", 130, 133),
            ("rt_sigtimedwait", 128, 137),
            ("sigaltstack", 131, 132),
            ("restart_syscall", 219, 128),
            ("pause", 34, None),
            ("alarm", 37, None),
            ("setitimer", 38, 103),
            ("getitimer", 36, 102),
        ),
    ),
)

ABSENT = (
    Group(
        "arguments behind a pointer, which a filter cannot see; libc falls back on the older call",
        (
            ("clone3", 435, 435),
            ("openat2", 437, 437),
        ),
    ),
    Group(
        "newer than the calls above; whoever tries them falls back when the kernel does not know them",
        (
            ("faccessat2", 439, 439),
            ("epoll_pwait2", 441, 441),
            ("preadv2", 327, 286),
            ("pwritev2", 328, 287),
            ("futex_waitv", 449, 449),
            ("map_shadow_stack", 453, 453),
            ("futex_wake", 454, 454),
            ("futex_wait", 455, 455),
            ("futex_requeue", 456, 456),
            ("mseal", 462, 462),
        ),
    ),
)
"""Answered with ENOSYS, as if the kernel were older."""
