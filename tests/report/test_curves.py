"""The curve of the page agrees with the statistics of the result, whatever cash comes in or goes out."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from periscope.report.curves import equity_curve, monthly_returns, pack_curve
from periscope.report.run_files import read_run
from tests.report import make_run
from tests.report.reading import unpack_columns
from tests.report.write_run import write_run

MINUTE = 60_000_000


def frame(values: list[float], cash: list[float]) -> pl.DataFrame:
    times = pl.Series(range(MINUTE, (len(values) + 1) * MINUTE, MINUTE)).cast(pl.Datetime("us", "UTC"))
    money = pl.Decimal(18, 6)
    return pl.DataFrame(
        {"time": times, "portfolio_value": pl.Series(values).cast(money), "cash": pl.Series(cash).cast(money)}
    )


def flow(minute: float, amount: str) -> dict[str, str]:
    return {"time": f"1970-01-01T00:{int(minute):02d}:{int(minute % 1 * 60):02d}Z", "amount": amount}


FLOWS = {
    # name: (values, cash, flows, index)
    "a deposit at the start": ([100, 110, 99], [100, 0, 0], [flow(0, "100")], [1, 1.1, 0.99]),
    "a deposit between two samples": ([100, 210], [0, 110], [flow(0, "100"), flow(1.5, "110")], [1, 1]),
    "a deposit at a sample's time, after it": (
        [100, 110, 220],
        [0, 0, 110],
        [flow(0, "100"), flow(2, "110")],
        [1, 1.1, 1.1],
    ),
    "a deposit at a sample's time, in it": (
        [100, 210, 231],
        [0, 110, 110],
        [flow(0, "100"), flow(2, "110")],
        [1, 1, 1.1],
    ),
    "all is taken out and comes back": (
        [100, 110, 0, 50, 55],
        [100, 110, 0, 50, 0],
        [flow(0, "100"), flow(2.5, "-110"), flow(3.5, "50")],
        [1, 1.1, 1.1, 1.1, 1.21],
    ),
    "nothing before the first deposit": ([0, 0, 50, 55], [0, 0, 50, 0], [flow(2.5, "50")], [1, 1, 1, 1.1]),
    "no deposit at all": ([0, 0], [0, 0], [], [1, 1]),
}


@pytest.mark.parametrize("case", FLOWS)
def test_cash_in_and_out_is_no_return(case: str) -> None:
    values, cash, flows, index = FLOWS[case]
    curve = equity_curve(frame([float(value) for value in values], [float(value) for value in cash]), flows)
    assert curve.index.tolist() == pytest.approx(index)


@pytest.mark.parametrize("make", [make_run.equity_run, make_run.futures_run])
def test_drawdown_and_returns_agree_with_the_statistics(make: object, tmp_path: Path) -> None:
    assert callable(make)
    made = make(bars=6_000, fills=101)
    run = read_run(write_run(made, tmp_path))
    curve = equity_curve(run.equity, run.result["cash_flows"])
    statistics = run.result["statistics"]
    assert curve.drawdown().min() == pytest.approx(statistics["max_drawdown"], rel=1e-6)
    assert curve.index[-1] - 1 == pytest.approx(statistics["total_return"], rel=1e-6)
    months = [value for year in monthly_returns(curve).values() for value in year.values()]
    assert np.prod([1 + value for value in months]) - 1 == pytest.approx(statistics["total_return"], rel=1e-6)


def test_months_start_with_the_first_deposit_and_are_in_order() -> None:
    times = pl.Series(["2023-11-30T20:00", "2023-12-29T20:00", "2024-01-31T20:00"]).str.to_datetime(
        time_unit="us", time_zone="UTC"
    )
    values = pl.Series([0.0, 110.0, 99.0])
    table = pl.DataFrame({"time": times, "portfolio_value": values, "cash": pl.Series([0.0, 0.0, 0.0])})
    curve = equity_curve(table, [{"time": "2023-12-01T00:00:00Z", "amount": "100"}])
    assert monthly_returns(curve) == {2023: {12: pytest.approx(0.1)}, 2024: {1: pytest.approx(-0.1)}}


def test_a_long_curve_keeps_its_highest_and_lowest_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("periscope.report.curves.MOST_POINTS", 100)
    values = [1000 + 10 * (number % 7) for number in range(3_000)]
    values[1_234], values[2_345] = 5_000, 7
    curve = equity_curve(frame([float(value) for value in values], [0.0] * 3_000), [flow(0, "1000")])
    packed = pack_curve(curve)
    assert packed is not None
    assert packed.rows <= 102
    seconds, cents, _, depth = (
        np.cumsum(column) for column in unpack_columns(packed.text, packed.rows, list(packed.planes))
    )
    assert [int(cents.min()), int(cents.max())] == [700, 500_000]
    assert depth.min() == round((7 / 5_000 - 1) * 1_000_000)
    assert (np.diff(seconds) > 0).all()


def test_an_empty_table_has_no_curve() -> None:
    curve = equity_curve(pl.DataFrame(), [])
    assert pack_curve(curve) is None
    assert monthly_returns(curve) == {}


def test_a_long_table_gives_the_same_months_and_drawdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = write_run(make_run.equity_run(bars=12_000, fills=201), tmp_path)
    whole = read_run(run_dir)
    monkeypatch.setattr("periscope.report.equity_file.MOST_ROWS", 600)
    monkeypatch.setattr("periscope.report.equity_file._BATCH_ROWS", 1_000)
    thin = read_run(run_dir)
    assert whole.equity.height == 12_000
    assert thin.equity.height < 1_000
    curves = [equity_curve(run.equity, run.result["cash_flows"]) for run in (whole, thin)]
    assert monthly_returns(curves[1]) == {year: pytest.approx(m) for year, m in monthly_returns(curves[0]).items()}
    assert curves[1].drawdown().min() == pytest.approx(curves[0].drawdown().min())
