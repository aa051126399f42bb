"""Which arguments the filter of system calls lets pass, for both machines, with garbage wherever the kernel ignores it.

Constants are written as in the kernel's headers, not taken from the code under test.
"""

import errno
from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from periscope.sandbox.filter.program import program
from periscope.sandbox.filter.rules import rules
from periscope.sandbox.filter.syscalls import MACHINES, number_on
from tests.sandbox import bpf_machine

PID, OTHER = 4711, 4712
ALLOW, REFUSE, MISSING = 0x7FFF_0000, 0x0005_0000 | errno.EPERM, 0x0005_0000 | errno.ENOSYS
NAMES = sorted(MACHINES)
GARBAGE = 0xDEAD_BEEF

WRONLY, RDWR, CREAT, EXCL, NOCTTY, TRUNC = 0o1, 0o2, 0o100, 0o200, 0o400, 0o1000
APPEND, NONBLOCK, SYNC, ASYNC = 0o2000, 0o4000, 0o4010000, 0o20000
NOATIME, CLOEXEC, PATH, TMPFILE_BIT = 0o1000000, 0o2000000, 0o10000000, 0o20000000
OPEN = {
    "x86_64": {"DIRECT": 0o40000, "LARGEFILE": 0o100000, "DIRECTORY": 0o200000, "NOFOLLOW": 0o400000},
    "aarch64": {"DIRECT": 0o200000, "LARGEFILE": 0o400000, "DIRECTORY": 0o40000, "NOFOLLOW": 0o100000},
}

VM, FS, FILES, SIGHAND, PIDFD, PTRACE, VFORK, PARENT = (0x100 << bit for bit in range(8))
THREAD, NEWNS, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED, UNTRACED = (0x10000 << bit for bit in range(8))
CHILD_SETTID, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, IO = (0x1000000 << bit for bit in range(8))
NEWTIME, SIGCHLD = 0x80, 17
GLIBC = VM | FS | FILES | SYSVSEM | SIGHAND | THREAD | SETTLS | PARENT_SETTID | CHILD_CLEARTID
MUSL = GLIBC | DETACHED
FORK = CHILD_CLEARTID | CHILD_SETTID | SIGCHLD

ANY = None
"""An argument that the filter does not look at, or may be anything."""
type Given = Sequence[int | None]


@cache
def built(machine: str) -> list[bpf_machine.Instruction]:
    return bpf_machine.decoded(program(machine, PID))


def verdicts(machine: str, name: str, given: Given, whole: frozenset[int]) -> set[int]:
    """The verdicts on a call, once clean and once with garbage in all halves that the kernel ignores."""
    known = MACHINES[machine]
    (number,) = (number_on(known, rule.call) for rule in rules(known, PID) if rule.call[0] == name)
    if number is None:
        return set()
    padded = [*given, *[ANY] * (6 - len(given))]
    found = set()
    for upper in (0, GARBAGE, 0x8000_0000, 0xFFFF_FFFF):
        arguments = [
            upper << 32 | upper if value is ANY else value if index in whole else upper << 32 | value
            for index, value in enumerate(padded)
        ]
        found.add(bpf_machine.run(built(machine), bpf_machine.data(number, known.architecture, arguments)).verdict)
    return found


PASS: Mapping[str, Sequence[Given]] = {
    "mmap": [(ANY, ANY, 7, 0x22), (ANY, ANY, 5, 0x802), (ANY, ANY, 3, 0x24022), (ANY, ANY, 1, 0x1), (ANY, ANY, 3, 0x3)],
    "madvise": [(ANY, ANY, advice) for advice in (0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 18, 22, 23)],
    "clock_gettime": [(clock,) for clock in (*range(12), 0x8000_0004, 0xFFFF_FFFE, ~OTHER << 3 & 0xFFFF_FFFF | 6)],
    "clock_getres": [(0,), (1,), (7,)],
    "clock_nanosleep": [(0, 0), (1, 1)],
    "sendto": [(3, ANY, ANY, flags, 0) for flags in (0, 0x40, 0x4000, 0x4040)],
    "recvfrom": [(3, ANY, ANY, flags) for flags in (0, 0x2, 0x40, 0x100, 0x142)],
    "socketpair": [(1, 1 | flags, 0) for flags in (0, NONBLOCK, CLOEXEC, NONBLOCK | CLOEXEC)],
    "getsockopt": [(3, 1, 3), (3, 1, 4), (3, 1, 38), (3, 1, 39)],
    "ioctl": [(0, 0x5451), (0, 0x5421), (0, 0x5401), (0, 0x541B)],
    "fcntl": [(0, 0), (0, 1030, 3), (0, 1), (0, 2, 1), (0, 3), (1, 4, 0), (1, 4, NONBLOCK | RDWR), (1, 4, APPEND)],
    "close_range": [(3, ANY, 0), (3, ANY, 4)],
    "pipe2": [(ANY, flags) for flags in (0, NONBLOCK, CLOEXEC, NONBLOCK | CLOEXEC)],
    "clone": [(GLIBC,), (MUSL,), (GLIBC | CHILD_SETTID,), (VM | FS | FILES | SIGHAND | THREAD | SYSVSEM,)],
    "tgkill": [(PID, ANY, ANY)],
    "kill": [(PID, ANY)],
    "prctl": [(15,), (16,)],
    "prlimit64": [(0, ANY, 0), (PID, ANY, 0)],
    "sched_getaffinity": [(0,), (PID,)],
    "sched_getparam": [(0,), (PID,)],
    "sched_getscheduler": [(0,), (PID,)],
    "getpgid": [(0,), (PID,)],
    "getsid": [(0,), (PID,)],
}

