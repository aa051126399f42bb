"""`demo`: the first command that a newcomer types."""

from pathlib import Path

from periscope.market.catalog import Catalog
from periscope.strategies.starting import example_bundles
from tests.cli.command import Command, FakeRunner, result_document


def test_demo_makes_a_workspace_runs_and_says_what_next(
    periscope_command: Command, tmp_path: Path, runner: FakeRunner
) -> None:
    outcome = periscope_command("demo")
    assert outcome.code == 0, outcome.err
    desk = tmp_path / "periscope-demo"
    assert (desk / "periscope.toml").is_file()
    assert (desk / "runs" / "first" / "report.html").is_file()
    assert len(Catalog(desk / "catalog").instruments.all()) > 4
    strategies = {path.name for path in (desk / "strategies").iterdir()}
    assert strategies == set(example_bundles()) or strategies == {"first_strategy"}
    assert "periscope-demo/runs/first/report.html" in outcome.out
    assert "cd periscope-demo" in outcome.out
    ((_, config, out),) = runner.asked
    assert out == desk / "runs" / "first"
    assert config.environment.start < config.environment.end
    again = periscope_command("demo", "--json")
    assert again.code == 0
    assert again.json["workspace"] == str(desk)
    assert again.json["run"]["status"] == "complete"


def test_demo_without_a_sandbox_says_what_helps_and_not_what_comes_next(
    periscope_command: Command, runner: FakeRunner
) -> None:
    runner.exit_code = 8
    runner.answer = result_document(status="error", sandbox={"tier": None, "packages": []})
    outcome = periscope_command("demo")
    assert outcome.code == 8
    assert "Next:" not in outcome.out
    assert "what helps:" in outcome.err


def test_demo_leaves_a_folder_with_other_files_alone(periscope_command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    outcome = periscope_command("demo", "mine")
    assert outcome.code == 2
    assert "error[NOT_EMPTY]" in outcome.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
