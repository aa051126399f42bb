"""The commands that the docs' pages show, and what runs them in order as a reader would.

`python -m tests.docs.commands MADE` reads pairs of JSON, a line and whether it is to be a process of its own, and ends
with the code of the first line that fails. Most of what a command takes is the start of Python and its imports. So a
command is a process of its own where the docs show it first; where it comes again, a page's commands share a process.
What most pages begin with, `demo` and `data sample`, is copied from the folder MADE when it comes again.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

from periscope.cli.main import app, main
from tests.tidy.source import ROOT

TIME_LIMIT_SECONDS = 240
PLAIN = re.compile(r"periscope( [\w./:=@+-]+)*")
"""A line that means the same without a shell."""


def command_of(line: str) -> str:
    """Which command a line asks for: `periscope data check` of `$ periscope data check ALFA --span minute`."""
    words, names = line.split(), []
    commands: Mapping[str, object] = {words[0]: typer.main.get_command(app)}
    for word in words:
        if word not in commands:
            break
        names.append(word)
        commands = getattr(commands[word], "commands", {})
    return " ".join(names)


def with_processes(pages: Mapping[str, Iterable[str]]) -> dict[str, list[tuple[str, bool]]]:
    """The lines of each page, each with whether it is a process of its own: the first of its command is."""
    seen: set[str] = set()
    marked: dict[str, list[tuple[str, bool]]] = {}
    for page, lines in pages.items():
        marked[page] = []
        for line in lines:
            command = command_of(line)
            marked[page].append((line, command not in seen))
            seen.add(command)
    return marked


def make(folder: Path) -> None:
    """Make what `run` copies."""
    assert main(["demo", str(folder / "demo")]) == 0


def run_commands(
    lines: list[tuple[str, bool]], made: Path, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run lines in order in a folder, in a process of their own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.docs.commands", str(made)],
        input=json.dumps(lines),
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )


def run(line: str, *, is_process: bool, made: Path) -> int:
    """Run one line; returns its exit code. `cd` holds for the lines after it."""
    words = shlex.split(line)
    if words[0] == "cd":
        os.chdir(words[1])
        return 0
    if is_process or PLAIN.fullmatch(line) is None:
        return subprocess.run(["bash", "-e", "-u", "-c", line], check=False).returncode
    match words[1:]:
        case ["demo"]:
            shutil.copytree(made / "demo", "periscope-demo")
        case ["demo", folder]:
            shutil.copytree(made / "demo", folder)
        case ["data", "sample", "--catalog", folder]:
            shutil.copytree(made / "demo" / "catalog", folder)
        case _:
            return main(words[1:])
    return 0


if __name__ == "__main__":
    for each, alone in json.load(sys.stdin):
        print(f"+ {each}", file=sys.stderr, flush=True)
        code = run(each, is_process=alone, made=Path(sys.argv[1]))
        sys.stdout.flush()
        if code != 0:
            sys.exit(code)
