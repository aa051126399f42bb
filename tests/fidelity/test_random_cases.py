"""Random orders on real bars: the engine must come to what a second, plain calculation of LEAN's rules comes to.

Nothing of the prices or the orders is stored: a seed makes a case anew each time it is run.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fidelity.cases import Case, read_file
from tests.fidelity.catalogs import Catalogs
from tests.fidelity.lean import run_case
from tests.fidelity.naive.engine import Run
from tests.fidelity.naive.random_cases import FAMILIES, contract_month, make, prepared

SHARED = Path(__file__).resolve().parents[3] / "shared"
FEW, MANY = 5, 600
REGRESSIONS = {
    10: "midnight is a sample of the curve, but does not put off the next one",
    102: "futures trade on a bank holiday until its early close",
    39: "a resting order that a price has made too large becomes invalid, even where it would not fill",
    120: "what rests is looked at again when the orders of a step have filled",
    535: "the net profit is that of the last sample, to four decimals",
    572: "the curve is sampled from the first quote on, even before the first trade",
    687: "what is placed after a contract has gone was never an order, however large",
}
pytestmark = pytest.mark.skipif(
    not (SHARED / "data" / "lean").is_dir(), reason="LEAN's data and published cases are not beside the project"
)


def compared(made: dict[str, Any], folder: Path) -> list[str]:
    """The lines in which the engine differs from the expected values of a case."""
    file = folder / "case.json"
    file.write_text(json.dumps([made]))
    case = read_file(file)[0]
    assert isinstance(case, Case), case
    catalogs = Catalogs(SHARED, folder / "catalogs")
    result = run_case(case, "trace", catalogs, folder / "run", in_process=True)
    if "error" in result:
        return [result["error"]]
    return [f"{each['name']}: {each['expected']} | {each['actual']}" for each in result["lines"] if not each["equal"]]


@pytest.mark.parametrize("seed", sorted({*range(FEW), *REGRESSIONS}))
def test_engine_agrees_with_the_plain_calculation(seed: int, tmp_path: Path) -> None:
    made = make(seed, SHARED / "data")
    if made is None or not made["order_trace"]:
        pytest.skip("the draw comes to a margin call, a resting order across a split, or no order")
    assert compared(made, tmp_path) == [], (made["name"], REGRESSIONS.get(seed))


@pytest.mark.full
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_many_random_cases(family: Any, tmp_path: Path) -> None:
    differences = {}
    for seed in range(FAMILIES.index(family), MANY, len(FAMILIES)):
        made = make(seed, SHARED / "data")
        if made is not None and made["order_trace"]:
            folder = tmp_path / str(seed)
            folder.mkdir()
            found = compared(made, folder)
            if found:
                differences[seed] = found
    assert differences == {}


PUBLISHED = ("TimeInForceAlgorithm", "StopLimitOrderRegressionAlgorithm", "DividendRegressionAlgorithm",
             "SplitOnTradeBuilderRegressionAlgorithm", "DelistedFutureLiquidateDailyRegressionAlgorithm",
             "FutureStopMarketOrderOnExtendedHoursRegressionAlgorithm")  # fmt: skip
"""Published cases of all kinds that set nothing apart in words."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_plain_calculation_comes_to_the_published_figures(name: str) -> None:
    """What the engine is held against is itself held against what LEAN publishes."""
    cases = json.loads((SHARED / "fidelity" / "cases.json").read_text("utf-8"))
    case = next(each for each in cases if each["name"] == name)
    run: Run = prepared(case, [contract_month(text) for text in case["symbols"]], SHARED / "data")
    figures = run.run()
    assert {name: Decimal(value) for name, value in figures.items()} == {
        name: Decimal(str(case["expected"][name])) for name in figures
    }
    for wanted, found in zip(case["order_trace"], run.trace(), strict=True):
        assert (wanted["status"], wanted["filled_at"]) == (found["status"], found["filled_at"])
        for field in ("fill_price", "fee"):
            left, right = (None if each[field] is None else round(Decimal(each[field]), 9) for each in (wanted, found))
            assert left == right, (wanted["n"], field)
