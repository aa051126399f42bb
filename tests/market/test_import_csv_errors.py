"""What is wrong with a delimited file: each bad row and bad file has a code, a place and words; fuzzed files too."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.csv_bars import import_csv
from periscope.market.importers.findings import UNUSABLE, ImportProblem
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary
from tests.sizes import examples

SPY_MINUTE = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start")
HEADER = "timestamp,open,high,low,close,volume\n"
ROW = "2020-01-02 09:30:00,100.00,101.00,99.50,100.25,500\n"
FOREVER = 2**62


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Callable[..., ImportSummary]:
    def run(content: str | bytes, options: ImportOptions = SPY_MINUTE, name: str = "spy.csv") -> ImportSummary:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_csv(path, catalog, options)

    return run


type Load = Callable[..., ImportSummary]


def _us(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _bars(catalog: Catalog, symbol: str = "SPY", span: BarTimeSpan = BarTimeSpan.MINUTE) -> BarColumns:
    instrument = next(each for each in catalog.instruments.all() if each.symbol == symbol)
    return joined(list(catalog.all_bars(instrument, span, -FOREVER, FOREVER)))


LATER = ROW.replace("09:30", "09:31")


@pytest.mark.parametrize(
    ("bad", "code", "words"),
    [
        ("2020-01-02 09:30:30,100,101,99.5\n", "MALFORMED_ROW", "4 fields where the file has 6"),
        ("2020-01-02 09:30:30,100,101,99.5,100,1,2\n", "MALFORMED_ROW", "7 fields"),
        ('2020-01-02 09:30:30,100,"101,99.5,100,1\n', "MALFORMED_ROW", "can't be split"),
        ("2020-01-02 09:30:30,abc,101,99.5,100,1\n", "BAD_PRICE", "'abc'"),
        ("2020-01-02 09:30:30,,101,99.5,100,1\n", "BAD_PRICE", "''"),
        ("2020-01-02 09:30:30,NaN,101,99.5,100,1\n", "BAD_PRICE", "NaN"),
        ("2020-01-02 09:30:30,100,inf,99.5,100,1\n", "BAD_PRICE", "inf"),
        ("2020-01-02 09:30:30,1e30,1e30,99.5,100,1\n", "BAD_PRICE", "1e30"),
        ("2020-01-02 09:30:30,100,1_01,99.5,100,1\n", "BAD_PRICE", "1_01"),
        ("2020-01-02 09:30:30,100,101,0,100,1\n", "BAD_PRICE", "not above zero"),
        ("2020-01-02 09:30:30,-1,101,-1,100,1\n", "BAD_PRICE", "-1.00"),
        ("2020-01-02 09:30:30,100,99,101,100,1\n", "BAD_OHLC", "high 99.00, low 101.00"),
        ("2020-01-02 09:30:30,100,101,99,102,1\n", "BAD_OHLC", "close 102.00"),
        ("2020-01-02 09:30:30,100,101,99,100,-5\n", "BAD_VOLUME", "'-5'"),
        ("2020-01-02 09:30:30,100,101,99,100,many\n", "BAD_VOLUME", "'many'"),
        ("yesterday,100,101,99,100,1\n", "BAD_TIME", "yesterday"),
        ("2020-02-30 09:30:00,100,101,99,100,1\n", "BAD_TIME", "2020-02-30"),
        (",100,101,99,100,1\n", "BAD_TIME", "''"),
        (ROW, "DUPLICATE_BAR", "a second bar of 2020-01-02T14:30:00Z"),
        (ROW.replace("09:30", "09:29"), "OUT_OF_ORDER", "14:29:00Z after one of 2020-01-02T14:30:00Z"),
        ("2020-01-02 09:30:30,100,101,99.5,100,1\n", "OVERLAP", "begins before"),
    ],
)
def test_what_is_wrong_with_a_row(bad: str, code: str, words: str, load: Load, catalog: Catalog) -> None:
    assert code in UNUSABLE
    with pytest.raises(ImportProblem) as caught:
        load(HEADER + ROW + bad + LATER)
    problem = caught.value
    assert (problem.code, problem.exit_code) == (code, 5), problem.message
    assert "spy.csv:3: " in problem.message
    assert words in problem.message
    assert catalog.instruments.all() == []
    skipping = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", skip_bad_rows=True)
    summary = load(HEADER + ROW + bad + LATER, skipping)
    assert len(_bars(catalog)) == 2
    assert dict(summary.findings.counts) == {code: 1}
    assert summary.to_json()["findings"][0]["line"] == 3


def test_a_line_that_is_no_utf_8(load: Load) -> None:
    with pytest.raises(ImportProblem, match=r"spy\.csv:3: the line is no UTF-8 text"):
        load((HEADER + ROW).encode() + b"2020-01-02 09:31:00,1,1,\xff,1,1\n")


def test_many_bad_rows_are_counted_and_the_first_twenty_listed(load: Load) -> None:
    bad = "".join(f"2020-01-02 10:{minute:02d}:00,x,1,1,1,1\n" for minute in range(50))
    with pytest.raises(ImportProblem) as caught:
        load(HEADER + ROW + bad)
    assert caught.value.message.count("spy.csv:") == 20
    assert "and 30 more" in caught.value.message
    assert "50 BAD_PRICE" in caught.value.message
    *rows, more = caught.value.rows_at_fault
    assert {row.code for row in rows} == {"BAD_PRICE"}
    assert (len(rows), more.code, more.message) == (20, "MORE", "and 30 more")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"\n\n  \n", "EMPTY_FILE"),
        (b"# only words\n", "EMPTY_FILE"),
        (HEADER.encode(), "NO_ROWS"),
        (ROW.encode() * 2, "HEADER_MISSING"),
        (b"timestamp,open,high,low,volume\n2020-01-02,1,1,1,1\n", "HEADER_MISSING"),
        (b"\x00\x01\x02\xfe\xff" * 50, "NOT_TEXT"),
        (b"\xff\xfet\x00", "HEADER_MISSING"),
        ("timestamp,open".encode("utf-32"), "NOT_TEXT"),
        (b"\xe4\xf6\xfc;\xdf\n", "NOT_TEXT"),
        (b"timestamp,open,open,high,low,close\n2020-01-02,1,1,1,1,1\n", "AMBIGUOUS_COLUMNS"),
        (b"timestamp,open,high,low,close\nsoon,1,1,1,1\n", "UNKNOWN_DATES"),
        (b"timestamp,symbol,open,high,low,close\n2020-01-02,A,1,1,1,1\n2020-01-02,,1,1,1,1\n", "UNKNOWN_SYMBOL"),
    ],
)
def test_files_that_are_no_table_of_bars(content: bytes, code: str, load: Load, catalog: Catalog) -> None:
    with pytest.raises(ImportProblem) as caught:
        load(content, ImportOptions(stamp="start", span=BarTimeSpan.MINUTE))
    assert caught.value.code == code, caught.value.message
    assert "spy.csv" in caught.value.message
    assert catalog.instruments.all() == []


@given(st.data())
@settings(max_examples=examples(40, 120), deadline=None)
def test_mutilated_files_are_refused_or_read_but_never_crash(data: st.DataObject) -> None:
    """No traceback, and no row lost without a finding: rows in = bars + findings + blank lines."""
    import tempfile

    text = bytearray((HEADER + "".join(ROW.replace("09:30", f"10:{minute:02d}") for minute in range(12))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(len(HEADER), len(text) - 1))
        match data.draw(st.sampled_from(["change", "delete", "insert", "cut"])):
            case "change":
                text[place] = data.draw(st.integers(0, 255))
            case "delete":
                del text[place : place + data.draw(st.integers(1, 30))]
            case "insert":
                text[place:place] = data.draw(st.sampled_from([b",", b'"', b"\n", b"-", b"9", b"\xff", b"\x00", b"e"]))
            case "cut":
                del text[max(place, len(HEADER) + 60) :]
        if len(text) <= len(HEADER) + 1:
            return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spy.csv"
        path.write_bytes(text)
        options = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", skip_bad_rows=True)
        try:
            summary = import_csv(path, Catalog.create(Path(folder) / "catalog"), options)
        except ImportProblem as problem:
            assert problem.message
            return
        body = bytes(text)[len(HEADER) :].replace(b"\r", b"\n")
        rows = sum(1 for line in body.split(b"\n") if line.strip())
        assert sum(item.rows for item in summary.series) + summary.findings.unusable == rows
