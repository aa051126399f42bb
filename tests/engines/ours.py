"""Scenarios through Periscope: a strategy that places what the scenario says, in a real run."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tests.engines.scenarios import Scenario, Told, minute_bars
from tests.runs.lab import AAA, Lab, bars

SOURCE = """
PLAN = json.loads('''{plan}''')


class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("{cash}")]

    async def on_bar(self, event):
        self.bars += 1
        return [self.make(one) for one in PLAN if one["after"] == self.bars - 1]

    def make(self, one):
        buy = one["side"] > 0
        intent = ("BUY_TO_CLOSE" if buy else "SELL_TO_CLOSE") if one["closes"] else ("BUY" if buy else "SELL")
        stop, limit = one["stop"], one["limit"]
        kind = {{(False, False): "MARKET", (False, True): "LIMIT", (True, False): "STOP", (True, True): "STOP_LIMIT"}}
        return order(
            intent,
            one["quantity"],
            order_type=Type(kind[stop is not None, limit is not None]),
            stop_price=None if stop is None else D(stop),
            limit_price=None if limit is None else D(limit),
        )
"""


def run_ours(folder: Path, scenario: Scenario, core: dict[str, Any]) -> Told:
    """What Periscope makes of it."""
    names = ("after", "side", "quantity", "limit", "stop", "closes")
    plan = json.dumps([{name: getattr(order, name) for name in names} for order in scenario.orders])
    lab = Lab(folder).add(AAA, minute=bars(minute_bars(scenario)))
    fees = {"fees": {"basis_points": scenario.fee_basis_points}} if scenario.fee_basis_points else {}
    ran = lab.run(SOURCE.format(plan=plan, cash=scenario.cash), core=fees | core, in_process=True)
    assert ran.document["status"] == "complete", ran.document["issues"]
    fills = pl.read_parquet(ran.out / "fills.parquet")
    told = Told(value=Decimal(ran.document["final_value"]))
    for side, quantity, price in fills.select("side", "quantity", "price").iter_rows():
        told.fills.append((int(quantity) if side == "BUY" else -int(quantity), Decimal(price)))
    return told
