"""How well a strategy is confined changes nothing that it does: every tier leaves the same files."""

import json
from pathlib import Path
from typing import Any

import pytest

from periscope.runs.backtest import run_backtest
from periscope.sandbox.confinement import Tier
from periscope.sandbox.probe import probe
from tests.runs.lab import AAA, BBB, Lab, future, walk, window_config

SOURCE = """
import random
from concurrent.futures import ThreadPoolExecutor

class Strategy(Base):
    async def on_start(self, as_of_time):
        self.pool = ThreadPoolExecutor(1)
        streams = [register(), register("BBB", ETF), register("XXH4", FUTURE)]
        return [*streams, cash("250000.55"), RegisterTimeStepAction(1800)]
    async def on_bar(self, event):
        self.bars += 1
        say(event.symbol, event.bar.close, random.random())
        if random.random() < 0.8:
            return []
        price = self.pool.submit(lambda: event.bar.close + random.choice([-3, 0, 2]) * D("0.05")).result()
        side = random.choice(["BUY", "BUY", "SELL", "SELL_TO_CLOSE"])
        return [limit(side, random.choice([1, 7]), price, event.symbol, event.asset_type)]
    async def on_timer(self, event):
        return [order("CLOSE", symbol="AAA")]
"""
TABLES = ("orders.parquet", "fills.parquet", "trades.parquet", "equity.parquet", "logs.jsonl")
OF_THE_PLACE = {"bars_per_second", "elapsed_seconds", "sandbox", "issues"}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path).add(AAA, minute=walk("09:30", 390)).add(BBB, minute=walk("09:40", 300, first=500_000, step=100))
    return lab.add(future("XXH4", "15:00"), minute=walk("09:30", 330, step=25))


def run(lab: Lab, bundle: Path, tier: Tier, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Path]:
    """A run in one tier: its document and its folder."""
    out = lab.folder / f"out-{tier}"
    with monkeypatch.context() as patch:
        patch.setattr("periscope.runs.backtest.BEST_FIRST", (tier,))
        config = window_config("09:30", "16:00", {"slippage": {"ticks": 1}})
        ran = run_backtest(bundle, config, lab.catalog, out=out, trusted=tier is Tier.UNCONFINED)
    assert ran.exit_code == 0, ran.document()["issues"]
    return json.loads((out / "result.json").read_text()), out


def test_every_tier_leaves_the_same_files(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = lab.bundle(SOURCE)
    tiers = [Tier.CONFINED, Tier.UNCONFINED, *([Tier.SEALED] if probe().tier is Tier.SEALED else [])]
    first, first_out = run(lab, bundle, tiers[0], monkeypatch)
    assert first["fills"] > 20
    assert first["sandbox"]["tier"] == "confined"
    for tier in tiers[1:]:
        again, out = run(lab, bundle, tier, monkeypatch)
        assert again["sandbox"]["tier"] == tier.value
        assert again["hash"] == first["hash"]
        assert _same(again) == _same(first)
        for name in TABLES:
            assert (out / name).read_bytes() == (first_out / name).read_bytes(), (tier, name)


def test_only_an_unconfined_run_has_the_issue(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = lab.bundle(
        "class Strategy(Base):\n    async def on_start(self, as_of_time):\n        return [register()]\n"
    )
    for tier, codes in ((Tier.CONFINED, []), (Tier.UNCONFINED, ["RUN_UNCONFINED"])):
        document, _ = run(lab, bundle, tier, monkeypatch)
        assert [issue["code"] for issue in document["issues"] if issue["severity"] != "note"] == codes


def _same(document: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.items() if name not in OF_THE_PLACE}
    kept["issues"] = [issue for issue in document["issues"] if issue["code"] != "RUN_UNCONFINED"]
    return kept
