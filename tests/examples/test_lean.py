"""The same examples on real bars: SPY, AAPL and ES out of a LEAN data folder, by the command line.

The data is not part of the project; without it these tests are skipped.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from periscope.cli.main import main
from periscope.market.catalog import Catalog
from tests.examples.running import EXAMPLES, figures

LEAN = EXAMPLES.parent.parent / "shared" / "data" / "lean"
pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

CROSS = (
    "moving_averages",
    "--set",
    "bar_time_span=day",
    "--set",
    "fast=20",
    "--set",
    "slow=100",
    "--set",
    "quantity=50",
)
DAYS = ("--core", "execution_span=day")


@pytest.fixture
def catalog(lean_catalog: Catalog) -> Path:
    """A catalog that was imported from the folder."""
    return lean_catalog.root


def backtest(catalog: Path, capsys: pytest.CaptureFixture[str], name: str, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["backtest", str(EXAMPLES / name), *options, "--catalog", str(catalog), "--json", "--quiet"])
    seen = capsys.readouterr()
    assert code == 0, seen.out + seen.err
    result: dict[str, Any] = json.loads(seen.out)
    return result


@pytest.mark.parametrize(
    ("symbol", "start", "end", "bars"),
    [("SPY", "2010-01-04", "2019-12-31", 2516), ("AAPL", "2015-01-02", "2019-12-31", 1258)],
)
def test_moving_averages_on_equities(
    catalog: Path, capsys: pytest.CaptureFixture[str], symbol: str, start: str, end: str, bars: int
) -> None:
    window = ("--start", start, "--end", end, "--set", f"symbol={symbol}")
    result = backtest(catalog, capsys, *CROSS, *DAYS, *window)
    assert (result["status"], result["bars"], figures(result)["issues"]) == ("complete", bars, {})
    assert result["fills"] > 5
    assert backtest(catalog, capsys, *CROSS, *DAYS, *window)["hash"] == result["hash"]


def test_futures_roll_on_es(catalog: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    window = ("--start", "2013-10-09T17:00:00-05:00", "--end", "2013-12-20T16:00:00-06:00", "--out", str(tmp_path))
    result = backtest(catalog, capsys, "futures_roll", "--set", "root=ES", "--set", "lookback=3", *window)
    # The folder has minutes of a few days only, which the run says: days without bars, and orders that waited for one.
    assert (result["status"], figures(result)["issues"]) == ("complete", {"STALE_FILL": 1, "HOLE_IN_HOLDING": 1})
    assert result["fills"] > 5
    lines = [json.loads(line)["line"] for line in (tmp_path / "logs.jsonl").read_text().splitlines()]
    assert lines == ["2013-12-16: roll from ESZ13 to ESH14"]
