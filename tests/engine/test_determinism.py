"""The same backtest has the same hash: again, elsewhere, and however finely it is cut."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from periscope.engine.backtest import Tuning
from periscope.market.catalog import Catalog
from periscope.runs.backtest import run_backtest
from periscope.runs.config import Environment, RunConfig, default_core
from tests.naive.random_strategies import Case, random_case
from tests.runs.lab import AAA, BBB, HOUR, SCHEMA, Lab, future, walk

ROOT = Path(__file__).parents[2]
SOURCE = """
from random import Random

class Strategy(Base):
    async def on_start(self, as_of_time):
        self.dice = Random(11)
        self.names = {"AAA", "BBB", "XXH4"}
        streams = [register(), register("AAA", EQUITY, Span.HOUR), register("BBB", ETF), register("XXH4", FUTURE)]
        return [*streams, cash("250000.55"), RegisterTimeStepAction(1234.567)]
    async def on_bar(self, event):
        self.bars += 1
        say(sorted(self.names), event.symbol, event.bar.close)
        if self.dice.random() < 0.9:
            return []
        price = event.bar.close + self.dice.choice([-3, 0, 2]) * D("0.05")
        side = self.dice.choice(["BUY", "BUY", "SELL", "SELL_TO_CLOSE"])
        return [limit(side, self.dice.choice([1, 7]), price, event.symbol, event.asset_type)]
    async def on_timer(self, event):
        return [order("CLOSE", symbol="AAA"), CancelLimitsAction("BBB", ETF)]
    async def on_order_update(self, event):
        return [cash(1)] if event.order_state is OrderState.EXPIRED else []
"""
CORE = {"slippage": {"ticks": 1}, "fees": {"per_share": "0.005", "per_contract": "2.25"}, "participation": "0.1"}


@pytest.fixture
def busy(tmp_path: Path) -> Lab:
    """A lab with several streams."""
    lab = Lab(tmp_path).add(AAA, minute=walk("09:30", 390), hour=walk("10:00", 6, length=HOUR))
    lab.add(BBB, minute=walk("09:40", 300, first=500_000, step=100))
    return lab.add(future("XXH4", "15:00"), minute=walk("09:30", 330, step=25))


def test_the_same_run_twice_and_in_this_process(busy: Lab) -> None:
    first = busy.run(SOURCE, core=CORE)
    assert first.document["fills"] > 20
    folder = busy.folder / "strategy1"
    for again in (busy.run(folder, core=CORE), busy.run(folder, core=CORE, in_process=True)):
        assert again.document["hash"] == first.document["hash"]
        assert _comparable(again.document) == _comparable(first.document)
        for name in ("orders", "fills", "equity", "trades", "ledger"):
            assert (again.out / f"{name}.parquet").read_bytes() == (first.out / f"{name}.parquet").read_bytes()
    assert (busy.run(folder, core=CORE).out / "logs.jsonl").read_bytes() == (first.out / "logs.jsonl").read_bytes()


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """What must be the same: all but the speed, where it ran, and how far ahead a run that failed had read."""
    kept = {
        name: value for name, value in document.items() if name not in ("bars_per_second", "elapsed_seconds", "sandbox")
    }
    if document["status"] == "error":
        kept["data"] = [(each["symbol"], each["asset_type"], each["span"]) for each in document["data"]]
    return kept


TUNINGS = [Tuning(1, 1), Tuning(7, 5), Tuning(4096, 64)]
TUNINGS += [tuning for rows in (1, 7, 4096) for budget in (1, 5, 64) if (tuning := Tuning(rows, budget)) not in TUNINGS]


def test_however_finely_it_is_cut(busy: Lab, cases: Callable[..., int]) -> None:
    first = busy.run(SOURCE, core=CORE)
    folder = busy.folder / "strategy1"
    for tuning in TUNINGS[: cases(3, len(TUNINGS))]:
        again = busy.run(folder, core=CORE, tuning=tuning, in_process=tuning.script_budget != 5)
        assert _comparable(again.document) == _comparable(first.document), tuning
        for name in ("orders", "fills", "equity", "trades", "ledger"):
            assert again.table(name).equals(first.table(name)), (name, tuning)


PROGRAM = """
import sys
from pathlib import Path
from tests.engine.test_determinism import CORE
from periscope.market.catalog import Catalog
from periscope.runs.backtest import run_backtest
from tests.runs.lab import window_config
folder, catalog, out = map(Path, sys.argv[1:])
ran = run_backtest(folder, window_config("09:30", "16:00", CORE), Catalog(catalog), out=out)
print(ran.document()["hash"])
"""


def test_elsewhere(busy: Lab) -> None:
    """Another time zone, another language, another hash seed, another working folder."""
    first = busy.run(SOURCE, core=CORE)
    places = [
        {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "4242", "PYTHONOPTIMIZE": "", "LANG": "tr_TR"},
    ]
    for number, place in enumerate(places):
        paths = [busy.folder / "strategy1", busy.catalog.root, busy.folder / f"elsewhere{number}"]
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, paths)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **place},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout.strip() == first.document["hash"], ran.stderr
        for name in ("orders", "fills", "equity", "trades", "ledger"):
            assert (paths[2] / f"{name}.parquet").read_bytes() == (first.out / f"{name}.parquet").read_bytes()


def test_what_differs_has_another_hash(busy: Lab) -> None:
    """Data, settings and code all leave their trace."""
    hashes = [
        busy.run(SOURCE, core=CORE, in_process=True).document["hash"],
        busy.run(SOURCE, core=CORE | {"seed": 1}, in_process=True).document["hash"],
        busy.run(SOURCE, core=CORE | {"limit_fill": "touch"}, in_process=True).document["hash"],
        busy.run(SOURCE + "# another version\n", core=CORE, in_process=True).document["hash"],
        busy.run(SOURCE, core=CORE, end="15:59", in_process=True).document["hash"],
    ]
    assert len(set(hashes)) == len(hashes)


CHANCE = """
import random
FIRST = random.random()

