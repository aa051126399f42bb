"""The command line as a whole: help, usage, crashes, interruption."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from periscope.market.catalog import Catalog
from tests.cli.command import Command, FakeRunner

LIST_HEAVY_MODULES = """
import contextlib, io, json, sys
heavy = set("alembic fastapi httpx jsonschema_rs msgspec numpy polars pydantic rich sqlalchemy uvicorn".split())
from periscope.cli.main import main
for step in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        if step.startswith("periscope."):
            __import__(step)
        elif main(step.split()) != 0:
            sys.exit(f"{step} failed")
    print(json.dumps(sorted(heavy & set(sys.modules))))
"""
_CODE = ["jsonschema_rs"]
_STORE = ["jsonschema_rs", "msgspec", "sqlalchemy"]
STEPS = {
    "--help": [],
    "init": [],
    "new cross": [],
    "check cross": _CODE,
    "periscope.runs.comparison": [*_CODE, "msgspec"],
    "periscope.runs.documents": [*_CODE, "msgspec"],
    "periscope.runs.supervise": _STORE,
    "tokens list": _STORE,
    "publish cross": _STORE,
    "versions": _STORE,
    "drafts list": _STORE,
    "runs list": _STORE,
    "data list": sorted([*_STORE, "numpy"]),
    "instruments list": sorted([*_STORE, "numpy"]),
    "sessions XNYS": sorted([*_STORE, "numpy"]),
}
"""Commands, and modules of which other processes are made, with the heavy modules that may be loaded after each."""


@pytest.mark.parametrize(
    "steps", [STEPS, {"periscope.cli.keeper_remote": ["httpx", "jsonschema_rs", "msgspec", "rich"]}]
)
def test_commands_load_no_more_than_they_need(tmp_path: Path, steps: dict[str, list[str]]) -> None:
    """One process does them all, the light ones first: each of these modules takes longer than the rest of a start."""
    Catalog.create(tmp_path / "catalog")
    done = subprocess.run(
        [sys.executable, "-c", LIST_HEAVY_MODULES, json.dumps(list(steps))],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    after = [json.loads(line) for line in done.stdout.splitlines()]
    assert dict(zip(steps, after, strict=True)) == steps


def test_help_names_the_commands(periscope_command: Command) -> None:
    said = periscope_command("--help").out
    for command in ("demo", "init", "new", "check", "backtest", "data", "doctor", "version"):
        assert re.search(rf"^  {command} ", said, flags=re.MULTILINE), command


def test_it_is_a_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "periscope", "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("periscope ")


def test_version(periscope_command: Command) -> None:
    assert re.fullmatch(r"periscope \d+\.\d+\.\d+\n", periscope_command("version").out)
    assert set(periscope_command("version", "--json").json) == {"version", "python"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["backtset"], "backtset"),
        (["backtest"], "path"),
        (["backtest", "x", "--strat", "2023-01-01"], "--strat"),
        (["new"], "name"),
    ],
)
def test_wrong_usage_is_exit_2_in_the_house_style(periscope_command: Command, words: list[str], says: str) -> None:
    outcome = periscope_command(*words)
    assert outcome.code == 2
    assert outcome.err.startswith("error[USAGE]: ")
    assert says in outcome.err
    assert "--help" in outcome.err
    assert outcome.out == ""


def test_an_error_is_one_document_with_json(periscope_command: Command) -> None:
    outcome = periscope_command("backtest", "nowhere", "--json")
    assert outcome.code == 6
    error = outcome.json["error"]
    assert error["code"] == "BUNDLE_NOT_FOUND"
    assert error["exit_code"] == 6
    assert "error[BUNDLE_NOT_FOUND]" in outcome.err


def test_an_unexpected_exception_is_a_sentence_and_a_file(
    periscope_command: Command, workspace: Path, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(workspace))
    runner.raises = ZeroDivisionError("our own mistake")
    outcome = periscope_command("backtest", "cross", "--quiet")
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("error[OUR_FAULT]: something went wrong inside Periscope")
    (log,) = workspace.glob("periscope-crash-*.log")
    assert str(log) in outcome.err
    assert "ZeroDivisionError: our own mistake" in log.read_text()
    assert json.loads(log.read_text().split("\n\n")[0])["arguments"] == ["backtest", "cross", "--quiet"]


def test_an_interruption_is_exit_130_and_says_how_far_it_came(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    runner.raises = KeyboardInterrupt()
    outcome = periscope_command("backtest", "cross", "--quiet")
    assert outcome.code == 130
    assert "interrupted at 1970-01-01 00:00 · 10 bars" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_stopped_run_prints_what_there_is_and_is_exit_130(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    runner.answer["status"] = "stopped"
    outcome = periscope_command("backtest", "cross", "--quiet")
    assert outcome.code == 130
    assert "stopped" in outcome.out
    assert "100,432.12" in outcome.out


def test_a_reader_that_goes_away_is_no_failure() -> None:
    script = "import sys; from periscope.cli.main import main; sys.exit(main(['--help']))"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'{sys.executable} -c "{script}" | true'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
