"""The command line with nothing faked: real data, real strategy processes, real exit codes."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from periscope.market.catalog import Catalog
from periscope.runs.exchanges import exchanges_of
from tests.cli.command import Command

COMMAND = [sys.executable, "-c", "import sys; from periscope.cli.main import main; sys.exit(main())"]
WEEK = ("--start", "2023-10-02", "--end", "2023-10-06", "--set", "length=60", "--quiet")


@pytest.fixture
def desk(periscope_command: Command, tmp_path: Path, sample_market: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the sample market and the strategy that `new` makes."""
    monkeypatch.setenv("PERISCOPE_CATALOG", str(sample_market))
    assert periscope_command("init").code == 0
    assert periscope_command("new", "mine").code == 0
    return tmp_path


def backtest_of(command: Command, code: int, *words: str) -> dict[str, Any]:
    outcome = command("backtest", "mine", *WEEK, "--json", *words)
    assert outcome.code == code, outcome.out + outcome.err
    assert "Traceback" not in outcome.err
    document = outcome.json
    assert isinstance(document, dict)
    return document


def replace_in_strategy(desk: Path, old: str, new: str) -> None:
    file = desk / "strategies" / "mine" / "strategy.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_template_trades_on_the_sample_and_repeats_itself(periscope_command: Command, desk: Path) -> None:
    first = backtest_of(periscope_command, 0)
    assert first["status"] == "complete"
    assert first["bars"] == 5 * 390
    assert first["fills"] > 2
    assert first["issues"] == []
    assert backtest_of(periscope_command, 0)["hash"] == first["hash"]


def test_out_keeps_files_and_a_report(periscope_command: Command, desk: Path) -> None:
    backtest_of(periscope_command, 0, "--out", "runs/first")
    kept = {path.name for path in (desk / "runs" / "first").iterdir()}
    assert kept >= {"result.json", "orders.parquet", "fills.parquet", "equity.parquet", "trades.parquet", "report.html"}


@pytest.mark.parametrize(
    ("old", "new", "code", "issue", "line_of"),
    [
        ("        return []\n", "        return None\n", 4, "INVALID_ACTIONS", None),
        ("        close = event.bar.close\n", "        close = 1 / 0\n", 4, "STRATEGY_EXCEPTION", "1 / 0"),
        ("        close = event.bar.close\n", "        while True: pass\n", 4, "HANDLER_TIMEOUT", "while True"),
        ("        validate_config(config)\n", "        raise OSError('no')\n", 4, "STRATEGY_EXCEPTION", "no"),
        ("class Strategy(StrategyBase):", "class Strategy(StrategyBase:", 3, "BUNDLE_INVALID", "StrategyBase:"),
    ],
)
def test_a_broken_strategy_has_its_own_issue_line_and_exit_code(
    periscope_command: Command, desk: Path, old: str, new: str, code: int, issue: str, line_of: str | None
) -> None:
    replace_in_strategy(desk, old, new)
    document = backtest_of(periscope_command, code, "--core", "limits.handler_seconds=0.5")
    assert document["status"] == "error"
    first = document["issues"][0]
    assert first["code"] == issue
    assert first["classification"] == "user_error"
    if line_of is not None:
        lines = (desk / "strategies" / "mine" / "strategy.py").read_text().splitlines()
        assert line_of in lines[first["location"]["line"] - 1]


def test_bad_parameters_and_missing_data_have_their_own_exit_codes(periscope_command: Command, desk: Path) -> None:
    unknown = backtest_of(periscope_command, 3, "--set", "symbol=ALFX")
    assert unknown["issues"][0]["code"] == "CONFIG_INVALID"
    assert "ALFA" in unknown["issues"][0]["message"]
    schema = backtest_of(periscope_command, 3, "--set", "length=0")
    assert "length" in schema["issues"][0]["message"]
    empty = backtest_of(periscope_command, 5, "--start", "2010-01-04", "--end", "2010-01-08")
    assert empty["issues"][0]["code"] == "NO_BARS_DELIVERED"


def test_ctrl_c_ends_a_run_with_what_there_is(desk: Path) -> None:
    slow = "        import time; time.sleep(0.005); print('x' * 1_000)\n"
    replace_in_strategy(desk, "        close = event.bar.close\n", slow + "        close = event.bar.close\n")
    words = ["backtest", "mine", *WEEK, "--json", "--out", "runs/cut"]
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        logs = desk / "runs" / "cut" / "logs.jsonl"
        while run.poll() is None and not (logs.exists() and logs.stat().st_size):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert b'"status": "stopped"' in out
    assert b"stopped at 2023-10-0" in err
    assert b"Traceback" not in err
    assert (desk / "runs" / "cut" / "result.json").exists()


def test_a_date_means_the_trading_day_of_the_exchange_that_the_parameters_name(
    periscope_command: Command, desk: Path, sample_market: Path
) -> None:
    shape = {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "FUTURE", "default": "SX"}
    (desk / "config_schema.json").write_text(json.dumps({"type": "object", "properties": {"root": shape}}))
    catalog = Catalog(sample_market)
    assert exchanges_of(desk, {}, catalog) == ["CME"]
    assert exchanges_of(desk, {"root": " sxz23 "}, catalog) == ["CME"]
    assert exchanges_of(desk, {"root": "NOPE"}, catalog) == []
    assert exchanges_of(desk / "strategies" / "mine", {"symbol": "ALFA"}, catalog) != []
    assert exchanges_of(desk / "nowhere", {}, catalog) == []
