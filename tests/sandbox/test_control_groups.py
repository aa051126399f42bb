"""A control group for a strategy's process: where it is made, what it limits, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from periscope.sandbox import control_groups
from periscope.sandbox.confinement import Confinement, Tier
from periscope.sandbox.control_groups import KERNEL_BYTES, ControlGroup, join
from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.launch import Child, start_child
from periscope.sandbox.session import Session, SessionLimits
from tests.sandbox.short_life import TIERS, write_bundle

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups")

MEMORY_BYTES = 128 << 20
UNLIMITED = {"memory.max": "max\n", "memory.high": "max\n", "cpu.max": "max 100000\n", "cpuset.cpus": "\n"}
SHARED_MEMORY = f"""\
import mmap
pages = mmap.mmap(-1, {3 * MEMORY_BYTES})
for at in range(0, len(pages), mmap.PAGESIZE):
    pages[at] = 1
"""


def folder(at: Path, enabled: str = "", **files: str) -> Path:
    """A folder with the files of a control group that these tests are about."""
    at.mkdir(parents=True, exist_ok=True)
    for name, text in {"cgroup.subtree_control": enabled, "cgroup.procs": "", **UNLIMITED, **files}.items():
        (at / name).write_text(text)
    return at


class Tree:
    """Something like a hierarchy of control groups, in which the engine's process is in `above/own`."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.above = base / "above"
        self.own = self.above / "own"
        monkeypatch.setattr(control_groups, "_own_folder", lambda: self.own)

    def made(self) -> list[Path]:
        return sorted(path for path in self.above.rglob("periscope-*") if path.is_dir())


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    return Tree(tmp_path, monkeypatch)


def test_it_is_made_below_the_engines_group_where_that_has_controllers_for_others(tree: Tree) -> None:
    folder(tree.above, "memory pids\n")
    folder(tree.own, "cpu pids\n")
    group, attempt = join(7, MEMORY_BYTES)
    assert tree.made() == [tree.own / f"periscope-{os.getpid()}-7"]
    assert group == ControlGroup(tree.made()[0])
    assert (tree.made()[0] / "cgroup.procs").read_text() == "7"
    assert attempt.good


def test_it_is_made_beside_the_engines_group_elsewhere(tree: Tree) -> None:
    folder(tree.above, "memory\n")
    folder(tree.own)
    group, _ = join(7, MEMORY_BYTES)
    assert group == ControlGroup(tree.above / f"periscope-{os.getpid()}-7")


@pytest.mark.parametrize(
    ("name", "limit"), [("memory.max", "1000\n"), ("cpu.max", "500 100000\n"), ("cpuset.cpus", "0-1\n")]
)
def test_it_is_no_way_out_of_the_limits_that_an_operator_gave_the_engine(tree: Tree, name: str, limit: str) -> None:
    folder(tree.above, "memory pids\n")
    (folder(tree.own) / name).write_text(limit)
    group, attempt = join(7, MEMORY_BYTES)
    assert group is None
    assert tree.made() == []
    assert attempt.detail == "none: a group beside this process's would not have its limits"


def test_no_controller_no_group(tree: Tree) -> None:
    folder(tree.above, "cpu io\n")
    folder(tree.own)
    group, attempt = join(7, MEMORY_BYTES)
    assert group is None
    assert tree.made() == []
    assert attempt.good, "it is no failure of the tier"
    assert attempt.detail == "none: not delegated here"


def test_it_raises_nothing_whatever_it_finds(tree: Tree) -> None:
    assert join(7, MEMORY_BYTES)[0] is None
    folder(tree.above, "memory\n")
    folder(tree.own)
    (tree.above / f"periscope-{os.getpid()}-7").write_text("a file where a folder is to be made")
    group, attempt = join(7, MEMORY_BYTES)
    assert group is None
    assert "File exists" in attempt.detail


def test_limits_are_set_where_there_are_controllers_for_them(tree: Tree) -> None:
    folder(tree.above, "memory pids\n")
    folder(tree.own)
    made = folder(tree.above / f"periscope-{os.getpid()}-7", **{"memory.swap.max": "max\n", "pids.max": "max\n"})
    _, attempt = join(7, MEMORY_BYTES)
    assert (made / "memory.max").read_text() == str(MEMORY_BYTES + KERNEL_BYTES)
    assert (made / "memory.swap.max").read_text() == "0"
    assert (made / "pids.max").read_text() == "512"
    assert attempt.detail == "memory.max 201,326,592, memory.swap.max 0, pids.max 512"


