"""The filter of system calls as data: its tables against the kernel's headers, its program on a machine in Python."""

import errno
import re
import struct
from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periscope.sandbox.filter import bpf
from periscope.sandbox.filter.program import program
from periscope.sandbox.filter.rules import Rule, rules
from periscope.sandbox.filter.syscalls import ABSENT, ALLOWED, MACHINES, Call, number_on
from tests.sandbox import bpf_machine

PID = 4711
KILL, ALLOW = 0x8000_0000, 0x7FFF_0000
REFUSE, MISSING = 0x0005_0000 | errno.EPERM, 0x0005_0000 | errno.ENOSYS
I386, ARM, RISCV64 = 0x4000_0003, 0x4000_0028, 0xC000_00F3
NAMES = sorted(MACHINES)

NEVER = """
    fork vfork execve execveat wait4 waitid ptrace process_vm_readv process_vm_writev process_madvise process_mrelease
    pidfd_open pidfd_getfd pidfd_send_signal kcmp tkill rt_sigqueueinfo rt_tgsigqueueinfo socket connect bind listen
    accept accept4 sendmsg sendmmsg recvmsg recvmmsg setsockopt io_uring_setup io_uring_enter io_uring_register bpf
    userfaultfd perf_event_open keyctl add_key request_key unshare setns mount umount2 move_mount open_tree fsopen
    fsconfig fsmount fspick mount_setattr pivot_root chroot name_to_handle_at open_by_handle_at memfd_create
    memfd_secret personality capset setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups
    setsid setpgid seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self setrlimit setpriority
    ioprio_set sched_setaffinity sched_setparam sched_setattr sched_setscheduler mlock mlock2 mlockall mbind
    migrate_pages move_pages set_mempolicy shmget shmat shmctl semget semop semctl msgget msgsnd msgrcv mq_open
    inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark timer_create timerfd_create signalfd
    signalfd4 splice tee vmsplice sendfile copy_file_range truncate ftruncate fallocate creat mkdir mkdirat mknod
    mknodat rmdir unlink unlinkat link linkat symlink symlinkat rename renameat renameat2 chmod fchmod fchmodat chown
    fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr removexattr getxattr
    listxattr statfs fstatfs sync syncfs fsync flock reboot kexec_load init_module finit_module delete_module iopl
    ioperm modify_ldt arch_prctl acct swapon swapoff quotactl syslog sethostname setdomainname settimeofday
    clock_settime clock_adjtime adjtimex vhangup lookup_dcookie nfsservctl uselib getpriority get_mempolicy
""".split()  # noqa: SIM905

machines = pytest.mark.parametrize("machine", NAMES)


@cache
def built(machine: str) -> list[bpf_machine.Instruction]:
    return bpf_machine.decoded(program(machine, PID))


def outcome(machine: str, number: int, *arguments: int, architecture: int | None = None) -> bpf_machine.Outcome:
    looked_at = bpf_machine.data(number, architecture or MACHINES[machine].architecture, arguments)
    return bpf_machine.run(built(machine), looked_at)


def listed(machine: str) -> dict[str, set[int]]:
    """The numbers of a machine: allowed, absent, and allowed with certain arguments."""
    known = MACHINES[machine]
    found = {
        "allowed": chain.from_iterable(group.calls for group in ALLOWED),
        "absent": chain.from_iterable(group.calls for group in ABSENT),
        "checked": (rule.call for rule in rules(known, PID)),
    }
    return {
        kind: {number for call in calls if (number := number_on(known, call)) is not None}
        for kind, calls in found.items()
    }


def all_calls() -> list[Call]:
    groups = chain.from_iterable(group.calls for group in (*ALLOWED, *ABSENT))
    return [*groups, *(rule.call for rule in rules(MACHINES["x86_64"], PID))]


def headers() -> dict[str, Path]:
    """The kernel's own lists of numbers, where they are installed."""
    include = Path("/usr/include")
    x86_64 = [include / "x86_64-linux-gnu/asm/unistd_64.h", include / "asm/unistd_64.h"]
    found = {"x86_64": x86_64, "aarch64": [include / "asm-generic/unistd.h"]}
    return {machine: path for machine, paths in found.items() for path in paths if path.exists()}


def numbers_in(header: str) -> dict[str, int]:
    """Name and number of each call; the generic header has some under a name for 32-bit machines too."""
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header)}
    for name, other in re.findall(r"#define __NR_(\w+) __NR3264_(\w+)", header):
        if other in found:
            found.setdefault(name, found[other])
    return found


@machines
def test_numbers_are_the_kernels(machine: str) -> None:
    path = headers().get(machine)
    if path is None:
        pytest.skip("the kernel's headers are not installed")
    kernel = numbers_in(path.read_text())
    newest = max(number for name, number in kernel.items() if name not in {"syscalls", "arch_specific_syscall"})
    ours = {call[0]: number_on(MACHINES[machine], call) for call in all_calls()}
    assert {name: number for name, number in ours.items() if number is None or number <= newest} == {
        name: kernel.get(name) for name, number in ours.items() if number is None or number <= newest
    }


def test_each_entry_has_a_reason_and_stands_once() -> None:
    reasons = [group.reason for group in (*ALLOWED, *ABSENT)]
    for machine in MACHINES.values():
        reasons += [rule.reason for rule in rules(machine, PID)]
    assert all(len(reason) > 10 for reason in reasons)
    names = [call[0] for call in all_calls()]
    assert len(names) == len(set(names))
    for machine in MACHINES.values():
        numbers = [number for call in all_calls() if (number := number_on(machine, call)) is not None]
        assert len(numbers) == len(set(numbers))


