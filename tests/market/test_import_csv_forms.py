"""Delimited text in all its wrappings: packed, in UTF-16, with decimal commas and thousands; and numbers in doubt."""

import gzip
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import detect_format, import_path
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary
from tests.sizes import examples

MINUTE = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", exchange="ARCX")
HEADER = "timestamp,open,high,low,close,volume\n"
FOREVER = 2**62

type Load = Callable[..., ImportSummary]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Load:
    def run(content: bytes | str, options: ImportOptions = MINUTE, name: str = "spy.csv") -> ImportSummary:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_path(path, catalog, options)

    return run


PLAIN = "2020-01-02 {hour:02d}:{minute:02d}:00,{price}.25,{price}.5,{price},{price}.25,{n}\n"


def _rows(count: int, template: str = PLAIN) -> str:
    return "".join(template.format(hour=10 + n // 60, minute=n % 60, price=100 + n, n=n) for n in range(count))


def _bars(catalog: Catalog, span: BarTimeSpan = BarTimeSpan.MINUTE) -> BarColumns:
    instrument = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert instrument is not None
    return joined(list(catalog.all_bars(instrument, span, -FOREVER, FOREVER)))


def _zip(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
        lambda text: zstd.compress(text.encode()),
        lambda text: _zip(("spy.csv", text.encode())),
        lambda text: _zip(("__MACOSX/._spy.csv", b"\x00"), ("a/", b""), ("a/spy.csv", text.encode())),
    ],
    ids=["utf-16", "utf-16-le", "utf-16-be", "bom", "gzip", "gzip utf-16", "zstd", "zip", "zip of a mac"],
)
def test_wrappings(wrap: Callable[[str], bytes], load: Load, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("periscope.market.importers.csv_bars.BLOCK_BYTES", 1001)
    load(wrap(HEADER + _rows(200)), name="spy")
    bars = _bars(catalog)
    assert bars.open.tolist() == [10025 + 100 * n for n in range(200)]
    assert bars.volume.tolist() == list(range(200))


def test_an_archive_of_several_files_is_not_guessed_at(load: Load) -> None:
    with pytest.raises(ImportProblem, match="holds 2 files") as caught:
        load(_zip(("a.csv", b"x"), ("b.csv", b"y")), name="two.zip")
    assert (caught.value.code, caught.value.exit_code) == ("MANY_FILES", 2)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lambda data: _zip(("bomb.csv", data))])
