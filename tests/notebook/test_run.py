"""A backtest from a cell, and its results as frames: exact, complete, and the same as from the command line."""

import asyncio
import gc
import hashlib
import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import periscope
from periscope.cli.main import main
from periscope.cli.output import CliError

START, END = "2023-11-01", "2023-11-10"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, sample_market: Path) -> Path:
    """A workspace with invented data and the strategy `cross`, made once."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("PERISCOPE_CATALOG", raising=False)
        for words in (["init"], ["new", "cross"]):
            assert main(words) == 0
    shutil.copytree(sample_market, folder / "catalog")
    return folder


@pytest.fixture
def desk(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder as a copy of that workspace."""
    shutil.copytree(workspace, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERISCOPE_CATALOG", raising=False)
    return tmp_path


def test_a_run_from_a_cell_is_the_run_of_the_command(desk: Path) -> None:
    run = periscope.backtest("cross", start=START, end=END, quiet=True)
    assert main(["backtest", "cross", "--start", "2023-11-01", "--end", "2023-11-10", "--out", "runs/a", "-q"]) == 0
    same = periscope.load_run("a")
    assert (run.status, run.hash) == ("complete", same.hash)
    assert repr(run).startswith("<Run complete: bars ")
    assert run.verify().holds


def test_tables_are_exact_frames(desk: Path) -> None:
    run = periscope.backtest(
        "cross", start=START, end=END, parameters={"length": 5}, core={"slippage": {"ticks": 1}}, quiet=True
    )
    assert run.orders.height == run.result["orders"]
    assert run.fills.height == run.result["fills"] > 10
    assert isinstance(run.fills.schema["price"], pl.Decimal)
    assert run.equity.schema["time"] == pl.Datetime("us", "UTC")
    assert run.equity["portfolio_value"][-1] == Decimal(run.result["final_value"]).quantize(Decimal("0.000001"))
    assert set(run.statistics) >= {"sharpe", "max_drawdown"}
    assert run.trades.height > 0
    assert run.issues.columns == ["severity", "code", "count", "message"]
    assert run.logs.columns == ["time", "stream", "line"]


def test_bars_are_those_of_the_catalog(desk: Path) -> None:
    run = periscope.backtest("cross", start=START, end=END, quiet=True)
    symbol, span = run.result["data"][0]["symbol"], run.result["data"][0]["span"]
    bars = run.bars(symbol)
    assert bars.height == run.result["bars"]
    assert bars.columns == ["start", "end", "open", "high", "low", "close", "volume"]
    assert isinstance(bars.schema["close"], pl.Decimal)
    filled = run.fills.join(bars, left_on="bar_start", right_on="start")
    assert (filled["price"] == filled["open"]).all(), "market orders fill at the opens of these bars"
    assert run.bars(symbol, span).equals(bars)
    with pytest.raises(LookupError, match=f"the run did not read NOPE bars; it read {symbol} {span}"):
        run.bars("NOPE")


def test_the_report_shows_below_the_cell(desk: Path) -> None:
    run = periscope.backtest("cross", start=START, end=END, quiet=True)
    shown = run._repr_html_()
    assert shown.startswith('<iframe title="Periscope report"')
    assert "&lt;!doctype html&gt;" in shown[:300].lower()
    assert "<script" not in shown, "the page must stay inside its frame"


def test_a_kept_run_is_found_by_its_number(desk: Path) -> None:
    assert main(["publish", "cross"]) == 0
    assert main(["runs", "create", "cross@1", "--start", "2023-11-01", "--end", "2023-11-10"]) == 0
    assert main(["runs", "start", "1", "--wait"]) == 0
    assert main(["verify", "1", "-q"]) == 0
    assert main(["compare", "1", "1"]) == 0
    assert main(["explain", "1", "1"]) == 0
    assert main(["ledger", "1"]) == 0
    assert main(["verify", "2", "-q"]) == 6
    _give_away(desk)
    run = periscope.load_run(1)
    assert (run.status, run.fills.height) == ("complete", run.result["fills"])
    folder = run.folder
    del run
    gc.collect()
    assert not folder.exists(), "a temporary folder goes with the object"


def _give_away(desk: Path) -> None:
    """The archive of a run names no place of this machine, and is verified elsewhere with the data that is there."""
    elsewhere = desk.parent / f"{desk.name}-elsewhere"
    elsewhere.mkdir()
    assert main(["runs", "export", "1", str(elsewhere / "run.zip")]) == 0
    shutil.unpack_archive(elsewhere / "run.zip", elsewhere)
    about = json.loads((elsewhere / "run.json").read_text())
    for name, file in about["files"].items():
        content = (elsewhere / "results" / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    for path in elsewhere.rglob("*"):
        assert path.is_dir() or str(desk).encode() not in path.read_bytes(), path
    run = periscope.load_run(elsewhere / "results")
    assert run.result["catalog"] is None
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        assert main(["verify", "results", "-q"]) == 6, "there is no data here"
        shutil.copytree(desk / "catalog", "data")
        assert main(["verify", "results", "-q", "--catalog", "data"]) == 0
        assert main(["explain", "results", "1", "--catalog", "data"]) == 0
        patch.setenv("PERISCOPE_CATALOG", str(elsewhere / "data"))
        assert run.bars(run.result["data"][0]["symbol"]).height == run.result["bars"]


def test_it_works_where_an_event_loop_runs_as_in_a_notebook(desk: Path) -> None:
    async def cell() -> str:
        return periscope.backtest("cross", start=START, end=END, quiet=True).status

    assert asyncio.run(cell()) == "complete"


def test_mistakes_are_told_in_plain_words(desk: Path) -> None:
    with pytest.raises(CliError, match="there is no strategy folder 'nope'"):
        periscope.backtest("nope")
    with pytest.raises(CliError) as wrong:
        periscope.backtest("cross", core={"slipage": "none"})
    assert "slipage" in wrong.value.text()
    with pytest.raises(CliError, match="there is no run 'nope'"):
        periscope.load_run("nope")


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, periscope; print(sorted(m for m in sys.modules if m.startswith(('periscope.', 'polars'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not hasattr(periscope, "nope")
