"""`--trust-this-code`: one's own code without a sandbox, asked for on the command line alone, and marked for good."""

import json
from pathlib import Path

import pytest
import typer.main

from periscope.cli.main import app
from periscope.sandbox.confinement import Attempt, Confinement, NoSandboxError
from periscope.sandbox.launch import Child
from tests.cli.command import Command, FakeRunner, result_document

OPTION = "--trust-this-code"
WEEK = ("--start", "2023-10-02", "--end", "2023-10-06", "--set", "length=60", "--quiet")


@pytest.fixture
def desk(periscope_command: Command, tmp_path: Path, sample_market: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the sample market and the strategy that `new` makes."""
    monkeypatch.setenv("PERISCOPE_CATALOG", str(sample_market))
    assert periscope_command("init").code == 0
    assert periscope_command("new", "mine").code == 0
    return tmp_path


def test_it_is_an_option_of_backtest_alone_and_of_no_variable() -> None:
    group = typer.main.get_command(app)
    with_it = []
    commands = dict(getattr(group, "commands", {}))
    commands |= {f"data {name}": command for name, command in commands["data"].commands.items()}
    for name, command in commands.items():
        for parameter in command.params:
            if OPTION in parameter.opts:
                with_it.append(name)
                assert parameter.envvar is None
                assert parameter.default is False
    assert with_it == ["backtest"]


def test_without_it_nothing_is_trusted(periscope_command: Command, workspace: Path, runner: FakeRunner) -> None:
    assert periscope_command("backtest", "cross", "--quiet").code == 0
    outcome = periscope_command("backtest", "cross", "--quiet", OPTION)
    assert outcome.code == 0
    assert runner.trusted == [False, True]
    assert "no sandbox: with --trust-this-code this strategy runs with your rights" in outcome.err


@pytest.mark.parametrize("key", ["trust_this_code=true", "sandbox.trust=true", "limits.sandbox=false"])
def test_no_config_asks_for_it(periscope_command: Command, workspace: Path, runner: FakeRunner, key: str) -> None:
    outcome = periscope_command("backtest", "cross", "--core", key)
    assert outcome.code == 3
    assert "UNKNOWN_KEY" in outcome.err
    assert not runner.asked


def test_a_trusted_run_is_marked_everywhere_and_comes_to_the_same(periscope_command: Command, desk: Path) -> None:
    confined = periscope_command("backtest", "mine", *WEEK, "--json").json
    outcome = periscope_command("backtest", "mine", *WEEK, OPTION, "--out", "runs/trusted")
    assert outcome.code == 0, outcome.err
    assert "RUN_UNCONFINED" in outcome.out
    assert "UNCONFINED: the strategy ran with your rights" in outcome.out
    document = json.loads((desk / "runs" / "trusted" / "result.json").read_text())
    assert document["sandbox"]["tier"] == "unconfined"
    (issue,) = document["issues"]
    assert (issue["code"], issue["severity"]) == ("RUN_UNCONFINED", "warning")
    assert document["hash"] == confined["hash"]
    assert confined["issues"] == []
    report = (desk / "runs" / "trusted" / "report.html").read_text()
    assert report.index("This strategy ran without a sandbox") < report.index('id="overview"')


def test_the_summary_names_the_tier(periscope_command: Command, workspace: Path, runner: FakeRunner) -> None:
    for tier in ("sealed", "confined"):
        runner.answer = result_document(sandbox={"tier": tier})
        lines = periscope_command("backtest", "cross", "--quiet").out.splitlines()
        assert [line.split() for line in lines if line.startswith("Sandbox")] == [["Sandbox", tier]]
    runner.answer = result_document(sandbox={"tier": "sealed", "packages": [{"name": "numpy", "version": "2.5.5"}]})
    assert "sealed; allowed packages: numpy 2.5.5" in periscope_command("backtest", "cross", "--quiet").out


NO_MOUNT = Attempt("sealed: mounts", False, "PermissionError: [Errno 1] Operation not permitted")
NO_LANDLOCK = Attempt("confined: Landlock", False, "OSError: [Errno 38] Function not implemented")


def test_without_a_sandbox_nothing_of_a_strategy_runs(
    periscope_command: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_asked: Confinement) -> Child:
        raise NoSandboxError((NO_MOUNT, NO_LANDLOCK))

    monkeypatch.setattr("periscope.runs.ports.start_child", refuse)
    outcome = periscope_command("backtest", "mine", *WEEK, "--out", "runs/none")
    assert outcome.code == 8
    assert "SANDBOX_UNAVAILABLE" in outcome.out
    assert "confined: Landlock" in outcome.out
    assert "The run did not start" in outcome.out
    assert "what helps:" in outcome.err
    assert "--trust-this-code runs it without a sandbox" in outcome.err
    document = json.loads((desk / "runs" / "none" / "result.json").read_text())
    assert document["status"] == "error"
    assert document["sandbox"]["tier"] is None
    assert document["bars"] == document["orders"] == 0


def test_a_process_that_cannot_be_started_is_the_same_refusal(
    periscope_command: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_asked: Confinement) -> Child:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("periscope.runs.ports.start_child", fail)
    outcome = periscope_command("backtest", "mine", *WEEK, "--json")
    assert outcome.code == 8
    assert outcome.json["issues"][0]["code"] == "SANDBOX_UNAVAILABLE"
    assert "Too many open files" in outcome.json["issues"][0]["message"]
