"""docs/cli.md says what the command line does."""

import re
from pathlib import Path

from periscope.cli.exits import ExitCode
from tests.cli.command import Command

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()


def test_the_page_lists_the_exit_codes() -> None:
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)]
    assert listed == [int(code) for code in ExitCode]


def test_the_page_lists_every_option_of_backtest(periscope_command: Command) -> None:
    options = set(re.findall(r"--[a-z]+", periscope_command("backtest", "--help").out)) - {"--help"}
    listed = set(re.findall(r"--[a-z]+", PAGE))
    assert options <= listed
    assert "--no-open" not in options
