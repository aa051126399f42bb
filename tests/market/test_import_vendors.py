"""Files as vendors publish them: Alpaca's and Polygon's JSON and CSV, Yahoo's CSV. The prices here are invented."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary

FOREVER = 2**62
FIRST = datetime.fromisoformat("2024-01-03T14:30:00Z")
US = round(FIRST.timestamp()) * 1_000_000
ARCA = ImportOptions(exchange="ARCX")

ALPACA = """{"bars": [
 {"t": "2024-01-03T14:30:00Z", "o": 100.10, "h": 101, "l": 99.5, "c": 100.3, "v": 500, "n": 7, "vw": 100.2134},
 {"t": "2024-01-03T14:31:00Z", "o": 100.3, "h": 100.30, "l": 100.1, "c": 100.1, "v": 20, "n": 1, "vw": 100.2}],
 "symbol": "SPY", "next_page_token": null}"""
POLYGON = """{"ticker": "SPY", "queryCount": 2, "resultsCount": 2, "adjusted": false, "results": [
 {"v": 500, "vw": 100.2134, "o": 100.1, "c": 100.3, "h": 101, "l": 99.5, "t": 1704292200000, "n": 7},
 {"v": 2e1, "vw": 100.2, "o": 100.3, "c": 100.1, "h": 100.3, "l": 100.1, "t": 1704292260000, "n": 1}],
 "status": "OK", "count": 2}"""
FLAT = """ticker,volume,open,close,high,low,window_start,transactions
SPY,500,100.1,100.3,101,99.5,1704292200000000000,7
SPY,20,100.3,100.1,100.3,100.1,1704292260000000000,1
"""
DATAFRAME = """symbol,timestamp,open,high,low,close,volume,trade_count,vwap
SPY,2024-01-03 14:30:00+00:00,100.1,101.0,99.5,100.3,500.0,7.0,100.2134
SPY,2024-01-03 14:31:00+00:00,100.3,100.3,100.1,100.1,20.0,1.0,100.2
"""

type Load = Callable[..., ImportSummary]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Load:
    def run(content: str, options: ImportOptions = ARCA, name: str = "download") -> ImportSummary:
        path = tmp_path / name
        path.write_text(content)
        return import_path(path, catalog, options)

    return run


def _bars(catalog: Catalog, symbol: str = "SPY", span: BarTimeSpan = BarTimeSpan.MINUTE) -> BarColumns:
    instrument = catalog.instruments.get(symbol, AssetType.EQUITY)
    assert instrument is not None
    return joined(list(catalog.all_bars(instrument, span, -FOREVER, FOREVER)))


@pytest.mark.parametrize(
    "text", [ALPACA, POLYGON, FLAT, DATAFRAME], ids=["alpaca", "polygon", "flat file", "alpaca-py"]
)
def test_the_same_bars_from_each_vendor(text: str, load: Load, catalog: Catalog) -> None:
    """Symbol, span and which end of a bar is stamped are known without an option."""
    summary = load(text)
    bars = _bars(catalog)
    assert bars.start.tolist() == [US, US + 60_000_000]
    prices = [bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), bars.volume.tolist()]
    assert prices == [[10010, 10030], [10100, 10030], [9950, 10010], [10030, 10010], [500, 20]]
    assert summary.findings.unusable == 0
    assert [(item.symbol, item.span) for item in summary.series] == [("SPY", "minute")]


def test_json_numbers_never_pass_through_a_float(load: Load, catalog: Catalog) -> None:
    """100.10000000001 and 123456789012345.678 have more digits than a float of eight bytes tells apart."""
    text = ALPACA.replace("100.10,", "100.100000000001,").replace('"v": 500', '"v": 123456789012345.678')
    load(text)
    instrument = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert instrument is not None
    bars = _bars(catalog)
    assert Decimal(int(bars.open[0])).scaleb(-instrument.price_scale) == Decimal("100.100000000001")
    assert Decimal(int(bars.volume[0])).scaleb(-instrument.volume_scale) == Decimal("123456789012345.678")


def test_many_symbols_in_one_answer(load: Load, catalog: Catalog) -> None:
    bars = json.loads(ALPACA)["bars"]
    text = json.dumps({"bars": {"SPY": bars, "QQQ": bars[:1], "XYZ": []}, "next_page_token": "abc"})
    summary = load(text, ImportOptions(exchange="ARCX", span=BarTimeSpan.MINUTE))
    assert [(item.symbol, item.rows) for item in summary.series] == [("SPY", 2), ("QQQ", 1)]
    assert any("next page" in note for note in summary.notes)
    summary = load(text, ImportOptions(symbol="qqq", exchange="ARCX", span=BarTimeSpan.MINUTE))
    assert [(item.symbol, item.unchanged) for item in summary.series] == [("QQQ", 1)]
    assert summary.skipped_files == {"bars of other symbols": 2}


def test_one_symbol_of_a_flat_file(load: Load, catalog: Catalog) -> None:
    text = FLAT + FLAT.split("\n", 1)[1].replace("SPY", "QQQ")
    summary = load(text, ImportOptions(symbol="QQQ", exchange="ARCX"))
    assert "left alone: 2 rows of other symbols" in summary.notes
    assert len(_bars(catalog, "QQQ")) == 2
    assert catalog.instruments.get("SPY", AssetType.EQUITY) is None


def test_every_symbol_of_a_flat_file(load: Load, catalog: Catalog) -> None:
    first, *rows = FLAT.strip().split("\n")
    mixed = [line for row in rows for line in (row, row.replace("SPY", "QQQ"))]
    summary = load("\n".join([first, *mixed]) + "\n", ImportOptions(exchange="ARCX"))
    assert [(item.symbol, item.rows) for item in summary.series] == [("QQQ", 2), ("SPY", 2)]
    assert _bars(catalog, "QQQ").close.tolist() == _bars(catalog, "SPY").close.tolist()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ('{"t": "2024-01-03T14:31:00Z", "o": 1, "h": 1, "l": 1, "v": 1}', "MALFORMED_ROW"),
        ('"bar"', "MALFORMED_ROW"),
        ("null", "MALFORMED_ROW"),
        ('{"t": "2024-01-03T14:31:00Z", "o": null, "h": 1, "l": 1, "c": 1, "v": 1}', "BAD_PRICE"),
        ('{"t": "2024-01-03T14:31:00Z", "o": [1], "h": 1, "l": 1, "c": 1, "v": 1}', "BAD_PRICE"),
        ('{"t": "2024-01-03T14:31:00Z", "o": 1, "h": 1, "l": 1, "c": 1, "v": -1}', "BAD_VOLUME"),
        ('{"t": "soon", "o": 1, "h": 1, "l": 1, "c": 1, "v": 1}', "BAD_TIME"),
        ('{"t": null, "o": 1, "h": 1, "l": 1, "c": 1, "v": 1}', "BAD_TIME"),
    ],
)
def test_what_is_wrong_with_a_bar(bad: str, code: str, load: Load) -> None:
    text = ALPACA.replace('"vw": 100.2}]', '"vw": 100.2}, ' + bad + "]")
    with pytest.raises(ImportProblem) as caught:
        load(text)
    assert caught.value.code == code, caught.value.message
    assert "download:3: " in caught.value.message
    summary = load(text, ImportOptions(exchange="ARCX", skip_bad_rows=True))
    assert (summary.series[0].rows, summary.findings.unusable) == (2, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ALPACA[:-30], "BAD_FILE"),
        ('{"message": "forbidden."}', "COLUMNS_MISSING"),
        ("[1, 2]", "BAD_FILE"),
        ('{"bars": 5}', "BAD_FILE"),
        ('{"bars": []}', "NO_ROWS"),
        (ALPACA.replace('"symbol"', '"bars": [], "symbol"'), "BAD_FILE"),
        (ALPACA.replace('"symbol"', '"results": [1], "symbol"'), "BAD_FILE"),
        ('{"bars": {"A": [{"t": 1}], "A": []}}', "BAD_FILE"),
        ('{"bars": {}}', "NO_ROWS"),
        ('{"results": null}', "COLUMNS_MISSING"),
        ("{" * 100_000, "BAD_FILE"),
        ('{"bars": ' + "[" * 100_000, "BAD_FILE"),
    ],
)
def test_answers_without_bars(text: str, code: str, load: Load) -> None:
    with pytest.raises(ImportProblem) as caught:
        load(text)
    assert caught.value.code == code, caught.value.message


def test_adjusted_prices_are_named(load: Load, catalog: Catalog) -> None:
    summary = load(POLYGON.replace("false", "true"))
    assert summary.findings.counts["ADJUSTED_PRICES"] == 1
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-03,100,101,99,100.5,98.1234567,5\n"
    summary = load(text, ImportOptions(symbol="YHO", exchange="XNAS"))
    assert dict(summary.findings.counts) == {"ADJUSTED_IGNORED": 1, "ADJUSTED_PRICES": 1}
    assert _bars(catalog, "YHO", BarTimeSpan.DAY).close.tolist() == [10050]
    text = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2024-01-03 00:00:00-05:00,1,1,1,1,5,0.0,0.0\n"
    summary = load(text, ImportOptions(symbol="YF", span=BarTimeSpan.DAY, exchange="XNAS"))
    assert "yfinance" in summary.findings.examples[0].message
    assert _bars(catalog, "YF", BarTimeSpan.DAY).start.tolist() == [US]
