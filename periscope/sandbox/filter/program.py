"""The program by which the kernel decides about each system call of a strategy's process.

What it does not know fails with EPERM, so that an author sees a
PermissionError on their own line. A call by another machine's table ends the process: no library does that by accident.
"""

import errno
from collections.abc import Iterable, Iterator
from itertools import batched

from periscope.sandbox.filter.bpf import ARCHITECTURE, NUMBER, Program, high_half, low_half
from periscope.sandbox.filter.rules import Rule, Test, rules
from periscope.sandbox.filter.syscalls import ABSENT, ALLOWED, MACHINES, Group, Machine, number_on

KILL, FAIL, ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
"""Verdicts: end the process with SIGSYS, fail with the error number that is added, go ahead."""

_MOST_IN_REACH = 200


def program(machine: str, pid: int) -> bytes:
    """The filter for a machine (as `uname` calls it) and the process that sees itself as `pid`.

    An array of `struct sock_filter`. Raises OSError (ENOSYS) for a machine without a table.
    """
    known = MACHINES.get(machine)
    if known is None:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    made = Program()
    _end_foreign(made, known)
    for rule in rules(known, pid):
        number = number_on(known, rule.call)
        if number is not None:
            _decide(made, rule, number)
    _answer(made, _numbers(ALLOWED, known), ALLOW)
    _answer(made, _numbers(ABSENT, known), FAIL | errno.ENOSYS)
    made.give(FAIL | errno.EPERM)
    return made.assemble()


def _numbers(groups: Iterable[Group], machine: Machine) -> Iterator[int]:
    for group in groups:
        for known in group.calls:
            number = number_on(machine, known)
            if number is not None:
                yield number


def _end_foreign(made: Program, machine: Machine) -> None:
    """The same number means another call in the table of another architecture, so it must not be looked up."""
    made.load(ARCHITECTURE)
    made.if_equal(machine.architecture, "ours")
    made.give(KILL)
    made.place("ours")
    made.load(NUMBER)
    if machine.foreign_from is not None:
        made.if_at_least(machine.foreign_from, None, "in our table")
        made.give(KILL)
        made.place("in our table")


def _decide(made: Program, rule: Rule, number: int) -> None:
    """Decide about one call by its arguments; every way through ends here, so the number need not be kept."""
    name = rule.call[0]
    made.if_equal(number, None, f"not {name}")
    for index, alternative in enumerate(rule.alternatives):
        failed = f"{name}: not {index}"
        for position, test in enumerate(alternative):
            _check(made, test, f"{name}: {index}.{position} holds", failed)
        made.give(ALLOW)
        made.place(failed)
    made.give(FAIL | rule.otherwise)
    made.place(f"not {name}")


def _check(made: Program, test: Test, holds: str, failed: str) -> None:
    if test.whole:
        made.load(high_half(test.argument))
        made.if_equal(0, None, failed)
    made.load(low_half(test.argument))
    if test.mask != 0xFFFF_FFFF:
        made.keep(test.mask)
    *others, last = test.values
    for value in others:
        made.if_equal(value, holds)
    made.if_equal(last, None, failed)
    made.place(holds)


def _answer(made: Program, numbers: Iterable[int], verdict: int) -> None:
    """Give one verdict for many calls. The kernel remembers it by number, for it depends on nothing else."""
    for near in batched(numbers, _MOST_IN_REACH, strict=False):
        listed, others = f"one of {near}", f"none of {near}"
        for number in near[:-1]:
            made.if_equal(number, listed)
        made.if_equal(near[-1], listed, others)
        made.place(listed)
        made.give(verdict)
        made.place(others)
