"""Memory does not grow with the number of bars: 10 million under 1 GB (`--full`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.lab import HEADER, SCHEMA

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, resource, sys
from pathlib import Path
from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.long_series import long_minute_chunks, long_minute_instrument
from periscope.runs.backtest import run_backtest
from periscope.runs.config import parse_run_config

bars, folder, step = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if step == "write":
    catalog = Catalog.create(folder / "catalog")
    instrument = long_minute_instrument(bars)
    for chunk in long_minute_chunks(bars):
        catalog.write_bars(instrument, BarTimeSpan.MINUTE, chunk, source="test")
else:
    config = parse_run_config({"environment": {"start": "1998-01-01", "end": "2027-12-31"}, "strategy": {}, "core": {}})
    ran = run_backtest(folder / "bundle", config, Catalog(folder / "catalog"), out=folder / "out").document()
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seen = {name: ran[name] for name in ("status", "bars", "fills", "issues", "bars_per_second")}
    print(json.dumps({**seen, "own": own, "child": child}))
"""
SOURCE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("LONG", KIND), cash("100000000")]
    async def on_bar(self, event):
        self.bars += 1
        if self.bars % 20_000 == 0:
            return [order("BUY" if self.bars % 40_000 else "CLOSE", 1, "LONG", KIND)]
        return []
"""


def measure(folder: Path, bars: int) -> dict[str, int]:
    """Megabytes that the run's process and its strategy's took at most, in processes of their own."""
    folder.mkdir()
    bundle = folder / "bundle"
    bundle.mkdir()
    kind = "EQUITY" if bars <= 1_000_000 else "FUTURE"
    (bundle / "strategy.py").write_text(HEADER + f"KIND = {kind}\n" + SOURCE)
    (bundle / "config_schema.json").write_text(SCHEMA)
    told = {}
    for step in ("write", "run"):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(bars), str(folder), step],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout or "{}")
    assert (told["status"], told["bars"]) == ("complete", bars), told["issues"]
    assert told["fills"] == bars // 20_000 - (bars % 20_000 == 0)
    return told


def test_twice_the_bars_take_no_more_memory(tmp_path: Path) -> None:
    """Buffers of the equity curve fill up to half a million rows, so a little comes on top up to there."""
    small, large = (measure(tmp_path / str(bars), bars) for bars in (100_000, 200_000))
    assert large["own"] - small["own"] < 30, (small, large)
    assert large["child"] - small["child"] < 10, (small, large)


@pytest.mark.full
def test_ten_million_bars_under_a_gigabyte(tmp_path: Path) -> None:
    told = measure(tmp_path / "ten", 10_000_000)
    print(told)
    assert told["own"] + told["child"] < 1_000, told
