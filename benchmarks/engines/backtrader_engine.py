"""Backtrader at its defaults (`preload`, `runonce`), without observers.

Prices and money are floats. The means are its own indicators, computed over whole columns. The clock starts when the
bars have been read into its lines and the indicators have not yet been computed.
"""

from importlib.metadata import version
from time import perf_counter

import backtrader as bt
import pandas as pd

from benchmarks.bars import Bars
from benchmarks.engines.job import Case, Job, Outcome

TINY = 1e-7
"""Between float rounding and the smallest real difference of two means of cents."""


class Empty(bt.Strategy):
    """Sees every bar and does nothing."""

    def __init__(self) -> None:
        self.began = 0.0
        self.orders = 0

    def start(self) -> None:
        """Starts the clock: the bars are loaded."""
        self.began = perf_counter()

    def next(self) -> None:
        """Does nothing."""


class Cross(Empty):
    """Long while the fast mean is above the slow one, else flat."""

    params = (("job", None),)

    def __init__(self) -> None:
        super().__init__()
        self.fast = bt.indicators.SimpleMovingAverage(self.data.close, period=self.p.job.fast)
        self.slow = bt.indicators.SimpleMovingAverage(self.data.close, period=self.p.job.slow)
        self.long = False

    def next(self) -> None:
        """Orders at each crossing. The engine calls this from the first bar that has both means."""
        long = self.fast[0] - self.slow[0] > TINY
        if long == self.long:
            return
        if long:
            self.buy(size=self.p.job.quantity)
        else:
            self.sell(size=self.p.job.quantity)
        self.long = long
        self.orders += 1


def run(job: Job) -> Outcome:
    """Runs one case."""
    began = perf_counter()
    frame = _frame(Bars.load(job.folder / "bars.npz"))
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
    cerebro.broker.setcash(job.cash)
    if job.case is Case.EMPTY:
        cerebro.addstrategy(Empty)
    else:
        cerebro.addstrategy(Cross, job=job)
    [strategy] = cerebro.run()
    ended = perf_counter()
    return Outcome(
        engine="Backtrader",
        version=version("backtrader"),
        bars=len(strategy.data),
        orders=strategy.orders,
        final_value=f"{cerebro.broker.getvalue():.2f}",
        load_seconds=strategy.began - began,
        run_seconds=ended - strategy.began,
        notes="floats; means precomputed over whole columns; no observers",
    )


def _frame(bars: Bars) -> pd.DataFrame:
    prices = {name: getattr(bars, name) / 100 for name in ("open", "high", "low", "close")}
    starts = pd.to_datetime(bars.start, unit="us")
    return pd.DataFrame(prices | {"volume": bars.volume.astype(float)}, index=starts)