class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash(str(random.randrange(1, 10**9)))]
    async def on_bar(self, event):
        import random as late
        self.bars += 1
        return [cash(str(late.randrange(1, 10**9)) + str(FIRST)[1:8])] if self.bars < 5 else []
"""
LATE = CHANCE.replace("import random\nFIRST = random.random()\n", "FIRST = 0.12345678\n").replace(
    "random.randrange(1, 10**9)", "7", 1
)


@pytest.mark.parametrize("source", [CHANCE, LATE])
def test_random_numbers_follow_the_seed(busy: Lab, source: str) -> None:
    """Drawn while importing, or from a module imported as late as in a handler."""
    folder = busy.bundle(source)
    flows = [busy.run(folder, core={"seed": seed}).document["cash_flows"] for seed in (5, 5, 6)]
    assert flows[0] == flows[1]
    assert flows[0] != flows[2]
    assert len(flows[0]) == 5


@pytest.mark.parametrize("seed", [3, 12, 47, *(pytest.param(seed, marks=pytest.mark.full) for seed in (8, 21, 33))])
def test_random_strategies_in_a_process_of_their_own(tmp_path: Path, seed: int) -> None:
    """The wire changes nothing: hosted and in process, coarse and fine."""
    case = random_case(seed)
    folder = _prepare(tmp_path, case)
    catalog = Catalog(tmp_path / "catalog")
    config = RunConfig(Environment(case.settings.start, case.settings.end), {}, default_core(), case.settings)
    documents = []
    for in_process, tuning in ((False, None), (True, Tuning(7, 5)), (False, Tuning(64, 3))):
        ran = run_backtest(folder, config, catalog, in_process=in_process, tuning=tuning)
        documents.append(_comparable(json.loads(json.dumps(ran.document()))))
    assert documents[0] == documents[1] == documents[2]


def _prepare(folder: Path, case: Case) -> Path:
    catalog = Catalog.create(folder / "catalog")
    catalog.add_instruments(case.market.instruments)
    for (symbol, kind, span), bars in [*case.market.bars.items(), *case.market.quotes.items()]:
        instrument = case.market.find(symbol, kind)
        assert instrument is not None
        catalog.write_bars(instrument, span, bars, source="test")
    bundle = folder / "bundle"
    bundle.mkdir()
    (bundle / "strategy.py").write_text(case.source)
    (bundle / "config_schema.json").write_text(SCHEMA)
    return bundle


def test_order_ids_depend_on_config_and_seed_alone(busy: Lab) -> None:
    first = busy.run(SOURCE, core=CORE, in_process=True)
    folder = busy.folder / "strategy1"
    again = busy.run(folder, core=CORE).table("orders")["order_id"].to_list()
    other = busy.run(folder, core=CORE | {"seed": 9}, in_process=True).table("orders")["order_id"].to_list()
    mine = first.table("orders")["order_id"].to_list()
    assert mine == again
    assert len({*mine, *other}) == len(mine) + len(other)
    assert all(len(text) == 36 and text[14] == "5" for text in mine)


BUSY = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash(1_000_000), RegisterTimeStepAction(7)]
    async def on_timer(self, event):
        self.bars += 1
        return [order("BUY", 1)] if self.bars % 5 == 0 else []
    async def on_bar(self, event):
        return [limit("SELL", 1, "90.00")]
"""


def test_a_block_in_which_much_happens_ends_early_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path).add(AAA, minute=walk("09:30", 60))
    hashes = {lab.run(BUSY, end="2024-01-22 10:30", in_process=True).document["hash"]}
    for most in (0, 1, 7, 100):
        monkeypatch.setattr("periscope.engine.backtest._MOST_RECORDS", most)
        hashes.add(lab.run(BUSY, end="2024-01-22 10:30", in_process=True).document["hash"])
    assert len(hashes) == 1
