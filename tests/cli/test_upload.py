"""`data import --server`: a file that is sent, and what can happen to it on the way."""

import json
import socket
import threading
from pathlib import Path

import pytest

from tests.cli.anywhere import served_workspace
from tests.cli.command import Command

CSV = "time,open,high,low,close,volume\n2024-01-23T09:30:00-05:00,10,11,9,10.5,100\n"
SAID = ("--span", "minute", "--stamp", "start", "--exchange", "XNYS", "--json")
FILES = {
    "SPY.csv": CSV, "sub/QQQ.csv": CSV, "my bars (1).csv": CSV, "bad.csv": CSV.replace("11,9", "9,9"), "empty.csv": "",
    "columns.csv": "a,b\n1,2\n", "many.csv": CSV + "x\n" * 30, "ä.csv": CSV,
}  # fmt: skip


OPTIONS = ((), ("--symbol", "YYY", "--tick", "0.05", "--replace", "--decimal", "point"))


def test_a_file_is_imported_or_refused_as_it_is_here(periscope_command: Command, workspace: Path) -> None:
    with served_workspace() as url:
        for name, text in FILES.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text)
            for more in OPTIONS:
                there = periscope_command("data", "import", name, *SAID, *more, "--server", url)
                here = periscope_command("data", "import", name, *SAID, *more, "--catalog", "other")
                assert there.code == here.code, name + there.err + here.err
                there_said, here_said = there.json, here.json
                assert (there_said.pop("catalog", None), here_said.pop("catalog", "other")) == (None, "other")
                assert there_said == here_said
        here, there = (periscope_command("data", "list", "--json", *more).json for more in ((), ("--catalog", "other")))
        assert here["series"] == there["series"] != []


@pytest.mark.parametrize("most", [0, 100_000])
def test_a_server_that_goes_away_meanwhile_is_a_sentence(
    periscope_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("periscope.client.transport._FIRST_WAIT_SECONDS", 0.001)
    (tmp_path / "SPY.csv").write_text(CSV * 100_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = threading.Thread(target=_hang_up, args=(listener, most))
        gone.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        outcome = periscope_command("data", "import", "SPY.csv", "--server", url, "--json")
        gone.join()
    assert (outcome.code, outcome.json["error"]["code"]) == (7, "SERVER_GONE")
    assert json.loads(outcome.out)["error"]["try"]


def _hang_up(listener: socket.socket, most: int) -> None:
    """Take so much of each request, of which four come, and end the connection."""
    for _ in range(4):
        connection, _ = listener.accept()
        with connection:
            got = 0
            while got <= most:
                got += len(connection.recv(65_536))
