"""A disk that fails at any write: what was acknowledged is there, nothing is there by halves, and it goes on later."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from periscope.runs.lifecycle import Move, Status
from periscope.runs.publishing import publish, version_files, version_folder
from periscope.runs.run_process import keep_trying
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import AttemptRows, Ending, StoredFile
from periscope.runs.store.store import Store, StorePlace
from tests.runs.lab import HEADER, SCHEMA

ROOT = Path(__file__).parents[3]
STRATEGY = HEADER + "class Strategy(Base):\n    async def on_start(self, as_of_time):\n        return []\n"
_ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
_CALLS = ("fsync", "link", "rename", "replace", "mkdir", "open", "chmod")


class Disk:
    """Fails at the n-th thing that is asked of it, counted from 1, and at that one only."""

    def __init__(self, fail_at: int, error: int) -> None:
        self.left = fail_at
        self.error = error
        self.failed = False

    def use(self, where: str) -> None:
        """Something is asked of the disk."""
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise OSError(self.error, os.strerror(self.error), where)


@contextmanager
def failing(disk: Disk, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every call that changes something below `folder`, and every statement of the database, go by the disk."""

    def statement(*_: Any) -> None:
        try:
            disk.use("the database")
        except OSError as error:
            raise OperationalError("", {}, error) from error

    with monkeypatch.context() as patch:
        for name in _CALLS:
            real = getattr(os, name)

            def call(*arguments: Any, real: Callable[..., Any] = real, name: str = name, **options: Any) -> Any:
                if name == "fsync" or any(str(folder) in str(each) for each in arguments[:2]):
                    disk.use(name)
                return real(*arguments, **options)

            patch.setattr(os, name, call)
        event.listen(store.database.engine, "before_cursor_execute", statement)
        event.listen(store.database.engine, "commit", statement)
        try:
            yield
        finally:
            event.remove(store.database.engine, "before_cursor_execute", statement)
            event.remove(store.database.engine, "commit", statement)


@pytest.mark.parametrize("error", _ERRORS)
def test_whatever_write_fails_nothing_is_kept_by_halves(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: Callable[..., int]
) -> None:
    """Every n-th write from the first on until none fails; by default some of them."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "strategy.py").write_text(STRATEGY)
    (bundle / "config_schema.json").write_text(SCHEMA)
    for number in range(_ERRORS.index(error) + 1, 300, cases(17, 1)):
        place = StorePlace(tmp_path / f"store{number}")
        disk = Disk(number, error)
        with Store(place) as store:
            acknowledged: list[str] = []
            with failing(disk, place.folder, store, monkeypatch), suppress(OSError, StoreError):
                publish_and_run(store, bundle, place.folder, acknowledged)
            look(store, acknowledged)
            publish_and_run(store, bundle, place.folder, acknowledged)  # space is back
            look(store, ["published", "ended"])
        if not disk.failed:
            assert number > 20
            return
    pytest.fail("there is no end of writes")


def publish_and_run(store: Store, bundle: Path, folder: Path, acknowledged: list[str]) -> None:
    """Publish, run and keep results; `acknowledged` tells how far that came."""
    version = publish(store, "one", bundle).version
    assert version is not None
    acknowledged.append("published")
    version_folder(store, version)
    run = store.runs.create(version.id, {})
    store.runs.start(run.id)
    rows = AttemptRows(store.database, run.id, run.attempt)
    assert rows.begin("process")
    out = folder / "work" / str(run.id)
    out.mkdir(parents=True)
    (out / "result.json").write_text(f"{run.id}" * 1_000)
    with store.files.keeping():
        file = StoredFile("result.json", *store.files.take(out / "result.json"))
        assert rows.end(Ending(Move.FINISH, None, {}, [file]))
    acknowledged.append("ended")


def look(store: Store, acknowledged: list[str]) -> None:
    """What was acknowledged is there; whatever is there is whole."""
    versions = store.versions.all()
    assert versions or "published" not in acknowledged
    for version in versions:
        assert version_files(store, version)["strategy.py"] == STRATEGY.encode()
        folder = store.place.folder / "bundles" / version.hash
        if folder.exists():
            assert (folder / "strategy.py").read_text() == STRATEGY
    ended = [run for run in store.runs.page() if run.status is Status.COMPLETE]
    assert ended or "ended" not in acknowledged
    for run in ended:
        (file,) = store.runs.files(run.id)
        store.files.check(file.content)
    for run in store.runs.page():
        assert run.status is Status.COMPLETE or store.runs.files(run.id) == []


def test_a_full_database_says_so_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    """SQLite's own word for a full disk, by its own limit."""
    with Store(StorePlace(tmp_path)) as store:
        version, _ = store.versions.add("one", "h", "a" * 64, [])
        run = store.runs.create(version.id, {})
        with store.database.engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar()

        def limit(connection: Any, _record: Any, _proxy: Any, *, pages: int = int(pages or 0)) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        event.listen(store.database.engine, "checkout", limit)
        with pytest.raises(StoreError) as full:
            store.runs.edit(run.id, {"strategy": {"x": "y" * 100_000}})
        assert full.value.code == "STORE_UNAVAILABLE"
        assert "full" in str(full.value)
        assert store.runs.get(run.id) == run
        event.remove(store.database.engine, "checkout", limit)
        with store.database.engine.connect() as connection:
            connection.execute(text("PRAGMA max_page_count=1000000"))
        assert store.runs.edit(run.id, {"strategy": {"x": "y" * 100_000}})


def test_the_end_of_a_run_is_tried_again_until_it_can_be_kept() -> None:
    """But what will not pass becomes the run's failure."""
    answers: list[Exception | bool] = [
        OSError(errno.ENOSPC, "full"),
        StoreError("STORE_UNAVAILABLE", "locked", ""),
        OSError(errno.EISDIR, "a folder"),
        True,
    ]
    seen: list[object] = []

    def end(outcome: object) -> bool:
        seen.append(outcome)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert keep_trying(end, {"status": "complete"}, pause=lambda: None)
    assert seen[:3] == [{"status": "complete"}] * 3
    assert "a folder" in str(seen[3])
    with pytest.raises(StoreError):
        keep_trying(lambda _: (_ for _ in ()).throw(StoreError("STORE_DAMAGED", "", "")), "x", pause=lambda: None)


def test_a_disk_that_is_really_full(tmp_path: Path, cases: Callable[..., int]) -> None:
    """The kernel refuses: a small disk of its own is given 0, 1, 2… pages, and then to a backtest that is running."""
    sizes = [str(cases(13, 1)), *(["60"] if cases(0, 1) else []), "0"]
    program = [sys.executable, "-m", "tests.runs.store.small_disk", str(tmp_path), *sizes]
    able = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "x", tmp_path], capture_output=True, check=False)
    if able.returncode != 0:
        pytest.skip("no mount namespace of one's own here")
    done = subprocess.run(
        ["unshare", "-rm", *program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert "a run on a disk with 0 bytes" in done.stdout
