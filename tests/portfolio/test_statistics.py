"""Rule 31: statistics against values worked out by hand, and properties."""

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, Direction
from periscope.instruments.times import time_text
from periscope.portfolio.statistics import (
    Activity,
    StatisticValue,
    TradeTally,
    compute_statistics,
    money_text,
)
from periscope.portfolio.statistics_definitions import DEFINITIONS, Unit
from periscope.portfolio.statistics_equity import EquityAccumulator, EquitySummary
from periscope.portfolio.trades import Trade

DAY = 86_400_000_000
HOUR = DAY // 24


def calendar_days(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    return (times // DAY).astype(np.int32)


def curve(*steps: tuple[float, float] | tuple[float, float, float]) -> EquitySummary:
    """Steps of (day, value), or (day, value before, cash in); days are fractions since 1970-01-01."""
    accumulator = EquityAccumulator(calendar_days)
    for step in steps:
        time, value = int(step[0] * DAY), int(step[1] * 1_000_000)
        if len(step) == 3:
            accumulator.cash_flow(time, value_before=value, amount=int(step[2] * 1_000_000))
        else:
            accumulator.add(np.array([time]), np.array([value]))
    return accumulator.summary()


def statistics(
    equity: EquitySummary,
    trades: tuple[str, ...] = (),
    activity: Activity | None = None,
    risk_free: str = "0",
) -> dict[str, StatisticValue]:
    tally = TradeTally()
    tally.add(trade(result) for result in trades)
    return compute_statistics(
        equity, tally, activity or Activity(), sessions_per_year=252, risk_free=Decimal(risk_free)
    )


def trade(net: str) -> Trade:
    return Trade(
        symbol="SPY",
        asset_type=AssetType.EQUITY,
        direction=Direction.LONG,
        quantity=Decimal(1),
        entry_time=0,
        exit_time=1,
        entry_price=Decimal(1),
        exit_price=Decimal(1),
        gross_pnl=Decimal(net),
        fees=Decimal(0),
        net_pnl=Decimal(net),
    )


# Daily closes 110, 99, 108.9: returns +10%, -10%, +10%.
THREE_DAYS = curve((0, 0, 100), (0.9, 110), (1.9, 99), (2.9, 108.9))


def test_three_days_by_hand() -> None:
    got = statistics(THREE_DAYS)
    assert got["total_return"] == 0.089
    assert got["annualised_return"] == pytest.approx(1.089**84 - 1)
    assert got["net_profit"] == "8.90"
    # Mean 1/30; squared distances 1/225 + 4/225 + 1/225, over two: 1/75.
    assert got["volatility"] == pytest.approx(math.sqrt(252 / 75))
    assert got["sharpe"] == pytest.approx(math.sqrt(252) / 30 / math.sqrt(1 / 75))
    # One of three days lost 10%: downside deviation is the root of 0.01 / 3.
    assert got["sortino"] == pytest.approx(math.sqrt(252) / 30 / math.sqrt(0.01 / 3))
    assert got["max_drawdown"] == -0.1
    assert got["max_drawdown_days"] == 2.0
    assert got["max_drawdown_from"] == "1970-01-01T21:36:00Z"
    assert got["max_drawdown_trough"] == "1970-01-02T21:36:00Z"
    assert got["max_drawdown_to"] is None
    assert got["calmar"] == pytest.approx((1.089**84 - 1) / 0.1)
    assert got["trading_days"] == 3


def test_the_risk_free_rate_is_a_yearly_one_spread_by_compounding() -> None:
    rate = 1.05 ** (1 / 252) - 1
    got = statistics(THREE_DAYS, risk_free="0.05")
    assert got["sharpe"] == pytest.approx(math.sqrt(252) * (1 / 30 - rate) / math.sqrt(1 / 75))
    downside = math.sqrt((0.1 + rate) ** 2 / 3)
    assert got["sortino"] == pytest.approx(math.sqrt(252) * (1 / 30 - rate) / downside)


def test_deposits_and_withdrawals_are_no_return() -> None:
    equity = curve((0, 0, 100), (0.9, 110), (1.2, 110, 1000), (1.9, 999), (2.2, 999, -900), (2.9, 108.9))
    assert equity.index == pytest.approx((1.1, 0.99, 1.089))
    got = statistics(equity)
    assert got["total_return"] == 0.089
    assert got["net_profit"] == "-91.10"


def test_days_before_the_first_deposit_and_days_without_capital_do_not_count() -> None:
    equity = curve((0.9, 0), (1.9, 0), (2, 0, 50), (2.9, 55), (3, 55, -55), (3.9, 0), (4.9, 0), (5, 0, 10), (5.9, 11))
    assert equity.days == (2, 5)
    assert equity.index == pytest.approx((1.1, 1.21))
    assert equity.started_at == 2 * DAY


def test_a_sample_at_the_last_moment_of_a_day_belongs_to_that_day() -> None:
    assert curve((0, 0, 100), (1, 110), (2, 121)).days == (0, 1)


def test_the_drawdown_is_that_of_every_sample_and_ends_where_the_peak_is_back() -> None:
    equity = curve((0, 0, 100), (0.1, 120), (0.2, 120), (0.3, 90), (0.4, 110), (1.5, 120), (2, 60), (2.5, 90))
    fall = equity.max_drawdown
    assert fall is not None
    assert (fall.depth, fall.peak_at, fall.trough_at, fall.recovered_at) == (-0.5, 1.5 * DAY, 2 * DAY, None)
    first = curve((0, 0, 100), (0.1, 120), (0.2, 120), (0.3, 90), (0.4, 110), (1.5, 120), (2, 119)).max_drawdown
    assert first is not None
    assert (first.depth, first.peak_at, first.recovered_at) == (-0.25, int(0.2 * DAY), 1.5 * DAY)


def test_a_loss_from_the_first_sample_on_is_a_drawdown_from_the_deposit() -> None:
    got = statistics(curve((0, 0, 100), (0.5, 80), (1, 90)))
    assert (got["max_drawdown"], got["max_drawdown_from"]) == (-0.2, "1970-01-01T00:00:00Z")


def test_capital_that_is_lost_ends_the_daily_returns() -> None:
    got = statistics(curve((0, 0, 100), (0.9, 50), (1.9, 0), (2.9, 10)))
    assert got["total_return"] == -0.9
    lost = statistics(curve((0, 0, 100), (0.9, -20)))
    assert (lost["total_return"], lost["annualised_return"], lost["calmar"]) == (-1.2, None, None)


UNDEFINED = {
    "nothing at all": ((), {*DEFINITIONS} - {"net_profit", "trading_days", "fees", "trades"}),
    "one day": (
        ((0, 0, 100), (0.9, 100)),
        {"volatility", "sharpe", "sortino", "calmar", "max_drawdown_days", "exposure", "win_rate", "profit_factor"},
    ),
    "the same return every day": (
        ((0, 0, 100), (0.9, 110), (1.9, 121), (2.9, 133.1)),
        {"sharpe", "sortino", "calmar", "max_drawdown_days", "max_drawdown_from"},
    ),
    "flat": (((0, 0, 100), (0.9, 100), (1.9, 100)), {"sharpe", "sortino", "calmar", "profit_factor"}),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_what_is_undefined_is_none(case: str) -> None:
    steps, names = UNDEFINED[case]
    got = statistics(curve(*steps))
    assert {name for name in names if got[name] is not None} == set()
    assert list(got) == list(DEFINITIONS)


def test_trade_statistics_by_hand() -> None:
    got = statistics(curve(), trades=("100", "-40", "0", "50.5", "-10"))
    expected = {
        "trades": 5,
        "win_rate": 0.4,
        "profit_factor": 3.01,
        "expectancy": "20.10",
        "average_win": "75.25",
        "average_loss": "-25.00",
        "best_trade": "100.00",
        "worst_trade": "-40.00",
    }
    assert {name: got[name] for name in expected} == expected


def test_only_winners_leave_profit_factor_and_average_loss_undefined() -> None:
    got = statistics(curve(), trades=("1", "2"))
    assert (got["profit_factor"], got["average_loss"], got["win_rate"]) == (None, None, 1.0)


def test_activity_by_hand() -> None:
    activity = Activity(samples=8, samples_in_market=2, traded_value=Decimal(2100), fees=Decimal("1.234"))
    got = statistics(curve((0, 0, 100), (0.9, 100), (1.9, 110)), activity=activity)
    # Half of 2100 over a mean of 105 in two days: 10 turns, 1260 a year.
    assert (got["exposure"], got["turnover"], got["fees"]) == (0.25, 1260.0, "1.234")


MONEY = {"0": "0.00", "-0.00": "0.00", "12": "12.00", "1E+3": "1000.00", "1.2345678": "1.234568", "-0.5": "-0.50"}


@pytest.mark.parametrize("value", MONEY)
def test_money_is_plain_text_with_two_to_six_decimals(value: str) -> None:
    assert money_text(Decimal(value)) == MONEY[value]


def test_times_are_rfc_3339() -> None:
    assert time_text(1_700_000_000_123_456) == "2023-11-14T22:13:20.123456Z"


values = st.lists(st.integers(1_000_000, 9_000_000_000_000), min_size=1, max_size=60)


def walk(many: list[int], pieces: list[int]) -> EquitySummary:
    """The curve `many`, five samples a day after a deposit of its first value, cut at `pieces`."""
    accumulator = EquityAccumulator(calendar_days)
    accumulator.cash_flow(0, value_before=0, amount=many[0])
    times = np.arange(1, len(many) + 1, dtype=np.int64) * (DAY // 5)
    cuts = sorted({min(piece, len(many)) for piece in pieces} | {0, len(many)})
    for begin, end in pairwise(cuts):
        accumulator.add(times[begin:end], np.array(many[begin:end], dtype=np.int64))
    return accumulator.summary()


@given(values, st.lists(st.integers(0, 60), max_size=8))
def test_how_a_curve_is_cut_into_pieces_changes_nothing(many: list[int], pieces: list[int]) -> None:
    assert walk(many, pieces) == walk(many, [])


@given(values)
def test_the_drawdown_agrees_with_the_naive_one(many: list[int]) -> None:
    fall = walk(many, []).max_drawdown
    deepest = min(value / max(many[: number + 1]) - 1 for number, value in enumerate(many))
    assert (fall.depth if fall is not None else 0.0) == pytest.approx(deepest, abs=1e-12)


@given(values, st.integers(0, 59), st.integers(1, 10**12))
def test_a_deposit_between_two_samples_changes_no_return(many: list[int], where: int, amount: int) -> None:
    """The deposit is held in cash beside capital that is scaled, so that each step keeps its return."""
    where = min(where, len(many) - 1)
    accumulator = EquityAccumulator(calendar_days)
    accumulator.cash_flow(0, value_before=0, amount=many[0])
    scale = 1.0
    for number, value in enumerate(many):
        accumulator.add(np.array([(number + 1) * (DAY // 5)]), np.array([round(value * scale)]))
        if number == where:
            before = round(value * scale)
            accumulator.cash_flow((number + 1) * (DAY // 5), value_before=before, amount=amount)
            scale *= (before + amount) / before
    plain = walk(many, [])
    assert accumulator.summary().days == plain.days
    assert accumulator.summary().index == pytest.approx(plain.index, rel=1e-5)


@given(values, st.integers(2, 1000))
def test_ratios_do_not_depend_on_the_amount_of_capital(many: list[int], factor: int) -> None:
    small, large = statistics(walk(many, [])), statistics(walk([value * factor for value in many], []))
    for name in ("total_return", "volatility", "max_drawdown"):
        value = small[name]
        assert large[name] == (value if value is None else pytest.approx(value, rel=1e-6, abs=1e-9))


@given(values)
def test_no_statistic_is_ever_infinite_or_not_a_number(many: list[int]) -> None:
    for name, value in statistics(walk(many, [])).items():
        if isinstance(value, float):
            assert math.isfinite(value), name
            assert value == float(f"{value:.10g}"), name


def test_every_definition_has_words_and_a_source() -> None:
    for name, definition in DEFINITIONS.items():
        assert definition.title, name
        assert definition.source, name
        assert definition.text.endswith("."), name
    assert {definition.unit for definition in DEFINITIONS.values()} == set(Unit)
