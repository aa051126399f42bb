"""Nautilus Trader with every setting that we found to make it faster, whether or not anybody would know of it.

- pandas 3 keeps text in Arrow arrays. Nautilus appends each closed position to a pandas series, so that a run's cost
  grows with the square of its trades, and Arrow makes that many times dearer. One option of pandas turns that off
  (with pandas 2 it is off anyway).
- Hedging instead of netting: each trade is a position of its own and the sale names the position that it closes. With
  netting, Nautilus keeps a pickled copy of the one position each time it is reopened.
- With the empty handler the bars do not move the simulated market, as no order is ever there to be filled.
"""

import pandas as pd
from nautilus_trader.model.data import Bar
from nautilus_trader.model.enums import OmsType, OrderSide
from nautilus_trader.model.events import PositionOpened

from benchmarks.engines.job import Case, Job, Outcome
from benchmarks.engines.nautilus import SHARE, TINY, Cross, Empty, run_strategy

pd.options.future.infer_string = False

NOTES = "hedging, pandas without Arrow text; empty: bars do not move the market"


class HedgingCross(Cross):
    """The same orders, where a sale names the position that it closes."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.opened = None

    def on_position_opened(self, event: PositionOpened) -> None:
        """Keeps the position's name for the sale."""
        self.opened = event.position_id

    def on_bar(self, bar: Bar) -> None:
        """Orders at each crossing."""
        if not self.slow.initialized:
            return
        long = self.fast.value - self.slow.value > TINY
        if long is self.long:
            return
        if long:
            self.submit_order(self.order_factory.market(SHARE.id, OrderSide.BUY, self.quantity))
        else:
            order = self.order_factory.market(SHARE.id, OrderSide.SELL, self.quantity)
            self.submit_order(order, position_id=self.opened)
        self.long = long
        self.orders += 1


def run(job: Job) -> Outcome:
    """Runs one case."""
    strategy = Empty() if job.case is Case.EMPTY else HedgingCross(job)
    return run_strategy(
        job,
        strategy,
        name="Nautilus Trader, tuned",
        oms_type=OmsType.HEDGING,
        notes=NOTES,
        bar_execution=job.case is not Case.EMPTY,
    )
