"""Many streams take no more memory than a few: 500 symbols and a year of minutes under 2 GB (`--full`)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runs.lab import HEADER, SCHEMA

ROOT = Path(__file__).parents[2]
MINUTES = 390
PROGRAM = """
import json, resource, sys
from datetime import date, timedelta
from pathlib import Path
import numpy as np
from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.market import reading
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.runs import feed
from periscope.runs.backtest import run_backtest
from periscope.runs.config import parse_run_config

symbols, days, folder, step = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
MINUTE = 60_000_000

def instrument(number):
    return Instrument(symbol=f"S{number:03d}", asset_type=AssetType.EQUITY, exchange="XNYS", price_scale=2)

def starts():
    sessions, day, parts = sessions_for("XNYS"), date(2023, 1, 3), []
    while sum(map(len, parts)) < days * 390:
        session = sessions.session_of_day(day)
        day += timedelta(days=1)
        if session is not None:
            parts.append(np.arange(session.open, session.close, MINUTE, dtype=np.int64))
    return np.concatenate(parts)[: days * 390]

def peak():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024

if step == "write":
    catalog, start = Catalog.create(folder / "catalog"), starts()
    for number in range(symbols):
        moves = np.random.default_rng(number).integers(-2, 3, len(start))
        close = 10_000 + np.abs(np.cumsum(moves))
        open_ = close - moves
        high, low = np.maximum(open_, close), np.minimum(open_, close)
        bars = BarColumns(start, start + MINUTE, open_, high, low, close, close)
        catalog.write_bars(instrument(number), BarTimeSpan.MINUTE, bars, source="invented")
elif step == "read":
    feed._ROWS_AHEAD = int(sys.argv[5])
    read, asked = reading.read_bar_file, []
    def counting(kind, path, offset, rows):
        asked.append(rows)
        return read(kind, path, offset, rows)
    reading.read_bar_file = counting
    catalog, start = Catalog(folder / "catalog"), starts()
    window = feed.CatalogFeed(catalog, int(start[0]), int(start[-1]) + MINUTE, extended=False)
    before = peak()
    series = [window.series(each, BarTimeSpan.MINUTE) for each in catalog.instruments.all()]
    for time in start[::30].tolist():
        for each in series:
            each.reach(time + 29 * MINUTE)
            each.release(time)
    rows = sum(each.stop for each in series)
    print(json.dumps({"rows": rows, "grown": peak() - before, "asked": sum(asked)}))
else:
    config = parse_run_config({"environment": {"start": "2023-01-01", "end": "2024-12-31"}, "strategy": {}, "core": {}})
    ran = run_backtest(folder / "bundle", config, Catalog(folder / "catalog"), out=folder / "out").document()
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seen = {name: ran[name] for name in ("status", "bars", "fills", "issues", "bars_per_second")}
    print(json.dumps({**seen, "own": own, "child": child, "series": len(ran["data"])}))
"""
SOURCE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash("100000000"), *(register(f"S{number:03d}", EQUITY) for number in range(SYMBOLS))]
    async def on_bar(self, event):
        self.bars += 1
        if self.bars % EVERY == 0:
            return [order("BUY" if self.bars % (2 * EVERY) else "CLOSE", 1, "S000", EQUITY)]
        return []
"""


def step(folder: Path, symbols: int, days: int, *words: str) -> dict[str, Any]:
    """One step in a process of its own; what it printed."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(symbols), str(days), str(folder), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout or "{}")
    return told


def run(folder: Path, symbols: int, days: int, every: int) -> dict[str, Any]:
    """A market of so many symbols, and a strategy that registers all of them."""
    bundle = folder / "bundle"
    bundle.mkdir()
    (bundle / "strategy.py").write_text(f"{HEADER}SYMBOLS, EVERY = {symbols}, {every}\n{SOURCE}")
    (bundle / "config_schema.json").write_text(SCHEMA)
    step(folder, symbols, days, "write")
    told = step(folder, symbols, days, "run")
    assert (told["status"], told["bars"], told["series"]) == ("complete", symbols * days * MINUTES, symbols), told
    assert told["fills"] == told["bars"] // every - (told["bars"] % every == 0), told
    return told


def test_every_symbol_is_delivered(tmp_path: Path) -> None:
    run(tmp_path, symbols=30, days=1, every=900)


def test_what_is_read_ahead_is_shared_by_the_streams(tmp_path: Path) -> None:
    """25 streams of 15,600 rows are 22 MB. Each row is read once, and some again to see whether there are any."""
    step(tmp_path, 25, 40, "write")
    little, all_at_once = (step(tmp_path, 25, 40, "read", str(rows)) for rows in (25_000, 50_000_000))
    rows = 25 * 40 * MINUTES
    assert little["rows"] == all_at_once["rows"] == rows
    assert little["asked"] == rows + 25 * 1_024
    assert all_at_once["grown"] > 20, (little, all_at_once)
    assert little["grown"] < all_at_once["grown"] - 15, (little, all_at_once)


@pytest.mark.full
def test_five_hundred_symbols_and_a_year_of_minutes_under_two_gigabytes(tmp_path: Path) -> None:
    told = run(tmp_path, symbols=500, days=251, every=20_000)
    print(told)
    assert told["bars"] == 48_945_000
    assert told["own"] + told["child"] < 2_000, told
    assert told["own"] < 700, told