NOT_PASS: Mapping[str, Sequence[Given]] = {
    "mmap": [(ANY, ANY, 3, 0x22 | flag) for flag in (0x100, 0x2000, 0x40000)]
    + [(ANY, ANY, 3, 0x20 | sharing) for sharing in (0, 1, 3, 8)]
    + [(ANY, ANY, 3, 0x1 | flag) for flag in (0x100, 0x2000, 0x40000)],
    "madvise": [(ANY, ANY, advice) for advice in (5, 9, 12, 13, 20, 21, 100, 101, 0xFFFF_FFFF)],
    "clock_gettime": [(~OTHER << 3 & 0xFFFF_FFFF | kind,) for kind in (0, 1, 2, 3)],
    "clock_getres": [(~OTHER << 3 & 0xFFFF_FFFF | 2,)],
    "clock_nanosleep": [(~OTHER << 3 & 0xFFFF_FFFF | 2,)],
    "sendto": [
        (3, ANY, ANY, 0, 1),
        (3, ANY, ANY, 0, 1 << 32),
        (3, ANY, ANY, 0, 1 << 63),
        (3, ANY, ANY, 0, 0x7F00 << 32),
    ]
    + [(3, ANY, ANY, flag, 0) for flag in (0x1, 0x4, 0x80, 0x8000, 0x4000000, 0x20000000)],
    "recvfrom": [(3, ANY, ANY, flag) for flag in (0x1, 0x41, 0x2000, 0x10000)],
    "socketpair": [
        (2, 1, 0),
        (10, 1, 0),
        (16, 3, 0),
        (1, 2, 0),
        (1, 3, 0),
        (1, 5, 0),
        (1, 0, 0),
        (1, 1, 1),
        (40, 1, 0),
    ],
    "getsockopt": [(3, 1, 17), (3, 1, 77), (3, 1, 59), (3, 1, 31), (3, 6, 3), (3, 0, 4), (3, 41, 4)],
    "ioctl": [
        (0, command)
        for command in (0x5412, 0x5413, 0x5402, 0x5452, 0x5450, 0x540E, 0x541C, 0x8901, 0x8902, 0x8910, 0xC0045877, 0)
    ],
    "fcntl": [
        *((0, command, ANY) for command in (5, 6, 7, 8, 9, 10, 11, 15, 16, 36, 37, 38)),
        *((0, command, ANY) for command in (1024, 1025, 1026, 1029, 1031, 1032, 1033, 1034, 1035, 1037)),
        (1, 4, ASYNC),
        (1, 4, ASYNC | NONBLOCK),
    ],
    "close_range": [(3, ANY, 2), (3, ANY, 6)],
    "pipe2": [(ANY, flags) for flags in (0o200, 0o40000, 0o200 | CLOEXEC, 0xFFFF_FFFF)],
    "clone": [
        *((GLIBC & ~flag,) for flag in (VM, FS, FILES, SIGHAND, THREAD, SYSVSEM)),
        *((GLIBC | flag,) for flag in (PIDFD, PTRACE, VFORK, PARENT, UNTRACED, IO, SIGCHLD, NEWTIME)),
        *((GLIBC | flag,) for flag in (NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET)),
        *((flags,) for flags in (FORK, SIGCHLD, VM | VFORK | SIGCHLD, NEWUSER | SIGCHLD, 0, 0xFFFF_FFFF)),
    ],
    "tgkill": [(OTHER, ANY, ANY), (0, ANY, ANY), (1, ANY, ANY), (-PID & 0xFFFF_FFFF, ANY, ANY)],
    "kill": [(OTHER, 0), (0, 9), (1, 9), (0xFFFF_FFFF, 9), (-PID & 0xFFFF_FFFF, 9)],
    "prctl": [(option,) for option in (1, 2, 4, 8, 9, 22, 23, 24, 35, 36, 38, 39, 47, 52, 53, 0x53564D41)],
    "prlimit64": [(OTHER, ANY, 0), (1, ANY, 0), (0, ANY, 1), (0, ANY, 1 << 32), (PID, ANY, 1 << 63)],
    "sched_getparam": [(OTHER,), (1,)],
    "sched_getscheduler": [(OTHER,), (1,)],
    "getpgid": [(OTHER,), (1,)],
    "getsid": [(OTHER,), (1,)],
}
POINTERS = {"sendto": frozenset({4}), "prlimit64": frozenset({2})}

