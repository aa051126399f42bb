"""`periscope explain`: fills, refusals and orders that never filled, told in words and as a document."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, QuoteColumns
from tests.cli.command import Command
from tests.report.lived import lived_run
from tests.runs.lab import AAA, MINUTE, Lab, at, table

BARS = """
09:30 100 101 99 100 1000
09:31 100 102 98 101 600
09:32 101 103 100 102 600
09:33 102 103 101 102 1000
"""
TRADES = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("50000"), order("SELL_TO_CLOSE", 1)]
    async def on_bar(self, event):
        self.bars += 1
        if self.bars == 1:
            return [
                order("BUY", 150),
                limit("BUY", 10, "98"),
                limit("BUY", 10, "99"),
                stop("BUY", 10, "200"),
                order("BUY", 5000),
                limit("BUY", 10, "50", time_in_force=TimeInForce.IOC),
            ]
        return []
"""
CORE = {
    "participation": "0.1",
    "slippage": {"ticks": 2},
    "fees": {"per_share": "0.005", "minimum": "1", "per_contract": "2"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run; its catalog is beside it."""
    lab = Lab(tmp_path_factory.mktemp("explain"))
    lab.add(AAA, minute=table(BARS))
    ran = lab.run(TRADES, core=CORE)
    return ran.out


def told(command: Command, run: Path, order: str) -> dict[str, Any]:
    outcome = command("explain", str(run), order, "--json")
    assert outcome.code == 0, outcome.err
    document = outcome.json
    assert isinstance(document, dict)
    return document


def test_a_fill_names_its_bar_rule_price_volume_fee_and_what_would_change_it(
    periscope_command: Command, run: Path
) -> None:
    document = told(periscope_command, run, "2")
    first, second = document["fills"][:2]
    assert first["bar"]["open"] == "100"
    assert first["rule"] == "market at the open"
    assert (first["price_before_slippage"], first["price"]) == ("100", "100.02")
    assert first["volume"] == {"counted": "1000", "of": "the last complete bar", "participation": "0.1", "cap": "100"}
    assert first["fee"]["amount"] == "1"
    assert first["fee"]["order_owes"] == "1"
    assert (second["quantity"], second["fee"]["amount"], second["fee"]["order_owed_before"]) == ("50", "0", "1")
    changes = " ".join(first["would_change"])
    assert "the next bar opened at 101" in changes
    assert "core.participation" in changes
    assert "without slippage the price would have been 100" in changes


def test_what_never_filled_says_which_price_would_have(periscope_command: Command, run: Path) -> None:
    touched = told(periscope_command, run, "3")
    assert touched["end"]["state"] == "WORKING"
    assert touched["rested"]["lowest"] == {"price": "98", "bar_start": "2024-01-22T14:31:00Z"}
    helped = " ".join(touched["end"]["would_have_helped"])
    assert "any limit above 98 would have filled" in helped
    assert '"touch"' in helped
    stopped = told(periscope_command, run, "5")
    assert "a stop at 103 would have been touched" in " ".join(stopped["end"]["would_have_helped"])
    at_once = told(periscope_command, run, "7")
    assert at_once["end"]["state"] == "CANCELLED"
    assert "IOC: the first price did not fill all of it" in at_once["end"]["why"]


def test_a_refused_order_says_why_and_what_to_do(periscope_command: Command, run: Path) -> None:
    refused = told(periscope_command, run, "1")
    assert refused["end"]["code"] == "NO_POSITION_TO_CLOSE"
    assert refused["rested"] is None
    poor = told(periscope_command, run, "6")
    assert poor["end"]["code"] == "OUT_OF_CASH"
    assert "missing" in poor["end"]["message"]
    assert poor["end"]["would_have_helped"]


def test_the_words_say_the_same(periscope_command: Command, run: Path) -> None:
    outcome = periscope_command("explain", str(run), "2")
    assert outcome.code == 0
    for part in ("order 2  BUY 150 AAA MARKET", "market at the open", "100 moved by 0.02", "FILLED", "position 100"):
        assert part in outcome.out


def test_an_order_is_found_by_number_id_and_the_beginning_of_its_id(periscope_command: Command, run: Path) -> None:
    order_id = told(periscope_command, run, "4")["order"]["order_id"]
    for name in (order_id, order_id[:13], order_id.upper(), "#4"):
        assert told(periscope_command, run, name)["order"]["sequence"] == 4


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("99", "the run placed orders 1 to 7"),
        ("0", "orders 1 to 7"),
        ("zz", "orders have numbers, 1 to 7"),
        ("", "orders have numbers"),
        ("-1", "orders have numbers"),
    ],
)
def test_an_unknown_order_names_what_there_is(periscope_command: Command, run: Path, order: str, says: str) -> None:
    outcome = periscope_command("explain", str(run), "--", order)
    assert outcome.code == 6
    assert "ORDER_NOT_FOUND" in outcome.err
    assert says in outcome.err


def test_a_near_id_is_named(periscope_command: Command, run: Path) -> None:
    order_id = told(periscope_command, run, "4")["order"]["order_id"]
    wrong = order_id[:-3] + "zzz"
    assert f"{order_id} (order 4)" in periscope_command("explain", str(run), wrong).err


def test_a_folder_that_is_no_run_is_named(periscope_command: Command, run: Path, tmp_path: Path) -> None:
    assert "RUN_NOT_FOUND" in periscope_command("explain", str(tmp_path / "nothing"), "1").err
    empty = periscope_command("explain", str(tmp_path), "1")
    assert (empty.code, "RUN_NOT_READABLE" in empty.err) == (6, True)
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    (damaged / "fills.parquet").write_bytes(b"PAR1 and nothing more")
    broken = periscope_command("explain", str(damaged), "1")
    assert (broken.code, "fills.parquet" in broken.err) == (6, True)


def test_without_the_catalog_the_tables_still_tell(periscope_command: Command, run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(run, moved)
    result = json.loads((moved / "result.json").read_text())
    (moved / "result.json").write_text(json.dumps(result | {"catalog": str(tmp_path / "gone")}))
    document = told(periscope_command, moved, "2")
    assert document["fills"][0]["price"] == "100.02"
    assert "high" not in document["fills"][0]["bar"]
    assert "catalog is not at hand" in document["notes"][0]
    assert periscope_command("explain", str(moved), "2", "--catalog", str(tmp_path / "gone")).code == 5


def test_a_fill_on_quotes_is_explained_by_the_quotes_that_it_met(periscope_command: Command, tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(AAA, minute=table(BARS))
    sides = [
        (10_010, 10_020, 10_000, 10_010, 5),
        (NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, UNKNOWN_VOLUME),
        (9_980, 9_990, 9_970, 9_980, 5),
        (9_960, 9_970, 9_950, 9_960, 5),
    ]
    starts = [at(time) for time in ("09:30", "09:31", "09:32", "09:33")]
    bid = (9_900, 9_910, 9_890, 9_900, 5)
    rows = [(start, start + MINUTE, *bid, *ask) for start, ask in zip(starts, sides, strict=True)]
    quotes = QuoteColumns(*np.array(rows, dtype=np.int64).T.copy())
    lab.catalog.write_bars(AAA, BarTimeSpan.MINUTE, quotes, source="test")
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash("50000")]
    async def on_bar(self, event):
        self.bars += 1
        return [order("BUY", 10), limit("BUY", 10, "99.5")] if self.bars == 1 else []
"""
    out = lab.run(source, core={"quotes": "require", "participation": "0.5"}).out

    (fill,) = told(periscope_command, out, "1")["fills"]
    assert (fill["price"], fill["bar"]["of"]) == ("99.8", "asks")
    assert [fill["bar"][name] for name in ("open", "high", "low", "close")] == ["99.8", "99.9", "99.7", "99.8"]
    assert (fill["bar"]["volume"], fill["volume"]["counted"], fill["volume"]["cap"]) == ("600", "600", "300")
    assert "the next bar opened at 99.6 (2024-01-22T14:33:00Z): 0.2 better a unit" in fill["would_change"]
    rested = told(periscope_command, out, "2")["rested"]
    assert (rested["bars"], rested["lowest"]["price"], rested["highest"]["price"]) == (2, "99.5", "99.9")
    assert "minute (asks) from 2024-01-22T14:32:00Z" in periscope_command("explain", str(out), "1").out


def test_bars_before_an_order_reached_the_market_are_not_counted(periscope_command: Command, tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(AAA, minute=table(BARS))
    out = lab.run(TRADES, core={"latency_seconds": "90"}).out
    assert told(periscope_command, out, "5")["rested"]["bars"] == 1


FIRST_ORDERS = ["reject_message", "reference_price", "expires_at", "origin"]
FIRST_FILLS = ["bar_end", "met", "path", "cash_after", "origin"]


def test_a_run_that_was_kept_before_later_columns_is_explained_as_far_as_it_goes(
    periscope_command: Command, run: Path, tmp_path: Path
) -> None:
    early = tmp_path / "early"
    shutil.copytree(run, early)
    for name, columns in (("orders", FIRST_ORDERS), ("fills", FIRST_FILLS)):
        pl.read_parquet(early / f"{name}.parquet").drop(columns).write_parquet(early / f"{name}.parquet")
    document, whole = told(periscope_command, early, "2"), told(periscope_command, run, "2")
    first = document["fills"][0]
    assert (first["price"], first["cash_after"]) == ("100.02", None)
    for same in ("bar", "rule_in_prose", "volume", "fee", "would_change"):
        assert first[same] == whole["fills"][0][same]
    assert document["notes"] == [
        "this run was kept before orders had reject_message, reference_price, expires_at, origin, which are not told",
        "this run was kept before fills had bar_end, met, path, cash_after, origin, which are not told",
    ]
    outcome = periscope_command("explain", str(early), "2")
    assert outcome.code == 0
    assert "position 100 after it" in outcome.out
    assert "None" not in outcome.out


def test_models_that_charge_nothing_are_named(periscope_command: Command, tmp_path: Path) -> None:
    out = Lab(tmp_path).add(AAA, minute=table(BARS)).run(TRADES).out
    said = periscope_command("explain", str(out), "2").out
    assert "(no slippage modelled)" in said
    assert "(no fees modelled)" in said
    assert "(none)" not in said


def test_an_order_of_the_account_s_own_says_so(periscope_command: Command, tmp_path: Path) -> None:
    out = lived_run(tmp_path).out
    assert "by the account: margin call" in periscope_command("explain", str(out), "6").out
    assert "by the account" not in periscope_command("explain", str(out), "1").out


def test_a_table_that_is_another_one_is_named(periscope_command: Command, run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(run, broken)
    shutil.copy(run / "ledger.parquet", broken / "orders.parquet")
    outcome = periscope_command("explain", str(broken), "1")
    assert outcome.code == 6
    assert "orders.parquet is missing or not readable" in outcome.err
