"""Numbers reach the strategy as the files have them, whatever the strategy does to its own arithmetic."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from tests.runs.lab import AAA, BBB, Lab, future, walk

SOURCE = """
import decimal
CONTEXT

class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), register("BBB", ETF), cash("123456.789"), order("BUY", "1234")]
    async def on_bar(self, event):
        bar = event.bar
        say(event.symbol, bar.open, bar.high, bar.low, bar.close, bar.volume)
        return []
    async def on_stop(self):
        held = await self.data.get_position_by_symbol("AAA", EQUITY)
        say(held.net_contract_quantity, held.average_price)
"""
CONTEXTS = {
    "usual": "",
    "three digits": "decimal.getcontext().prec = 3",
    "every rounding raises": "decimal.getcontext().prec = 2; decimal.getcontext().traps[decimal.Inexact] = True",
    "everything raises": "decimal.setcontext(decimal.Context(prec=1, traps=list(decimal.getcontext().traps)))",
    "basic": "decimal.setcontext(decimal.BasicContext)",
}


def _shown(symbol: str, columns: BarColumns, price_scale: int, volume_scale: int) -> list[str]:
    found = []
    for row in np.array([columns.open, columns.high, columns.low, columns.close, columns.volume]).T.tolist():
        prices = [str(Decimal(value).scaleb(-price_scale)) for value in row[:4]]
        volume = "None" if row[4] == UNKNOWN_VOLUME else str(Decimal(row[4]).scaleb(-volume_scale))
        found.append(" ".join([symbol, *prices, volume]))
    return found


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_context_of_the_users_code_changes_no_number(tmp_path: Path, name: str) -> None:
    first, second = walk("09:30", 8), walk("09:30", 8, first=5_000_123, step=7)
    second.volume[3] = UNKNOWN_VOLUME
    lab = Lab(tmp_path).add(AAA, minute=first).add(BBB, minute=second)
    ran = lab.run(SOURCE.replace("CONTEXT", CONTEXTS[name]))
    assert ran.document["status"] == "complete", ran.document["issues"]
    *lines, last = ran.said
    assert [line for line in lines if line.startswith("AAA")] == _shown("AAA", first, 2, 0)
    assert [line for line in lines if line.startswith("BBB")] == _shown("BBB", second, 4, 1)
    assert last == "1234 100"
    assert ran.document["cash"] == "56.789"


def test_a_price_beyond_all_measure_is_an_order_like_any_other(tmp_path: Path) -> None:
    """A future's orders need margin only: such prices rest, and do not stop the tables from being written."""
    lab = Lab(tmp_path).add(future("XXH4", None), minute=walk("09:30", 8, first=480_000, step=25))
    huge = "9999999999999999999999999999E15"
    source = f"""
class Strategy(Base):
    async def on_start(self, as_of_time):
        terms = ("XXH4", FUTURE)
        return [register(*terms), cash(100000), limit("SELL", 1, "{huge}", *terms), stop("BUY", 1, "{huge}", *terms),
                limit("BUY", 1, "-{huge}", *terms), limit("BUY", 1, "{huge}", *terms)]
"""
    ran = lab.run(source)
    assert ran.document["status"] == "complete"
    assert ran.table("orders")["state"].to_list() == ["WORKING", "WORKING", "WORKING", "FILLED"]
    assert ran.table("fills")["price"].to_list() == [4800]


def test_a_position_beyond_all_measure_is_refused_at_its_fill(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(future("XXH4", None), minute=walk("09:30", 8, first=480_000, step=25))
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        terms = ("XXH4", FUTURE)
        return [register(*terms), cash(99999999999), order("BUY", 90000000, *terms), order("BUY", 1000000, *terms)]
"""
    ran = lab.run(source)
    assert ran.document["status"] == "complete"
    assert ran.table("orders")["state"].to_list() == ["REJECTED", "FILLED"]
    assert "ORDER_TOO_LARGE" in ran.codes


def test_a_helper_may_be_called_random(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(AAA, minute=walk("09:30", 3))
    source = (
        "import random\nprint(random.X)\nclass Strategy(Base):\n    async def on_start(self, t):\n        return []\n"
    )
    assert lab.run(lab.bundle(source, {"random.py": "X = 5\n"})).said == ["5"]


def test_refusals_name_amounts_as_people_write_them(lab: Lab) -> None:
    ran = lab.run("""
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("100.50"), cash("1e30"), order("BUY", "1e27")]
    async def on_bar(self, event):
        self.bars += 1
        return [order("BUY", 10)] if self.bars == 1 else []
""")
    said = {issue["code"]: issue["message"] for issue in ran.document["issues"]}
    assert said["CASH_AMOUNT_NOT_POSITIVE"].startswith("the amount is no finite number of at most 28 digits")
    assert said["QUANTITY_NOT_POSITIVE"].startswith("contract_quantity is no finite number of at most 28 digits")
    assert "00 USD" not in said["OUT_OF_CASH"]
    assert "100.5 is free" in said["OUT_OF_CASH"]
