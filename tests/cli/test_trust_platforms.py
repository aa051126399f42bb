"""On another operating system `backtest` and `demo` refuse with exit code 8, and `doctor` shows what helps.

The other system is played: its name, and none of what only Linux, or only Unix, has.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

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
from periscope.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def play(system: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `periscope ...` as on another operating system."""
    return subprocess.run(
        [sys.executable, "-c", PLAY, system, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(params=["darwin", "win32"])
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("words", [("backtest", "anything"), ("backtest", "mine", "--trust-this-code"), ("demo",)])
def test_nothing_runs_and_the_refusal_says_what_helps(system: str, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = play(system, tmp_path, *words)
    assert done.returncode == 8, done.stderr
    assert done.stderr.startswith("error[SANDBOX_UNAVAILABLE]: there is no sandbox for strategies on this operating")
    assert CONTAINER_COMMAND in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_refusal_is_one_document_with_json(system: str, tmp_path: Path) -> None:
    done = play(system, tmp_path, "backtest", "anything", "--json")
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["exit_code"]) == ("SANDBOX_UNAVAILABLE", 8)
    assert CONTAINER_COMMAND in error["try"]


def test_doctor_prints_the_container_command(system: str, tmp_path: Path) -> None:
    done = play(system, tmp_path, "doctor")
    assert done.returncode == 8, done.stderr
    assert f"    {CONTAINER_COMMAND}\n" in done.stdout
    assert f"    {CONTAINER_AGAIN}\n" in done.stdout
    assert f"{system} has neither Landlock nor seccomp" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("words", [("--help",), ("init", "desk")])
def test_what_needs_no_sandbox_works(system: str, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = play(system, tmp_path, *words)
    assert (done.returncode, done.stderr) == (0, "")


def test_versions_and_runs_are_kept_and_only_starting_one_is_refused(tmp_path: Path) -> None:
    """On Windows: the store needs nothing of Unix."""
    assert [play("win32", tmp_path, *words).returncode for words in (("init",), ("new", "cross"))] == [0, 0]
    for words, shows in (
        (("publish", "cross"), "cross@1"),
        (("runs", "list"), "no runs"),
        (("store", "check"), "all is as it was written"),
    ):
        done = play("win32", tmp_path, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert shows in done.stdout
    done = play("win32", tmp_path, "runs", "start", "1")
    assert done.returncode == 8
    assert CONTAINER_COMMAND in done.stderr


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
make_sample(catalog)
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
