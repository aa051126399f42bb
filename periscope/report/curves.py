"""The equity curve for the page: value, drawdown and monthly returns.

Charts are for looking at, so numbers are floats here; the exact ones are in the tables and in the run's files.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from periscope.market.columns import IntColumn
from periscope.report.equity_file import extremes
from periscope.report.packing import Packed, differences, pack
from periscope.report.run_files import microseconds

type Floats = npt.NDArray[np.float64]

MOST_POINTS = 120_000
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Samples with times in microseconds since 1970-01-01 UTC, portfolio values in money, and the time-weighted index
    (1.0 at the first deposit, so that cash in or out is no return). `first` is the first sample with capital."""

    times: IntColumn
    values: Floats
    index: Floats
    first: int

    def drawdown(self) -> Floats:
        """The index below its peak so far, as a fraction, zero or negative."""
        if len(self.index) == 0:
            return self.index
        return self.index / np.maximum(np.maximum.accumulate(self.index), 1.0) - 1.0


def equity_curve(equity: pl.DataFrame, cash_flows: list[dict[str, Any]]) -> EquityCurve:
    """The curve of a run's equity table (`time`, `portfolio_value`, `cash`) and of the cash that came in or went out.

    A cash flow counts between the last sample at or before its time and the next one, unless the sample at its time
    has just that amount of cash more than the one before: then it counts before that sample.
    """
    if equity.height == 0:
        return EquityCurve(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), 0)
    times = equity["time"].dt.epoch("us").to_numpy()
    values = equity["portfolio_value"].cast(pl.Float64).to_numpy()
    cash = equity["cash"].cast(pl.Float64).to_numpy()
    flows = sorted(
        (_place(times, cash, time, float(flow["amount"])), float(flow["amount"]))
        for flow in cash_flows
        if (time := microseconds(flow.get("time"))) is not None
    )
    return EquityCurve(times, values, _index(values, flows), flows[0][0] if flows else len(times))


def pack_curve(curve: EquityCurve) -> Packed | None:
    """Time in seconds, value in cents, return and drawdown in millionths, each as differences; None without a sample.

    Only the last sample of a second is kept, and of a long curve the lowest and the highest of each short stretch.
    """
    if len(curve.times) == 0:
        return None
    seconds = curve.times // _SECOND
    keep = np.append(np.flatnonzero(np.diff(seconds)), len(seconds) - 1)
    if len(keep) > MOST_POINTS:
        keep = keep[extremes(curve.values[keep], -(-2 * len(keep) // MOST_POINTS))]
    cents = np.rint(curve.values[keep] * 100).astype(np.int64)
    growth = np.rint((curve.index[keep] - 1.0) * 1_000_000).astype(np.int64)
    depth = np.rint(curve.drawdown()[keep] * 1_000_000).astype(np.int64)
    return pack([differences(column) for column in (seconds[keep], cents, growth, depth)])


def monthly_returns(curve: EquityCurve) -> dict[int, dict[int, float]]:
    """The return of each calendar month (UTC) by year and month, from the first month with capital on."""
    if curve.first >= len(curve.times):
        return {}
    months = (curve.times - 1).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    lasts = np.append(np.flatnonzero(np.diff(months)), len(months) - 1)
    returns: dict[int, dict[int, float]] = {}
    before = 1.0
    for last in lasts[lasts >= curve.first].tolist():
        level = float(curve.index[last])
        if before <= 0.0:
            break
        year, month = divmod(int(months[last]), 12)
        returns.setdefault(1970 + year, {})[month + 1] = level / before - 1.0
        before = level
    return returns


def _place(times: IntColumn, cash: Floats, time: int, amount: float) -> int:
    """The position of the first sample that has the cash flow in it."""
    first, after = np.searchsorted(times, [time, time + 1])
    steps = np.diff(cash[first:after], prepend=cash[first - 1] if first > 0 else 0.0)
    same = np.flatnonzero(np.abs(steps - amount) < 1e-6)
    return int(first + same[0]) if len(same) > 0 else int(after)


def _index(values: Floats, flows: list[tuple[int, float]]) -> Floats:
    """The time-weighted index at each sample; flat while there is no capital."""
    index = np.ones(len(values))
    level, base, begin = 1.0, 0.0, 0
    for position, amount in [*flows, (len(values), 0.0)]:
        index[begin:position] = values[begin:position] / base * level if base > 0.0 else level
        before = float(values[position - 1]) if position > begin else base
        level = before / base * level if base > 0.0 else level
        base, begin = before + amount, position
    return index
