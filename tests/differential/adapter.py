"""Runs a case through the block engine and tells what happened in the words of the naive one."""

from periscope.engine.settings import Settings
from tests.naive.market import Market
from tests.naive.trace import Trace

AVAILABLE = False
"""Whether `run_blocks` works yet."""


def run_blocks(source: str, market: Market, settings: Settings, block_rows: int, budget: int) -> Trace:
    """Run the strategy of a source text with blocks of that many rows and scripts of that many items."""
    raise NotImplementedError(f"the block engine is not connected yet ({block_rows}, {budget}, {settings}, {market})")