def test_what_reaches_beyond_the_process_is_on_no_list() -> None:
    assert {call[0] for call in all_calls()} & set(NEVER) == set()
    known = {name for path in headers().values() for name in numbers_in(path.read_text())}
    assert not known or set(NEVER) <= known, "misspelt"


@machines
def test_a_program_is_one_that_the_kernel_takes(machine: str) -> None:
    assert bpf_machine.faults(built(machine)) == []
    assert len(built(machine)) < 4096


@machines
def test_every_number_has_its_verdict(machine: str) -> None:
    kinds = listed(machine)
    for number in range(2000):
        verdict, loaded = outcome(machine, number)
        if number in kinds["allowed"]:
            assert verdict == ALLOW, number
        elif number in kinds["absent"]:
            assert verdict == MISSING, number
        elif number not in kinds["checked"]:
            assert verdict == REFUSE, number
        if number not in kinds["checked"]:
            assert set(loaded) <= {bpf.NUMBER, bpf.ARCHITECTURE}, "the kernel can't remember a verdict on arguments"


@machines
def test_the_tables_of_other_machines_end_the_process(machine: str) -> None:
    other = next(known.architecture for name, known in MACHINES.items() if name != machine)
    for architecture in (I386, ARM, RISCV64, other, 0x8000_003E):
        for number in (*range(600), 0x4000_0000, 0xFFFF_FFFF):
            assert outcome(machine, number, architecture=architecture).verdict == KILL
    for number in (*range(0x4000_0000, 0x4000_0400), 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF):
        assert outcome(machine, number).verdict == (KILL if machine == "x86_64" else REFUSE)


def test_a_machine_without_a_table_is_refused() -> None:
    with pytest.raises(OSError, match="no table of system calls for riscv64") as caught:
        program("riscv64", PID)
    assert caught.value.errno == errno.ENOSYS


def naive_verdict(machine: str, number: int, arguments: tuple[int, ...]) -> int:
    """What the tables say, read without a program."""

    def holds(rule: Rule) -> bool:
        return any(
            all(
                (arguments[test.argument] & test.mask if not test.whole else arguments[test.argument]) in test.values
                for test in alternative
            )
            for alternative in rule.alternatives
        )

    known = MACHINES[machine]
    if machine == "x86_64" and number >= 0x4000_0000:
        return KILL
    for rule in rules(known, PID):
        if number_on(known, rule.call) == number:
            return ALLOW if holds(rule) else 0x0005_0000 | rule.otherwise
    kinds = listed(machine)
    return ALLOW if number in kinds["allowed"] else MISSING if number in kinds["absent"] else REFUSE


BITS = st.lists(st.integers(0, 34), max_size=8).map(lambda bits: sum({1 << bit for bit in bits}))
WORDS = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4, 8, 15, 16, PID, 1030, 0x3D0F00, 0x5401, 0x5421, 0x541B, 0x5451, 2**63, 2**64 - 1]),
    BITS,
    st.integers(0, 2**64 - 1),
)


def test_program_and_tables_agree(cases: Callable[..., int]) -> None:
    @settings(max_examples=cases(300, 5_000), deadline=None)
    @given(st.sampled_from(NAMES), st.data())
    def they_agree(machine: str, draw: st.DataObject) -> None:
        checked = st.sampled_from(sorted(listed(machine)["checked"]))
        number = draw.draw(st.one_of(checked, checked, st.integers(0, 2**32 - 1)))
        arguments = tuple(draw.draw(WORDS) for _ in range(6))
        assert outcome(machine, number, *arguments).verdict == naive_verdict(machine, number, arguments)

    they_agree()


def test_jumps_that_are_too_far_are_not_written() -> None:
    made = bpf.Program()
    made.if_equal(1, "far")
    for _ in range(255):
        made.give(0)
    made.place("far")
    made.give(1)
    assert bpf_machine.faults(bpf_machine.decoded(made.assemble())) == []
    with pytest.raises(ValueError, match="placed twice"):
        made.place("far")

    made = bpf.Program()
    made.if_equal(1, "farther")
    for _ in range(256):
        made.give(0)
    made.place("farther")
    with pytest.raises(ValueError, match="instruction 0 jumps 256 far to 'farther', 255 is the farthest"):
        made.assemble()

    made = bpf.Program()
    made.place("above")
    made.give(0)
    made.if_equal(1, "above")
    with pytest.raises(ValueError, match="instruction 1 jumps -2 far"):
        made.assemble()


def test_programs_that_are_too_long_are_not_written() -> None:
    made = bpf.Program()
    for _ in range(4097):
        made.give(0)
    with pytest.raises(ValueError, match="4097 instructions"):
        made.assemble()


def test_the_machine_in_python_works_as_the_kernels() -> None:
    looked_at = bpf_machine.data(0xFFFF_FFFF, I386, (0x1_0000_0002,))
    assert struct.unpack_from("<I", looked_at, bpf.NUMBER) == (0xFFFF_FFFF,)
    assert struct.unpack_from("<II", looked_at, bpf.low_half(0)) == (2, 1)
    assert len(looked_at) == bpf_machine.DATA_BYTES
    falling_off = [bpf_machine.Instruction(0x20, 0, 0, 0), bpf_machine.Instruction(0x15, 0, 1, 0)]
    assert len(bpf_machine.faults(falling_off)) == 2
    assert bpf_machine.faults([bpf_machine.Instruction(0x20, 0, 0, 64), bpf_machine.Instruction(0x06, 0, 0, 0)])
