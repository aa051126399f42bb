"""The quick start of the API's page, run as it stands: every command, with a server on a port of its own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.docs.commands import run_commands
from tests.docs.generate import ROOT

PORT = "8750"
_STARTING_SECONDS = 60


def quick_start() -> list[str]:
    """The commands of the section."""
    text = (ROOT / "docs" / "rest.md").read_text().partition("\n## Quick start\n")[2].partition("\n## ")[0]
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_quick_start_is_as_it_says(tmp_path: Path, made: Path) -> None:
    here, port = str(Path(sys.executable).parent), free_port()
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    commands = quick_start()
    before, after = commands[: commands.index("periscope serve")], commands[commands.index("periscope serve") + 1 :]
    outcome = run_commands([(line, False) for line in before], made, tmp_path, environment)
    assert outcome.returncode == 0, outcome.stderr
    folder = tmp_path / "desk"
    command = ["periscope", "serve", "--port", port]
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(f"http://127.0.0.1:{port}/api/v1/healthz", server)
        said = [_answer(line.replace(PORT, port), folder, environment) for line in after]
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert json.loads(said[0])["status"] == "ok"
    assert json.loads(said[1])["status"] == "new"
    events = re.findall(r"^event: (\w+)$", said[3], flags=re.MULTILINE)
    assert (events[0], events[-1]) == ("status", "end")
    assert json.loads(said[4])["status"] == "complete"
    assert len(json.loads(said[5])["items"]) == 2
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def _answer(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "/api/v1/problems" not in done.stdout, done.stdout
    return done.stdout


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(_STARTING_SECONDS * 10):
        assert server.poll() is None, "the server has ended"
        with suppress(httpx.TransportError):
            httpx.get(url, trust_env=False)
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise AssertionError("the server has not started")