def test_what_engines_left_that_were_ended_before_they_could_clean_up_is_removed(tree: Tree) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    folder(tree.above, "memory\n")
    folder(tree.own)
    left, of_another_engine = tree.above / f"periscope-{gone.pid}-1", tree.above / f"periscope-{os.getppid()}-1"
    left.mkdir()
    of_another_engine.mkdir()
    join(7, MEMORY_BYTES)
    assert tree.made() == sorted([of_another_engine, tree.above / f"periscope-{os.getpid()}-7"])


@pytest.mark.parametrize(("count", "ran_out"), [(0, False), (1, True), (12, True)])
def test_what_the_kernel_says_of_memory(tmp_path: Path, count: int, ran_out: bool) -> None:
    group = ControlGroup(tmp_path)
    assert not group.ran_out_of_memory()
    (tmp_path / "memory.events").write_text(f"low 0\nhigh 0\nmax 31\noom 2\noom_kill {count}\noom_group_kill 0\n")
    assert group.ran_out_of_memory() == ran_out


@pytest.mark.parametrize("tier", TIERS)
def test_the_attempt_is_told_of_whether_or_not_there_is_a_group(tmp_path: Path, tier: Tier) -> None:
    child = start_child(Confinement(write_bundle(tmp_path / "bundle", "", ""), tiers=(tier,)))
    end(child)
    (attempt,) = (attempt for attempt in child.attempts if attempt.name == "control group")
    assert attempt.good
    assert attempt.detail.startswith("none: ") == (child.group is None)


# From here on with the kernel's own groups, where there are any.


@pytest.fixture
def delegated() -> Iterator[None]:
    """Skips where no group can be made."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        group, attempt = join(process.pid, MEMORY_BYTES)
        process.kill()
    if group is None:
        pytest.skip(attempt.detail)
    group.remove()
    assert not group.folder.exists()
    yield
    assert not [*group.folder.parent.glob(f"periscope-{os.getpid()}-*")], "groups that stayed"


def end(child: Child) -> None:
    os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    child.close()


@pytest.mark.usefixtures("delegated")
@pytest.mark.parametrize("tier", TIERS)
def test_the_strategys_process_and_what_is_above_it_are_in_the_group(tmp_path: Path, tier: Tier) -> None:
    child = start_child(Confinement(write_bundle(tmp_path / "bundle", "", ""), MEMORY_BYTES, tiers=(tier,)))
    assert child.group is not None
    held = {int(number) for number in (child.group.folder / "cgroup.procs").read_text().split()}
    limits = {name: (child.group.folder / name).read_text().strip() for name in ("memory.max", "pids.max")}
    end(child)
    assert held == {child.process.pid, child.pid}
    assert limits == {"memory.max": str(MEMORY_BYTES + KERNEL_BYTES), "pids.max": "512"}
    assert not child.group.folder.exists()


@pytest.mark.usefixtures("delegated")
@pytest.mark.parametrize("tier", TIERS)
def test_shared_memory_counts_which_no_limit_of_the_process_does(tmp_path: Path, tier: Tier) -> None:
    """Nothing else would end it: the host, which measures as well, is told of a limit that is never reached."""
    bundle = write_bundle(tmp_path / "bundle", "", SHARED_MEMORY)
    limits = SessionLimits(120, 120, 1 << 20, 10, memory_bytes=1 << 40)
    started: list[Child] = []

    def start() -> Child:
        started.append(start_child(Confinement(bundle, MEMORY_BYTES, tiers=(tier,))))
        return started[0]

    session = Session(limits, lambda *_: None, lambda _: [], start)
    try:
        assert session.launch(bundle, b"{}", b"{}", 0) is None
        with pytest.raises(SandboxFaultError) as caught:
            session.start(0, lambda *_: (None, "no", 0, 0))
        assert caught.value.code == "MEMORY_LIMIT"
        assert started[0].process.returncode == -signal.SIGKILL
        assert started[0].group is not None
        assert started[0].group.ran_out_of_memory()
    finally:
        session.close()


@pytest.mark.usefixtures("delegated")
def test_a_group_is_removed_with_whatever_is_left_in_it() -> None:
    code = "import os, time; os.fork(); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", f"input(); {code}"], stdin=subprocess.PIPE) as process:
        group, _ = join(process.pid, MEMORY_BYTES)
        assert group is not None
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        while len((group.folder / "cgroup.procs").read_text().split()) < 2:
            assert process.poll() is None
        group.remove()
        assert not group.folder.exists()
        assert process.wait() == -signal.SIGKILL
