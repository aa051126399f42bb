"""The check of quote bars: sides, crossed quotes, prices, order and sessions."""

from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import QuoteColumns
from periscope.market.quality.check import SeriesReport, check_quotes, check_stored_quotes
from periscope.report.quality import write_quality_report
from tests.market.catalog_data import MINUTE, SPY, at
from tests.market.test_quotes import NO_SIDE, Side, quotes, some

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
ES = Instrument(symbol="ESM24", asset_type=AssetType.FUTURE, exchange="CME", price_scale=2)


def check(rows: QuoteColumns, instrument: Instrument = SPY) -> SeriesReport:
    """The check of some quote bars as one piece."""
    return check_quotes(instrument, BarTimeSpan.MINUTE, [rows], first=int(rows.start[0]), last=int(rows.end[-1]))


def codes(report: SeriesReport) -> dict[str, int]:
    """The findings by code."""
    return {found.code: found.count for found in report.findings}


def test_quotes_with_both_sides_are_clean() -> None:
    report = check(some(1))
    assert (report.findings, report.bars, report.data) == ([], 1, "quote bars")


@pytest.mark.parametrize(
    ("bid", "ask", "instrument", "found"),
    [
        (NO_SIDE, (2, 2, 2, 2, 1), SPY, {"MISSING_SIDE": 1}),
        ((5, 5, 5, 5, 1), NO_SIDE, SPY, {"MISSING_SIDE": 1}),
        ((5, 5, 5, 5, 1), (5, 5, 4, 4, 1), SPY, {"CROSSED_QUOTE": 1}),
        ((5, 9, 5, 5, 1), (6, 6, 6, 6, 1), SPY, {}),
        ((5, 5, 6, 5, 1), (7, 7, 7, 7, 1), SPY, {"BAD_OHLC": 1}),
        ((5, 5, 5, 5, 1), (7, 6, 6, 6, 1), SPY, {"BAD_OHLC": 1}),
        ((0, 0, 0, 0, 1), (7, 7, 7, 7, 1), SPY, {"BAD_PRICE": 1}),
        ((-9, -9, -9, -9, 1), (7, 7, 7, 7, 1), ES, {"NEGATIVE_PRICE": 1}),
        (NO_SIDE, (0, 0, 0, 0, 1), ES, {"MISSING_SIDE": 1, "NEGATIVE_PRICE": 1}),
    ],
)
def test_what_is_wrong_with_a_quote(bid: Side, ask: Side, instrument: Instrument, found: dict[str, int]) -> None:
    report = check(quotes([(at("2024-05-14 10:00"), bid, ask)]), instrument)
    assert codes(report) == found


def test_order_and_sessions_are_looked_at_too() -> None:
    good: tuple[Side, Side] = (9_990, 9_990, 9_990, 9_990, 1), (9_991, 9_991, 9_991, 9_991, 1)
    first = at("2024-05-14 10:00")
    rows = quotes([(first + MINUTE, *good), (first, *good), (at("2024-05-14 23:00"), *good)])
    assert codes(check(rows)) == {"OUT_OF_ORDER": 1, "OUTSIDE_SESSIONS": 1}


def test_stored_quotes_are_checked_and_have_a_page(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, some(), source="quotes")
    report = check_stored_quotes(catalog, SPY, BarTimeSpan.MINUTE)
    assert report is not None
    assert codes(report) == {"MISSING_SIDE": 2}
    assert check_stored_quotes(catalog, SPY, BarTimeSpan.HOUR) is None
    page = write_quality_report([report], tmp_path / "page.html", accepted=frozenset(), version="1")
    assert "3 quote bars" in page.read_text()


@pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")
def test_quotes_of_es_are_rarely_crossed(lean_catalog: Catalog) -> None:
    contracts = lean_catalog.instruments.chain("ES")
    reports = [check_stored_quotes(lean_catalog, each, BarTimeSpan.MINUTE) for each in contracts]
    found = [codes(report) for report in reports if report is not None]
    assert sum(each.get("CROSSED_QUOTE", 0) for each in found) == 5
    assert all(set(each) <= {"CROSSED_QUOTE", "MISSING_SIDE", "EXTENDED_HOURS", "OUTSIDE_SESSIONS"} for each in found)
