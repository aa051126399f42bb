"""backtesting.py with its usual idiom: the means are computed over whole columns beforehand (`self.I`).

Prices and money are floats. Orders are filled at the next bar's open, its default. Its run also computes its table
of statistics, which cannot be switched off.
"""

import warnings
from importlib.metadata import version
from time import perf_counter

import backtesting
import numpy as np
import numpy.typing as npt
import pandas as pd
from backtesting import Backtest, Strategy

from benchmarks.bars import Bars
from benchmarks.engines.job import Case, Job, Outcome

TINY = 1e-7
"""Between float rounding and the smallest real difference of two means of cents."""


class Empty(Strategy):
    """Sees every bar and does nothing."""

    orders = 0

    def init(self) -> None:
        """Nothing to prepare."""

    def next(self) -> None:
        """Does nothing."""


class Cross(Strategy):
    """Long while the fast mean is above the slow one, else flat."""

    fast = slow = quantity = 0
    orders = 0

    def init(self) -> None:
        """Computes both means over all bars."""
        self.fast_mean = self.I(_mean, self.data.Close, self.fast)
        self.slow_mean = self.I(_mean, self.data.Close, self.slow)
        self.long = False

    def next(self) -> None:
        """Orders at each crossing. The engine calls this from the first bar that has both means."""
        long = self.fast_mean[-1] - self.slow_mean[-1] > TINY
        if long == self.long:
            return
        if long:
            self.buy(size=self.quantity)
        else:
            self.position.close()
        self.long = long
        Cross.orders += 1


def _mean(values: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    cents = np.concatenate(([0], np.cumsum(np.rint(values * 100).astype(np.int64))))
    means = np.full(len(values), np.nan)
    means[length - 1 :] = (cents[length:] - cents[:-length]) / (100 * length)
    return means


def run(job: Job) -> Outcome:
    """Runs one case."""
    warnings.filterwarnings("ignore")
    backtesting.backtesting._tqdm = lambda iterable, **_: iterable
    began = perf_counter()
    frame = _frame(Bars.load(job.folder / "bars.npz"))
    strategy = Empty if job.case is Case.EMPTY else Cross
    test = Backtest(frame, strategy, cash=job.cash)
    loaded = perf_counter()
    choices = {} if job.case is Case.EMPTY else {"fast": job.fast, "slow": job.slow, "quantity": job.quantity}
    result = test.run(**choices)
    ended = perf_counter()
    return Outcome(
        engine="backtesting.py",
        version=version("backtesting"),
        bars=len(frame),
        orders=strategy.orders,
        final_value=f"{result['Equity Final [$]']:.2f}",
        load_seconds=loaded - began,
        run_seconds=ended - loaded,
        notes="floats; means precomputed over whole columns; includes its statistics",
    )


def _frame(bars: Bars) -> pd.DataFrame:
    prices = {name.title(): getattr(bars, name) / 100 for name in ("open", "high", "low", "close")}
    starts = pd.to_datetime(bars.start, unit="us")
    return pd.DataFrame(prices | {"Volume": bars.volume.astype(float)}, index=starts)
