"""Who can't write because another process does is told which one, by real processes on a real database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from periscope.runs.processes import is_stopped, process_of
from periscope.runs.store.database import Database, sqlite_url
from periscope.runs.store.lock_holder import holder_of
from periscope.runs.store.refusals import StoreError

ROOT = Path(__file__).parents[3]
HOLDS = """
import sys
from pathlib import Path
from sqlalchemy import text
from periscope.runs.store.database import Database, sqlite_url
with Database(sqlite_url(Path(sys.argv[1]))).write() as connection:
    connection.execute(text("INSERT INTO said VALUES ('held')"))
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = Database(sqlite_url(tmp_path / "a.db"))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE said (word TEXT)"))
    database.close()
    return tmp_path / "a.db"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of a write; it commits when its input ends."""
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            yield process
        finally:
            process.kill()


def _refused(path: Path) -> StoreError:
    database = Database(sqlite_url(path), wait_seconds=0.1)
    try:
        with pytest.raises(StoreError) as refused, database.write() as connection:
            connection.execute(text("INSERT INTO said VALUES ('mine')"))
    finally:
        database.close()
    return refused.value


def test_the_one_that_holds_the_lock_is_named(path: Path, holder: subprocess.Popen[str]) -> None:
    refused = _refused(path)
    program = Path(sys.executable).name
    assert refused.code == "STORE_UNAVAILABLE"
    assert refused.message.startswith("the database answered: database is locked: ")
    assert refused.message.endswith(f": process {holder.pid} ({program}) holds it")
    assert "/" not in refused.message, "no folder of this machine"


def test_one_that_was_stopped_is_told_with_how_it_goes_on(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, holder.pid, os.WSTOPPED)
    process = process_of(holder.pid)
    assert process is not None
    assert is_stopped(process)
    refused = _refused(path)
    assert refused.message.endswith("holds it and was stopped")
    assert f"`kill -CONT {holder.pid}`" in refused.hint
    holder.send_signal(signal.SIGCONT)
    holder.communicate(timeout=30)
    assert holder.returncode == 0
    assert holder_of(path) is None
    database = Database(sqlite_url(path), wait_seconds=0.1)
    with database.write() as connection:
        connection.execute(text("INSERT INTO said VALUES ('mine')"))
        told = holder_of(path)
        assert told is not None
        assert told[0].startswith(f"process {os.getpid()} ({Path(sys.executable).name}")
        assert connection.execute(text("SELECT word FROM said")).scalars().all() == ["held", "mine"]
    database.close()


def test_what_cannot_be_told_is_left_out(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert holder_of(path) is None
    assert holder_of(tmp_path / "none.db") is None
    monkeypatch.setattr("periscope.runs.store.lock_holder._LOCKS", tmp_path / "no such file")
    mine = Database(sqlite_url(path))
    with mine.write():
        assert _refused(path).message == "the database answered: database is locked"
    mine.close()
