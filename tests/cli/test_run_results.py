"""What runs have left behind, from the command line: tables a page at a time, logs, issues, report, export."""

import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from periscope.runs.lifecycle import Move
from periscope.runs.processes import own_process
from periscope.runs.result_rows import FILL_COLUMNS, ORDER_COLUMNS, TRADE_COLUMNS
from periscope.runs.store.run_rows import AttemptRows, Ending, StoredFile
from periscope.runs.store.store import Store, StorePlace
from tests.cli.anywhere import PLACES, anywhere
from tests.cli.command import Command
from tests.report.make_run import equity_run
from tests.report.write_run import write_run

ISSUE: dict[str, Any] = {
    "id": "1", "component": "strategy", "classification": "user_error", "severity": "warning", "code": "ORDER_REJECTED",
    "message": "no \x1b[2J cash", "count": 3, "first": None, "last": None,
    "location": {"file": "strategy.py", "line": 7, "function": None},
}  # fmt: skip
MADE_UP = {"origin": "strategy", "met": "trades", "path": "", "cash_after": Decimal(0)}
PAGE_SECONDS, PAGE_MEGABYTES = 5, 200


@pytest.fixture(params=PLACES)
def periscope_command(request: pytest.FixtureRequest, periscope_command: Command) -> Iterator[Command]:
    """Runs `periscope ...` against the workspace here, or through a server of it."""
    with anywhere(request.param, periscope_command) as command:
        yield command


