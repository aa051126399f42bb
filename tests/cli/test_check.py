"""`periscope check`."""

from pathlib import Path

from tests.cli.command import Command


def test_the_template_has_no_problem(periscope_command: Command, workspace: Path) -> None:
    outcome = periscope_command("check", "cross")
    assert outcome.code == 0, outcome.out
    assert outcome.out == "strategies/cross: no problems, no warnings\n"
    document = periscope_command("check", "cross", "--json").json
    assert document["valid"] is True
    assert len(document["version"]) == 64


def test_every_problem_is_told_with_file_and_line(periscope_command: Command, workspace: Path) -> None:
    folder = workspace / "strategies" / "cross"
    code = (folder / "strategy.py").read_text()
    (folder / "strategy.py").write_text(code + "\nprint('(\n")
    (folder / "config_schema.json").write_text('{"type": "array"}')
    outcome = periscope_command("check", "strategies/cross")
    assert outcome.code == 3
    last_line = code.count("\n") + 2
    assert f"error: strategies/cross/strategy.py:{last_line}:" in outcome.out
    assert "error: strategies/cross/config_schema.json:1:" in outcome.out
    assert outcome.out.splitlines()[-1] == "strategies/cross: 2 problems, no warnings"
    problems = periscope_command("check", "cross", "--json").json["problems"]
    assert {problem["file"] for problem in problems} == {"strategy.py", "config_schema.json"}


def test_a_folder_that_is_not_there(periscope_command: Command) -> None:
    outcome = periscope_command("check", "nowhere")
    assert outcome.code == 6
    assert "error[BUNDLE_NOT_FOUND]" in outcome.err


def test_an_import_of_a_package_is_no_warning_where_the_workspace_allows_it(
    periscope_command: Command, workspace: Path
) -> None:
    strategy = workspace / "strategies" / "cross" / "strategy.py"
    strategy.write_text("import _polars_runtime_32\nimport numpy.linalg\nimport polars\n" + strategy.read_text())
    warned = periscope_command("check", "cross").out
    assert warned.count("IMPORT_NOT_FOUND") == 3
    (workspace / "periscope.toml").write_text('[sandbox]\npackages = ["polars"]\n')
    warned = periscope_command("check", "cross").out
    assert warned.count("IMPORT_NOT_FOUND") == 1
    assert "numpy" in warned
