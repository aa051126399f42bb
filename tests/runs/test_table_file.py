"""Tables that go to disk in parts are the tables that would have been made in one piece."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from periscope.runs import table_file
from periscope.runs.table_file import TableFile
from tests.runs.lab import Lab

COLUMNS = {"number": pl.Int64, "name": pl.String, "money": pl.Decimal}
TRADER = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("100000"), register(), limit("BUY", 1, "1", time_in_force=TimeInForce.GTC)]

    async def on_bar(self, event):
        self.bars += 1
        price = event.bar.close
        return {
            0: [order("BUY", 3), limit("BUY", 2, price, time_in_force=TimeInForce.DAY)],
            1: [order("SELL", 10**9), limit("SELL", 1, price + 1, time_in_force=TimeInForce.DAY)],
            2: [order("SELL", 2)],
        }[self.bars % 3]
"""


def _made(folder: Path, rows: list[tuple[Any, ...]], *, ordered_by: str | None) -> pl.DataFrame:
    folder.mkdir()
    table = TableFile(folder, "table", COLUMNS, ordered_by=ordered_by)
    for row in rows:
        table.add(row)
    table.finish()
    assert [path.name for path in folder.iterdir()] == ["table.parquet"]
    return pl.read_parquet(folder / "table.parquet")


@pytest.mark.parametrize("count", [0, 1, 7, 8, 1_000])
@pytest.mark.parametrize("ordered_by", [None, "number"])
def test_parts_make_the_same_file(
    count: int, ordered_by: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a late value needs more decimals than the parts before it had, and rows come in any order."""
    rows = [(number, f"row {number}", Decimal(number) / 4) for number in range(count)]
    if count > 10:
        rows[-5] = (count - 5, "long", Decimal("0.123456789012345678"))
        rows[20] = (20, None, None)  # type: ignore[assignment]
    if ordered_by is not None:
        random.Random(count).shuffle(rows)
    whole = _made(tmp_path / "whole", rows, ordered_by=ordered_by)
    monkeypatch.setattr(table_file, "PART_ROWS", 8)
    monkeypatch.setattr(table_file, "_SORTED_AT_ONCE", 64)
    parts = _made(tmp_path / "parts", rows, ordered_by=ordered_by)
    assert parts.equals(whole)
    assert parts.schema == whole.schema
    assert parts["number"].to_list() == list(range(count))


def test_a_runs_tables_do_not_depend_on_how_they_were_cut(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With orders that end late, and one that never ends."""
    whole = lab.run(TRADER, in_process=True)
    monkeypatch.setattr(table_file, "PART_ROWS", 10)
    monkeypatch.setattr(table_file, "_SORTED_AT_ONCE", 50)
    parts = lab.run(TRADER, in_process=True)
    assert whole.document["orders"] > 500
    assert (whole.document["open_orders"], whole.document["fills"]) == (
        whole.table("orders").filter(pl.col("state") == "WORKING").height,
        whole.table("fills").height,
    )
    for name in ("orders", "fills", "trades", "ledger", "equity"):
        assert parts.table(name).equals(whole.table(name)), name
    assert whole.table("orders")["sequence"].to_list() == list(range(1, whole.document["orders"] + 1))
    assert sorted(path.name for path in parts.out.iterdir()) == sorted(path.name for path in whole.out.iterdir())
