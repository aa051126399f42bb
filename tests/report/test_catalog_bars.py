"""The report reads a run's bars from its catalog, cut to the run's window."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.adjustment import Adjustment
from periscope.market.catalog import Catalog
from periscope.market.corporate_actions import ActionKind, StoredAction, add_corporate_actions
from periscope.report.catalog_bars import CatalogBars
from periscope.report.page import write_report
from tests.report.made import MadeRun, Market, make_market
from tests.report.reading import Page
from tests.report.write_run import write_run


@pytest.fixture
def market(tmp_path: Path) -> Market:
    made = make_market("SPY", AssetType.EQUITY, "ARCX", bars=1_000, first_price=400, tick="0.01", seed=3)
    instrument = Instrument(symbol="SPY", asset_type=AssetType.EQUITY, exchange="ARCX")
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.write_bars(instrument, BarTimeSpan.MINUTE, made.bars, source="test")
    return made


def test_the_bars_are_those_of_the_window(market: Market, tmp_path: Path) -> None:
    starts = market.bars.start
    entry = replace(market.entry, first=int(starts[10]), last=int(starts[800]))
    series = CatalogBars(tmp_path / "catalog", (0, 0), adjustment=Adjustment.RAW, extended=False)(entry)
    assert series is not None
    pieces = list(series.pieces)
    assert np.concatenate([piece.start for piece in pieces]).tolist() == starts[10:801].tolist()
    assert np.concatenate([piece.close for piece in pieces]).tolist() == market.bars.close[10:801].tolist()
    assert series.zone == "America/New_York"
    assert len(set(series.day_numbers(starts).tolist())) == 3


def test_bars_after_a_split_are_shown_in_the_units_of_the_start(market: Market, tmp_path: Path) -> None:
    starts = market.bars.start
    second = int(np.flatnonzero(np.diff(starts) > 3_600_000_000)[0]) + 1
    day = datetime.fromtimestamp(int(starts[second]) // 1_000_000, UTC).date()
    files = Catalog(tmp_path / "catalog").files
    add_corporate_actions(files, "SPY", [StoredAction(day, ActionKind.SPLIT, "3:2", "test")])
    window = (int(starts[0]), int(market.bars.end[-1]))
    source = CatalogBars(tmp_path / "catalog", window, adjustment=Adjustment.SPLIT, extended=False)
    series = source(market.entry)
    assert series is not None
    shown = np.concatenate([piece.close for piece in series.pieces])
    stored = market.bars.close * 10 ** (series.price_scale - 4)
    assert shown[:second].tolist() == stored[:second].tolist()
    assert shown[second:].tolist() == (stored[second:] * 3 // 2).tolist()


def test_what_the_catalog_has_not_is_not_found(market: Market, tmp_path: Path) -> None:
    source = CatalogBars(tmp_path / "catalog", (0, 0), adjustment=Adjustment.RAW, extended=False)
    assert source(replace(market.entry, symbol="QQQ")) is None
    assert source(replace(market.entry, span="day")) is None


def test_a_report_finds_the_catalog_by_itself(market: Market, tmp_path: Path) -> None:
    run = MadeRun(name="observe", markets=[market])
    folder = write_run(run, tmp_path / "run")
    html = write_report(folder, tmp_path / "report.html", catalog_root=tmp_path / "catalog").read_text()
    assert Page(html).main()["series"][0]["rows"] == 1_000


def test_a_damaged_catalog_costs_the_price_chart_only(market: Market, tmp_path: Path) -> None:
    for file in (tmp_path / "catalog").rglob("*.parquet"):
        file.write_bytes(b"PAR1 damaged")
    folder = write_run(MadeRun(name="observe", markets=[market]), tmp_path / "run")
    html = write_report(folder, tmp_path / "report.html", catalog_root=tmp_path / "catalog").read_text()
    main = Page(html).main()
    assert (main["series"], main["equity"]["rows"]) == ([], 1_000)
    assert main["priceNote"].startswith("No bars are shown: ")
