"""Fixtures of the command line's tests: a folder to be in, a command to run, a runner that is not real."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from periscope.market.catalog import Catalog
from tests.cli.command import Command, FakeRunner, Outcome


@pytest.fixture
def periscope_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `periscope ...` in an empty folder."""
    from periscope.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERISCOPE_CATALOG", raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(words)
        seen = capsys.readouterr()
        return Outcome(code, seen.out, seen.err)

    return run


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """Puts a FakeRunner in the place of the real one, and a report of one line in that of the real report."""
    fake = FakeRunner()
    module = ModuleType("periscope.runs.backtest")
    module.run_backtest = fake.run_backtest  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "periscope.runs.backtest", module)

    def write_report(run_dir: Path, output: Path, **options: Any) -> None:
        output.write_text("<!doctype html>")

    monkeypatch.setattr("periscope.report.page.write_report", write_report)
    return fake


@pytest.fixture
def workspace(periscope_command: Command, tmp_path: Path) -> Path:
    """The current folder as a workspace with an empty catalog and a strategy `cross`."""
    assert periscope_command("init").code == 0
    Catalog.create(tmp_path / "catalog")
    assert periscope_command("new", "cross").code == 0
    return tmp_path
