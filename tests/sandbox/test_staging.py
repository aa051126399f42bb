"""A bundle that only root can read: a copy of it is read, under the names of the original, and goes away again."""

import os
import stat
from pathlib import Path

import pytest

from periscope.sandbox.confinement import Tier
from periscope.sandbox.staging import is_readable_by_all, make_copy
from tests.runs.lab import Lab, line_of
from tests.sandbox.short_life import live_shortly, write_bundle
from tests.sandbox.sources import handler

TIERS = [Tier.SEALED, Tier.CONFINED]
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root runs strategies as somebody else")


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that only its owner enters."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


@needs_root
@pytest.mark.parametrize("tier", TIERS)
def test_the_bundles_own_files_are_read_wherever_it_lies(closed: Path, tier: Tier) -> None:
    folder = write_bundle(
        closed / f"bundle-{os.getpid()}-{tier}",
        "from pathlib import Path\nimport helper",
        "print(helper.NAME, (Path(__file__).parent / 'table.csv').read_text())\n"
        "print(sorted(each.name for each in Path(__file__).parent.iterdir()))",
    )
    (folder / "helper.py").write_text("NAME = 'helper'\n")
    (folder / "table.csv").write_text("1,2")
    (folder / "table.csv").chmod(0o600)
    said = live_shortly(folder, (tier,)).stdout
    assert said[0] == "helper 1,2"
    assert "strategy.py" in said[1]
    assert list(Path("/tmp").glob(f"periscope-bundle-*/{folder.name}/helper.py")) == []


@needs_root
@pytest.mark.parametrize("tier", TIERS)
def test_lines_have_the_names_of_the_original(closed: Path, tier: Tier) -> None:
    body = "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()"
    folder = write_bundle(closed / "bundle", "", body)
    said = live_shortly(folder, (tier,)).stderr
    assert f'  File "{folder}/strategy.py", line 12, in on_start' in said
    assert "    1 / 0" in said


@needs_root
def test_an_issue_names_the_line_of_the_original(lab: Lab) -> None:
    folder = lab.bundle(handler("on_bar", "raise ValueError('here')  # HERE"))
    folder.chmod(0o700)
    issue = lab.run(folder).issue("STRATEGY_EXCEPTION")
    assert issue["location"] == {"file": "strategy.py", "line": line_of(folder), "function": "on_bar"}


def test_a_link_in_a_bundle_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "bundle"
    (folder / "data").mkdir(parents=True)
    (folder / "strategy.py").write_text("")
    (folder / "data" / "table.csv").write_text("1,2")
    (folder / "link.txt").symlink_to(secret)
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    copy = make_copy(folder, os.getgid())
    try:
        found = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*"))
        assert found == ["data", "data/table.csv", "strategy.py"]
        for path in (copy.parent, *copy.parent.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o750 if path.is_dir() else 0o640)
            assert path.stat().st_gid == os.getgid()
    finally:
        for path in sorted(copy.parent.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        copy.parent.rmdir()


@pytest.mark.parametrize("name", ["strategy.py", "data", "data/table.csv", "."])
def test_what_others_cannot_read_is_seen(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "bundle"
    (folder / "data").mkdir(parents=True)
    (folder / "strategy.py").write_text("")
    (folder / "data" / "table.csv").write_text("")
    (folder / name).chmod(0o700)
    assert not is_readable_by_all(folder)
