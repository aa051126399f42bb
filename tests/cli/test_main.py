"""The command line as a whole: help, usage, crashes, interruption."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command, FakeRunner

LIST_HEAVY_MODULES = """
import sys
from periscope.cli.main import main
main(["--help"])
print(*({"numpy", "polars", "jsonschema_rs", "msgspec", "rich"} & set(sys.modules)), file=sys.stderr)
"""


def test_help_needs_no_heavy_import() -> None:
    done = subprocess.run([sys.executable, "-c", LIST_HEAVY_MODULES], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
    for command in ("demo", "init", "new", "check", "backtest", "data", "doctor", "version"):
        assert re.search(rf"^  {command} ", done.stdout, flags=re.MULTILINE), command


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
