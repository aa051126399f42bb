"""The naive engine and the comparison are worth trusting: repeatable, blind to the future, and able to disagree."""

from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from periscope.engine.settings import Adjustment
from periscope.market.columns import NO_PRICE, BarColumns, QuoteColumns
from tests.differential.compare import compare
from tests.naive.engine import run_naive
from tests.naive.market import Market
from tests.naive.random_strategies import Case, random_case, strategy_factory
from tests.naive.trace import Trace


def run(case: Case, market: Market | None = None) -> Trace:
    """The naive engine's trace of a case."""
    return run_naive(strategy_factory(case.source), market or case.market, case.settings)


@pytest.mark.parametrize("seed", [1000, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1001, 1002))])
def test_the_same_case_runs_the_same_twice(seed: int) -> None:
    """Nothing in a case or in the engine depends on anything but the seed."""
    first, second = run(random_case(seed)), run(random_case(seed))
    assert compare(first, second) is None
    assert first.observations == second.observations


@pytest.mark.parametrize(
    "seed", [1013, 1014, 1015, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1010, 1011, 1012, 1016, 1017))]
)
def test_the_future_changes_nothing_before_it(seed: int) -> None:
    """Bars that end after a moment, but for the open of one under way, do not change any action before it."""
    case = random_case(seed)
    cut = (2 * case.settings.start + 3 * case.settings.end) // 5
    market = case.market
    if case.settings.adjustment is Adjustment.TOTAL_RETURN:
        market = Market(market.instruments, market.bars, quotes=market.quotes)
    poisoned = {name: _poison(bars, cut) for name, bars in market.bars.items()}
    quotes = {name: _poison_quotes(found, cut) for name, found in market.quotes.items()}
    told, untold = run(case, market), run(case, Market(market.instruments, poisoned, market.corporate, quotes))
    assert _until(told.actions, cut) == _until(untold.actions, cut)
    assert _until([row[1:] for row in told.fills], cut) == _until([row[1:] for row in untold.fills], cut)


def _poison(bars: BarColumns, cut: int) -> BarColumns:
    """Other prices and volumes after `cut`; times, and the open of a bar that began before, stay."""
    late = bars.end > cut
    unborn = bars.start > cut
    low = np.where(late, np.minimum(bars.open, bars.low) - 300, bars.low)
    return BarColumns(
        bars.start,
        bars.end,
        np.where(unborn, bars.open + 100, bars.open),
        np.where(late, bars.high + 500, bars.high),
        low,
        np.where(late, bars.close + 200, bars.close),
        np.where(late, 1, bars.volume),
    )


def _poison_quotes(quotes: QuoteColumns, cut: int) -> QuoteColumns:
    """Other quotes after `cut`, no side more or less but in bars that begin later; the open of one under way stays."""
    late, unborn = quotes.end > cut, quotes.start > cut
    columns = {name: getattr(quotes, name).copy() for name in quotes.NAMES}
    for side in ("bid", "ask"):
        there = columns[f"{side}_open"] != NO_PRICE
        columns[f"{side}_open"] += np.where(there & unborn, 100, 0)
        columns[f"{side}_high"] += np.where(there & late, 500, 0)
        columns[f"{side}_low"] -= np.where(there & late, 300, 0)
        columns[f"{side}_close"] += np.where(there & late, 200, 0)
    return QuoteColumns(*columns.values())


def _until(rows: list[tuple[object, ...]], cut: int) -> list[str]:
    return [repr(row) for row in rows if isinstance(row[0], int) and row[0] <= cut]


@cache
def trace_with_fills() -> Trace:
    """The trace of the first case that has three fills."""
    return next(trace for seed in range(100) if len((trace := run(random_case(seed))).fills) > 2)


def test_a_difference_is_named() -> None:
    """The comparison says what differs, where, and what came before it."""
    trace = trace_with_fills()
    other = deepcopy(trace)
    assert compare(trace, other) is None
    time, *rest = other.fills[2][1:]
    other.fills[2] = (other.fills[2][0], time + 1 if isinstance(time, int) else 0, *rest)
    found = compare(trace, other)
    assert found is not None
    assert found.startswith("fills[2] differs")
    assert "naive" in found
    assert "blocks" in found


def test_a_missing_row_is_named() -> None:
    """A list that ends early differs where it ends."""
    trace = trace_with_fills()
    other = deepcopy(trace)
    other.events.pop()
    found = compare(trace, other)
    assert found is not None
    assert f"events[{len(trace.events) - 1}] differs" in found
    assert "nothing more" in found
