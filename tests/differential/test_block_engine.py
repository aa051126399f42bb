"""The block engine agrees with the naive one on random strategies, whatever the size of blocks and scripts."""

from pathlib import Path

import pytest

from tests.differential.adapter import BlockEngine
from tests.differential.compare import compare
from tests.naive.engine import run_naive
from tests.naive.random_strategies import random_case, strategy_factory

BLOCK_ROWS = (1, 7, 4096)
BUDGETS = (1, 5, 64)
SEEDS = 540
"""With --full; a twentieth of them otherwise."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All seeds with --full, every twentieth otherwise."""
    if "seed" in metafunc.fixturenames:
        full = metafunc.config.getoption("--full", default=False)
        metafunc.parametrize("seed", range(0, SEEDS, 1 if full else 20))


def test_both_engines_agree(seed: int, tmp_path: Path) -> None:
    """Same events, actions, orders, fills, money, registrations and answers at every size."""
    case = random_case(seed)
    expected = run_naive(strategy_factory(case.source), case.market, case.settings)
    blocks = BlockEngine(tmp_path, case.source, case.market)
    for rows in BLOCK_ROWS:
        for budget in BUDGETS:
            found = blocks.run(case.settings, rows, budget)
            difference = compare(expected, found)
            assert difference is None, f"seed {seed}, blocks of {rows} rows, scripts of {budget}: {difference}"
