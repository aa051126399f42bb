"""What a run leaves behind: result.json, tables that other tools read, and nothing else."""

import json
import math
from decimal import Decimal

import polars as pl
import pytest

from tests.runs.lab import AAA, Lab, Ran, walk

KEYS = """
    status start end bars orders fills final_value net_trading_cash cash statistics issues bars_per_second hash strategy
    config models positions open_orders data catalog cash_flows engine_version elapsed_seconds settlements
    sandbox
"""
TIME = pl.Datetime("us", "UTC")
COLUMNS = {
    "orders": "order_id sequence symbol asset_type side intent order_type time_in_force quantity limit_price stop_price"
    " placed_at state filled_quantity average_fill_price net_money fees closed_at reject_code"
    " reject_message reference_price expires_at origin",
    "fills": "order_id sequence fill_number symbol asset_type side quantity price price_before_slippage fee filled_at"
    " bar_start bar_end bar_span met path rule volume_cap realised_pnl position_after cash_after origin",
    "equity": "time portfolio_value cash",
    "trades": "symbol asset_type direction quantity entry_time exit_time entry_price exit_price gross_pnl fees net_pnl",
    "ledger": "entry time reason account symbol amount",
}
TIMES = "placed_at expires_at closed_at filled_at bar_start bar_end time entry_time exit_time"
INTEGERS = ["sequence", "fill_number", "entry"]
TEXTS = """
    order_id symbol asset_type side intent order_type time_in_force state reject_code reject_message bar_span met path
    rule direction origin reason account
"""
FILES = {"result.json", "logs.jsonl", "journal.jsonl.zst", "bars.jsonl", "strategy"}.union(
    f"{name}.parquet" for name in ("orders", "fills", "equity", "trades", "ledger")
)

TRADE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        print("hello")
        refused = order("SELL_TO_CLOSE", 1)
        return [register(), cash("10000.5"), WithdrawCashAction(D("0.25")), refused, limit("BUY", 1, "1")]
    async def on_bar(self, event):
        self.bars += 1
        return {10: [order("BUY", 3)], 20: [order("CLOSE")], 30: [order("BUY", 2)]}.get(self.bars, [])
"""
NOTHING = "class Strategy(Base):\n    async def on_start(self, as_of_time):\n        return [register()]\n"
FAILS = NOTHING + "    async def on_bar(self, event):\n        raise ValueError\n"
BROKEN = "class Strategy(Base):\n    def on_start(self, as_of_time):\n        return []\n"
LOOPS = NOTHING + "    async def on_bar(self, event):\n        while True: pass\n"


def check_files(ran: Ran) -> None:
    """Exactly these files, each column of its kind, also where there is no row."""
    assert {path.name for path in ran.out.iterdir()} == FILES
    for name, columns in COLUMNS.items():
        schema = ran.table(name).schema
        assert list(schema) == columns.split(), name
        for column, kind in schema.items():
            if column in TIMES.split():
                assert kind == TIME, (name, column)
            elif column in INTEGERS:
                assert kind == pl.Int64, (name, column)
            elif column in TEXTS.split():
                assert kind == pl.String, (name, column)
            else:
                assert isinstance(kind, pl.Decimal), (name, column)
    assert set(ran.document) >= set(KEYS.split())


@pytest.mark.parametrize("source", [TRADE, NOTHING, FAILS, BROKEN, LOOPS])
@pytest.mark.parametrize("in_process", [False, True])
def test_every_run_leaves_the_same_files(lab: Lab, source: str, in_process: bool) -> None:
    if in_process and source == LOOPS:
        source = FAILS
    before = {path.name for path in lab.folder.iterdir()}
    ran = lab.run(source, core={"limits": {"handler_seconds": 0.3}}, in_process=in_process)
    check_files(ran)
    new = {path.name for path in lab.folder.iterdir()} - before
    assert new == {ran.out.name, "strategy1"}, "nothing beside the run's folder"
    assert not list(lab.folder.glob("strategy1/__pycache__")) or in_process


def test_the_document(lab: Lab) -> None:
    ran = lab.run(TRADE, core={"fees": {"per_share": "0.01"}})
    document = ran.document
    assert json.loads((ran.out / "result.json").read_text()) == document
    assert (document["status"], ran.exit_code) == ("complete", 0)
    assert (document["bars"], document["orders"], document["fills"], document["open_orders"]) == (390, 5, 3, 1)
    assert [flow["amount"] for flow in document["cash_flows"]] == ["10000.5", "-0.25"]
    assert document["start"] == "2024-01-22T14:30:00Z"
    assert Decimal(document["final_value"]) - Decimal(document["cash"]) == Decimal(
        document["positions"][0]["market_value"]
    )
    assert Decimal(document["net_trading_cash"]) == Decimal(document["cash"]) - Decimal("10000.25")
    assert document["positions"][0]["quantity"] == "2"
    assert len(document["hash"]) == len(document["strategy"]["version"]) == 64
    assert document["config"]["core"]["fees"]["per_share"] == "0.01"
    (data,) = document["data"]
    assert (data["symbol"], data["span"], data["bars"]) == ("AAA", "minute", 390)
    assert all(set(file) == {"file", "sha256", "rows"} for file in data["files"])
    assert "participation" in document["models"]
    assert [line["line"] for line in ran.logs] == ["hello"]
    assert not [value for value in walk_values(document) if isinstance(value, float) and math.isnan(value)]


def walk_values(value: object) -> list[object]:
    """Every leaf of a document."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in walk_values(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in walk_values(part)]
    return [value]


