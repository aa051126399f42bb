"""Imports that are interrupted, by Ctrl-C or kill -9, at each step that reaches the disk; and imports made twice."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions

OPTIONS = ImportOptions(symbol="SPY", exchange="ARCX", span=BarTimeSpan.DAY)
STEPS = 30
"""More steps than one import takes, each a file that is synced or moved into place."""

DIES = """
import os, signal, sys
from pathlib import Path

left = int(sys.argv[3])

def dying(act):
    def step(*words):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*words)
    return step

os.fsync, Path.replace = dying(os.fsync), dying(Path.replace)
from tests.market.test_import_csv_interrupted import OPTIONS
from periscope.market.catalog import Catalog
from periscope.market.importers.formats import import_path
import_path(Path(sys.argv[1]), Catalog.open(Path(sys.argv[2])), OPTIONS)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Weekdays of four years: four files of bars."""
    days = [date(2018, 1, 2) + timedelta(days=n) for n in range(4 * 365)]
    rows = [f"{day},{100 + n},{101 + n},{99 + n},{100 + n},{n}" for n, day in enumerate(days) if day.weekday() < 5]
    path = tmp_path / "spy.csv"
    path.write_text("date,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def whole(tmp_path: Path, file: Path) -> bytes:
    """The manifest of an import that nothing interrupted."""
    return _import(file, tmp_path / "whole")


def _import(file: Path, root: Path) -> bytes:
    import_path(file, Catalog.create(root), OPTIONS)
    return (root / "manifest.json").read_bytes()


def _check(root: Path, before: bytes, whole: bytes) -> None:
    """What is left is the catalog as it was, or with everything; and all that the manifest names is there."""
    assert (root / "manifest.json").read_bytes() in {before, whole}
    Catalog.open(root).verify()


def _files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "bars").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=[pytest.mark.full] if step % 3 else []) for step in range(1, STEPS)]
)
def test_interrupted_by_ctrl_c(
    step: int, file: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "catalog"
    before = (Catalog.create(root).root / "manifest.json").read_bytes()
    left = step

    def interrupting(act: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*words: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            return act(*words)

        return wrapped

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", interrupting(os.fsync))
        patched.setattr(Path, "replace", interrupting(Path.replace))
        try:
            import_path(file, Catalog.open(root), OPTIONS)
        except KeyboardInterrupt:
            _check(root, before, whole)
    assert left <= 0 or step > 15, "an import takes more steps than this"
    assert _import(file, root) == whole
    assert not [name for name in _files(root) if name.endswith(".partial")]
    assert _files(root) == _files(tmp_path / "whole")


def test_killed_at_any_step(file: Path, whole: bytes, tmp_path: Path, cases: Callable[..., int]) -> None:
    """kill -9: no code of ours runs after it. Every tenth step by default, all of them in full."""
    killed = 0
    for step in range(1, STEPS, cases(10, 1)):
        root = tmp_path / f"catalog-{step}"
        before = (Catalog.create(root).root / "manifest.json").read_bytes()
        command = [sys.executable, "-c", DIES, str(file), str(root), str(step)]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        killed += done.returncode != 0
        _check(root, before, whole)
        assert _import(file, root) == whole
        assert not [name for name in _files(root) if name.endswith(".partial")]
        assert not list(root.glob("tmp*")), "the files without a name are gone"
    assert killed >= 2


def test_importing_twice_changes_nothing_and_says_so(file: Path, tmp_path: Path) -> None:
    root = tmp_path / "catalog"
    first = _import(file, root)
    inodes = {path: path.stat().st_ino for path in root.rglob("*") if path.is_file() and path.name != ".lock"}
    summary = import_path(file, Catalog.open(root), OPTIONS)
    assert (root / "manifest.json").read_bytes() == first
    assert {path: path.stat().st_ino for path in inodes} == inodes
    assert summary.series[0].added == 0
    assert summary.series[0].unchanged == summary.series[0].rows
    assert any("nothing changed" in note for note in summary.notes)


def test_a_refused_file_leaves_nothing_behind(file: Path, tmp_path: Path) -> None:
    root = tmp_path / "catalog"
    Catalog.create(root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    file.write_text(file.read_text().replace("2020-06-01", "2020-06-31"))
    with pytest.raises(ImportProblem, match="2020-06-31"):
        _import(file, root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("full", ["spool.Spool.write", "assemble.MappedBars"])
def test_a_full_disk_refuses_the_import(full: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    root = tmp_path / "catalog"
    before = (Catalog.create(root).root / "manifest.json").read_bytes()
    monkeypatch.setattr(f"periscope.market.importers.{full}", no_room)
    with pytest.raises(ImportProblem, match="no room left on the disk") as caught:
        import_path(file, Catalog.open(root), OPTIONS)
    assert caught.value.code == "DISK_FULL"
    assert (root / "manifest.json").read_bytes() == before
    assert not Catalog.open(root).instruments.all()


def test_large_years_are_stored_in_parts(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of more bars than one piece has several files; importing a part again changes only files of its time."""
    monkeypatch.setattr("periscope.market.storing.MERGE_ROWS", 50)
    root = tmp_path / "catalog"
    first = _import(file, root)
    names = _files(root)
    assert len(names) > 4 * 5
    assert _import(file, root) == first
    text = file.read_text().splitlines()
    file.write_text("\n".join([text[0], *text[300:420]]) + "\n")
    assert _import(file, root) == first
    changed = text[350].rsplit(",", 1)[0] + ",123456"
    file.write_text("\n".join([text[0], *text[300:350], changed, *text[351:420]]) + "\n")
    options = ImportOptions(symbol="SPY", exchange="ARCX", span=BarTimeSpan.DAY, replace=True)
    assert import_path(file, Catalog.open(root), options).series[0].replaced == 1
    assert len(names - _files(root)) <= 2
    catalog = Catalog.open(root)
    spy = catalog.instruments.all()[0]
    starts = [int(start) for bars in catalog.all_bars(spy, BarTimeSpan.DAY, -(2**62), 2**62) for start in bars.start]
    assert starts == sorted(set(starts))
    assert len(starts) == len(text) - 1
