"""Continuous series: what they hold, that they are exact, and that they say what they cannot do."""

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.continuous import Adjustment, ContinuousSeries, Splice, _times, continuous
from periscope.market.importers.lean import import_lean
from periscope.market.rolls import NoRollsError, RollBy, roll_schedule
from periscope.market.sample import make_sample
from tests.market.catalog_data import Row, at, columns
from tests.market.test_front_month import CME, H14, M14, Z13
from tests.market.test_rolls import LEAN, needs_lean

DAY, MINUTE = BarTimeSpan.DAY, BarTimeSpan.MINUTE
RAW, DIFFERENCE, RATIO = Adjustment.RAW, Adjustment.DIFFERENCE, Adjustment.RATIO


def _row(day: str, close: int, volume: int) -> Row:
    session = CME.session_from(at(day))
    return (session.open, session.close, close - 2, close + 5, close - 5, close, volume)


@pytest.fixture
def two_rolls(tmp_path: Path) -> Catalog:
    """Closes and volumes by day; the volume moves on after the 12th and again after the 16th."""
    catalog = Catalog.create(tmp_path / "catalog")
    table: dict[Instrument, list[Row]] = {
        Z13: [_row("2013-12-11", 1000, 9), _row("2013-12-12", 1010, 4), _row("2013-12-13", 1020, 1)],
        H14: [
            _row("2013-12-11", 900, 1),
            _row("2013-12-12", 909, 5),
            _row("2013-12-13", 930, 9),
            _row("2013-12-16", 940, 3),
            _row("2013-12-17", 950, 1),
        ],
        M14: [_row("2013-12-16", 800, 7), _row("2013-12-17", 805, 9), _row("2013-12-18", 810, 9)],
    }
    for contract, rows in table.items():
        catalog.write_bars(contract, DAY, columns(rows), source="a test")
    return catalog


def _closes(series: ContinuousSeries) -> list[tuple[str, int]]:
    names = [series.contracts[place] for place in series.contract.tolist()]
    return list(zip(names, series.bars.close.tolist(), strict=True))


def test_a_raw_series_takes_each_contract_while_it_counts(two_rolls: Catalog) -> None:
    series = continuous(two_rolls, "ES", DAY)
    assert _closes(series) == [("ESZ13", 1010), ("ESH14", 930), ("ESH14", 940), ("ESM14", 805), ("ESM14", 810)]
    assert bool(np.all(np.diff(series.bars.start) > 0))
    assert series.splices == (
        Splice("ESZ13", "ESH14", at("2013-12-12T17:15"), at("2013-12-11T18:00"), 1010, 909),
        Splice("ESH14", "ESM14", at("2013-12-16T17:15"), at("2013-12-15T18:00"), 940, 800),
    )


def test_differences_are_added_to_all_older_contracts(two_rolls: Catalog) -> None:
    series = continuous(two_rolls, "ES", DAY, adjustment=DIFFERENCE)
    # 909 - 1010 = -101 and 800 - 940 = -140.
    assert [close for _, close in _closes(series)] == [1010 - 241, 930 - 140, 940 - 140, 805, 810]
    assert series.bars.high.tolist()[0] == 1015 - 241
    assert series.price_scale == 2


def test_ratios_multiply_all_older_contracts_and_round_half_even_to_six_decimals(two_rolls: Catalog) -> None:
    series = continuous(two_rolls, "ES", DAY, adjustment=RATIO)
    assert series.price_scale == 6
    with localcontext(prec=60):
        first = Decimal("10.10") * 909 / 1010 * 800 / 940
        second = Decimal("9.30") * 800 / 940
        expected = [
            *(int(each.quantize(Decimal("0.000001"), ROUND_HALF_EVEN).scaleb(6)) for each in (first, second)),
            8_000_000,
            8_050_000,
            8_100_000,
        ]
    assert [close for _, close in _closes(series)] == expected
    # At the roll itself both contracts meet: 9.40 times 800/940 is the 8.00 of the next one.
    assert _closes(series)[2] == ("ESH14", 8_000_000)


def test_volumes_and_times_are_never_adjusted(two_rolls: Catalog) -> None:
    raw = continuous(two_rolls, "ES", DAY).bars
    for adjustment in (DIFFERENCE, RATIO):
        bars = continuous(two_rolls, "ES", DAY, adjustment=adjustment).bars
        for name in ("start", "end", "volume"):
            np.testing.assert_array_equal(getattr(bars, name), getattr(raw, name))


def test_a_window_keeps_the_newest_contract_in_it_as_it_is(two_rolls: Catalog) -> None:
    series = continuous(two_rolls, "ES", DAY, adjustment=DIFFERENCE, end=at("2013-12-16T17:15"))
    assert _closes(series) == [("ESZ13", 1010 - 101), ("ESH14", 930), ("ESH14", 940)]


