"""The same bars and orders through Periscope and three other engines; docs/how-our-fills-compare.md has the table.

Needs the dependency group `benchmarks`; an engine that is not installed is skipped. What differs is named here, with
what the other engine makes of it: a difference that is gone fails as well as a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.engines.nautilus import run_nautilus
from tests.engines.ours import run_ours
from tests.engines.scenarios import SCENARIOS, Scenario, Told, random_entries, random_trades
from tests.engines.theirs import run_backtesting, run_backtrader

TARGET_AND_STOP = "a target and a stop in one bar"
BETTER_OPEN = "a limit buy that the open is better than fills at the open"
STOP_LIMIT = "a stop limit whose limit the gap has passed waits for it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Another engine, the models of ours that match its own, and the fills of what still differs."""

    module: str
    run: Callable[[Scenario], Told]
    core: dict[str, Any]
    differs: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    rounds_fees_to: str | None = None


ENGINES = {
    "Backtrader": Engine(
        module="backtrader",
        run=run_backtrader,
        core={"limit_fill": "touch"},
        differs={TARGET_AND_STOP: [(10, "100"), (-10, "105")]},
    ),
    "backtesting.py": Engine(
        module="backtesting",
        run=run_backtesting,
        core={"limit_fill": "touch"},
        differs={TARGET_AND_STOP: [(10, "100"), (-10, "95"), (-10, "105")]},
    ),
    "Nautilus Trader": Engine(
        module="nautilus_trader",
        run=run_nautilus,
        core={"limit_fill": "touch", "fill_model": "current_close"},
        differs={
            TARGET_AND_STOP: [(10, "100"), (-10, "105")],
            BETTER_OPEN: [(10, "98")],
            STOP_LIMIT: [(10, "102")],
        },
        rounds_fees_to="0.01",
    ),
}


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    found = ENGINES[request.param]
    pytest.importorskip(found.module, reason=f"{found.module} is not installed: uv sync --group benchmarks")
    return found


@pytest.mark.parametrize("scenario", [*SCENARIOS, *map(random_trades, range(2))], ids=lambda each: each.name)
def test_trades_and_value_are_equal_or_the_difference_is_named(
    engine: Engine, scenario: Scenario, tmp_path: Path
) -> None:
    ours, theirs = run_ours(tmp_path, scenario, engine.core), engine.run(scenario)
    if scenario.name in engine.differs:
        assert theirs.fills == [(size, Decimal(price)) for size, price in engine.differs[scenario.name]]
        assert ours.fills != theirs.fills
        return
    assert ours.fills == theirs.fills
    slack = Decimal(0)
    if scenario.fee_basis_points and engine.rounds_fees_to is not None:
        slack = Decimal(engine.rounds_fees_to) / 2 * len(ours.fills)
    assert abs(ours.value - theirs.value) <= slack


def test_a_limit_that_is_only_touched_is_where_our_default_is_stricter(engine: Engine, tmp_path: Path) -> None:
    """`core.limit_fill` is `through` by default: others stood before you."""
    scenario = next(each for each in SCENARIOS if each.name == "a limit that is touched and not crossed")
    assert engine.run(scenario).fills == [(10, Decimal(98))]
    assert run_ours(tmp_path, scenario, {}).fills == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["Backtrader", "backtesting.py"])
def test_limits_stops_and_market_orders_at_random_prices_come_to_the_same(name: str, seed: int, tmp_path: Path) -> None:
    """Nautilus Trader is left out: it fills a limit at its limit where the open was better."""
    engine, scenario = ENGINES[name], random_entries(seed)
    pytest.importorskip(engine.module, reason=f"{engine.module} is not installed: uv sync --group benchmarks")
    ours, theirs = run_ours(tmp_path, scenario, engine.core), engine.run(scenario)
    assert len(ours.fills) > 40
    assert sorted(ours.fills) == sorted(theirs.fills)
    assert ours.value == theirs.value
