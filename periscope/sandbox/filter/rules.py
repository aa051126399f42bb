"""The system calls that are allowed with some arguments only, and why.

A rule has alternatives, of which one must hold; an alternative is a list of tests, which must all hold. Where the
kernel takes an argument as an int it drops the upper half, and so do the tests; pointers are compared whole. Constants
are those of the kernel's headers; they are the same on both machines unless `Machine` has them.
"""

import errno
from typing import NamedTuple

from periscope.sandbox.filter.syscalls import Call, Machine


class Test(NamedTuple):
    """Holds if the lower half of an argument, cut down to `mask`, is one of `values`.

    With `whole` the upper half must be zero beside.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFF_FFFF
    whole: bool = False


class Rule(NamedTuple):
    """When a call is allowed; elsewhere it fails with the error number `otherwise`."""

    call: Call
    reason: str
    alternatives: tuple[tuple[Test, ...], ...]
    otherwise: int = errno.EPERM


_ALL = 0xFFFF_FFFF

_ACCESS_MODE, _READ, _WRITE, _READ_WRITE = 3, 0, 1, 2
_CHANGING = 0o100 | 0o200 | 0o1000 | 0o2000  # O_CREAT, O_EXCL, O_TRUNC, O_APPEND
_HARMLESS = 0o400 | 0o4000 | 0o4010000 | 0o2000000  # O_NOCTTY, O_NONBLOCK, O_SYNC with O_DSYNC, O_CLOEXEC
_ASYNC = 0o20000  # O_ASYNC: a signal when there is something to read

_PTHREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000  # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
_PTHREAD_MAY = 0x80000 | 0x100000 | 0x200000 | 0x400000 | 0x1000000
"""CLONE_SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED (ignored by the kernel, set by musl), CHILD_SETTID."""

_STREAM, _NONBLOCK_CLOEXEC = 1, 0o4000 | 0o2000000
_SEND_FLAGS = 0x40 | 0x4000  # MSG_DONTWAIT, MSG_NOSIGNAL
_RECEIVE_FLAGS = 0x2 | 0x20 | 0x40 | 0x100 | 0x4000_0000  # MSG_PEEK, TRUNC, DONTWAIT, WAITALL, CMSG_CLOEXEC
_SOCKET_OPTIONS = (3, 4, 7, 8, 30, 38, 39)  # SO_TYPE, ERROR, SNDBUF, RCVBUF, ACCEPTCONN, PROTOCOL, DOMAIN

_FIOCLEX, _FIONBIO, _TCGETS, _FIONREAD = 0x5451, 0x5421, 0x5401, 0x541B
_DUPLICATE = (0, 1030)  # F_DUPFD, F_DUPFD_CLOEXEC
_FLAGS = (1, 2, 3)  # F_GETFD, F_SETFD, F_GETFL
_SET_STATUS = 4  # F_SETFL

_MAP_REFUSED = 0x100 | 0x2000 | 0x40000  # MAP_GROWSDOWN, MAP_LOCKED, MAP_HUGETLB
_MAP_ANONYMOUS, _MAP_OWN, _MAP_KIND = (
    0x20,
    0x22,
    0xF,
)  # without a file; MAP_PRIVATE without a file; all kinds of sharing
_ADVICE = (*range(5), 8, 10, 11, *range(14, 20), 22, 23, 25, 102, 103)
"""MADV_NORMAL to DONTNEED, FREE, DONTFORK, DOFORK, HUGEPAGE to KEEPONFORK, POPULATE_*, COLLAPSE, GUARD_*."""


def rules(machine: Machine, pid: int) -> tuple[Rule, ...]:
    """The rules for one machine and for the process with that number (as it sees itself), the busiest first."""
    return (*_memory(), *_clocks(), *_sockets(), *_files(machine), *_descriptors(machine), *_processes(pid))


def _memory() -> tuple[Rule, ...]:
    return (
        Rule(
            ("mmap", 9, 222),
            "files, and memory of its own; not memory that is locked, comes in huge pages of the machine's store, "
            "grows by itself, or could be shared: no limit counts pages of a shared mapping that is mapped no more",
            (
                (Test(3, (0,), _MAP_REFUSED | _MAP_ANONYMOUS),),
                (Test(3, (_MAP_OWN,), _MAP_REFUSED | _MAP_OWN | _MAP_KIND),),
            ),
        ),
        Rule(
            ("madvise", 28, 233),
            "give memory back and the like; not merging equal pages with others', which would tell what they hold",
            ((Test(2, _ADVICE),),),
        ),
    )


def _clocks() -> tuple[Rule, ...]:
    reason = "fixed clocks, and those of own threads; the clock of a process by its number would show that it is there"
    fixed, of_own_thread = Test(0, (0,), 0x8000_0000), Test(0, (0x8000_0004,), 0x8000_0004)
    calls = (("clock_gettime", 228, 113), ("clock_getres", 229, 114), ("clock_nanosleep", 230, 115))
    return tuple(Rule(call, reason, ((fixed,), (of_own_thread,))) for call in calls)


def _sockets() -> tuple[Rule, ...]:
    return (
        Rule(
            ("sendto", 44, 206),
            "send over an open pair: no address; no urgent data, a source of kernel bugs",
            ((Test(4, (0,), whole=True), Test(3, (0,), _ALL & ~_SEND_FLAGS)),),
        ),
        Rule(
            ("recvfrom", 45, 207),
            "receive from an open pair, no urgent data",
            ((Test(3, (0,), _ALL & ~_RECEIVE_FLAGS),),),
        ),
        Rule(
            ("socketpair", 53, 199),
            "asyncio wakes itself through a pair of unix stream sockets; nothing else is connected to it",
            ((Test(0, (1,)), Test(1, (_STREAM,), _ALL & ~_NONBLOCK_CLOEXEC), Test(2, (0,))),),
        ),
        Rule(
            ("getsockopt", 55, 209),
            "what kind of socket it is; not who is at its other end",
            ((Test(1, (1,)), Test(2, _SOCKET_OPTIONS)),),
        ),
    )


def _files(machine: Machine) -> tuple[Rule, ...]:
    known = _HARMLESS | machine.directory | machine.no_follow | machine.large_file
    reason = (
        "read; or write, which Landlock grants on /dev/null alone. Not: changing a file that is opened for reading, "
        "which Landlock does not see on old kernels; nor access mode 3, O_PATH, O_TMPFILE, O_DIRECT, O_ASYNC, O_NOATIME"
    )

    def permitted(flags: int) -> tuple[tuple[Test, ...], ...]:
        reading = Test(flags, (_READ,), _ALL & ~known)
        writing = Test(flags, (_WRITE, _READ_WRITE), _ALL & ~(known | _CHANGING))
        return (reading,), (writing,)

    return (
        Rule(("openat", 257, 56), reason, permitted(2)),
        Rule(("open", 2, None), reason, permitted(1)),
    )


def _descriptors(machine: Machine) -> tuple[Rule, ...]:
    return (
        Rule(
            ("ioctl", 16, 29),
            "close on exec, do not block, is it a terminal, how much is there to read",
            ((Test(1, (_FIOCLEX, _FIONBIO, _TCGETS, _FIONREAD)),),),
        ),
        Rule(
            ("fcntl", 72, 25),
            "copy a descriptor, read and set its flags; no signals, no packets in pipes, no locks, no resizing",
            (
                (Test(1, (*_DUPLICATE, *_FLAGS)),),
                (Test(1, (_SET_STATUS,)), Test(2, (0,), _ASYNC | machine.direct)),
            ),
        ),
        Rule(
            ("pipe2", 293, 59),
            "a pipe; not one that the kernel writes notices into, nor one of packets",
            ((Test(1, (0,), _ALL & ~_NONBLOCK_CLOEXEC),),),
        ),
        Rule(
            ("close_range", 436, 436),
            "close many; not with a table of descriptors of its own for each thread",
            ((Test(2, (0, 4)),),),
        ),
    )


def _processes(pid: int) -> tuple[Rule, ...]:
    own, own_or_zero = Test(0, (pid,)), Test(0, (0, pid))
    looking = "of this process only; an answer about another would show that it is there"
    return (
        Rule(
            ("clone", 56, 220),
            "a thread as libc starts it, and nothing else; the kernel reads these flags from the lower half",
            ((Test(0, (_PTHREAD,), _ALL & ~_PTHREAD_MAY),),),
        ),
        Rule(("tgkill", 234, 131), "a signal to a thread of this process: raise and abort", ((own,),)),
        Rule(("kill", 62, 129), "a signal to this process; not to its group, nor to all", ((own,),)),
        Rule(("prctl", 157, 167), "the name of a thread, set or read", ((Test(0, (15, 16)),),)),
        Rule(
            ("prlimit64", 302, 261),
            "read a limit of this process; set none",
            ((own_or_zero, Test(2, (0,), whole=True)),),
        ),
        Rule(
            ("sched_getaffinity", 204, 123),
            f"how many processors there are, {looking}; ENOSYS, so that libc still describes a thread's stack",
            ((own_or_zero,),),
            errno.ENOSYS,
        ),
        Rule(("sched_getparam", 143, 121), looking, ((own_or_zero,),)),
        Rule(("sched_getscheduler", 145, 120), looking, ((own_or_zero,),)),
        Rule(("getpgid", 121, 155), looking, ((own_or_zero,),)),
        Rule(("getsid", 124, 156), looking, ((own_or_zero,),)),
    )
