"""Rule 31: the same daily returns through Periscope and three published packages; docs/statistics.md has the table."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from periscope.portfolio.statistics import StatisticValue
from periscope.portfolio.statistics_equity import EquityAccumulator
from tests.portfolio.references import FIGURES, PACKAGES, RECORD, SERIES, Returns, reference_values
from tests.portfolio.test_statistics import DAY, calendar_days, statistics

RECORDED: dict[str, Any] = json.loads(RECORD.read_text())
CALENDAR_YEARS = {("ffn", "annualised_return"), ("ffn", "calmar")}
"""ffn annualises by calendar days, 365.25 to a year, where the others and Periscope count trading days, 252."""


def ours(returns: Returns) -> dict[str, StatisticValue]:
    """Periscope's statistics of the portfolio that has these daily returns."""
    accumulator = EquityAccumulator(calendar_days)
    start = 10**14
    accumulator.cash_flow(0, value_before=0, amount=start)
    values = np.round(np.cumprod(1 + returns) * start).astype(np.int64)
    accumulator.add(np.arange(1, len(returns) + 1, dtype=np.int64) * DAY, values)
    return statistics(accumulator.summary())


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", SERIES)
def test_every_figure_is_that_of_the_package_but_for_the_deviations_that_are_explained(name: str, package: str) -> None:
    got, theirs = ours(SERIES[name]), RECORDED[name][package]
    assert set(theirs) == set(FIGURES)
    for figure in FIGURES:
        if theirs[figure] is None or (package, figure) not in CALENDAR_YEARS:
            assert got[figure] == (None if theirs[figure] is None else pytest.approx(theirs[figure], rel=1e-8)), figure


@pytest.mark.parametrize("name", SERIES)
def test_ffns_annual_return_is_ours_over_calendar_years(name: str) -> None:
    got, theirs = ours(SERIES[name]), RECORDED[name]["ffn"]
    day = date(2022, 12, 30)
    for _ in SERIES[name]:
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    years = (day - date(2022, 12, 30)).days / 365.25
    assert isinstance(got["total_return"], float)
    annual = (1 + got["total_return"]) ** (1 / years) - 1
    assert theirs["annualised_return"] == pytest.approx(annual, rel=1e-8)
    if theirs["calmar"] is not None:
        assert isinstance(got["max_drawdown"], float)
        assert theirs["calmar"] == pytest.approx(annual / -got["max_drawdown"], rel=1e-8)


def test_undefined_is_undefined_for_them_too_where_there_was_never_a_loss() -> None:
    assert {RECORDED["never a loss"][package]["calmar"] for package in PACKAGES} == {None}
    assert ours(SERIES["never a loss"])["calmar"] is None


@pytest.mark.full  # importing the packages takes seconds
def test_the_record_is_what_the_packages_say() -> None:
    for module in ("empyrical", "quantstats", "ffn"):
        pytest.importorskip(module, reason=f"{module} is not installed: uv sync --group references")
    fresh = reference_values()
    if fresh["versions"] != RECORDED["versions"]:
        pytest.skip(f"recorded with {RECORDED['versions']}, installed are {fresh['versions']}")
    for name in SERIES:
        for package in PACKAGES:
            for figure, value in RECORDED[name][package].items():
                again = fresh[name][package][figure]
                assert again == (None if value is None else pytest.approx(value, rel=1e-12)), (name, package, figure)
