"""Catalogs in object stores: the same as in a folder, whoever else writes, and whatever fails in between."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market import instrument_table, manifest
from periscope.market.catalog import Catalog
from periscope.market.errors import (
    CatalogAddressError,
    CatalogBusyError,
    CatalogConflictError,
    CatalogDamagedError,
    CatalogNotFoundError,
    CatalogUnreachableError,
)
from periscope.market.file_cache import CACHE_VARIABLE, cache_folder
from periscope.market.instrument_table import INSTRUMENTS_NAME
from tests.market.catalog_data import FAR, SPY, Row, at, columns, minutes, read, rows_of
from tests.market.stores import CHANGES, address, files_of, s3, s3_url, trouble, unreachable_s3  # noqa: F401 - fixtures

SPAN = BarTimeSpan.MINUTE
DAY = BarTimeSpan.DAY
ROOT = Path(__file__).parents[2]


@pytest.fixture
def catalog(address: str) -> Catalog:  # noqa: F811
    return Catalog.create(address)


def store_of(catalog: Catalog) -> tuple[Any, str]:
    store, root = fsspec.core.url_to_fs(catalog.files.where, use_listings_cache=False)
    return store, str(root)


def test_what_is_written_comes_back(catalog: Catalog) -> None:
    bars = minutes("2023-12-29T15:00", 60 * 24 * 5)  # two calendar years
    report = catalog.write_bars(SPY, SPAN, bars, source="a test")
    assert (report.added, report.unchanged, report.replaced) == (len(bars), 0, 0)
    again = Catalog.open(catalog.files.where)
    assert read(again, extended=True) == read(catalog, extended=True) != []
    assert sum(len(part) for part in again.all_bars(SPY, SPAN, 0, FAR)) == len(bars)
    assert again.instruments.all() == [SPY]
    again.verify()
    before = catalog.files.read("manifest.json")
    assert again.write_bars(SPY, SPAN, bars, source="another description").unchanged == len(bars)
    assert catalog.files.read("manifest.json") == before
    assert Catalog.create(catalog.files.where).fingerprint(SPY, SPAN) == catalog.fingerprint(SPY, SPAN)


def test_the_files_are_those_of_a_folder(catalog: Catalog, tmp_path: Path) -> None:
    """A catalog can be copied from one to the other by any tool, and other tools read it where it is."""
    local = Catalog.create(tmp_path / "catalog")
    for each in (local, catalog):
        each.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 5), source="a test")
        each.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 9, price=7_000), source="a test", replace=True)
    store, root = store_of(catalog)
    inside = {str(path)[len(root) + 1 :]: store.cat_file(path) for path in store.find(root)}
    stored = (path for path in (tmp_path / "catalog").rglob("*") if path.is_file() and path.name != ".lock")
    assert inside == {path.relative_to(tmp_path / "catalog").as_posix(): path.read_bytes() for path in stored}
    [file] = catalog.fingerprint(SPY, SPAN)
    with store.open(f"{root}/{file['file']}") as content:
        assert pl.read_parquet(content).height == 9


def test_other_values_are_refused_and_nothing_refers_to_them(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 5), source="a test")
    before = catalog.files.read("manifest.json")
    with pytest.raises(CatalogConflictError, match="5 minute bars of SPY"):
        catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 5, price=77), source="a test")
    assert catalog.files.read("manifest.json") == before


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_writer_that_fails_anywhere_leaves_the_old_or_the_new(
    catalog: Catalog, lost: str, cases: Callable[..., int]
) -> None:
    """The n-th change of the store fails, before or after it took effect, for n = 1 until the write passes.

    Every one in memory; over S3, which sees the same calls, every fourth by default.
    """
    step = 1 if catalog.files.where.startswith("memory:") else cases(4, 1)
    old, new = minutes("2023-12-31T18:00", 90), minutes("2023-12-31T18:30", 90, price=20_000)
    merged = [row for row in rows_of(old) if row[0] < new.start[0]] + rows_of(new)
    for fails_at in range(1, 40, step):
        writer = Catalog.create(f"{catalog.files.where}/{fails_at}")
        writer.write_bars(SPY, SPAN, old, source="a test")

        def fail(number: int, call: Callable[[], Any], fails_at: int = fails_at) -> Any:
            if number < fails_at:
                return call()
            if lost == "answer" and number == fails_at:
                call()
            raise OSError(5, "broken pipe")

        troubled = trouble(writer, CHANGES, fail)
        try:
            writer.write_bars(SPY, SPAN, new, source="a test", replace=True)
        except CatalogUnreachableError as error:
            assert "broken pipe" in str(error)
        survivor = Catalog.open(writer.files.where)
        found = [row for part in survivor.all_bars(SPY, SPAN, 0, FAR) for row in rows_of(part)]
        assert found in (rows_of(old), merged), fails_at
        survivor.verify()
        survivor.write_bars(SPY, SPAN, new, source="a test", replace=True)
        assert [row for part in survivor.all_bars(SPY, SPAN, 0, FAR) for row in rows_of(part)] == merged
        if troubled.calls < fails_at:
            break
    else:
        raise AssertionError("no write ever passed")
    assert fails_at > 5


def test_a_catalog_is_made_whole_or_not_at_all(address: str) -> None:  # noqa: F811
    from periscope.market.object_files import ObjectFiles

    store, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
    store.pipe_file(f"{root}/{INSTRUMENTS_NAME}", b'{"instruments": [], "format": 1}')  # the maker died here
    with pytest.raises(CatalogNotFoundError, match="no catalog at"):
        Catalog.open(address)
    assert Catalog.create(address).instruments.all() == []
    assert list(ObjectFiles(address).sizes("")) == ["instruments.json", "manifest.json"]


@pytest.mark.parametrize("other", ["another series", "the same series"])
def test_a_writer_in_between_loses_nothing(catalog: Catalog, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second writer is done with everything while the first is about to replace the manifest."""
    second = Catalog.open(catalog.files.where)
    every = rows_of(minutes("2024-05-14T09:30", 60))
    span = DAY if other == "another series" else SPAN
    save, overtaken = manifest.save_manifest, list[bool]()

    def overtake(*arguments: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            second.write_bars(SPY, span, columns(every[1::2]), source="second")
        save(*arguments)

    monkeypatch.setattr("periscope.market.catalog.save_manifest", overtake)
    report = catalog.write_bars(SPY, SPAN, columns(every[::2]), source="first")
    assert report.added == 30
    monkeypatch.undo()
    after = Catalog.open(files_of(catalog).where)
    assert read(after) == (every[::2] if other == "another series" else every)
    assert read(after, span=span) == (every[1::2] if other == "another series" else every)
    after.verify()


def test_a_new_instrument_in_between_is_kept(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    second, save, overtaken = Catalog.open(catalog.files.where), instrument_table.save_instruments, list[bool]()
    others = [replace(SPY, symbol=name) for name in ("QQQ", "IWM")]

    def overtake(*arguments: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            second.add_instruments(others[:1])
        save(*arguments)

    monkeypatch.setattr("periscope.market.catalog.save_instruments", overtake)
    catalog.add_instruments(others[1:])
    monkeypatch.undo()
    assert {each.symbol for each in Catalog.open(files_of(catalog).where).instruments.all()} == {"QQQ", "IWM"}


def test_who_is_always_overtaken_gives_up(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    second, save = Catalog.open(catalog.files.where), manifest.save_manifest
    rows, taken = rows_of(minutes("2024-05-14T09:30", 60)), list[Row]()

    def overtake(*arguments: Any) -> None:
        if arguments[0] is catalog.files:
            taken.append(rows[len(taken)])
            second.write_bars(SPY, DAY, columns(taken[-1:]), source="second")
        save(*arguments)

    monkeypatch.setattr("periscope.market.catalog.save_manifest", overtake)
    monkeypatch.setattr("periscope.market.catalog._ATTEMPTS", 3)
    with pytest.raises(CatalogBusyError, match="3 attempts were overtaken"):
        catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 5), source="first")
    assert read(Catalog.open(files_of(catalog).where), span=DAY) == taken == rows[:3]


WRITER = """
import sys
from periscope.market.catalog import Catalog
from libs.shared_ipc.src.protocol import BarTimeSpan
from tests.market.catalog_data import SPY, columns, minutes, rows_of
catalog = Catalog.create(sys.argv[1])
every = rows_of(minutes("2024-05-14T09:30", 8))
for row in every[int(sys.argv[2])::2]:
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, columns([row]), source="writer " + sys.argv[2])
"""


def test_two_processes_at_once_lose_nothing(s3: str) -> None:  # noqa: F811
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, s3, number], cwd=ROOT, stderr=subprocess.PIPE)
        for number in ("0", "1")
    ]
    told = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], told
    assert read(Catalog.open(s3)) == rows_of(minutes("2024-05-14T09:30", 8))


