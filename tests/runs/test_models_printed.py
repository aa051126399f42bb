"""Rule 23: a result names every cost model that it used, and says so where trading cost nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.runs.lab import AAA, Lab, table

NOTE = "no trading costs modelled"
TRADES = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("50000"), order("BUY", 10)]
"""


@pytest.mark.parametrize(
    ("core", "slippage", "fees", "free"),
    [
        ({}, "none", "none", True),
        ({"slippage": {"ticks": 0}, "fees": {"per_share": 0}}, "none", "none", True),
        ({"slippage": {"ticks": 1}}, "1 tick against the order", "none", False),
        ({"fees": {"per_share": "0.005"}}, "none", "0.005 a share", False),
        ({"fees": "alpaca"}, "none", "Alpaca, US shares (docs/fee-schedules.md)", False),
        (
            {"slippage": {"volume_share": "0.1"}, "fees": "lean"},
            "share of the bar's volume: 0.1 of the price times its square, against the order",
            "LEAN's InteractiveBrokersFeeModel",
            False,
        ),
    ],
)
def test_cost_models_are_printed(tmp_path: Path, core: dict[str, Any], slippage: str, fees: str, free: bool) -> None:
    lab = Lab(tmp_path).add(AAA, minute=table("09:30 100 101 99 100 1000\n09:31 100 102 98 101 600"))
    models = lab.run(TRADES, core=core, in_process=True).document["models"]
    assert (models["slippage"], models["fees"]) == (slippage, fees)
    assert (NOTE in models["notes"]) is free
