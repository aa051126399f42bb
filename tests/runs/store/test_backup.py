"""Backups restore into either database, and no damage to one goes unseen."""

import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from periscope.runs.store.backup import back_up, backup_problems, restore, store_problems
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.store import Store, StorePlace
from tests.cli.command import Command
from tests.databases import KINDS, store_place
from tests.runs.store.make_first_version import fill


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_what_is_backed_up_is_restored(source: str, target: str, tmp_path: Path) -> None:
    with store_place(source, tmp_path / "a") as first, store_place(target, tmp_path / "b") as second:
        with Store(first) as store:
            fill(store)
            back_up(store, tmp_path / "backup")
            before = (store.versions.all(), store.runs.page(), store.runs.files(4), store.runs.issues(4))
        assert backup_problems(tmp_path / "backup") == []
        restore(tmp_path / "backup", second)
        with Store(second) as store:
            assert (store.versions.all(), store.runs.page(), store.runs.files(4), store.runs.issues(4)) == before
            assert store_problems(store) == []
            assert store.runs.create(1, {}).id == 8, "numbers go on where they were"
        with pytest.raises(StoreError) as refused:
            restore(tmp_path / "backup", second)
        assert refused.value.code == "STORE_EXISTS"


def test_a_store_in_use_is_backed_up_in_one_state(tmp_path: Path) -> None:
    with Store(StorePlace(tmp_path / "store")) as store:
        fill(store)
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                run = store.runs.create(1, {})
                store.runs.start(run.id)
                store.runs.ask(run.id, "stop")
                _, content = store.runs.reset(run.id)
                store.forget(content)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for number in range(5):
                back_up(store, tmp_path / f"backup{number}")
        finally:
            over.set()
            worker.join()
    for number in range(5):
        restore(tmp_path / f"backup{number}", StorePlace(tmp_path / f"restored{number}"))
        with Store(StorePlace(tmp_path / f"restored{number}")) as store:
            assert store_problems(store) == []


def test_every_flipped_or_cut_place_is_found(tmp_path: Path, cases: Callable[..., int]) -> None:
    with Store(StorePlace(tmp_path / "store")) as store:
        fill(store)
        back_up(store, tmp_path / "backup")
    files = sorted(path for path in (tmp_path / "backup").rglob("*") if path.is_file() and path.name != ".lock")
    for seed in range(cases(50, 1_000)):
        chance = random.Random(seed)
        path = chance.choice(files)
        good = path.read_bytes()
        place = chance.randrange(len(good))
        bad = good[:place] if chance.random() < 0.3 else _flipped(good, place, chance.randrange(8))
        path.chmod(0o644)
        path.write_bytes(bad)
        assert backup_problems(tmp_path / "backup"), (seed, path, place)
        with pytest.raises(StoreError) as refused:
            restore(tmp_path / "backup", StorePlace(tmp_path / "nowhere"))
        assert refused.value.code == "BACKUP_DAMAGED"
        path.write_bytes(good)
    assert backup_problems(tmp_path / "backup") == []
    for path in files:
        moved = path.rename(tmp_path / "moved")
        assert backup_problems(tmp_path / "backup"), path
        moved.rename(path)


def _flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def test_it_works_from_the_command_line(periscope_command: Command, workspace: Path) -> None:
    assert periscope_command("publish", "cross").code == 0
    assert periscope_command("store", "check").code == 0
    assert periscope_command("store", "backup", "copy", "--json").json["versions"] == 1
    assert periscope_command("store", "backup", "copy").code == 2, "nothing is overwritten"
    assert periscope_command("store", "restore", "copy").code == 5, "a store that is there is left alone"
    shutil.rmtree(workspace / "store")
    assert periscope_command("store", "restore", "copy").code == 0
    assert periscope_command("versions", "--json").json["versions"][0]["version"] == "cross@1"
    (archive,) = (path for path in (workspace / "store" / "files").glob("??/*"))
    archive.unlink()
    damaged = periscope_command("store", "check", "--json")
    assert (damaged.code, len(damaged.json["problems"])) == (5, 1)
    assert periscope_command("store", "check", "--backup", "copy").code == 0
    assert periscope_command("store", "check", "--backup", "nowhere").code == 5
