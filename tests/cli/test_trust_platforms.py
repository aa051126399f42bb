"""On another operating system `backtest` and `demo` refuse with exit code 8, and `doctor` shows what helps.

The other system is played: its name, and none of what only Linux, or only Unix, has.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from periscope.cli.no_sandbox import CONTAINER_AGAIN, CONTAINER_COMMAND
from tests.tidy.source import ROOT, sources

PLAY = """
import sys
system = sys.argv[1]
from types import SimpleNamespace
import asyncio, json, os, signal, subprocess, sysconfig, tempfile, zoneinfo, numpy, rich.console, typer
sysconfig.get_config_vars()
UNIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios"}
gone = ["memfd_create", "pidfd_open", "sched_getaffinity", "sched_setaffinity", "unshare", "setns"]
os.process_cpu_count = os.cpu_count
if system == "win32":
    gone += ["fork", "getuid", "geteuid", "setuid", "killpg", "waitid", "O_DIRECTORY"]
    for name in ("SIGUSR1", "SIGUSR2", "SIGKILL"):
        delattr(signal, name)
    for name in UNIX_ONLY:
        sys.modules[name] = None
    modes = {"LK_LOCK": 1, "LK_NBLCK": 2, "LK_UNLCK": 0}
    sys.modules["msvcrt"] = SimpleNamespace(**modes, locking=lambda descriptor, mode, count: None)
for name in gone:
    if hasattr(os, name):
        delattr(os, name)
sys.platform = system
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from periscope.cli.main import main
told = []
for number, words in enumerate(json.load(sys.stdin)):
    if sys.argv[2] == "each in a folder":
        os.mkdir(f"{number}")
        os.chdir(f"{number}")
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    told.append((code, out.getvalue(), err.getvalue(), os.listdir()))
    if sys.argv[2] == "each in a folder":
        os.chdir("..")
print(json.dumps(told))
"""
REFUSED = (["backtest", "anything"], ["backtest", "mine", "--trust-this-code"], ["demo"])
AS_JSON = ["backtest", "anything", "--json"]
WITHOUT_SANDBOX = (["--help"], ["init", "desk"])


class Told(NamedTuple):
    """What a command came to, and the names in the folder after it."""

    code: int
    out: str
    err: str
    left: list[str]


def play(system: str, folder: Path, commands: Sequence[list[str]], *, apart: bool) -> list[Told]:
    """Run `periscope ...` as on another operating system: several commands, each in a folder of its own or all in one.

    They share a process, since each needs the same imports.
    """
    done = subprocess.run(
        [sys.executable, "-c", PLAY, system, "each in a folder" if apart else "all in one"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLUMNS": "120"},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [Told(*told) for told in json.loads(done.stdout)]


@pytest.fixture(params=["darwin", "win32"], scope="module")
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(system: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """What each command says there."""
    commands = [*REFUSED, AS_JSON, ["doctor"], *WITHOUT_SANDBOX]
    played = play(system, tmp_path_factory.mktemp(system), commands, apart=True)
    return {" ".join(words): said for words, said in zip(commands, played, strict=True)}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_nothing_runs_and_the_refusal_says_what_helps(told: dict[str, Told], words: list[str]) -> None:
    done = told[" ".join(words)]
    assert done.code == 8, done.err
    assert done.err.startswith("error[SANDBOX_UNAVAILABLE]: there is no sandbox for strategies on this operating")
    assert CONTAINER_COMMAND in done.err
    assert "Traceback" not in done.err
    assert done.left == []


def test_the_refusal_is_one_document_with_json(told: dict[str, Told]) -> None:
    error = json.loads(told[" ".join(AS_JSON)].out)["error"]
    assert (error["code"], error["exit_code"]) == ("SANDBOX_UNAVAILABLE", 8)
    assert CONTAINER_COMMAND in error["try"]


def test_doctor_prints_the_container_command(system: str, told: dict[str, Told]) -> None:
    done = told["doctor"]
    assert done.code == 8, done.err
    assert f"    {CONTAINER_COMMAND}\n" in done.out
    assert f"    {CONTAINER_AGAIN}\n" in done.out
    assert f"{system} has neither Landlock nor seccomp" in done.out
    assert done.err == ""


@pytest.mark.parametrize("words", WITHOUT_SANDBOX, ids=" ".join)
def test_what_needs_no_sandbox_works(told: dict[str, Told], words: list[str]) -> None:
    done = told[" ".join(words)]
    assert (done.code, done.err) == (0, "")


def test_versions_and_runs_are_kept_and_only_starting_one_is_refused(tmp_path: Path) -> None:
    """On Windows: the store needs nothing of Unix."""
    lines = ("init", "new cross", "publish cross", "runs list", "store check", "runs start 1")
    *done, refused = play("win32", tmp_path, [line.split() for line in lines], apart=False)
    for told, shows in zip(done, ("", "", "cross@1", "no runs", "all is as it was written"), strict=True):
        assert (told.code, told.err) == (0, "")
        assert shows in told.out
    assert refused.code == 8
    assert CONTAINER_COMMAND in refused.err


def test_the_runner_refuses_too(tmp_path: Path) -> None:
    """Whoever calls it from Python gets a result with the issue, and nothing was started."""
    script = """
import sys
from pathlib import Path
import periscope.runs.backtest as runs
from periscope.strategies.starting import BUNDLE_TEMPLATE
from periscope.cli.run_document import read_run_file
from periscope.market.catalog import Catalog
from periscope.market.sample import make_sample
from periscope.runs.config import parse_run_config
catalog = Catalog.create(Path(sys.argv[1]))
make_sample(catalog, equity="ALFA")
config = parse_run_config(read_run_file(None, BUNDLE_TEMPLATE))
sys.platform = "darwin"
ran = runs.run_backtest(BUNDLE_TEMPLATE, config, catalog)
print(ran.exit_code, ran.document()["issues"][0]["code"], ran.document()["sandbox"]["tier"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "catalog")],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("8 SANDBOX_UNAVAILABLE None\n", "")


UNIX_MODULES = {"fcntl", "grp", "pwd", "resource", "termios"}


def test_no_module_of_the_command_line_needs_unix_when_it_is_imported() -> None:
    for source in sources("periscope"):
        if not source.path.startswith("periscope/cli/"):
            continue
        for node in ast.parse(source.text).body:
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            assert not names & UNIX_MODULES, source.path
