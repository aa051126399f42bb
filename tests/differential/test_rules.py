"""Both engines follow the rules as the tables state them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from periscope.engine.settings import Settings
from tests.differential.adapter import BlockEngine
from tests.naive.engine import run_naive
from tests.naive.market import Market
from tests.naive.random_strategies import strategy_factory
from tests.naive.rule_tables import RULES
from tests.naive.rules.script import (
    Rule,
    entries,
    expected_entries,
    expected_of,
    lists_bars,
    market_of,
    net_money,
    positions,
    settings_of,
    source_of,
    told,
)
from tests.naive.trace import Trace

type Engine = Callable[[Path, str, Market, Settings], Trace]


def _naive(folder: Path, source: str, market: Market, settings: Settings) -> Trace:
    return run_naive(strategy_factory(source), market, settings)


def _blocks(folder: Path, source: str, market: Market, settings: Settings) -> Trace:
    return BlockEngine(folder, source, market).run(settings, None, None)


@pytest.fixture(params=[pytest.param(_naive, id="naive"), pytest.param(_blocks, id="blocks")])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.param
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule(engine: Engine, rule: Rule, tmp_path: Path) -> None:
    """The strategy is told what the table says, and money and positions end as it says."""
    trace = engine(tmp_path, source_of(rule), market_of(rule), settings_of(rule))
    assert told(trace, bars=lists_bars(rule), monday=rule.monday) == expected_of(rule)
    if rule.cash is not None:
        assert trace.final_cash == Decimal(rule.cash)
    if rule.value is not None:
        assert trace.final_value == Decimal(rule.value)
    if rule.net is not None:
        assert net_money(trace) == rule.net
    if rule.positions is not None:
        assert positions(trace) == rule.positions
    if rule.issues is not None:
        assert " ".join(str(code) for _, code in trace.issues) == rule.issues
    if rule.ledger is not None:
        assert entries(trace, rule) == expected_entries(rule)
    if rule.sees is not None and trace.observations is not None:
        found = ["/".join(str(part) for part in row) for row in trace.observations]
        assert ", ".join(" ".join(text.split("/")) for text in found) == rule.sees
