"""Quote bars from tables: CSV and Parquet, told by their columns or by --kind."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined_rows
from periscope.market.catalog import Catalog
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, QuoteColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary

FOREVER = 2**62
OPTIONS = ImportOptions(symbol="SPY", exchange="ARCX", span=BarTimeSpan.MINUTE, stamp="start")
HEADER = "timestamp,bid_open,bid_high,bid_low,bid_close,bid_size,ask_open,ask_high,ask_low,ask_close,ask_size\n"
FULL = "2020-01-02 09:30:00,99.98,100,99.97,99.99,300,100,100.02,99.99,100.015,200\n"
NO_BID = "2020-01-02 09:31:00,,,,,,100,100.02,99.99,100.01,200\n"
NO_ASK = "2020-01-02 09:32:00,99.98,100,99.97,99.99,,,,,,0\n"

type Load = Callable[..., ImportSummary]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Load:
    def run(content: str, options: ImportOptions = OPTIONS) -> ImportSummary:
        path = tmp_path / "quotes.csv"
        path.write_text(content)
        return import_path(path, catalog, options)

    return run


def stored(catalog: Catalog) -> QuoteColumns:
    """The quote bars of SPY."""
    spy = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert spy is not None
    return joined_rows(QuoteColumns, list(catalog.all_quotes(spy, BarTimeSpan.MINUTE, -FOREVER, FOREVER)))


def test_columns_of_bids_and_asks_are_quote_bars(load: Load, catalog: Catalog) -> None:
    summary = load(HEADER + FULL + NO_BID + NO_ASK)
    assert [(item.data, item.rows, item.volume) for item in summary.series] == [("quote bars", 3, None)]
    assert dict(summary.findings.counts) == {"MISSING_SIDE": 2, "OFF_TICK": 1}
    rows = stored(catalog)
    assert rows.bid_open.tolist() == [99_980, NO_PRICE, 99_980]
    assert rows.ask_close.tolist() == [100_015, 100_010, NO_PRICE]
    assert rows.bid_size.tolist() == [300, UNKNOWN_VOLUME, UNKNOWN_VOLUME]
    assert rows.ask_size.tolist() == [200, 200, UNKNOWN_VOLUME]
    assert load(HEADER + FULL + NO_BID + NO_ASK).series[0].unchanged == 3


def test_a_later_file_with_fewer_decimals_keeps_missing_sides_missing(load: Load, catalog: Catalog) -> None:
    load(HEADER + FULL)
    load(HEADER + NO_BID + NO_ASK)
    assert stored(catalog).bid_open.tolist() == [99_980, NO_PRICE, 99_980]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2020-01-02 09:31:00,,,,,,,,,,\n", "NO_QUOTE"),
        ("2020-01-02 09:31:00,1,1,,1,5,2,2,2,2,5\n", "BAD_PRICE"),
        ("2020-01-02 09:31:00,1,1,1,1,5,2,2,x,2,5\n", "BAD_PRICE"),
        ("2020-01-02 09:31:00,1,1,1,1,-5,2,2,2,2,5\n", "BAD_VOLUME"),
        ("2020-01-02 09:31:00,,,,,5,2,2,2,2,5\n", "BAD_VOLUME"),
        ("2020-01-02 09:31:00,1,1,2,1,5,2,2,2,2,5\n", "BAD_OHLC"),
        ("2020-01-02 09:31:00,0,0,0,0,5,2,2,2,2,5\n", "BAD_PRICE"),
        ("2020-01-02 09:30:00,1,1,1,1,5,2,2,2,2,5\n", "DUPLICATE_BAR"),
        ("2020-01-02 09:31:00,1,1,1,1,5\n", "MALFORMED_ROW"),
        ("soon,1,1,1,1,5,2,2,2,2,5\n", "BAD_TIME"),
    ],
)
def test_what_is_wrong_with_a_row(row: str, code: str, load: Load, catalog: Catalog) -> None:
    with pytest.raises(ImportProblem, match=r"quotes\.csv:3: ") as caught:
        load(HEADER + FULL + row)
    assert caught.value.code == code
    assert catalog.instruments.all() == []


def test_crossed_quotes_are_stored_and_told(load: Load, catalog: Catalog) -> None:
    summary = load(HEADER + "2020-01-02 09:30:00,3,3,3,3,5,2,2,2,2,5\n")
    assert dict(summary.findings.counts) == {"CROSSED_QUOTE": 1}
    assert str(summary.findings.examples[0]) == ("quotes.csv:2: bid 3.00 above ask 2.00 at the close [CROSSED_QUOTE]")
    assert len(stored(catalog)) == 1


BOTH = "timestamp,open,high,low,close,volume," + HEADER.partition(",")[2]


@pytest.mark.parametrize(("kind", "data"), [(None, "bars"), ("bars", "bars"), ("quotes", "quote bars")])
def test_a_file_with_both_is_one_or_the_other(kind: str | None, data: str, load: Load) -> None:
    options = ImportOptions(symbol="SPY", exchange="ARCX", span=BarTimeSpan.MINUTE, stamp="start", kind=kind)
    row = FULL.replace("09:30:00,", "09:30:00,100,101,99,100.5,7,")
    summary = load(BOTH + row, options)
    assert [item.data for item in summary.series] == [data]
    assert any("--kind quotes" in note for note in summary.notes) == (data == "bars")


def test_a_kind_that_the_file_does_not_have_is_told(load: Load) -> None:
    options = ImportOptions(symbol="SPY", kind="quotes")
    with pytest.raises(ImportProblem, match="bid_open"):
        load("timestamp,open,high,low,close\n2020-01-02,1,1,1,1\n", options)


def test_a_file_without_sizes_says_so(load: Load, catalog: Catalog) -> None:
    header = "timestamp,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n"
    summary = load(header + "2020-01-02 09:30:00,1,1,1,1,2,2,2,2\n")
    assert any("sizes are unknown" in note for note in summary.notes)
    assert stored(catalog).bid_size.tolist() == [UNKNOWN_VOLUME]


@pytest.mark.parametrize("kind", [pl.Decimal(12, 3), pl.Float64, pl.String])
def test_parquet(kind: pl.DataType, tmp_path: Path, catalog: Catalog) -> None:
    bid, ask = [Decimal("100.125"), None], [Decimal("100.125"), Decimal(101)]
    parts = ("open", "high", "low", "close")
    prices = pl.DataFrame({f"bid_{part}": bid for part in parts} | {f"ask_{part}": ask for part in parts}).cast(kind)
    sizes = pl.DataFrame({"bid_size": [5, None], "ask_size": [6, 7], "ts_event": [1_577_975_400, 1_577_975_460]})
    frame = pl.concat([prices, sizes], how="horizontal")
    path = tmp_path / "quotes.parquet"
    frame.write_parquet(path)
    import_path(path, catalog, OPTIONS)
    rows = stored(catalog)
    assert rows.bid_close.tolist() == [100_125, NO_PRICE]
    assert rows.ask_close.tolist() == [100_125, 101_000]
    assert rows.bid_size.tolist() == [5, UNKNOWN_VOLUME]