def test_the_tables_tell_each_order(lab: Lab) -> None:
    ran = lab.run(TRADE, core={"fees": {"per_share": "0.01"}, "slippage": {"ticks": 1}})
    orders = ran.table("orders")
    assert orders["state"].to_list() == ["REJECTED", "WORKING", "FILLED", "FILLED", "FILLED"]
    assert orders["reject_code"].to_list() == ["NO_POSITION_TO_CLOSE", None, None, None, None]
    assert orders["side"].to_list() == ["SELL", "BUY", "BUY", "SELL", "BUY"]
    fills = ran.table("fills")
    moved = (fills["price"] - fills["price_before_slippage"]).to_list()
    assert moved == [Decimal("0.01"), Decimal("-0.01"), Decimal("0.01")]
    assert fills["position_after"].to_list() == [3, 0, 2]
    bars = walk("09:30", 390)
    assert [int(price * 100) for price in fills["price_before_slippage"]] == [int(bars.open[n]) for n in (10, 20, 30)]
    (trade,) = ran.table("trades").iter_rows(named=True)
    assert trade["net_pnl"] == trade["gross_pnl"] - trade["fees"]
    assert trade["fees"] == Decimal("0.06")


def test_no_result_is_written_where_none_is_wanted(lab: Lab) -> None:
    from periscope.runs.backtest import run_backtest
    from tests.runs.lab import window_config

    folder = lab.bundle(TRADE)
    before = sorted(lab.folder.rglob("*"))
    ran = run_backtest(folder, window_config("09:30", "16:00"), lab.catalog)
    assert ran.document()["fills"] == 3
    assert sorted(lab.folder.rglob("*")) == before


def test_a_run_into_the_folder_of_another_replaces_it(lab: Lab) -> None:
    from periscope.runs.backtest import run_backtest
    from tests.runs.lab import window_config

    out = lab.folder / "again"
    for source in (TRADE, NOTHING):
        run_backtest(lab.bundle(source), window_config("09:30", "16:00"), lab.catalog, out=out)
    ran = Ran(json.loads((out / "result.json").read_text()), 0, out)
    assert (ran.document["orders"], len(ran.table("orders")), ran.logs) == (0, 0, [])


def test_total_seconds_end_a_run(lab: Lab) -> None:
    source = NOTHING + "    async def on_bar(self, event):\n        import time; time.sleep(0.02); return [cash(1)]\n"
    ran = lab.run(source, core={"limits": {"total_seconds": 2}})
    assert (ran.document["status"], ran.exit_code, ran.codes[0]) == ("error", 4, "RUN_TIMEOUT")
    assert 0 < ran.document["bars"] < 390


def test_a_share_without_volume_or_with_a_high_scale_is_written(lab: Lab) -> None:
    """Twelve decimals in prices and quantities still fit into the tables."""
    from dataclasses import replace

    fine = replace(AAA, symbol="FINE", price_scale=8, tick=Decimal("1E-8"), quantity_step=Decimal("1E-12"))
    lab.add(fine, minute=walk("09:30", 30, first=123_456_789, step=11))
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("FINE"), cash(100), order("BUY", "0.123456789012", "FINE")]
    async def on_bar(self, event):
        self.bars += 1
        return [order("SELL", "0.023456789012", "FINE")] if self.bars == 7 else []
"""
    ran = lab.run(source, core={"fees": {"per_share": "0.000123456789"}, "slippage": {"basis_points": "0.33"}})
    assert (ran.document["status"], ran.document["fills"]) == ("complete", 2), ran.codes
    check_files(ran)
    assert ran.table("fills")["quantity"].to_list() == [Decimal("0.123456789012"), Decimal("0.023456789012")]