def test_a_roll_without_a_common_bar_is_raw_or_refused(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.write_bars(Z13, DAY, columns([_row("2013-12-11", 1000, 9)]), source="a test")
    catalog.write_bars(H14, DAY, columns([_row("2014-01-06", 900, 9), _row("2014-01-07", 905, 9)]), source="a test")
    raw = continuous(catalog, "ES", DAY, RollBy.LAST_TRADE)
    assert [close for _, close in _closes(raw)] == [1000, 900, 905]
    assert raw.splices[0].common is None
    for adjustment in (DIFFERENCE, RATIO):
        with pytest.raises(NoRollsError, match="ESZ13 and ESH14 have no day bar in common") as refusal:
            continuous(catalog, "ES", DAY, RollBy.LAST_TRADE, adjustment)
        assert refusal.value.code == "NO_COMMON_BAR"


def test_there_is_no_ratio_of_prices_below_zero(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.write_bars(Z13, DAY, columns([_row("2013-12-11", -30, 9), _row("2013-12-12", -20, 1)]), source="a test")
    rows = [_row("2013-12-11", 100, 1), _row("2013-12-12", 110, 9), _row("2013-12-13", 120, 9)]
    catalog.write_bars(H14, DAY, columns(rows), source="a test")
    assert [close for _, close in _closes(continuous(catalog, "ES", DAY, adjustment=DIFFERENCE))] == [110, 120]
    with pytest.raises(NoRollsError) as refusal:
        continuous(catalog, "ES", DAY, adjustment=RATIO)
    assert refusal.value.code == "NOT_POSITIVE"


def test_no_bars_of_the_span(two_rolls: Catalog) -> None:
    with pytest.raises(NoRollsError, match="no minute bars of ES") as refusal:
        continuous(two_rolls, "ES", MINUTE)
    assert refusal.value.code == "NO_BARS"


def test_contracts_of_different_scales_meet_at_the_finer_one(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    finer = replace(H14, price_scale=4)
    catalog.write_bars(Z13, DAY, columns([_row("2013-12-11", 1000, 9), _row("2013-12-12", 1010, 1)]), source="a test")
    rows = [_row("2013-12-11", 90_000, 1), _row("2013-12-12", 91_003, 9), _row("2013-12-13", 92_000, 9)]
    catalog.write_bars(finer, DAY, columns(rows), source="a test")
    series = continuous(catalog, "ES", DAY, adjustment=DIFFERENCE)
    assert series.price_scale == 4
    assert _closes(series) == [("ESZ13", 101_000 + 91_003 - 101_000), ("ESH14", 92_000)]


def test_the_sample_without_its_jumps_moves_as_its_contracts_do(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    make_sample(catalog)
    raw = continuous(catalog, "SX", MINUTE)
    adjusted = continuous(catalog, "SX", MINUTE, adjustment=DIFFERENCE)
    inside = np.diff(raw.contract) == 0
    np.testing.assert_array_equal(np.diff(raw.bars.close)[inside], np.diff(adjusted.bars.close)[inside])
    schedule = {tenure.symbol: tenure for tenure in roll_schedule(catalog, "SX").tenures()}
    for place, symbol in enumerate(raw.contracts):
        starts = raw.bars.start[raw.contract == place]
        assert schedule[symbol].since <= starts[0]
        assert starts[-1] < schedule[symbol].until
    ratio = continuous(catalog, "SX", MINUTE, adjustment=RATIO)
    assert ratio.bars.close[-1] == raw.bars.close[-1] * 10_000
    old = raw.contract == len(raw.contracts) - 2
    splice = raw.splices[-1]
    assert splice.from_close is not None
    assert splice.to_close is not None
    factor = Fraction(splice.to_close, splice.from_close)
    assert ratio.bars.open[old].tolist() == [round(price * factor * 10_000) for price in raw.bars.open[old].tolist()]


@given(
    prices=st.lists(st.integers(1, 10**12), min_size=1, max_size=20),
    up=st.integers(1, 10**9),
    down=st.integers(1, 10**9),
)
def test_products_are_exact_to_the_last_digit(prices: list[int], up: int, down: int) -> None:
    if max(prices) * up // down >= 2**62:
        return
    found = _times(np.array(prices, dtype=np.int64), Fraction(up, down)).tolist()
    for price, product in zip(prices, found, strict=True):
        error = abs(Fraction(product) - Fraction(price * up, down))
        assert error <= Fraction(1, 2)
        assert error < Fraction(1, 2) or product % 2 == 0


@needs_lean
def test_es_over_its_roll_as_lean_has_it(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    import_lean(LEAN / "future" / "cme" / "daily", catalog)
    end = at("2013-12-31T18:00")
    raw = continuous(catalog, "ES", DAY, end=end)
    assert raw.contracts == ("ESZ13", "ESH14")
    (splice,) = raw.splices
    assert (splice.at, splice.common) == (at("2013-12-13T17:15"), at("2013-12-13T09:30"))
    old = raw.bars.start < splice.at
    assert bool(np.all(raw.contract[old] == 0))
    assert bool(np.all(raw.contract[~old] == 1))
    moved = continuous(catalog, "ES", DAY, adjustment=DIFFERENCE, end=end)
    assert splice.from_close is not None
    assert splice.to_close is not None
    shift = splice.to_close - splice.from_close
    np.testing.assert_array_equal(moved.bars.close, np.where(old, raw.bars.close + shift, raw.bars.close))
