"""Every test of the sandbox leaves the machine as it found it."""

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from periscope.sandbox.confinement import Tier
from tests.runs.lab import AAA, Lab, walk

type InTier = Callable[[Tier], None]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """AAA has a minute bar for every minute of Monday, 22 January 2024."""
    return Lab(tmp_path).add(AAA, minute=walk("09:30", 390))


@pytest.fixture
def in_tier(monkeypatch: pytest.MonkeyPatch) -> InTier:
    """Has the runs of a test confined in one tier, whatever is the best."""
    return lambda tier: monkeypatch.setattr("periscope.runs.backtest.BEST_FIRST", (tier,))


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """No process, no descriptor, no other set of processors than before."""
    descriptors, processors, children = _descriptors(), os.sched_getaffinity(0), set(_children())
    yield
    assert set(_children()) <= children
    if not _descriptors() <= descriptors:
        gc.collect()  # Only then: it takes longer than most of the tests.
    assert _descriptors() <= descriptors, "descriptors that were not there before; their numbers are never used again"
    assert os.sched_getaffinity(0) == processors


def _descriptors() -> set[str]:
    """Pipes, sockets and memory files; what libraries open for themselves stays out of it."""
    found = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return {str(target) for target in found if str(target).startswith(("pipe:", "socket:", "/memfd:"))}


def _children() -> list[str]:
    found: list[str] = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            found += (task / "children").read_text().split()
    return found


def dies(process: int) -> bool:
    """Whether the process with that number is over within a second, or waits to be noticed."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
