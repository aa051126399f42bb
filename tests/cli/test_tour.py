"""`demo` and `doctor`: the first commands that a newcomer types."""

from pathlib import Path

from periscope.cli.release import BUNDLE_TEMPLATE, example_bundles
from periscope.market.catalog import Catalog
from tests.cli.command import Command, FakeRunner


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


def test_demo_leaves_a_folder_with_other_files_alone(periscope_command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    outcome = periscope_command("demo", "mine")
    assert outcome.code == 2
    assert "error[NOT_EMPTY]" in outcome.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_doctor_looks_at_everything(periscope_command: Command, runner: FakeRunner) -> None:
    outcome = periscope_command("doctor")
    assert outcome.code == 0, outcome.out
    for name in ("python", "platform", "processors", "packages", "sessions", "strategy process", "workspace"):
        assert name in outcome.out
    assert "--  confinement       not in this release" in outcome.out
    ((bundle, _, _),) = runner.asked
    assert bundle == BUNDLE_TEMPLATE
    assert periscope_command("doctor", "--json").json["healthy"] is True


def test_doctor_says_when_a_strategy_cannot_start(periscope_command: Command, runner: FakeRunner) -> None:
    runner.raises = OSError("no more processes")
    outcome = periscope_command("doctor", "--json")
    assert outcome.code == 8
    bad = [finding for finding in outcome.json["findings"] if finding["state"] == "bad"]
    assert [(finding["name"], finding["detail"]) for finding in bad] == [
        ("strategy process", "OSError: no more processes")
    ]
