"""Workspaces, and what is made in them."""

import json
from pathlib import Path

import pytest

from periscope.cli.output import CliError
from periscope.cli.workspace import find_catalog, find_workspace
from tests.cli.command import Command, FakeRunner


def test_init_makes_the_places_and_may_be_repeated(periscope_command: Command, tmp_path: Path) -> None:
    first = periscope_command("init", "desk", "--json").json
    assert first["new"] is True
    assert first["catalog"] == str(tmp_path / "desk" / "catalog")
    assert (tmp_path / "desk" / "strategies").is_dir()
    (tmp_path / "desk" / "periscope.toml").write_text('[workspace]\ncatalog = "bars"\n')
    again = periscope_command("init", "desk", "--json").json
    assert again["new"] is False
    assert again["catalog"] == str(tmp_path / "desk" / "bars")
    assert "already" in periscope_command("init", "desk").out


def test_a_workspace_is_found_from_below(periscope_command: Command, tmp_path: Path) -> None:
    periscope_command("init")
    below = tmp_path / "strategies" / "deep"
    below.mkdir()
    found = find_workspace(below)
    assert found is not None
    assert found.root == tmp_path


def test_the_catalog_is_the_option_then_the_variable_then_the_workspaces(
    periscope_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CliError, match="no workspace"):
        find_catalog()
    periscope_command("init")
    assert find_catalog() == tmp_path / "catalog"
    monkeypatch.setenv("PERISCOPE_CATALOG", "/somewhere")
    assert find_catalog() == Path("/somewhere")
    assert find_catalog(Path("here")) == Path("here")
    with pytest.raises(CliError, match="no data yet"):
        find_catalog(Path("here"), must_exist=True)


@pytest.mark.parametrize("text", ["not toml [", "[workspace]\ncatalog = 3\n", "[workspace]\nruns = ''\n"])
def test_a_damaged_marker_is_named(periscope_command: Command, tmp_path: Path, text: str) -> None:
    (tmp_path / "periscope.toml").write_text(text)
    outcome = periscope_command("init")
    assert outcome.code == 2
    assert "error[WORKSPACE_UNREADABLE]" in outcome.err
    assert "periscope.toml" in outcome.err


def test_new_makes_a_bundle_once(periscope_command: Command, tmp_path: Path) -> None:
    periscope_command("init")
    made = periscope_command("new", "my_strategy")
    assert made.code == 0
    assert "periscope backtest strategies/my_strategy" in made.out
    folder = tmp_path / "strategies" / "my_strategy"
    assert sorted(path.name for path in folder.iterdir()) == ["config_schema.json", "run.json", "strategy.py"]
    assert json.loads((folder / "run.json").read_text())["strategy"]["symbol"] == "ALFA"
    again = periscope_command("new", "my_strategy")
    assert again.code == 2
    assert "error[EXISTS]" in again.err


def test_new_outside_a_workspace_uses_the_current_folder(periscope_command: Command, tmp_path: Path) -> None:
    assert periscope_command("new", "alone", "--json").json["path"] == str(tmp_path / "alone")


@pytest.mark.parametrize("name", ["../out", "1st", "a b", "", "x" * 65, "-x-"])
def test_new_takes_plain_names_only(periscope_command: Command, name: str) -> None:
    outcome = periscope_command("new", "--", name)
    assert outcome.code == 2
    assert "error[BAD_NAME]" in outcome.err


def test_new_from_an_unknown_example_lists_what_there_is(periscope_command: Command) -> None:
    outcome = periscope_command("new", "mine", "--from", "no_such_thing")
    assert outcome.code == 6
    assert "error[NO_EXAMPLE]" in outcome.err


def allow(folder: Path, value: str) -> None:
    """Write a workspace's file that allows packages."""
    (folder / "periscope.toml").write_text(f"[sandbox]\npackages = {value}\n")


def test_a_backtest_gets_the_packages_that_the_workspace_allows(
    periscope_command: Command, workspace: Path, runner: FakeRunner
) -> None:
    assert periscope_command("backtest", "cross").code == 0
    allow(workspace, '["polars"]')
    assert periscope_command("backtest", "cross").code == 0
    none, some = runner.packages
    assert none == ()
    assert [package.name for package in some] == ["polars", "polars-runtime-32"]


WRONG_PACKAGES = {
    "not installed": ('["nunpy"]', "PACKAGE_NOT_INSTALLED", "did you mean numpy?"),
    "refused": ('["msgspec"]', "PACKAGE_REFUSED", "every strategy can import it already"),
    "no name": ('["numpy>=2"]', "PACKAGE_REFUSED", "without a version"),
    "no list": ('"numpy"', "WORKSPACE_UNREADABLE", "must be a list of names"),
    "no names": ("[1]", "WORKSPACE_UNREADABLE", "must be a list of names"),
    "another key": ('[]\npackage = ["numpy"]', "WORKSPACE_UNREADABLE", "takes one key, packages"),
}


@pytest.mark.parametrize("name", WRONG_PACKAGES)
def test_packages_that_cannot_be_allowed_are_told_before_the_run(
    periscope_command: Command, workspace: Path, runner: FakeRunner, name: str
) -> None:
    value, code, says = WRONG_PACKAGES[name]
    allow(workspace, value)
    outcome = periscope_command("backtest", "cross")
    assert outcome.code == 2
    assert f"error[{code}]" in outcome.err
    assert says in outcome.err
    assert "periscope.toml" in outcome.err
    assert runner.asked == []


def test_a_strategy_cannot_allow_itself_packages(
    periscope_command: Command, workspace: Path, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = workspace / "strategies" / "cross"
    allow(bundle, '["polars"]')
    monkeypatch.chdir(bundle)
    outcome = periscope_command("backtest", ".", "--catalog", str(workspace / "catalog"))
    assert outcome.code == 2
    assert "a strategy can't allow itself packages" in outcome.err
    assert runner.asked == []