def test_a_file_is_fetched_once_and_only_if_the_window_needs_it(catalog: Catalog) -> None:
    for year in (2021, 2022, 2023):
        catalog.write_bars(SPY, SPAN, minutes(f"{year}-05-14T09:30", 30), source="a test")
    for cached in (cache_folder() / "files").rglob("*"):
        if cached.is_file():
            cached.unlink()
    reader = Catalog.open(catalog.files.where)
    troubled = trouble(reader, ("get_file",), lambda _, call: call())
    window = (at("2022-01-01T00:00"), at("2022-12-31T00:00"))
    for _ in range(2):
        assert sum(len(part) for part in reader.all_bars(SPY, SPAN, *window)) == 30
    assert troubled.calls == 1
    again = Catalog.open(catalog.files.where)
    troubled = trouble(again, ("get_file",), lambda _, call: call())
    assert sum(len(part) for part in again.all_bars(SPY, SPAN, 0, FAR)) == 90
    assert troubled.calls == 2
    assert {path.name for path in (cache_folder() / "files").rglob("*") if path.name != ".lock" and path.is_file()} == {
        str(file["sha256"]) for file in again.fingerprint(SPY, SPAN)
    }


def test_a_damaged_file_of_the_cache_is_fetched_again(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 30), source="a test")
    [file] = catalog.fingerprint(SPY, SPAN)
    kept = cache_folder() / "files" / str(file["sha256"])[:2] / str(file["sha256"])
    content = kept.read_bytes()
    for damage in (content[:-1], content[:100] + b"x" + content[101:], b""):
        kept.write_bytes(damage)
        assert read(Catalog.open(catalog.files.where)) == rows_of(minutes("2024-05-14T09:30", 30))
        assert kept.read_bytes() == content


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_object_is_named_and_not_kept(catalog: Catalog, damage: str) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 30), source="a test")
    [file] = catalog.fingerprint(SPY, SPAN)
    store, root = store_of(catalog)
    path = f"{root}/{file['file']}"
    content = store.cat_file(path)
    if damage == "gone":
        store.rm_file(path)
    else:
        store.pipe_file(path, content[:-1] if damage == "cut" else content[:100] + b"x" + content[101:])
    kept = cache_folder() / "files" / str(file["sha256"])[:2] / str(file["sha256"])
    with pytest.raises(CatalogDamagedError, match=r"bars/ETF/SPY/minute/2024-.* is not the file that manifest.json"):
        Catalog.open(catalog.files.where).verify()
    kept.unlink(missing_ok=True)
    with pytest.raises(CatalogDamagedError):
        read(Catalog.open(catalog.files.where))
    assert not kept.exists()


