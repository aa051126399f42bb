"""Columns survive being packed, and bars stay small."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType
from periscope.market.columns import BarColumns
from periscope.report.packing import differences, pack, pack_bars
from tests.report.made import make_market
from tests.report.reading import unpack_columns

numbers = st.integers(-(2**51), 2**51)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=50))
def test_columns_come_back(rows: list[tuple[int, int]]) -> None:
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    packed = pack(columns)
    back = unpack_columns(packed.text, packed.rows, list(packed.planes))
    assert [column.tolist() for column in back] == [column.tolist() for column in columns]


@given(st.lists(numbers, min_size=1, max_size=50))
def test_differences_add_up(values: list[int]) -> None:
    assert np.cumsum(differences(np.array(values, dtype=np.int64))).tolist() == values


def test_bars_come_back_exactly() -> None:
    bars = make_market("SPY", AssetType.EQUITY, "ARCX", bars=500, first_price=400, tick="0.01", seed=1).bars
    packed = pack_bars(bars, volumes=True)
    steps, gaps, bodies, uppers, lowers, volume = unpack_columns(packed.text, packed.rows, list(packed.planes))
    opened = gaps + np.concatenate([[0], bars.close[:-1]])
    closed = opened + bodies
    assert (np.cumsum(steps) * 1_000_000 == bars.start).all()
    assert (opened == bars.open).all()
    assert (closed == bars.close).all()
    assert (np.maximum(opened, closed) + uppers == bars.high).all()
    assert (np.minimum(opened, closed) - lowers == bars.low).all()
    assert (volume == bars.volume).all()


def test_a_minute_bar_takes_few_bytes() -> None:
    bars = make_market("SPY", AssetType.EQUITY, "ARCX", bars=20_000, first_price=400, tick="0.01", seed=1).bars
    assert len(pack_bars(bars, volumes=True).text) < 10 * len(bars)


def test_the_same_bars_give_the_same_text() -> None:
    start = np.array([0, 60_000_000])
    price = np.array([10, 11])
    bars = BarColumns(start, start + 60_000_000, price, price, price, price, np.array([-1, -1]))
    assert pack_bars(bars, volumes=False) == pack_bars(bars, volumes=False)
