"""Writing to a catalog: merging, refusing, replacing, dying in between, and two writers at once."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market import catalog as catalog_module
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.errors import (
    BarsRefusedError,
    CatalogConflictError,
    CatalogDamagedError,
    CatalogError,
    CatalogNotFoundError,
    CatalogVersionError,
    SymbolRefusedError,
)
from periscope.market.manifest import folder_name
from tests.market.catalog_data import FAR, MINUTE, SPY, Row, at, columns, minutes, read, rows_of
from tests.sizes import examples

SPAN = BarTimeSpan.MINUTE


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_writing_the_same_bars_again_changes_no_byte(catalog: Catalog) -> None:
    bars = minutes("2023-12-29T15:00", 60 * 24 * 5)  # two calendar years
    catalog.write_bars(SPY, SPAN, bars, source="a test")
    before = files(catalog.root)
    report = catalog.write_bars(SPY, SPAN, bars, source="another description")
    assert (report.added, report.unchanged) == (0, len(bars))
    assert files(catalog.root) == before


def test_the_same_bars_give_the_same_files_in_any_catalog(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "b"]
    for root in roots:
        Catalog.create(root).write_bars(SPY, SPAN, minutes("2023-12-29T15:00", 500), source="a test")
    assert files(roots[0]) == files(roots[1])


def test_bars_are_filed_by_the_year_they_start_in(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2023-12-31T18:58", 4), source="a test")
    names = [str(entry["file"]).rsplit("/", 1)[1][:5] for entry in catalog.fingerprint(SPY, SPAN)]
    assert names == ["2023-", "2024-"]  # New York 19:00 is midnight UTC
    assert sum(len(bars) for bars in catalog.all_bars(SPY, SPAN, 0, FAR)) == 4


@settings(max_examples=examples(10, 30), deadline=None)
@given(pieces=st.lists(st.sets(st.integers(0, 120), min_size=1), min_size=1, max_size=12))
def test_pieces_in_any_order_end_up_as_one_series(
    pieces: list[set[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    catalog = Catalog.create(tmp_path_factory.mktemp("catalog"))
    every = rows_of(minutes("2024-05-14T09:30", 121))
    for piece in pieces:
        catalog.write_bars(SPY, SPAN, columns([every[n] for n in sorted(piece)]), source="a test")
    expected = [every[n] for n in sorted(set().union(*pieces))]
    assert read(catalog) == expected
    assert read(Catalog.open(catalog.root)) == expected
    catalog.verify()


def test_many_small_pieces_do_not_stay_many_files(catalog: Catalog) -> None:
    every = rows_of(minutes("2024-05-14T09:30", 60))
    for row in every:
        catalog.write_bars(SPY, SPAN, columns([row]), source="a test")
    assert read(catalog) == every
    assert len(catalog.fingerprint(SPY, SPAN)) <= 8


def test_other_values_are_refused_with_their_number_and_place(catalog: Catalog) -> None:
    bars = minutes("2024-05-14T09:30", 5)
    catalog.write_bars(SPY, SPAN, bars, source="a test")
    changed = minutes("2024-05-14T09:30", 8)
    changed.close[[2, 4]] += 1
    before = files(catalog.root)
    with pytest.raises(
        CatalogConflictError, match=r"2 minute bars of SPY .* 2024-05-14T13:32:00Z; nothing was"
    ) as told:
        catalog.write_bars(SPY, SPAN, changed, source="a test")
    assert (told.value.code, told.value.count, told.value.first) == ("CATALOG_CONFLICT", 2, at("2024-05-14T09:32"))
    assert files(catalog.root) == before


def test_a_conflict_in_a_later_year_leaves_nothing_of_the_earlier_one(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-01-02T09:30", 1), source="a test")
    before = files(catalog.root)
    old, new = minutes("2023-06-01T09:30", 1), minutes("2024-01-02T09:30", 1, price=77)
    with pytest.raises(CatalogConflictError, match="1 minute bars"):
        catalog.write_bars(SPY, SPAN, columns(rows_of(old) + rows_of(new)), source="a test")
    assert files(catalog.root) == before


def test_replacing_keeps_the_old_version_by_its_hash(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 5), source="a test")
    [old] = catalog.fingerprint(SPY, SPAN)
    reader = Catalog.open(catalog.root)
    half_read = reader.chunks(SPY, SPAN, 0, FAR, extended=False, chunk_rows=2)
    first = rows_of(next(half_read))

    revised = minutes("2024-05-14T09:30", 5, price=20_000)
    report = catalog.write_bars(SPY, SPAN, revised, source="a revision", replace=True)

    assert report.replaced == 5
    assert read(catalog) == rows_of(revised)
    # Whoever opened the catalog before still reads what it promised.
    before = rows_of(minutes("2024-05-14T09:30", 5))
    assert first + [row for bars in half_read for row in rows_of(bars)] == before
    assert read(reader) == before
    kept = pl.read_parquet(catalog.root / "superseded" / f"{old['sha256']}.parquet")
    assert len(kept) == 5
    catalog.verify()


def test_finer_decimals_later(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 3), source="a test")
    finer = replace(SPY, price_scale=4, volume_scale=2)
    with pytest.raises(CatalogConflictError, match="scale 2 and volume scale 0, these bars have 4 and 2"):
        catalog.write_bars(finer, SPAN, minutes("2024-05-14T09:33", 1), source="a test")
    catalog.add_instruments([finer])
    catalog.write_bars(finer, SPAN, minutes("2024-05-14T09:33", 1, price=1_000_300), source="a test")
    assert [row[2] for row in read(catalog, finer)] == [1_000_000, 1_000_100, 1_000_200, 1_000_300]
    assert [row[6] for row in read(catalog, finer)] == [10_000, 10_100, 10_200, 100]
    with pytest.raises(CatalogConflictError, match="can't hold them"):
        catalog.add_instruments([SPY])


def bad(change: str) -> BarColumns:
    """Three good minute bars with one thing wrong."""
    bars = minutes("2024-05-14T09:30", 3)
    match change:
        case "unsorted":
            return columns([rows_of(bars)[n] for n in (0, 2, 1)])
        case "duplicate":
            return columns([rows_of(bars)[n] for n in (0, 1, 1)])
        case "no time":
            bars.end[1] = bars.start[1]
        case "too long":
            bars.high[2] = 10**18
        case "negative volume":
            bars.volume[1] = -2
        case "float":
            return replace(bars, close=bars.close.astype(np.float64))
        case "short column":
            return replace(bars, low=bars.low[:2])
    return bars


@pytest.mark.parametrize(
    ("change", "row", "says"),
    [
        ("unsorted", 2, "starts before the bar before it: not sorted"),
        ("duplicate", 2, "the same start as the bar before it"),
        ("no time", 1, "ends when or before it starts"),
        ("too long", 2, "more than 18 digits in high"),
        ("negative volume", 1, "negative volume"),
        ("float", None, "column close has type float64"),
        ("short column", None, "column low has type int64 and 2 rows"),
    ],
)
def test_bars_that_no_catalog_stores(catalog: Catalog, change: str, row: int | None, says: str) -> None:
    with pytest.raises(BarsRefusedError, match=says) as told:
        catalog.write_bars(SPY, SPAN, bad(change), source="a test")
    assert told.value.row == row
    assert catalog.spans(SPY) == {}


def test_no_bars_change_nothing(catalog: Catalog) -> None:
    report = catalog.write_bars(SPY, SPAN, columns([]), source="a test")
    assert report.added == 0
    assert catalog.spans(SPY) == {}


@pytest.mark.parametrize(
    "symbol",
    [
        "BRK.B",
        "BTC/USD",
        "../../etc/passwd",
        "..",
        ".",
        ".hidden",
        "A B",
        "Ä€漢",
        "%41",
        "a\\b",
        "~",
        "CON",
        "^GSPC",
        "-rf",
        "*",
    ],
)
def test_odd_symbols_stay_inside_and_come_back(tmp_path: Path, symbol: str) -> None:
    root = tmp_path / "deep" / "catalog"
    odd = Instrument(symbol=symbol, asset_type=AssetType.EQUITY, exchange="US", price_scale=2)
    bars = minutes("2024-05-14T09:30", 2)
    catalog = Catalog.create(root)
    catalog.write_bars(odd, SPAN, bars, source="a test")
    assert read(Catalog.open(root), odd) == rows_of(bars)
    inside = {path for path in (tmp_path / "deep").rglob("*") if path.is_file()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == inside
    [file] = [path for path in inside if path.suffix == ".parquet"]
    assert file.relative_to(root).parts[:2] == ("bars", "EQUITY")
    assert len(file.relative_to(root).parts) == 5


@given(first=st.text(min_size=1, max_size=12), second=st.text(min_size=1, max_size=12))
def test_folder_names_are_plain_and_distinct(first: str, second: str) -> None:
    names = []
    for symbol in (first, second):
        try:
            names.append(folder_name(symbol))
        except SymbolRefusedError:
            assert not symbol.isprintable()
            return
    for name in names:
        assert name.isascii()
        assert "/" not in name
        assert not name.startswith(".")
    assert (names[0] == names[1]) is (first == second)


@pytest.mark.parametrize("symbol", ["", "X" * 65, "A\nB", "A\0B"])
def test_symbols_that_are_refused(catalog: Catalog, symbol: str) -> None:
    odd = Instrument(symbol=symbol, asset_type=AssetType.EQUITY, exchange="US")
    with pytest.raises(SymbolRefusedError, match="1 to 64 printable characters"):
        catalog.write_bars(odd, SPAN, minutes("2024-05-14T09:30", 1), source="a test")


def spoil(root: Path, how: str) -> None:
    """Damage a catalog of one file."""
    [data] = (root / "bars").rglob("*.parquet")
    content = data.read_bytes()
    match how:
        case "cut":
            data.write_bytes(content[:-1])
        case "flipped bit":
            data.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
        case "missing":
            data.unlink()
        case "no instruments":
            (root / "instruments.json").unlink()
        case "instruments":
            (root / "instruments.json").write_text('{"instruments": [{"symbol": 5}]}')
        case "manifest":
            (root / "manifest.json").write_bytes((root / "manifest.json").read_bytes()[:-20])
        case "manifest types":
            (root / "manifest.json").write_text('{"format": 1, "series": {"a": 7}}')
        case "version":
            (root / "manifest.json").write_text('{"format": 99, "whatever": true}')
        case "no manifest":
            (root / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("how", "error", "code", "says"),
    [
        ("cut", CatalogDamagedError, "CATALOG_DAMAGED", "is not the file that manifest.json describes"),
        ("flipped bit", CatalogDamagedError, "CATALOG_DAMAGED", "is not the file that manifest.json describes"),
        ("missing", CatalogDamagedError, "CATALOG_DAMAGED", "found FileNotFoundError"),
        ("no instruments", CatalogDamagedError, "CATALOG_DAMAGED", "instruments.json is missing"),
        ("instruments", CatalogDamagedError, "CATALOG_DAMAGED", "instruments.json is damaged: Expected `str`"),
        ("manifest", CatalogDamagedError, "CATALOG_DAMAGED", "manifest.json is damaged"),
        ("manifest types", CatalogDamagedError, "CATALOG_DAMAGED", r"manifest.json is damaged: .*series"),
        ("version", CatalogVersionError, "CATALOG_VERSION", "is of layout 99"),
        ("no manifest", CatalogNotFoundError, "CATALOG_NOT_FOUND", "no catalog at"),
    ],
)
def test_damage_is_named(catalog: Catalog, how: str, error: type[CatalogError], code: str, says: str) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 50), source="a test")
    spoil(catalog.root, how)
    with pytest.raises(error, match=says) as told:
        read(Catalog.open(catalog.root))
    assert told.value.code == code


def test_verify_finds_damage_that_nobody_read(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 50), source="a test")
    catalog.verify()
    spoil(catalog.root, "flipped bit")
    with pytest.raises(CatalogDamagedError):
        catalog.verify()


def test_a_file_instead_of_a_folder_is_no_catalog(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(CatalogNotFoundError, match="no catalog at"):
        Catalog.open(tmp_path / "file")


@pytest.mark.parametrize("dies_at", ["save_instruments", "save_manifest", "put_away"])
def test_a_writer_that_dies_leaves_the_old_or_the_new(
    catalog: Catalog, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = minutes("2024-05-14T09:30", 3), minutes("2024-05-14T09:30", 6)
    catalog.write_bars(SPY, SPAN, old, source="a test")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(catalog_module, dies_at, die)
        with suppress(KeyboardInterrupt):
            catalog.write_bars(SPY, SPAN, new, source="a test")
    survivor = Catalog.open(catalog.root)
    assert read(survivor) in (rows_of(old), rows_of(new))
    survivor.verify()
    survivor.write_bars(SPY, SPAN, new, source="a test")
    assert read(survivor) == rows_of(new)
    # The next writer tidies: the folder holds the current files and nothing else.
    current = {str(entry["file"]) for entry in survivor.fingerprint(SPY, SPAN)}
    assert {path.relative_to(catalog.root).as_posix() for path in (catalog.root / "bars").rglob("*.*")} == current


def test_files_of_the_user_are_left_alone(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:30", 3), source="a test")
    notes = catalog.root / "bars" / "ETF" / "SPY" / "minute" / "notes.txt"
    notes.write_text("mine")
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14T09:33", 3), source="a test")
    assert notes.read_text() == "mine"


WRITER = """
import sys
from pathlib import Path
from periscope.market.catalog import Catalog
from libs.shared_ipc.src.protocol import BarTimeSpan
from tests.market.catalog_data import SPY, columns, minutes, rows_of
catalog = Catalog.open(Path(sys.argv[1]))
every = rows_of(minutes("2024-05-14T09:30", 60))
for row in every[int(sys.argv[2])::2]:
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, columns([row]), source="writer " + sys.argv[2])
"""


def test_two_writers_at_once_lose_nothing(catalog: Catalog) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(catalog.root), number], cwd=Path(__file__).parents[2])
        for number in ("0", "1")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    expected: list[Row] = rows_of(minutes("2024-05-14T09:30", 60))
    assert read(Catalog.open(catalog.root)) == expected
    assert expected[1][0] - expected[0][0] == MINUTE


def test_a_catalog_of_layout_1_is_read_and_becomes_one_of_layout_2(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest did not say how many rows a row group has: there were 131,072."""
    count = 140_000
    start = at("2023-01-03T00:00") + np.arange(count, dtype=np.int64) * MINUTE
    price = np.arange(count, dtype=np.int64)
    with monkeypatch.context() as patch:
        for module in ("storing", "bar_files"):
            patch.setattr(f"periscope.market.{module}.GROUP_ROWS", 131_072)
        bars = BarColumns(start, start + MINUTE, price, price, price, price, price)
        catalog.write_bars(SPY, SPAN, bars, source="a test")
    path = catalog.root / "manifest.json"
    written = json.loads(path.read_text())
    for [file] in written["series"].values():
        assert file.pop("group_rows") == 131_072
        assert len(file["groups"]) == 2
    path.write_text(json.dumps(written | {"format": 1}))
    old = Catalog.open(catalog.root)
    for first, last in ((0, 10), (131_070, 131_075), (139_990, 140_000)):
        inside = list(old.all_bars(SPY, SPAN, int(start[first]), int(start[last - 1]) + MINUTE))
        assert [row for part in inside for row in part.open.tolist()] == list(range(first, last))
    old.write_bars(SPY, BarTimeSpan.DAY, minutes("2024-05-14T00:00", 1), source="a test")
    assert json.loads(path.read_text())["format"] == 2
    assert sum(len(part) for part in Catalog.open(catalog.root).all_bars(SPY, SPAN, 0, FAR)) == count
