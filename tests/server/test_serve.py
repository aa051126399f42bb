"""`periscope serve` as a process: starting, working, ending, and starting again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from periscope.cli.workspace import init_workspace
from periscope.runs.leases import lease_holder
from periscope.runs.publishing import publish
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store, StorePlace
from periscope.runs.supervisor import LEASE_NAME
from tests.cli.command import Command
from tests.runs.desk import WORKER
from tests.runs.lab import AAA, Lab, walk
from tests.server.serving import CONFIG

LONGEST_SECONDS = 90
SLOW = WORKER.replace("        for", "        import time; time.sleep(0.2)\n        for")
"""A strategy that takes a minute and more."""


def fill(folder: Path) -> None:
    """Give a workspace a day of data, and the published strategies `worker` and `slow`."""
    lab = Lab(folder).add(AAA, minute=walk("09:30", 390))
    with Store(StorePlace(folder / "store")) as store:
        assert publish(store, "worker", lab.bundle(WORKER)).version is not None
        assert publish(store, "slow", lab.bundle(SLOW)).version is not None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace that is filled."""
    init_workspace(tmp_path)
    fill(tmp_path)
    return tmp_path


class Process:
    """One `periscope serve` that listens."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.client = httpx.Client(base_url=f"{url}/", timeout=30, trust_env=False)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code and what was said on stderr."""
        self.process.send_signal(number)
        _, words = self.process.communicate(timeout=LONGEST_SECONDS)
        return self.process.returncode, words

    def start_run(self, version: str = "worker") -> int:
        """The number of a run that was made and started over HTTP."""
        made = self.client.post("runs", json={"version": version, "config": CONFIG})
        assert made.status_code == 201, made.text
        number: int = made.json()["run"]
        assert self.client.post(f"runs/{number}/start").status_code == 200
        return number

    def wait_for(self, number: int, *statuses: str) -> dict[str, Any]:
        """The run once it has one of these statuses."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            run: dict[str, Any] = self.client.get(f"runs/{number}").json()
            if run["status"] in statuses:
                return run
            assert time.monotonic() < deadline, run
            time.sleep(0.1)


@contextmanager
def served_by_command(folder: Path, *options: str) -> Iterator[Process]:
    """The command, as somebody would start it in the workspace; it is gone afterwards, with its runs."""
    command = [sys.executable, "-m", "periscope.cli.main", "serve", "--port", "0", "--json", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERISCOPE_")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            lines = ""
            while not lines.endswith("}\n"):
                line = process.stdout.readline()
                assert line, process.stderr.read() if process.stderr else ""
                lines += line
            yield Process(process, json.loads(lines)["url"])
        finally:
            process.kill()


@contextmanager
def half_an_upload(server: Process, folder: Path) -> Iterator[None]:
    """Bars of which only a part has come, and lies on the server's disk; it still does afterwards."""
    head = "POST /api/v1/data/imports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
    with socket.create_connection((server.client.base_url.host, server.client.base_url.port or 80)) as line:
        line.sendall(head.encode() + b"x" * 100_000)
        deadline = time.monotonic() + LONGEST_SECONDS
        while not list((folder / "store" / "work").glob("upload-*/body")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield
        assert list((folder / "store" / "work").glob("upload-*/body"))


def end_all_runs(folder: Path) -> None:
    """Kill what runs have left."""
    from periscope.runs.processes import kill

    with Store(StorePlace(folder / "store")) as store:
        for run in store.runs.page():
            if run.process is not None:
                kill(run.process)


def test_it_serves_before_there_is_data_and_runs_and_ends_cleanly(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with served_by_command(tmp_path) as server:
        assert server.client.get("runs").json()["items"] == []
        assert server.client.get("data/series").json()["code"] == "NO_CATALOG"
        fill(tmp_path)
        number = server.start_run()
        run = server.wait_for(number, "complete", "error", "stopped")
        assert run["status"] == "complete", run["issues"]
        assert run["final_value"] is not None
        code, words = server.end()
    assert code == 0
    assert "Traceback" not in words
    assert str(tmp_path) not in json.dumps(run)
    with Store(StorePlace(tmp_path / "store")) as store:
        assert lease_holder(store.database, LEASE_NAME) is None


def test_runs_go_on_without_it_and_the_next_one_takes_them_over_until_ctrl_c(folder: Path) -> None:
    with served_by_command(folder) as first:
        number = first.start_run("slow")
        before = first.wait_for(number, "running")
        with half_an_upload(first, folder):
            first.process.kill()
            first.process.wait()
    with served_by_command(folder, "--at-once", "2") as second:
        assert list((folder / "store" / "work").glob("upload-*")) == []
        after = second.wait_for(number, "running")
        assert (after["started_at"], after["lost"]) == (before["started_at"], 0)
        other = second.start_run("slow")
        second.client.post(f"runs/{number}/stop")
        assert second.wait_for(number, "stopped", "error", "complete")["status"] == "stopped"
        second.wait_for(other, "running")
        with second.client.stream("GET", f"runs/{other}/events/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines)
            code, words = second.end(signal.SIGINT)
            list(lines)  # it ends, and not in the middle of an event
    assert code == 130
    assert "Traceback" not in words
    end_all_runs(folder)


def test_two_on_one_workspace_are_safe(folder: Path) -> None:
    with served_by_command(folder) as first, served_by_command(folder) as second:
        numbers = [server.start_run() for server in (first, second)]
        for number in numbers:
            assert first.wait_for(number, "complete", "error")["status"] == "complete"
        assert first.end()[0] == 0
        more = second.start_run()
        assert second.wait_for(more, "complete", "error")["status"] == "complete"
        assert second.end()[0] == 0
    with Store(StorePlace(folder / "store")) as store:
        runs: list[Run] = store.runs.page()
    assert [(run.attempt, run.lost) for run in runs] == [(1, 0)] * 3


def test_a_port_in_use_is_refused_in_a_sentence(workspace: Path, periscope_command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = periscope_command("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.code == 2
    assert "error[PORT_IN_USE]" in outcome.err
    assert "--port" in outcome.err


def test_elsewhere_it_wants_a_token_first(workspace: Path, periscope_command: Command) -> None:
    outcome = periscope_command("serve", "--host", "0.0.0.0", "--port", "0")
    assert outcome.code == 2
    assert "error[TOKENS_NEEDED]" in outcome.err
    assert "periscope tokens create" in outcome.err


def test_an_address_that_is_not_here_is_refused_in_a_sentence(workspace: Path, periscope_command: Command) -> None:
    assert periscope_command("tokens", "create", "me").code == 0
    for host in ("203.0.113.7", "no.such.host.invalid"):
        outcome = periscope_command("serve", "--host", host, "--port", "0")
        assert outcome.code == 2
        assert "error[NOT_LISTENING]" in outcome.err


def test_tokens_are_made_listed_and_deleted(workspace: Path, periscope_command: Command) -> None:
    made = json.loads(periscope_command("tokens", "create", "ci", "--scope", "write", "--days", "90", "--json").out)
    secret = made.pop("secret")
    assert secret.startswith("psk_")
    listed = periscope_command("tokens", "list", "--json")
    assert json.loads(listed.out) == {"tokens": [made]}
    shown = periscope_command("tokens", "list")
    assert "ci" in shown.out
    assert secret not in listed.out + shown.out
    again = periscope_command("tokens", "create", "ci")
    assert (again.code, "error[TOKEN_EXISTS]" in again.err) == (2, True)
    assert periscope_command("tokens", "create", "x", "--scope", "all").code == 2
    assert periscope_command("tokens", "create", "../x").code == 2
    assert periscope_command("tokens", "create", "x", "--days", "99999999").code == 2
    assert periscope_command("tokens", "delete", "ci").code == 0
    assert periscope_command("tokens", "delete", "ci").code == 6
