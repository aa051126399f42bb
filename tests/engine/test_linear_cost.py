"""What a run costs grows with its bars, orders and symbols, and not with their product or square.

No clock: what is counted is work, the calls and the turns of loops in Python code. It is the same each time.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import localcontext
from pathlib import Path
from typing import Any

import pytest

from periscope.engine.backtest import Backtest, Tuning
from periscope.market.catalog import Catalog
from periscope.portfolio.exact import EXACT
from periscope.runs.lean_feed import feed_for
from periscope.runs.ports import BundleSource, InProcessPort
from periscope.runs.recorder import Recorder
from tests.runs.lab import AAA, HEADER, MINUTE, Lab, at, walk, window_config

MOST = 2.2
"""By how much work may grow where bars, orders or symbols are doubled."""
SYMBOLS = 10
BARS = 60
MODELS: dict[str, dict[str, Any]] = {
    "next_bar": {"fill_model": "next_bar"},
    "current_close": {"fill_model": "current_close"},
    "lean": {"profile": "lean"},
}
TUNINGS = {"bar by bar": Tuning(1, 1), "blocks": Tuning()}
SOURCE = f"""{HEADER}
class Strategy(Base):
    async def on_start(self, as_of_time):
        self.seen = {{}}
        return [cash(10**9), *(register(f"S{{n:03}}") for n in range(self.config["symbols"]))]

    async def on_bar(self, event):
        symbol, config = event.symbol, self.config
        bar = self.seen[symbol] = self.seen.get(symbol, 0) + 1
        if bar > config["bars"]:
            return []
        if bar == 2:
            return [limit("BUY", n + 1, D(n + 1) / 100, symbol) for n in range(config["resting"])]
        return [order("BUY" if bar % 2 else "SELL", 1, symbol) for _ in range(config["filled"])] if bar > 2 else []
"""
SIZES: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "bars, orders resting": ({"bars": 30, "resting": 40}, {"bars": 60}),
    "bars, orders filled": ({"bars": 20, "resting": 20, "filled": 1}, {"bars": 40}),
    "orders resting": ({"bars": 10, "resting": 60}, {"resting": 120}),
    "orders filled": ({"bars": 6, "resting": 10, "filled": 10}, {"filled": 20}),
    "symbols, orders resting": ({"bars": 6, "symbols": 5, "resting": 1}, {"symbols": 10}),
    "symbols, orders filled": ({"bars": 6, "symbols": 5, "resting": 1, "filled": 1}, {"symbols": 10}),
}
"""What is run, and with what of it doubled. For each order, what is free is summed over all that is held and ordered,
which is a small part of the work at these numbers of symbols: what hundreds cost, this does not bound."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, Path]:
    """Many symbols with the same bars, and a strategy. What a process does once is done."""
    lab = Lab(tmp_path_factory.mktemp("linear"))
    for number in range(SYMBOLS):
        lab.add(replace(AAA, symbol=f"S{number:03}"), minute=walk("09:30", BARS))
    made = lab.catalog, lab.bundle(SOURCE, header=False)
    for core in MODELS.values():
        _work(made, core, Tuning(), {"bars": 4, "resting": 1, "filled": 1})
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("model", MODELS)
def test_twice_as_much_costs_at_most_a_little_more_than_twice(
    world: tuple[Catalog, Path], model: str, tuning: str, size: str
) -> None:
    """In each fill model, with blocks and without."""
    once, more = SIZES[size]
    counts = [_work(world, MODELS[model], TUNINGS[tuning], each) for each in (once, once | more)]
    assert counts[1] <= MOST * counts[0], counts


@pytest.mark.parametrize("model", MODELS)
def test_a_bar_costs_no_more_where_more_orders_rest(world: tuple[Catalog, Path], model: str) -> None:
    """What 20 bars add to the work, with 20 resting orders and with 80 that no bar touches.

    To look at each order at each bar would add a call for each of the 60 orders more at each of the 20 bars.
    """
    added = []
    for resting in (20, 80):
        few, many = (
            _work(world, MODELS[model], Tuning(), {"bars": bars, "resting": resting, "filled": 0}) for bars in (40, 60)
        )
        added.append(many - few)
    assert added[1] - added[0] < 0.5 * (80 - 20) * 20, added


def _work(world: tuple[Catalog, Path], core: dict[str, Any], tuning: Tuning, size: dict[str, int]) -> int:
    catalog, bundle = world
    size = {"symbols": 1, "filled": 0} | size
    config = window_config("09:30", "16:00", core | {"fees": {"per_share": "0.01"}})
    settings = replace(config.settings, end=at("09:30") + size["bars"] * MINUTE)
    port = InProcessPort(BundleSource(bundle, b'{"type": "object"}', json.dumps(size).encode(), 0, 10_000))
    recorder = Recorder(None, lambda *_: True, settings)
    with port, localcontext(EXACT), counting() as work:
        outcome = Backtest(settings, feed_for(settings, catalog), port, recorder, tuning).run()
        recorder.finish(outcome.state.now, outcome.markets)
    assert outcome.failure is None, outcome.failure
    assert outcome.bars == size["symbols"] * size["bars"]
    assert len(outcome.state.orders) >= size["symbols"] * size["resting"]
    filled = outcome.state.sequence - len(outcome.state.orders)
    assert filled >= size["symbols"] * (size["bars"] - 3) * size["filled"]
    return work[0]


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count calls of Python functions, and what generators and loops come round to."""
    events, monitoring = sys.monitoring.events, sys.monitoring
    work = [0]

    def count(*_: object) -> None:
        work[0] += 1

    chosen = events.PY_START | events.PY_RESUME | events.JUMP
    monitoring.use_tool_id(monitoring.PROFILER_ID, "work")
    try:
        for event in (events.PY_START, events.PY_RESUME, events.JUMP):
            monitoring.register_callback(monitoring.PROFILER_ID, event, count)
        monitoring.set_events(monitoring.PROFILER_ID, chosen)
        yield work
    finally:
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
