"""Which bars a report carries: all where they are few, merged within trading days where they are many."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.market.columns import BarColumns
from periscope.report import bars as report_bars
from periscope.report.bars import data_entries, pack_series
from tests.report.made import Market, make_market
from tests.report.make_run import source_of
from tests.report.reading import unpack_columns


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market("SPY", AssetType.EQUITY, "ARCX", bars=1_500, first_price=400, tick="0.01", seed=3)


LISTED: dict[str, tuple[dict[str, Any], int]] = {
    "a series": ({}, 1),
    "no bar": ({"bars": 0, "first": None, "last": None}, 0),
    "an unknown span": ({"span": "week"}, 0),
    "no time": ({"first": "soon"}, 0),
}


@pytest.mark.parametrize("case", LISTED)
def test_series_without_bars_are_left_out(case: str) -> None:
    change, count = LISTED[case]
    item = {
        "symbol": "SPY",
        "asset_type": "EQUITY",
        "span": "minute",
        "first": "2024-01-02T14:30:00Z",
        "last": "2024-01-02T20:59:00Z",
        "bars": 390,
    }
    assert len(data_entries({"data": [item | change, item | change]})) == count


def test_the_run_s_window_cuts_the_series() -> None:
    item = {"symbol": "SPY", "asset_type": "EQUITY", "span": "day", "bars": 9}
    item |= {"first": "2024-01-01T00:00:00Z", "last": "2024-12-31T00:00:00Z"}
    result = {"start": "2024-03-01T00:00:00Z", "end": "2024-03-02T00:00:00Z", "data": [item]}
    (entry,) = data_entries(result)
    assert entry.last - entry.first == 86_400_000_000
    assert data_entries(result | {"start": "2025-03-01T00:00:00Z", "end": "2025-03-02T00:00:00Z"}) == []


def test_all_bars_are_there_where_they_are_few(market: Market) -> None:
    (packed,), missing = pack_series([market.entry], source_of(market))
    assert missing == []
    assert (packed.header["rows"], packed.header["seconds"], packed.header["volume"]) == (1_500, 60, True)
    assert packed.header["dayStarts"] == [0, 390, 390, 390]
    assert packed.header["zone"] == "America/New_York"
    assert packed.header["decimals"] == 2


@pytest.mark.parametrize(
    ("most", "rows", "seconds"),
    [(1_500, 1_500, 60), (1_499, 300, 300), (299, 100, 900), (99, 50, 1_800), (3, 4, 86_400)],
)
def test_many_bars_are_merged_without_losing_a_price_or_a_share(
    most: int, rows: int, seconds: int, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_bars, "MOST_OF_A_SERIES", most)
    monkeypatch.setattr(report_bars, "FEWEST_OF_A_SERIES", most)
    (packed,), _ = pack_series([market.entry], source_of(market))
    assert (packed.header["rows"], packed.header["seconds"], packed.header["stored"]) == (rows, seconds, 1_500)
    _, gaps, bodies, uppers, _, volume = unpack_columns(packed.bars.text, packed.bars.rows, list(packed.bars.planes))
    closed = np.cumsum(gaps + bodies)
    assert closed[-1] * 100 == market.bars.close[-1]
    assert (np.maximum(closed, closed - bodies) + uppers).max() * 100 == market.bars.high.max()
    assert volume.sum() == market.bars.volume.sum()


def test_a_series_that_the_source_has_not_is_named_missing(market: Market) -> None:
    other = replace(market.entry, symbol="QQQ")
    found, missing = pack_series([other, market.entry], source_of(market))
    assert len(found) == 1
    assert missing == [other]


def test_unknown_volumes_are_not_drawn(market: Market) -> None:
    bars = market.bars
    unknown = np.full_like(bars.volume, -1)
    silent = replace(market, bars=BarColumns(bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, unknown))
    (packed,), _ = pack_series([silent.entry], source_of(silent))
    assert packed.header["volume"] is False
    assert len(packed.bars.planes) == 5


def test_an_empty_series_is_missing(market: Market) -> None:
    empty = replace(market, bars=BarColumns(*(getattr(market.bars, name)[:0] for name in BarColumns.NAMES)))
    entry = market.entry
    assert pack_series([entry], lambda _: empty.series()) == ([], [entry])
    assert empty.tick == Decimal("0.01")
