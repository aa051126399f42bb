"""The pages that show examples show what is in the files, and what they tell a reader to do works in that order."""

import contextlib
import json
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from periscope.cli.main import main
from periscope.execution.order import NEXT_STATE
from periscope.market.catalog import Catalog
from periscope.runs.backtest import run_backtest
from periscope.runs.config import RunConfig, parse_run_config
from tests.examples.running import EXAMPLES

ROOT = EXAMPLES.parent
BLOCK = re.compile(r"(?:<!-- (from|save as) (\S+) -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README_SCHEMA = {
    "type": "object",
    "properties": {"symbol": {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "EQUITY"}},
    "required": ["symbol"],
}


def blocks(page: str) -> list[tuple[str, str, str, str]]:
    """(mark, file, kind, text) of each fenced block; mark and file are empty where no comment stands before it."""
    return BLOCK.findall((ROOT / page).read_text())


def test_excerpts_are_the_files_own_lines() -> None:
    excerpts = [(file, text) for mark, file, _, text in blocks("docs/strategy-examples.md") if mark == "from"]
    assert {file.split("/")[1] for file, _ in excerpts} == {path.parent.name for path in EXAMPLES.glob("*/strategy.py")}
    for file, text in excerpts:
        lines = (ROOT / file).read_text()
        for part in [text] if text.strip() in lines else text.split("\n\n\n"):
            here = part.strip()
            assert here in lines or textwrap.indent(here, "    ") in lines, f"{file} has changed:\n{here}"


def test_the_table_of_order_states_is_that_of_the_code() -> None:
    page = (ROOT / "docs" / "semantics-orders.md").read_text()
    found = page.split("<!-- begin order states -->")[1].split("<!-- end order states -->")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found.strip().splitlines()[2:]]
    wanted = [(str(state or "new"), str(what), str(after)) for (state, what), after in NEXT_STATE.items()]
    assert rows == wanted


def test_the_strategy_of_the_readme_trades(market: Catalog, tmp_path: Path) -> None:
    (strategy,) = [text for _, _, kind, text in blocks("README.md") if kind == "python"]
    (tmp_path / "strategy.py").write_text(strategy)
    (tmp_path / "config_schema.json").write_text(json.dumps(README_SCHEMA))
    window = {"start": "2022-01-03", "end": "2022-12-30"}
    config = parse_run_config({"environment": window, "strategy": {"symbol": "ALFA"}, "core": {}})
    assert isinstance(config, RunConfig)
    result = run_backtest(tmp_path, config, market).result
    assert result["status"] == "complete"
    assert result["fills"] > 50


def follow(command: str) -> None:
    """Do what a reader types after `$ `: periscope's commands and `cd`."""
    name, *words = shlex.split(command)
    if name == "cd":
        contextlib.chdir(words[0]).__enter__()
        return
    assert name == "periscope", f"the tutorial tells to run {command!r}"
    assert main(words) == 0, command


def test_the_tutorial_works_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERISCOPE_CATALOG", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    outputs: list[str] = []
    for mark, file, kind, text in blocks("docs/tutorial.md"):
        if mark == "save as":
            assert Path(file).exists(), f"`periscope new` makes no {file}, which the page says is replaced"
            Path(file).write_text(text)
        elif kind == "python":
            exec(compile(text, "docs/tutorial.md", "exec"), {"__name__": "__main__"})
        for line in text.splitlines() if kind == "text" else ():
            if line.startswith("$ "):
                capsys.readouterr()
                follow(line.removeprefix("$ "))
                seen = capsys.readouterr()
                outputs = (seen.out + seen.err).splitlines()
            elif any(letter.isalnum() for letter in line) and not mark:
                shown = " ".join(line.replace("…", "").split())
                assert any(shown in " ".join(each.split()) for each in outputs), f"{line!r} is not in {outputs}"
