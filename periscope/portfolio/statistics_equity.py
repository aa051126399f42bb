"""The equity curve as it passes by: what the statistics need of it, in memory that grows with days and not with bars.

Returns are time-weighted. Between two cash flows the portfolio's return is its value over the value right after the
first flow; these chain into an index that starts at 1 with the first deposit, so that money brought in or taken out is
no return, and days without any capital do not count.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type IntColumn = npt.NDArray[np.int64]
type DayNumbers = Callable[[IntColumn], npt.NDArray[np.int32]]
"""Maps times (microseconds since 1970-01-01 UTC) to the number of the trading day each belongs to, days since 1970."""

MONEY_SCALE = 1_000_000
"""Portfolio values come as whole millionths of the run's currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The deepest fall of the index from a peak, as a negative fraction of that peak.

    Times are microseconds since 1970-01-01 UTC: the peak's last moment, the lowest moment, and the first moment back at
    the peak (None: not yet).
    """

    depth: float
    peak_at: int
    trough_at: int
    recovered_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EquitySummary:
    """An equity curve reduced to its trading days.

    `days`, `index` and `values` have one entry for each trading day that counts: its number (days since 1970-01-01),
    the time-weighted index at its last sample (1.0 is the first deposit), and the portfolio value there in millionths.
    `ended_at` is the last sample's time, `last_value` its value, `net_deposits` what was inserted less what was
    withdrawn, both in millionths. `max_drawdown` is None where the index never fell.
    """

    days: tuple[int, ...]
    index: tuple[float, ...]
    values: tuple[int, ...]
    started_at: int | None
    ended_at: int | None
    last_value: int
    net_deposits: int
    max_drawdown: Drawdown | None


class EquityAccumulator:
    """Takes an equity curve in pieces of any size and keeps what the statistics need.

    `day_numbers` comes from the exchange's sessions. A sample belongs to the trading day that is running just before
    it: a bar that ends at the close belongs to the day that closes.
    """

    def __init__(self, day_numbers: DayNumbers) -> None:
        self._day_numbers = day_numbers
        self._days: list[int] = []
        self._index: list[float] = []
        self._values: list[int] = []
        self._base = 0
        self._level = 1.0
        self._started_at: int | None = None
        self._ended_at: int | None = None
        self._last_value = 0
        self._net_deposits = 0
        self._drawdowns = _DrawdownTracker()

    def add(self, times: IntColumn, values: IntColumn) -> None:
        """Take consecutive samples: times in microseconds, ascending, and portfolio values in millionths."""
        assert len(times) == len(values), "one value for each time"
        if len(times) == 0:
            return
        assert self._ended_at is None or times[0] >= self._ended_at, "samples come in the order of time"
        self._ended_at = int(times[-1])
        self._last_value = int(values[-1])
        if self._base <= 0 or self._level <= 0.0:
            return
        index = values.astype(np.float64) / float(self._base) * self._level
        self._keep_days(times, values, index)
        self._drawdowns.add(times, index)

    def cash_flow(self, time: int, *, value_before: int, amount: int) -> None:
        """Note that `amount` (millionths; negative: withdrawn) came in at `time`, when the portfolio was worth
        `value_before` (millionths) without it.
        """
        if self._base > 0 and self._level > 0.0:
            self._level = float(value_before) / float(self._base) * self._level
        self._base = value_before + amount
        self._net_deposits += amount
        self._last_value = self._base
        if self._started_at is None and self._base > 0:
            self._started_at = time
            self._drawdowns.start(time)

    def summary(self) -> EquitySummary:
        """What the samples so far amount to. Cheap; may be asked at any time."""
        return EquitySummary(
            days=tuple(self._days),
            index=tuple(self._index),
            values=tuple(self._values),
            started_at=self._started_at,
            ended_at=self._ended_at,
            last_value=self._last_value,
            net_deposits=self._net_deposits,
            max_drawdown=self._drawdowns.deepest(),
        )

    def _keep_days(self, times: IntColumn, values: IntColumn, index: npt.NDArray[np.float64]) -> None:
        """Keep the last sample of each trading day, in place of an earlier one of the same day."""
        days = self._day_numbers(times - 1)
        last_of_day = np.append(np.flatnonzero(days[1:] != days[:-1]), len(days) - 1)
        if self._days and self._days[-1] == int(days[0]):
            self._days.pop()
            self._index.pop()
            self._values.pop()
        assert not self._days or self._days[-1] < int(days[0]), "trading days come in order"
        self._days.extend(days[last_of_day].tolist())
        self._index.extend(index[last_of_day].tolist())
        self._values.extend(values[last_of_day].tolist())


class _DrawdownTracker:
    """The deepest fall seen so far, its peak, its trough, and its end."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._peak_at = 0
        self._depth = 0.0
        self._deepest_peak = 0.0
        self._deepest_peak_at = 0
        self._trough_at = 0
        self._recovered_at: int | None = None

    def start(self, time: int) -> None:
        """The index is 1 at `time`, the first deposit."""
        self._peak = 1.0
        self._peak_at = time

    def add(self, times: IntColumn, index: npt.NDArray[np.float64]) -> None:
        """Go on with consecutive values of the index."""
        peaks = np.maximum(np.maximum.accumulate(index), self._peak)
        depths = index / peaks - 1.0
        lowest = int(np.argmin(depths))
        search_from = 0
        if depths[lowest] < self._depth:
            self._set_deepest(times, index, peaks, depths, lowest)
            search_from = lowest + 1
        if self._depth < 0.0 and self._recovered_at is None:
            back = np.flatnonzero(index[search_from:] >= self._deepest_peak)
            if len(back) > 0:
                self._recovered_at = int(times[search_from + int(back[0])])
        at_peak = np.flatnonzero(index >= peaks)
        if len(at_peak) > 0:
            self._peak = float(peaks[-1])
            self._peak_at = int(times[at_peak[-1]])

    def deepest(self) -> Drawdown | None:
        """The deepest fall so far, None where the index never fell."""
        if self._depth >= 0.0:
            return None
        return Drawdown(
            depth=self._depth,
            peak_at=self._deepest_peak_at,
            trough_at=self._trough_at,
            recovered_at=self._recovered_at,
        )

    def _set_deepest(
        self,
        times: IntColumn,
        index: npt.NDArray[np.float64],
        peaks: npt.NDArray[np.float64],
        depths: npt.NDArray[np.float64],
        lowest: int,
    ) -> None:
        at_peak = np.flatnonzero(index[: lowest + 1] >= peaks[: lowest + 1])
        self._depth = float(depths[lowest])
        self._deepest_peak = float(peaks[lowest])
        self._deepest_peak_at = int(times[at_peak[-1]]) if len(at_peak) > 0 else self._peak_at
        self._trough_at = int(times[lowest])
        self._recovered_at = None
