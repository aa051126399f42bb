"""What the strategy's process imports is compiled beforehand, and anew when its source has changed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from periscope.sandbox import compiled


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "below").mkdir(parents=True)
    (folder / "__init__.py").write_text("VALUE = 1\n")
    (folder / "below" / "deep.py").write_text("VALUE = 2\n")
    return folder


def ensure(folder: Path) -> None:
    compiled._compile_folder.cache_clear()
    compiled.ensure_compiled([folder])


def cached(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(source, optimization=""))


def test_every_module_is_compiled_also_where_imports_write_nothing(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    ensure(package)
    assert cached(package / "__init__.py").exists()
    assert cached(package / "below" / "deep.py").exists()


def test_the_interpreter_takes_what_was_compiled(package: Path) -> None:
    ensure(package)
    done = subprocess.run(
        [sys.executable, "-v", "-c", "import package.below.deep"],
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    for source in (package / "__init__.py", package / "below" / "deep.py"):
        assert f"# {cached(source)} matches {source}" in done.stderr


def test_what_is_current_is_left_alone(package: Path) -> None:
    ensure(package)
    before = cached(package / "__init__.py").stat()
    ensure(package)
    assert cached(package / "__init__.py").stat().st_ino == before.st_ino


@pytest.mark.parametrize("damage", ["changed source", "cut", "empty", "of another interpreter"])
def test_what_is_not_current_is_compiled_anew(package: Path, damage: str) -> None:
    ensure(package)
    source = package / "__init__.py"
    target = cached(source)
    right = target.read_bytes()
    match damage:
        case "changed source":
            os.utime(source, (5, 5))
        case "cut":
            target.write_bytes(right[:9])
        case "empty":
            target.write_bytes(b"")
        case _:
            target.write_bytes(b"\0\0\0\0" + right[4:])
    ensure(package)
    new = target.read_bytes()
    assert new[:4] == right[:4]
    assert int.from_bytes(new[8:12], "little") == (5 if damage == "changed source" else int(source.stat().st_mtime))
    assert new[16:] == right[16:]


def test_a_folder_that_takes_no_files_is_no_error(package: Path) -> None:
    """The place of the compiled files is taken by a file, which nobody can write into, whoever they are."""
    (package / "__pycache__").write_text("")
    ensure(package)
    assert (package / "__pycache__").read_text() == ""


def test_source_that_is_none_is_no_error(package: Path) -> None:
    (package / "__init__.py").write_text("this is no Python")
    ensure(package)
    assert not cached(package / "__init__.py").exists()
