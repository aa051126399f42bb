"""Looking at a confined process from outside, before it is sent a strategy: what it says of itself is not enough."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from periscope.sandbox.confinement import Attempt, Tier
from periscope.sandbox.inside.plan import Confined, Plan

_CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")
_FILTERED = "2"
"""SECCOMP_MODE_FILTER, as /proc/<pid>/status shows it."""


def status_of(process: int) -> dict[str, str]:
    """The fields of /proc/<pid>/status."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def parent_of(process: int) -> int:
    """The number of the process that started `process`."""
    return int(status_of(process)["PPid"])


def examine(process: int, plan: Plan, said: Confined, user: int) -> tuple[Attempt, ...]:
    """Everything that must hold of the process, and whether it does. `user` is the one that it must be."""
    status = status_of(process)
    return (
        _user(status, plan, user),
        _capabilities(status, plan),
        _equal("no new privileges", status, "NoNewPrivs", "1"),
        _equal("system calls are filtered", status, "Seccomp", _FILTERED),
        _equal("one thread", status, "Threads", "1"),
        _limits(process),
        *_namespaces(status, plan),
        _making_a_file(plan, said),
        _failed("opening a socket fails", said.opening_a_socket),
    )


def _equal(name: str, status: Mapping[str, str], field: str, wanted: str) -> Attempt:
    found = status.get(field, "nothing")
    return Attempt(name, found == wanted, f"{field} {found}")


def _user(status: Mapping[str, str], plan: Plan, user: int) -> Attempt:
    users, groups = status["Uid"].split(), status["Gid"].split()
    good = users == [str(user)] * 4
    if plan.user is not None:
        good = good and groups == [str(user)] * 4 and not status["Groups"].split()
    return Attempt("a user without rights", good, f"user {' '.join(dict.fromkeys(users))}")


def _capabilities(status: Mapping[str, str], plan: Plan) -> Attempt:
    names: tuple[str, ...] = _CAPABILITY_SETS
    if plan.user is not None or plan.tier == Tier.SEALED:
        names = (*names, "CapBnd")
    kept = [name for name in names if int(status[name], 16)]
    return Attempt("no capabilities", not kept, f"kept in {', '.join(kept)}" if kept else "all sets empty")


def _limits(process: int) -> Attempt:
    text = Path(f"/proc/{process}/limits").read_text(encoding="ascii")
    found = {line[:26].strip(): line[26:].split()[:2] for line in text.splitlines()}
    good = found["Max file size"] == ["0", "0"] and found["Max core file size"] == ["0", "0"]
    good = good and "unlimited" not in found["Max data size"] + found["Max cpu time"]
    return Attempt("limits", good, f"data {found['Max data size'][0]} bytes, file size {found['Max file size'][0]}")


def _namespaces(status: Mapping[str, str], plan: Plan) -> Iterator[Attempt]:
    if plan.tier == Tier.SEALED:
        numbers = status["NSpid"].split()
        levels = len(status_of(plan.host)["NSpid"].split())
        good = len(numbers) == levels + 1 and numbers[-1] == "1"
        yield Attempt("namespaces of its own", good, f"process {numbers[-1]} in its own")


def _making_a_file(plan: Plan, said: Confined) -> Attempt:
    made = any(Path(plan.canary).iterdir())
    failed = _failed("making a file fails", said.making_a_file)
    return Attempt(failed.name, failed.good and not made, "it is there" if made else failed.detail)


def _failed(name: str, outcome: str) -> Attempt:
    return Attempt(name, outcome != "", outcome or "it did not fail")
