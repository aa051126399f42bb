"""What a disappointing run says of itself, and that a good one keeps quiet."""

import json
from pathlib import Path

import pytest

from periscope.market.columns import BarColumns
from periscope.runs.analysis_codes import ANALYSIS_CODES
from tests.runs.lab import AAA, Lab, Ran, at, bars, table, walk

MINUTE = 60_000_000
CODES = {entry.code for entry in ANALYSIS_CODES}

HEAD = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("100000"), register()]

    async def on_bar(self, event):
        self.bars += 1
        return self.decide(event)

"""


def decides(code: str) -> str:
    """A strategy whose `decide(event)` has this body."""
    return HEAD + "    def decide(self, event):\n" + "".join(f"        {line}\n" for line in code.strip().splitlines())


def found(ran: Ran) -> set[str]:
    return CODES.intersection(ran.codes)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def days(*, without: tuple[str, ...] = ()) -> BarColumns:
    """Ten minutes from the open on each day of two weeks."""
    rows = []
    for day in (22, 23, 24, 25, 26, 29, 30, 31):
        local = f"2024-01-{day}"
        if local in without:
            continue
        begin = at(f"{local} 09:30")
        rows += [[begin + n * MINUTE, begin + (n + 1) * MINUTE, 10_000, 10_010, 9_990, 10_000, 100] for n in range(10)]
    return bars(rows)


def test_a_run_that_never_orders_says_that_its_conditions_were_never_met(lab: Lab) -> None:
    ran = lab.add(AAA, minute=walk("09:30", 60)).run(decides("return []"))
    assert found(ran) == {"NO_ORDERS_PLACED"}
    assert "60 bars were delivered" in ran.issue("NO_ORDERS_PLACED")["message"]


def test_a_look_back_longer_than_the_window_is_named(lab: Lab) -> None:
    folder = lab.add(AAA, minute=walk("09:30", 60)).bundle(decides("return []"))
    properties = {"fast": {"type": "integer", "default": 20}, "slow": {"type": "integer", "default": 200}}
    (folder / "config_schema.json").write_text(json.dumps({"type": "object", "properties": properties}))
    ran = lab.run(folder)
    assert found(ran) == {"WARM_UP_TOO_LONG"}
    text = "the parameter slow is 200, and the window delivered at most 60 bars"
    assert text in ran.issue("WARM_UP_TOO_LONG")["message"]


def test_orders_that_are_all_rejected_name_the_reason_that_comes_most_often(lab: Lab) -> None:
    much = 'return [order("BUY", 10**9)] if self.bars > 1 else [order("BUY", "0.5")]'
    ran = lab.add(AAA, minute=walk("09:30", 20)).run(decides(much))
    assert found(ran) == {"EVERY_ORDER_REJECTED"}
    text = ran.issue("EVERY_ORDER_REJECTED")["message"]
    assert text.startswith("all 20 orders were rejected, 19 as OUT_OF_CASH; 1 for other reasons: the order needs")


def test_a_limit_that_is_never_met_says_how_near_the_market_came(lab: Lab) -> None:
    minutes = table(
        """
        09:30 100 101 99.5 100 500
        09:31 100 101 99 100 500
        09:32 100 101 98.25 100 500
        09:33 100 101 99 100 500
        """
    )
    code = 'return [limit("BUY", 1, "97.5"), stop("BUY", 1, "103", symbol="AAA")] if self.bars == 1 else []'
    ran = lab.add(AAA, minute=minutes).run(decides(code))
    assert found(ran) == {"ORDERS_NEVER_FILLED"}
    assert ran.issue("ORDERS_NEVER_FILLED")["message"] == (
        "2 orders in AAA waited for a price and none was filled; order 1 waited for at most 97.5 (its limit), the "
        "market's low was 98.25 in the bar of 2024-01-22T14:32:00Z"
    )


def test_a_stop_that_is_never_met_says_how_near_the_market_came(lab: Lab) -> None:
    minutes = table("09:30 100 101 99.5 100 500\n09:31 100 102.5 99 100 500\n09:32 100 101 98.25 100 500")
    ran = lab.add(AAA, minute=minutes).run(decides('return [stop("BUY", 1, "103")] if self.bars == 1 else []'))
    assert (
        "order 1 waited for at least 103 (its stop), the market's high was 102.5"
        in (ran.issue("ORDERS_NEVER_FILLED")["message"])
    )


def test_a_market_order_that_waits_a_whole_session_for_a_bar_is_stale(lab: Lab) -> None:
    without = ("2024-01-23", "2024-01-24")
    code = 'return [order("BUY", 1)] if self.bars == 10 else []'
    ran = lab.add(AAA, minute=days(without=without)).run(decides(code), end="2024-01-31 16:00")
    assert found(ran) == {"STALE_FILL"}
    text = ran.issue("STALE_FILL")["message"]
    assert "order 1, placed 2024-01-22T14:40:00Z and filled 2024-01-25T14:30:00Z, 3.0 days later" in text


def test_an_order_after_the_last_bar_of_a_day_waits_for_the_next_morning_and_is_not_stale(lab: Lab) -> None:
    code = 'return [order("BUY", 1)] if self.bars == 10 else []'
    assert found(lab.add(AAA, minute=days()).run(decides(code), end="2024-01-31 16:00")) == set()


def test_sessions_without_a_bar_inside_a_holding_are_named(lab: Lab) -> None:
    without = ("2024-01-24", "2024-01-29", "2024-01-30")
    code = 'return [order("BUY", 1)] if self.bars == 1 else [order("CLOSE")] if self.bars == 41 else []'
    ran = lab.add(AAA, minute=days(without=without)).run(decides(code), end="2024-01-31 16:00")
    assert found(ran) == {"HOLE_IN_HOLDING"}
    assert "AAA has no bar on 2024-01-24, 2024-01-29, 2024-01-30, sessions" in ran.issue("HOLE_IN_HOLDING")["message"]


def test_holes_while_flat_are_not_the_runs_concern(lab: Lab) -> None:
    code = 'return [order("BUY", 1)] if self.bars == 1 else [order("CLOSE")] if self.bars == 5 else []'
    ran = lab.add(AAA, minute=days(without=("2024-01-24",))).run(decides(code), end="2024-01-31 16:00")
    assert "HOLE_IN_HOLDING" not in ran.codes


PRICES = {
    "one trade made it all": ([100, 99, 100, 99, 100, 99, 100, 99, 100, 110], {"ONE_TRADE_DECIDES"}),
    "most trades made something": ([100, 101, 100, 101, 100, 101, 100, 99, 100, 102], set()),
    "all lost": ([100, 99, 100, 99, 100, 99, 100, 99, 100, 99], set()),
}


@pytest.mark.parametrize("name", PRICES)
def test_a_result_that_hangs_on_one_trade(lab: Lab, name: str) -> None:
    prices, expected = PRICES[name]
    begin = at("09:30")
    flat = [[begin, begin + MINUTE, 10_000, 10_000, 10_000, 10_000, 100]]
    rows = flat + [
        [begin + n * MINUTE, begin + (n + 1) * MINUTE, *[price * 100] * 4, 100] for n, price in enumerate(prices, 1)
    ]
    code = 'return [order("BUY", 1) if self.bars % 2 else order("CLOSE")]'
    ran = lab.add(AAA, minute=bars(rows)).run(decides(code))
    assert found(ran) == expected


def test_cash_that_lies_idle(lab: Lab) -> None:
    code = 'return [order("BUY", 1)] if self.bars == 10 else [order("CLOSE")] if self.bars == 12 else []'
    ran = lab.add(AAA, minute=walk("09:30", 200)).run(decides(code))
    assert found(ran) == {"CASH_IDLE"}


def test_a_result_that_hangs_on_one_day(lab: Lab) -> None:
    rows, price = [], 10_000
    for number, day in enumerate([2, 3, 4, 5, 8, 9, 10, 11, 12, 16, 17, 18, 19, 22, 23, 24, 25, 26, 29, 30, 31]):
        begin = at(f"2024-01-{day:02} 09:30")
        for minute in range(3):
            opened = price
            price += 400 if (number, minute) == (10, 1) else -5
            low, high = min(opened, price), max(opened, price)
            start = begin + minute * MINUTE
            rows.append([start, start + MINUTE, opened, high, low, price, 100])
    lab.add(AAA, minute=bars(rows))
    code = 'return [order("BUY", 100)] if self.bars == 1 else []'
    ran = lab.run(decides(code), start="2024-01-02 09:30", end="2024-01-31 16:00")
    assert found(ran) == {"ONE_DAY_DECIDES"}
    assert "came on 2024-01-17 alone" in ran.issue("ONE_DAY_DECIDES")["message"]


def test_a_run_that_failed_is_not_analysed(lab: Lab) -> None:
    ran = lab.add(AAA, minute=walk("09:30", 20)).run(decides("raise ValueError"))
    assert found(ran) == set()
