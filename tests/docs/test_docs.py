"""Every code block of the docs is run.

```python blocks of a page run in order in one namespace; ```json must parse; in ```console the lines that start with
`$ ` run in order in one folder and must succeed, see tests/docs/commands.py. ```text is for what can't be run, and the
only way out.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.commands import TIME_LIMIT_SECONDS, run_commands, with_processes
from tests.docs.generate import ROOT

PAGES = [
    "README.md",
    "SECURITY.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
]
KINDS = ("python", "json", "console", "text")

RUN_BLOCKS = """
import json, sys
namespace = {"__name__": "__main__"}
for line, code in json.load(sys.stdin):
    exec(compile("\\n" * line + code, sys.argv[1], "exec"), namespace)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string, the line of its opening fence, and its text."""

    kind: str
    line: int
    text: str


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page, those inside list items included."""
    text = (ROOT / page).read_text()
    found = []
    for match in re.finditer(r"^( *)```([^\n`]*)\n(.*?)^\1``` *$", text, flags=re.MULTILINE | re.DOTALL):
        indent, kind, body = match.groups()
        dedented = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        found.append(Block(kind.strip(), text.count("\n", 0, match.start()) + 1, dedented))
    return found


def pages_with(kind: str) -> list[str]:
    return [page for page in PAGES if any(block.kind == kind for block in blocks_of(page))]


def commands_of(page: str) -> list[str]:
    lines = [line for block in blocks_of(page) if block.kind == "console" for line in block.text.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


COMMANDS = with_processes({page: commands_of(page) for page in pages_with("console")})


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    wrong = [f"{page}:{block.line} ```{block.kind}" for block in blocks_of(page) if block.kind not in KINDS]
    assert not wrong, f"write one of {', '.join(KINDS)}: {'; '.join(wrong)}"


@pytest.mark.parametrize("page", pages_with("json"))
def test_json_parses(page: str) -> None:
    for block in blocks_of(page):
        if block.kind == "json":
            json.loads(block.text)


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_runs(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    code = [(block.line, block.text) for block in blocks_of(page) if block.kind == "python"]
    done = subprocess.run(
        [sys.executable, "-c", RUN_BLOCKS, page],
        input=json.dumps(code),
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", COMMANDS)
def test_commands_succeed(page: str, made: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    commands = [command for command, _ in COMMANDS[page]]
    wrong = [command for command in commands if not re.match(r"(periscope|cd|ls|cat|head|mkdir) ?", command)]
    assert not wrong, f"```console is for periscope's commands: {wrong}"
    done = run_commands(COMMANDS[page], made, tmp_path, environment)
    assert done.returncode == 0, done.stdout