@pytest.mark.parametrize("filling", [b"\x00", b"\n", b"1,"], ids=["zeros", "blank lines", "one line"])
def test_what_grows_beyond_measure_is_refused(
    pack: Callable[[bytes], bytes], filling: bytes, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond 4 MB, so that it need not be made so large; a LEAN zip is held to the 64 MB that are free elsewhere."""
    monkeypatch.setattr("periscope.market.importers.opening.EXPANSION_FREE", 4 << 20)
    bomb = pack(HEADER.encode() + filling * (5 << 20))
    assert len(bomb) < 1 << 16
    with pytest.raises(ImportProblem) as caught:
        load(bomb, name="bomb")
    assert caught.value.code in {"BAD_FILE", "NOT_TEXT"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.234,5", "1.234", "1,5", "1234", "-1.234.567,25"], ["1234.5", "1234", "1.5", "1234", "-1234567.25"]),
        (["1,234.5", "1,234", "1.5", "1234", "1,234,567.25"], ["1234.5", "1234", "1.5", "1234", "1234567.25"]),
        (["1 234,5", "12\u202f345", "1\u00a0234", "0,25"], ["1234.5", "12345", "1234", "0.25"]),
        (["1'234.5", "1'234'567", "99.75"], ["1234.5", "1234567", "99.75"]),
        (["100,25", "12,5", "1.5"], ["100.25", "12.5", None]),
        (["1.25", "2.5", "1,23", "12,34,567"], ["1.25", "2.5", "1,23", "12,34,567"]),
    ],
)
def test_styles_of_numbers(texts: list[str], expected: list[str | None]) -> None:
    """What is no number in the style of the others is null or stays as it is, and so is a finding later."""
    assert NumberStyle(Path("x.csv")).plain([pl.Series(texts)])[0].to_list() == expected


def test_a_comma_that_may_be_either_is_not_guessed(load: Load, catalog: Catalog) -> None:
    text = "timestamp;open;high;low;close;volume\n2020-01-02 10:00;1,234;1,235;1,233;1,234;5\n"
    with pytest.raises(ImportProblem, match="--decimal point or --decimal comma") as caught:
        load(text)
    assert (caught.value.code, caught.value.exit_code) == ("AMBIGUOUS_NUMBERS", 2)
    for decimal, price in ((",", 1234), (".", 1_234_000)):
        options = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", decimal=decimal, replace=True)
        load(text, options)
        assert _bars(catalog).open.tolist() == [price]


def test_thousands_in_quotes(load: Load, catalog: Catalog) -> None:
    load(HEADER + '2020-01-02 10:00:00,"1,100.25","1,101","1,099.5","1,100","12,500"\n')
    bars = _bars(catalog)
    assert (bars.open.tolist(), bars.volume.tolist()) == ([110_025], [12_500])


def test_decimal_commas_with_semicolons(load: Load, catalog: Catalog) -> None:
    row = "2020-01-02 {hour:02d}:{minute:02d}:00;1.{price},25;1.{price},5;1.{price};1.{price},25;1.{price}\n"
    text = "timestamp;open;high;low;close;volume\n" + _rows(50, row)
    load(text)
    assert _bars(catalog).open.tolist() == [110_025 + 100 * n for n in range(50)]
    with pytest.raises(ImportProblem, match=r"spy\.csv:7: can't use '1,105.25'"):
        load(text.replace("1.105,25;1.105,5", "1,105.25;1.105,5"))


_EXACT = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=4, allow_nan=False)


@given(st.lists(_EXACT, min_size=2, max_size=20), st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]))
@settings(max_examples=examples(20, 60))
def test_numbers_survive_any_style(values: list[Decimal], marks: tuple[str, str]) -> None:
    point, between = marks
    texts = [f"{value:,.4f}".replace(",", "G").replace(".", point).replace("G", between) for value in values]
    plain = NumberStyle(Path("x.csv"), point).plain([pl.Series(texts)])[0].to_list()
    assert [Decimal(text) for text in plain] == values


def test_quoted_fields_are_read_at_once_and_alike(
    load: Load, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quick way through quotes gives what the careful one gives."""
    lines = _rows(120).splitlines()
    quoted = "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in lines)
    load('"timestamp","open","high","low","close","volume"\n' + quoted + "\n")
    quick = _bars(catalog)
    monkeypatch.setattr("periscope.market.importers.table._split_at_once", lambda *_: None)
    careful = load(HEADER + quoted)
    assert careful.series[0].unchanged == len(quick) == 120
    stray = quoted.replace('"105.25"', '10"5.25"', 1)
    with pytest.raises(ImportProblem, match=r'10"5\.25'):
        load(HEADER + stray)


def test_many_offsets_in_one_file(load: Load, catalog: Catalog) -> None:
    """Stamps before and after the clocks go back carry different offsets."""
    stamps = {
        "2020-10-30T15:59:00-04:00": "2020-10-30T19:59",
        "2020-11-02T09:30:00-05:00": "2020-11-02T14:30",
        "2020-11-02T14:31:00Z": "2020-11-02T14:31",
        "2020-11-02T15:32:00+01:00": "2020-11-02T14:32",
    }
    load(HEADER + "".join(f"{stamp},1,1,1,1,1\n" for stamp in stamps))
    expected = np.array(list(stamps.values()), dtype="datetime64[us]").astype(np.int64)
    assert _bars(catalog).start.tolist() == expected.tolist()


def test_the_size_of_blocks_and_pieces_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars, findings and the catalog's bytes are the same however the file is cut up."""
    lines = (HEADER + _rows(300)).splitlines(keepends=True)
    lines[40] = lines[39]
    lines[90], lines[91] = lines[91], lines[90]
    lines[120] = lines[120].replace("2020", "x", 1)
    lines[200] = lines[200].replace(":00,", ":30,", 1)
    path = tmp_path / "spy.csv"
    path.write_text("".join(lines))
    options = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", skip_bad_rows=True)
    seen = []
    for block, piece in ((1 << 20, 1 << 20), (512, 7), (2000, 64), (700, 1)):
        monkeypatch.setattr("periscope.market.importers.csv_bars.BLOCK_BYTES", block)
        monkeypatch.setattr("periscope.market.importers.csv_bars._LONGEST_LINE", 200)
        monkeypatch.setattr("periscope.market.importers.assemble.PIECE_ROWS", piece)
        catalog = Catalog.create(tmp_path / f"catalog-{block}-{piece}")
        summary = import_path(path, catalog, options)
        seen.append((summary.findings.counts, (catalog.root / "manifest.json").read_bytes()))
    assert seen[0][0] == {"DUPLICATE_BAR": 1, "OUT_OF_ORDER": 1, "BAD_TIME": 1, "OVERLAP": 1}
    assert all(each == seen[0] for each in seen)


def test_formats_told_by_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, name in (
        (b'\n {"bars": []}', "json"),
        (gzip.compress(b"[1]"), "json"),
        ("\ufeff{}".encode("utf-16"), "json"),
        (b"", "csv"),
        (b"ARROW1\x00\x00", "arrow"),
    ):
        path.write_bytes(content)
        assert detect_format(path) == name


def test_the_sum_of_volumes_is_exact_beyond_64_bits(load: Load) -> None:
    rows = "".join(f"2020-01-02 10:{n:02d}:00,1,1,1,1,{10**17 * 9 + n}\n" for n in range(40))
    assert load(HEADER + rows).series[0].volume == 40 * 9 * 10**17 + sum(range(40))
