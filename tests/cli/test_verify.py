"""`periscope verify` and `periscope compare` on the runs of a real workspace."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from periscope.cli.main import main
from periscope.runs.journal import zstd
from tests.cli.command import Command

SHORT = ("--start", "2023-11-01", "--end", "2023-11-02", "--set", "length=60", "--quiet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sample_market: Path) -> Path:
    """A workspace with invented data and the strategy `cross`, that has run as `runs/first`."""
    folder = tmp_path_factory.mktemp("verify")
    shutil.copytree(sample_market, folder / "catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("PERISCOPE_CATALOG", raising=False)
        for words in (["init"], ["new", "cross"], ["backtest", "cross", *SHORT, "--out", "runs/first"]):
            assert main(words) == 0
    return folder


@pytest.fixture
def desk(periscope_command: Command, tmp_path: Path, made: Path) -> Path:
    """The current folder as a copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_run_by_its_name_is_verified(periscope_command: Command, desk: Path) -> None:
    done = periscope_command("verify", "first", "--quiet")
    assert done.code == 0, done.err
    assert done.out.startswith("verified: the repetition is the same, event by event (hash ")
    assert periscope_command("data", "diff", "first").out.startswith("the same: ")
    document = periscope_command("verify", str(desk / "runs" / "first"), "--strict", "--quiet", "--json").json
    assert (document["verified"], document["strict"], document["findings"]) == (True, True, [])


def test_a_journal_that_was_changed_is_told_from_a_repetition_that_differs(
    periscope_command: Command, desk: Path
) -> None:
    kept = desk / "runs" / "first" / "journal.jsonl.zst"
    lines = zstd.decompress(kept.read_bytes())
    assert b"WORKING" in lines
    kept.write_bytes(zstd.compress(lines.replace(b"WORKING", b"working", 1)))
    done = periscope_command("verify", "first", "--quiet")
    assert done.code == 10
    assert "the kept journal.jsonl.zst and bars.jsonl have the hash " in done.out
    assert "the first event that differs: after" in done.out


def test_figures_and_tables_that_do_not_follow_from_the_events_are_found(
    periscope_command: Command, desk: Path
) -> None:
    kept = desk / "runs" / "first"
    document = json.loads((kept / "result.json").read_text())
    document["final_value"], document["statistics"]["sharpe"] = "999999", 9.9
    (kept / "result.json").write_text(json.dumps(document))
    shutil.copy(kept / "orders.parquet", kept / "fills.parquet")
    table = pl.read_parquet(kept / "equity.parquet")
    table.write_parquet(kept / "equity.parquet", compression="uncompressed")
    done = periscope_command("verify", "first", "--quiet")
    assert done.code == 10
    assert 'final_value in the result does not follow from its events: "999999" in the first' in done.out
    assert "statistics in the result does not follow from its events: sharpe is 9.9 in the first" in done.out
    assert "fills.parquet is not what the run's events come to" in done.out
    assert "equity.parquet" not in done.out


def test_a_changed_run_ends_with_ten_and_the_first_difference(periscope_command: Command, desk: Path) -> None:
    kept = desk / "runs" / "first" / "strategy" / "strategy.py"
    kept.write_text(kept.read_text().replace("close > self.total", "close < self.total"))
    done = periscope_command("verify", "first", "--quiet")
    assert done.code == 10
    assert "not verified" in done.out
    assert "the kept strategy is version" in done.out
    assert "the first event that differs: after" in done.out
    document = periscope_command("verify", "first", "--quiet", "--json").json
    assert document["verified"] is False
    assert document["difference"]["second"] != document["difference"]["first"]


def test_two_runs_are_compared(periscope_command: Command, desk: Path) -> None:
    other = ("backtest", "cross", *SHORT, "--set", "length=7", "--out", "runs/second")
    assert periscope_command(*other).code == 0
    done = periscope_command("compare", "first", "second")
    assert done.code == 10
    assert "the config differs: strategy.length is" in done.out
    assert "the first event that differs: after" in done.out
    assert periscope_command("compare", "first", "first").code == 0
    document = periscope_command("compare", "first", "second", "--json").json
    assert (document["same"], len(document["facts"])) == (False, 1)


def test_a_run_that_is_not_there_is_named_with_near_ones(periscope_command: Command, desk: Path) -> None:
    done = periscope_command("verify", "firts")
    assert done.code == 6
    assert "RUN_NOT_FOUND" in done.err
    assert "did you mean first?" in done.err


def test_a_folder_that_is_no_run_says_so(periscope_command: Command, desk: Path) -> None:
    done = periscope_command("verify", "strategies")
    assert done.code == 6
    assert "holds no result.json" in done.err
    assert periscope_command("compare", "first", "strategies").code == 6
