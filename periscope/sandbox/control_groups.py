"""A control group of its own for a strategy's process, where the machine lets this user make one.

The kernel then counts memory of every kind, the kernel's own included, and threads, whoever the process's user is.
Elsewhere the other limits hold alone. The files are those of the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

import contextlib
import os
import select
from dataclasses import dataclass
from pathlib import Path

from periscope.sandbox.confinement import Attempt
from periscope.sandbox.inside.confine.limits import MOST_THREADS

KERNEL_BYTES = 64 << 20
"""Allowed beyond what a run allows: page tables, buffers of pipes and the like, which are counted here too."""

_LIMITS_OF_OTHERS = ("memory.max", "memory.high", "cpu.max", "cpuset.cpus", "io.max")
"""What an operator may have limited the engine's process by. Where there is no limit they begin with `max`, or not."""
_PREFIX = "periscope"
_WAITS, _WAIT_MILLISECONDS = 10, 50


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """A control group, which is a folder."""

    folder: Path

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of the group because it needed more memory than the group may have."""
        try:
            events = (self.folder / "memory.events").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in events)

    def remove(self) -> None:
        """End what is left in the group, and the group; one that can't be removed stays, empty."""
        with contextlib.suppress(OSError):
            (self.folder / "cgroup.kill").write_text("1", encoding="ascii")
        with contextlib.suppress(OSError):
            _wait_until_empty(self.folder)
            self.folder.rmdir()


def join(process: int, memory_bytes: int) -> tuple[ControlGroup | None, Attempt]:
    """Put a process, and so all that it starts, into a new group; None where that can't be had. It raises nothing.

    `memory_bytes` is what the run allows the strategy. Best done while the new process is busy with its start, since
    the kernel takes up to 20 ms to move one.
    """
    group: ControlGroup | None = None
    try:
        group = _make(_folder_for_groups(), f"{_PREFIX}-{os.getpid()}-{process}")
        wanted = (("memory.max", memory_bytes + KERNEL_BYTES), ("memory.swap.max", 0), ("pids.max", MOST_THREADS))
        limits = [f"{name} {value:,}" for name, value in wanted if _set(group.folder / name, value)]
        (group.folder / "cgroup.procs").write_text(str(process), encoding="ascii")
    except (OSError, ValueError) as error:
        if group is not None:
            group.remove()
        return None, Attempt("control group", True, f"none: {error}")
    return group, Attempt("control group", True, ", ".join(limits))


def _folder_for_groups() -> Path:
    """Where groups with limits can be made: in this process's own group, else beside it. Raises OSError."""
    own = _own_folder()
    for folder in (own, own.parent):
        control = folder / "cgroup.subtree_control"
        enabled = control.read_text(encoding="ascii").split() if control.exists() else []
        if {"memory", "pids"} & {*enabled} and os.access(folder / "cgroup.procs", os.W_OK):
            if folder != own and not _is_unlimited(own):
                raise OSError("a group beside this process's would not have its limits")
            return folder
    raise OSError("not delegated here")


def _own_folder() -> Path:
    """The folder of this process's group. Raises OSError where there is none."""
    groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    path = next((line.removeprefix("0::") for line in groups if line.startswith("0::")), None)
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields, _, kind = line.partition(" - ")
        root, mounted = fields.split()[3:5]
        if path is not None and kind.startswith("cgroup2 ") and root == "/":
            return Path(mounted + path)
    raise OSError("no control groups of version 2 here")


def _is_unlimited(group: Path) -> bool:
    limits = (group / name for name in _LIMITS_OF_OTHERS)
    return all(limit.read_text(encoding="ascii").split()[:1] in ([], ["max"]) for limit in limits if limit.exists())


def _make(above: Path, name: str) -> ControlGroup:
    """Make a group, and remove empty ones that engines left which were ended before they could."""
    for left in above.glob(f"{_PREFIX}-*-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                left.rmdir()
    folder = above / name
    folder.mkdir(exist_ok=True)
    return ControlGroup(folder)


def _set(limit: Path, value: int) -> bool:
    """Set a limit where the group has it."""
    if limit.exists():
        limit.write_text(str(value), encoding="ascii")
        return True
    return False


def _wait_until_empty(folder: Path) -> None:
    with (folder / "cgroup.events").open(encoding="ascii") as events:
        changes = select.poll()
        changes.register(events, select.POLLPRI)
        for _ in range(_WAITS):
            events.seek(0)
            if "populated 0" in events.read():
                return
            changes.poll(_WAIT_MILLISECONDS)
