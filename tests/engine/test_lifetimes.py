"""Ends of orders that the tables of rules cannot show: dates and exchanges beyond what the session tables know."""

from dataclasses import replace

import pytest

from tests.runs.lab import AAA, Lab

GTD = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        asked = PlaceOrderAction("AAA", EQUITY, OrderIntent.BUY, OrderType.LIMIT, D(1), D(1), None, TimeInForce.GTD)
        return [register(), cash(100), asked]
"""
DAY = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        asked = [
            PlaceOrderAction("TOKYO", EQUITY, OrderIntent.BUY, OrderType.MARKET, D(1), None, None, force)
            for force in (TimeInForce.DAY, TimeInForce.OPG, TimeInForce.ATC, TimeInForce.GTX, TimeInForce.GTC)
        ]
        return [register(), cash(100), *asked]
"""


@pytest.mark.parametrize(
    ("good_till", "state", "code"),
    [
        ("2199-12-31", "WORKING", None),
        ("2024-01-20", "REJECTED", "GOOD_TILL_PAST"),
        ("1901-01-01", "REJECTED", "SESSIONS_UNKNOWN"),
        ("2024-01-22T09:30:00-05:00", "REJECTED", "GOOD_TILL_PAST"),
        (None, "REJECTED", "GOOD_TILL_MISSING"),
    ],
)
def test_good_till_may_be_any_date(lab: Lab, good_till: str | None, state: str, code: str | None) -> None:
    orders = lab.run(GTD, core={"good_till": good_till}).table("orders")
    assert orders["state"].to_list() == [state]
    assert orders["reject_code"].to_list() == [code]


def test_an_exchange_without_a_session_table_takes_only_what_needs_no_sessions(lab: Lab) -> None:
    lab.catalog.add_instruments([replace(AAA, symbol="TOKYO", exchange="XTKS")])
    orders = lab.run(DAY).table("orders")
    assert orders["reject_code"].to_list() == ["SESSIONS_UNKNOWN"] * 4 + [None]
