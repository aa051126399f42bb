"""LEAN's published results come out of the engine, by the traces and by the cases' own logic.

The cases and their data are not part of the project; without them these tests are skipped.
"""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fidelity.cases import FIGURES, Case, read_cases
from tests.fidelity.catalogs import Catalogs
from tests.fidelity.comparing import read_waivers
from tests.fidelity.lean import SHARED, describe, main, run_case
from tests.fidelity.orders import OUTCOMES
from tests.fidelity.own_logic import OWN
from tests.fidelity.running import run_own, run_trace

CASES_FILE = SHARED / "fidelity" / "cases.json"
HERE = Path(__file__).parent
WHY = "needs LEAN's cases at ../shared/fidelity and their data at ../shared/data"
needs_cases = pytest.mark.skipif(not (CASES_FILE.is_file() and (SHARED / "data" / "lean").is_dir()), reason=WHY)

TRACE_CANNOT = {"MACDTrendAlgorithm"}
"""Cases whose trace holds a cancellation that no strategy on the SDK can do; they run by their own logic."""


def _names() -> list[str]:
    if not CASES_FILE.is_file():
        return ["none"]
    return [case["name"] for case in json.loads(CASES_FILE.read_text(encoding="utf-8"))]


def _chosen(names: list[str], every: int) -> list[Any]:
    """Each name; but for each one in `every` the test runs with `--full` only."""
    marks = [[] if place % every == 0 else [pytest.mark.full] for place in range(len(names))]
    return [pytest.param(name, marks=mark) for name, mark in zip(names, marks, strict=True)]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    """All cases by name."""
    return {case.name: case for case in read_cases(CASES_FILE)}


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Catalogs:
    """Catalogs of the cases' files, made when first asked for."""
    return Catalogs(SHARED, tmp_path_factory.mktemp("lean"))


@needs_cases
@pytest.mark.parametrize("name", _chosen([name for name in _names() if name not in TRACE_CANNOT], 5))
def test_a_case_by_its_trace(name: str, cases: dict[str, Case], catalogs: Catalogs, tmp_path: Path) -> None:
    result = run_case(cases[name], "trace", catalogs, tmp_path / "run")
    assert result["equal"], describe(result)


@needs_cases
@pytest.mark.parametrize("name", _chosen(sorted(OWN), 5))
def test_a_case_by_its_own_logic(name: str, cases: dict[str, Case], catalogs: Catalogs, tmp_path: Path) -> None:
    if name not in cases:
        pytest.skip(f"the file of cases has no {name}")
    result = run_case(cases[name], "own", catalogs, tmp_path / "run")
    assert result["passes"], describe(result)
    assert result["equal"] or name == "MACDTrendAlgorithm", describe(result)


def test_what_is_accepted_as_different_is_one_case_and_nothing_else() -> None:
    """A new waiver needs a change here, where it is seen."""
    found = {key: (sorted(waived.orders), waived.reason) for key, waived in read_waivers().items()}
    assert list(found) == [("MACDTrendAlgorithm", "total_orders", "85", "84")]
    ((orders, reason),) = found.values()
    assert orders == ["10", "11"]
    assert "the SDK cannot" in reason


@needs_cases
def test_most_cases_run_by_their_own_logic() -> None:
    assert len(set(OWN) & set(_names())) >= 20


def _blanked(path: Path) -> Path:
    """The cases without anything that the comparison expects, in a file of their own."""
    entries = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    for entry in entries:
        entry["expected"] = dict.fromkeys(FIGURES, "0")
        entry.pop("final_order_states", None)
        entry.pop("other_statistics", None)
        for order in entry["order_trace"]:
            order.update(dict.fromkeys(OUTCOMES), status="filled")
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


BLANKED = (
    "TimeInForceAlgorithm",
    "StopLimitOrderRegressionAlgorithm",
    "DelistedFutureLiquidateDailyRegressionAlgorithm",
)


@needs_cases
@pytest.mark.parametrize("name", _chosen(list(BLANKED), 3))
def test_nothing_that_is_expected_is_read_by_a_run(
    name: str, cases: dict[str, Case], catalogs: Catalogs, tmp_path: Path
) -> None:
    """With the expected figures, statuses, times, prices and fees blanked, every figure and every order is the same."""
    blanked = {case.name: case for case in read_cases(_blanked(tmp_path / "blanked.json"))}
    runs = (run_trace, run_own) if name in OWN else (run_trace,)
    for number, run in enumerate(runs):
        one = run(cases[name], catalogs.of(cases[name]), tmp_path / f"one{number}", in_process=True)
        other = run(blanked[name], catalogs.of(blanked[name]), tmp_path / f"other{number}", in_process=True)
        assert one.figures == other.figures
        assert one.orders == other.orders


@needs_cases
def test_an_open_future_is_worth_what_closing_it_brings(
    cases: dict[str, Case], catalogs: Catalogs, tmp_path: Path
) -> None:
    """The result's own value is LEAN's end equity: at the bid, less the fee for closing."""
    case = cases["WarmupFutureRegressionAlgorithm"]
    outcome = run_trace(case, catalogs.of(case), tmp_path / "run", in_process=True)
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert result["positions"]
    assert Decimal(result["final_value"]) == Decimal(outcome.figures["end_equity"])
    assert result["models"]["account"].startswith("lean")


@needs_cases
def test_a_difference_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One cent more in the expected equity, or in one fill, and the command says so and ends with 1."""
    name = "BasicTemplateDailyAlgorithm"
    entries = [entry for entry in json.loads(CASES_FILE.read_text(encoding="utf-8")) if entry["name"] == name]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(entries))
    assert main(["--cases", str(file), "--data", str(SHARED)]) == 0
    entries[0]["expected"]["end_equity"] = "104486.23"
    file.write_text(json.dumps(entries))
    assert main(["--cases", str(file), "--data", str(SHARED), "--mode", "trace"]) == 1
    assert "X end_equity: expected 104486.23" in capsys.readouterr().out
    entries[0]["expected"]["end_equity"] = "104486.22"
    entries[0]["order_trace"][0]["fill_price"] = "143.372382813"
    file.write_text(json.dumps(entries))
    assert main(["--cases", str(file), "--data", str(SHARED), "--json"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [line["name"] for line in run["lines"] if not line["equal"]] == ["order 1"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no JSON"),
        ("{}", "expected a list of cases"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "expected a list of cases"),
    ],
)
def test_a_file_that_is_no_file_of_cases(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content)
    assert main(["--cases", str(file)]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("how", [["tests/fidelity/lean.py"], ["-m", "tests.fidelity.lean"]])
def test_it_runs_as_a_script_and_as_a_module(how: list[str], tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    ran = subprocess.run(
        [sys.executable, *how, "--cases", str(missing)],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert str(missing) in ran.stderr