def test_a_reader_goes_on_while_its_file_is_replaced(catalog: Catalog) -> None:
    old = minutes("2024-05-14T09:30", 30)
    catalog.write_bars(SPY, SPAN, old, source="a test")
    reader = Catalog.open(catalog.files.where)
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 30, price=7), source="a test", replace=True)
    for cached in (cache_folder() / "files").rglob("*"):
        if cached.is_file():
            cached.unlink()
    assert read(reader) == rows_of(old)


def test_a_cache_that_cannot_be_written_is_named(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 30), source="a test")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(CatalogUnreachableError, match=r"can't keep a file of .* PERISCOPE_CACHE"):
        read(Catalog.open(catalog.files.where))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("nothing://here", "Protocol not known"),
        ("simplecache::s3://bucket/prefix", "name the store itself"),
        ("abfs://container/prefix", "install the fsspec package for abfs"),
    ],
)
def test_addresses_that_name_no_store(where: str, told: str) -> None:
    with pytest.raises(CatalogAddressError, match=told):
        Catalog.open(where)


def test_a_store_that_does_not_answer(unreachable_s3: str) -> None:  # noqa: F811
    with pytest.raises(CatalogUnreachableError, match=r"can't read s3://.*manifest.json: .*credentials"):
        Catalog.open(unreachable_s3)