@pytest.fixture
def desk(periscope_command: Command, workspace: Path) -> Path:
    """A workspace with one ended run, number 1, whose results were made up, and a new one, number 2."""
    assert periscope_command("publish", "cross").code == 0
    made = write_run(equity_run(bars=500, fills=41), workspace / "made")
    lines = [{"time": "2024-01-02T10:00:00Z", "stream": "stdout", "line": f"line {n} \x1b[31m"} for n in range(30)]
    (made / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    _end_run(workspace, made)
    with Store(StorePlace(workspace / "store")) as store:
        store.runs.create(1, {})
    return workspace


def _complete(table: Path) -> None:
    """Give a table that was made up the columns that runs of today leave."""
    columns = {"orders": ORDER_COLUMNS, "fills": FILL_COLUMNS, "trades": TRADE_COLUMNS}[table.stem]
    frame = pl.read_parquet(table)
    added = [pl.lit(MADE_UP.get(name)).alias(name) for name in columns if name not in frame.columns]
    frame.with_columns(*added).select(*columns).write_parquet(table)


def _end_run(workspace: Path, results: Path) -> None:
    for table in ("orders", "fills", "trades"):
        _complete(results / f"{table}.parquet")
    with Store(StorePlace(workspace / "store")) as store:
        run = store.runs.create(1, {"environment": {}, "strategy": {}, "core": {}})
        store.runs.start(run.id)
        rows = AttemptRows(store.database, run.id, run.attempt)
        assert rows.begin(own_process())
        with store.files.keeping():
            files = [StoredFile(file.name, *store.files.take(file)) for file in sorted(results.iterdir())]
            assert rows.end(Ending(Move.FINISH, None, {"exit_code": 0}, files, [ISSUE]))


@pytest.mark.parametrize("table", ["orders", "fills", "trades"])
def test_tables_come_in_pages_that_miss_nothing(periscope_command: Command, desk: Path, table: str) -> None:
    everything = periscope_command("runs", table, "1", "--json").json
    assert everything["count"] == len(everything[table]) > 9
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = periscope_command("runs", table, "1", "--limit", "9", "--after", str(after), "--json").json
        found += page[table]
        after = page["next"]
    assert found == everything[table]
    assert periscope_command("runs", table, "1", "--after", "100000", "--json").json[table] == []
    assert periscope_command("runs", table, "1").code == 0
    assert periscope_command("runs", table, "1", "--symbol", "' OR 1=1 --", "--json").json["count"] == 0


def test_money_and_times_are_exact_text(periscope_command: Command, desk: Path) -> None:
    with Store(StorePlace(desk / "store")) as store:
        name = next(file.content for file in store.runs.files(1) if file.name == "fills.parquet")
        frame = pl.read_parquet(store.files.path(name))
    listed = periscope_command("runs", "fills", "1", "--json").json["fills"]
    for row, stored in zip(listed, frame.to_dicts(), strict=True):
        assert pl.Series([row["price"]]).str.to_decimal(scale=12).item() == stored["price"]
        assert row["filled_at"].endswith("Z")


def test_logs_are_paged_searched_and_harmless(periscope_command: Command, desk: Path) -> None:
    page = periscope_command("runs", "logs", "1", "--limit", "10", "--after", "25", "--json").json
    assert ([line["line"][:7] for line in page["lines"]], page["count"], page["next"]) == (
        [f"line {n}" for n in range(25, 30)],
        30,
        None,
    )
    assert periscope_command("runs", "logs", "1", "--search", "line 7 ", "--json").json["count"] == 1
    shown = periscope_command("runs", "logs", "1", "--follow").out
    assert "line 29" in shown
    assert "\x1b" not in shown


def test_issues_name_the_place(periscope_command: Command, desk: Path) -> None:
    shown = periscope_command("runs", "issues", "1").out
    assert "ORDER_REJECTED x3" in shown
    assert "strategy.py, line 7" in shown
    assert "\x1b" not in shown
    assert periscope_command("runs", "issues", "1", "--json").json["issues"] == [ISSUE]


def test_an_export_holds_everything_and_its_hashes(periscope_command: Command, desk: Path) -> None:
    assert periscope_command("runs", "export", "1", "run.zip").code == 0
    assert periscope_command("runs", "export", "1", "run.zip").code == 2, "nothing is overwritten"
    assert periscope_command("runs", "export", "1", "again.zip").code == 0
    assert (desk / "run.zip").read_bytes() == (desk / "again.zip").read_bytes()
    with zipfile.ZipFile(desk / "run.zip") as archive:
        about = json.loads(archive.read("run.json"))
        for name, file in about["files"].items():
            assert len(archive.read(f"results/{name}")) == file["bytes"]
        assert "bundle/strategy.py" in archive.namelist()


def test_a_run_without_results_says_so(periscope_command: Command, desk: Path) -> None:
    for words in (("orders", "2"), ("logs", "2"), ("report", "2"), ("export", "2", "x.zip")):
        outcome = periscope_command("runs", *words, "--json")
        assert outcome.code == 2, outcome.out
        assert not (desk / "x.zip").exists()
    for words in (("orders", "99"), ("logs", "99"), ("issues", "99"), ("report", "99"), ("export", "99", "x.zip")):
        assert periscope_command("runs", *words, "--json").json["error"]["code"] == "RUN_NOT_FOUND"
    assert periscope_command("runs", "export", "1", "no/such/folder.zip").code == 2


def test_the_report_is_written(periscope_command: Command, desk: Path) -> None:
    done = periscope_command("runs", "report", "1", "--json")
    assert done.code == 0, done.err
    assert (desk / "run-1.html").read_text().startswith("<!DOCTYPE html>")


def test_damage_is_seen(periscope_command: Command, desk: Path) -> None:
    with Store(StorePlace(desk / "store")) as store:
        name = next(file.content for file in store.runs.files(1) if file.name == "orders.parquet")
        path = store.files.path(name)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    for words in (("orders", "1"), ("report", "1"), ("export", "1", "x.zip")):
        outcome = periscope_command("runs", *words, "--json")
        assert (outcome.code, outcome.json["error"]["code"]) == (5, "STORE_DAMAGED")


def test_very_many_orders_are_paged_without_choking(
    periscope_command: Command, workspace: Path, cases: Callable[..., int]
) -> None:
    count = cases(50_000, 1_000_000)
    assert periscope_command("publish", "cross").code == 0
    made = write_run(equity_run(bars=500, fills=41), workspace / "made")
    small = pl.read_parquet(made / "orders.parquet").drop("sequence")
    many = pl.concat([small] * (count // small.height + 1)).head(count).with_row_index("sequence")
    many.write_parquet(made / "orders.parquet")
    _end_run(workspace, made)
    for after in (0, count // 2, count - 100):
        tracemalloc.start()
        began = time.process_time()
        page = periscope_command("runs", "orders", "1", "--after", str(after), "--json").json
        assert time.process_time() - began < PAGE_SECONDS
        assert tracemalloc.get_traced_memory()[1] < PAGE_MEGABYTES * 1_000_000
        tracemalloc.stop()
        assert page["count"] == count
        assert [row["sequence"] for row in page["orders"]] == list(range(after, after + 100))
    rejected = periscope_command("runs", "orders", "1", "--state", "rejected", "--json").json
    assert rejected["count"] == many.filter(pl.col("state") == "REJECTED").height
