"""Every example passes its check, type-checks, and comes to the result that its expected.json states.

After a change that is meant to change a result, run `python -m tests.examples.update`.
"""

import json
import os
import subprocess
import sys
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from periscope.execution.fill_models.next_bar import NextBar
from periscope.execution.meeting import Meeting, Side
from periscope.execution.order import Order
from periscope.market.catalog import Catalog
from periscope.runs import backtest
from periscope.runs.verification import verify
from periscope.sandbox.confinement import BEST_FIRST, Tier
from periscope.strategies.static_check import check_bundle
from tests.examples.running import EXAMPLES, NAMES, expectations, figures, run_example

RUNS = [pytest.param(name, run, id="-".join([name, *run["set"]])) for name in NAMES for run in expectations(name)]


def _unless(name: object, shown: str) -> list[pytest.MarkDecorator]:
    """What shows a promise by default is one example, and all with --full."""
    return [] if name == shown else [pytest.mark.full]


def test_all_of_them_are_here() -> None:
    assert {"observe_bars", "moving_averages", "futures_roll", "bracket", "rebalancer"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_check_finds_nothing(name: str) -> None:
    found = check_bundle(EXAMPLES / name)
    assert found.problems == []
    assert found.warnings == []


@pytest.mark.parametrize("name", NAMES)
def test_it_type_checks_as_in_an_editor(name: str, type_cache: Path) -> None:
    folder = EXAMPLES / name
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--explicit-package-bases"),
            *("--cache-dir", str(type_cache), *(file.name for file in sorted(folder.glob("*.py")))),
        ],
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_it_comes_to_the_expected_result(name: str, run: dict[str, Any], market: Catalog) -> None:
    hosted = run_example(name, market, run["set"])
    assert hosted.exit_code == 0
    assert hosted.result["sandbox"]["tier"] in BEST_FIRST
    assert {"set": run["set"], **figures(hosted.result)} == run
    inside = run_example(name, market, run["set"], in_process=True)
    assert inside.result["hash"] == hosted.result["hash"], "in this process it did something else"


def test_a_defect_that_is_planted_is_seen(market: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fill of them all that is off by a cent is another result."""
    honest, number = NextBar._at_first_bar, count()

    def careless(self: NextBar, order: Order, bars: Side, row: int) -> Meeting:
        found = honest(self, order, bars, row)
        return found if next(number) else msgspec.structs.replace(found, price=found.price + Decimal("0.01"))

    monkeypatch.setattr(NextBar, "_at_first_bar", careless)
    with pytest.raises(AssertionError):
        test_it_comes_to_the_expected_result("moving_averages", expectations("moving_averages")[0], market)


@pytest.mark.parametrize("tier", BEST_FIRST)
@pytest.mark.parametrize(
    ("name", "run"), [pytest.param(*run.values, id=run.id, marks=_unless(run.id, "bracket")) for run in RUNS]
)
def test_it_comes_to_the_same_hash_in_each_tier(
    name: str, run: dict[str, Any], tier: Tier, market: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest, "BEST_FIRST", (tier,))
    confined = run_example(name, market, run["set"])
    if confined.exit_code == backtest.NO_SANDBOX:
        pytest.skip(f"no {tier} process can be had on this machine")
    assert confined.result["sandbox"]["tier"] == tier
    assert confined.result["hash"] == run["hash"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "observe_bars"])
def test_it_trades_and_nothing_is_refused(name: str) -> None:
    for run in expectations(name):
        assert run["status"] == "complete"
        assert run["fills"] > 20
        # Who waits for the expiration may place an order at the very moment of it, with the contract's last bar.
        assert run["issues"] == ({"EXPIRED_INSTRUMENT": 1} if "roll=expiration" in run["set"] else {})


def printed(folder: Path) -> list[str]:
    return [json.loads(line)["line"] for line in (folder / "logs.jsonl").read_text().splitlines()]


def test_observe_bars_prints_each_bar(market: Catalog, tmp_path: Path) -> None:
    result = run_example("observe_bars", market, [], out=tmp_path).result
    lines = printed(tmp_path)
    assert result["orders"] == 0
    assert lines[0] == "start 2023-11-01 04:00 UTC, watching ALFA by day"
    assert lines[1].startswith("2023-11-01 13:30 to 20:00  close ")
    assert len(lines) == result["bars"] + 2
    # The day after Thanksgiving ends early.
    assert any(line.startswith("2023-11-24 14:30 to 18:00") for line in lines)


def test_futures_roll_rolls_before_expiry_and_at_it(market: Catalog, tmp_path: Path) -> None:
    run_example("futures_roll", market, [], out=tmp_path / "volume")
    assert printed(tmp_path / "volume") == [
        "2023-03-09: roll from SXH23 to SXM23",
        "2023-06-08: roll from SXM23 to SXU23",
        "2023-09-07: roll from SXU23 to SXZ23",
        "2023-12-07: roll from SXZ23 to SXH24",
    ]
    run_example("futures_roll", market, ["roll=expiration"], out=tmp_path / "expiration")
    assert printed(tmp_path / "expiration")[:2] == [
        "2023-03-17: SXH23 has expired",
        "2023-03-17: roll from SXH23 to SXM23",
    ]


def test_rebalancer_keeps_the_same_books_as_the_platform(market: Catalog, tmp_path: Path) -> None:
    result = run_example("rebalancer", market, [], out=tmp_path).result
    assert printed(tmp_path)[-1].startswith(f"cash {float(result['cash']):.2f}, ")


@pytest.mark.parametrize(
    ("name", "strict"),
    [
        *(pytest.param(name, False, marks=_unless(name, "bracket")) for name in NAMES),
        *(pytest.param(name, True, marks=_unless(name, "rebalancer")) for name in NAMES),
    ],
)
def test_it_verifies(name: str, strict: bool, market: Catalog, tmp_path: Path) -> None:
    ran = run_example(name, market, [], out=tmp_path)
    verdict = verify(tmp_path, market, strict=strict)
    assert verdict.holds, verdict
    assert verdict.hash_again == ran.result["hash"]
