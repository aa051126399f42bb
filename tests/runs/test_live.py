"""What a run shows of itself while it runs agrees with what its results say in the end."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from periscope.runs.progress import Progress
from periscope.runs.reading import MOST_SHOWN, reading
from tests.runs.lab import AAA, BBB, Lab, future, walk

TRADER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        future = [register("XXH24", FUTURE)]
        return [cash("1000000"), register(), register("BBB", ETF), *future]

    async def on_bar(self, event):
        if event.symbol != "AAA":
            return []
        self.bars += 1
        if self.bars % 7 == 0:
            return [order("BUY", 3), order("BUY", 2, "BBB", ETF), order("BUY", 1, "XXH24", FUTURE)]
        if self.bars % 11 == 0:
            return [order("SELL", 2), order("SELL", 10**9), limit("BUY", 1, "1")]
        return []
"""


@pytest.fixture
def seen(lab: Lab) -> tuple[dict[str, Any], Any]:
    """The state that the run would show at its very end, and the run."""
    xx = future("XXH24", "2024-03-15 09:30")
    for instrument in (AAA, BBB, xx):
        lab.add(instrument, minute=walk("2024-01-22 09:30", 300, first=10_000 if instrument is not BBB else 1_000_000))
    states: list[Callable[[], dict[str, Any]]] = []

    def listen(progress: Progress) -> None:
        assert progress.state is not None
        assert reading(progress)["fraction"] <= 1
        states.append(progress.state)

    ran = lab.run(TRADER, progress=listen, in_process=True)
    return states[-1](), ran


def test_money_and_positions_are_those_of_the_result(seen: tuple[dict[str, Any], Any]) -> None:
    state, ran = seen
    assert ran.exit_code == 0, ran.document["issues"]
    portfolio, result = state["portfolio"], ran.document
    assert (portfolio["value"], portfolio["cash"]) == (result["final_value"], result["cash"])
    assert portfolio["net_trading_cash"] == result["net_trading_cash"]
    gained = Decimal(result["final_value"]) - 1_000_000
    assert Decimal(portfolio["realised_pnl"]) + Decimal(portfolio["unrealised_pnl"]) == gained
    names = ("symbol", "asset_type", "direction", "quantity", "average_price")
    shown = [{name: position[name] for name in names} for position in result["positions"]]
    assert len(shown) == 3
    assert sorted(portfolio["positions"], key=str) == sorted(shown, key=str)


def test_orders_fills_and_issues_are_the_latest(seen: tuple[dict[str, Any], Any]) -> None:
    state, ran = seen
    assert state["fills"] == ran.document["fills"] > MOST_SHOWN
    assert len(state["latest_fills"]) == len(state["latest_orders"]) == MOST_SHOWN
    orders = ran.table("orders")
    assert [order["order_id"] for order in state["latest_orders"]] == orders["order_id"].to_list()[::-1][:MOST_SHOWN]
    assert all(order["state"] == "WORKING" for order in state["open_orders"])
    assert len(state["open_orders"]) == min(MOST_SHOWN, orders.filter(orders["state"] == "WORKING").height) > 0
    assert [issue["code"] for issue in state["issues"]] == [
        code for code in ran.codes if code in {issue["code"] for issue in state["issues"]}
    ]