machines = pytest.mark.parametrize("machine", NAMES)


@machines
@pytest.mark.parametrize("name", sorted(PASS))
def test_what_a_program_needs_passes(machine: str, name: str) -> None:
    for given in PASS[name]:
        assert verdicts(machine, name, given, POINTERS.get(name, frozenset())) == {ALLOW}, given


@machines
@pytest.mark.parametrize("name", sorted(NOT_PASS))
def test_what_it_does_not_need_is_refused(machine: str, name: str) -> None:
    for given in NOT_PASS[name]:
        assert verdicts(machine, name, given, POINTERS.get(name, frozenset())) == {REFUSE}, given


@machines
def test_asking_for_the_processors_of_another_is_no_call_at_all(machine: str) -> None:
    for other in (OTHER, 1, 0xFFFF_FFFF):
        assert verdicts(machine, "sched_getaffinity", (other,), frozenset()) == {MISSING}


def opening(machine: str, flags: int) -> set[int]:
    """The verdicts on opening a file, by both calls where the machine has both."""
    folder = 0xFFFF_FF9C
    return verdicts(machine, "openat", (folder, ANY, flags), frozenset()) | verdicts(
        machine, "open", (ANY, flags), frozenset()
    )


@machines
def test_files_are_opened_to_read_or_in_ways_that_landlock_decides(machine: str) -> None:
    own = OPEN[machine]
    harmless = (0, NOCTTY, NONBLOCK, SYNC, CLOEXEC, own["LARGEFILE"], own["DIRECTORY"], own["NOFOLLOW"])
    for flag in harmless:
        for mode in (0, WRONLY, RDWR):
            assert opening(machine, mode | flag | CLOEXEC) == {ALLOW}, (flag, mode)
    for changing in (CREAT, EXCL, TRUNC, APPEND, CREAT | TRUNC, CREAT | EXCL, CREAT | APPEND):
        assert opening(machine, changing | CLOEXEC) == {REFUSE}, changing
        for mode in (WRONLY, RDWR):
            assert opening(machine, mode | changing | CLOEXEC) == {ALLOW}, (changing, mode)


@machines
def test_what_landlock_does_not_decide_is_not_opened(machine: str) -> None:
    never = (PATH, TMPFILE_BIT, TMPFILE_BIT | OPEN[machine]["DIRECTORY"], ASYNC, OPEN[machine]["DIRECT"], NOATIME)
    for flag in (*never, 1 << 26, 1 << 31, 0o4, 0o10):
        for mode in (0, WRONLY, RDWR, 3):
            assert opening(machine, mode | flag) == {REFUSE}, (flag, mode)
    for flag in (0, CREAT, TRUNC, CLOEXEC, OPEN[machine]["DIRECTORY"]):
        assert opening(machine, 3 | flag) == {REFUSE}


@machines
def test_a_pipe_is_not_made_one_of_packets(machine: str) -> None:
    for flag, verdict in (("DIRECT", REFUSE), ("LARGEFILE", ALLOW), ("DIRECTORY", ALLOW)):
        assert verdicts(machine, "fcntl", (1, 4, OPEN[machine][flag]), frozenset()) == {verdict}


def test_each_rule_has_its_cases() -> None:
    names = {rule.call[0] for rule in rules(MACHINES["x86_64"], PID)}
    assert names == PASS.keys() | {"open", "openat"}
    assert names == NOT_PASS.keys() | {"open", "openat", "sched_getaffinity"}
