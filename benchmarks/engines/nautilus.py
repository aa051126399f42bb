"""Nautilus Trader by its low-level `BacktestEngine`, as a user would set it up for speed.

Logging is bypassed, nothing is analysed afterwards, and the account is a cash account with netted positions. Bars move
the simulated market (`bar_execution`), as they must for orders to be filled. The means come from Nautilus's own
compiled indicators, and a bar's values are never turned into Python Decimals: both are faster than the alternatives.
Everything else is at its default. `benchmarks.engines.nautilus_tuned` goes further.
"""

from decimal import Decimal
from importlib.metadata import version
from time import perf_counter

import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from benchmarks.bars import SYMBOL, Bars
from benchmarks.engines.job import Case, Job, Outcome

TINY = 1e-7
"""Between float rounding and the smallest real difference of two means of cents."""

VENUE = Venue("XNAS")
SHARE = Equity(
    instrument_id=InstrumentId(Symbol(SYMBOL), VENUE),
    raw_symbol=Symbol(SYMBOL),
    currency=USD,
    price_precision=2,
    price_increment=Price.from_str("0.01"),
    lot_size=Quantity.from_int(1),
    ts_event=0,
    ts_init=0,
)
NOTES = "netting, cash account, bars move the market, compiled float indicators"
BAR_TYPE = BarType.from_str(f"{SHARE.id}-1-MINUTE-LAST-EXTERNAL")


class Empty(Strategy):
    """Sees every bar and does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.orders = 0

    def on_start(self) -> None:
        """Asks for the bars."""
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Bar) -> None:
        """Does nothing."""


class Cross(Empty):
    """Long while the fast mean is above the slow one, else flat."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.fast = SimpleMovingAverage(job.fast)
        self.slow = SimpleMovingAverage(job.slow)
        self.quantity = Quantity.from_int(job.quantity)
        self.long = False

    def on_start(self) -> None:
        """Asks for the bars and has both means fed with them."""
        self.register_indicator_for_bars(BAR_TYPE, self.fast)
        self.register_indicator_for_bars(BAR_TYPE, self.slow)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Bar) -> None:
        """Orders at each crossing."""
        if not self.slow.initialized:
            return
        long = self.fast.value - self.slow.value > TINY
        if long is self.long:
            return
        side = OrderSide.BUY if long else OrderSide.SELL
        self.submit_order(self.order_factory.market(SHARE.id, side, self.quantity))
        self.long = long
        self.orders += 1


def run(job: Job) -> Outcome:
    """Runs one case."""
    strategy = Empty() if job.case is Case.EMPTY else Cross(job)
    return run_strategy(job, strategy, name="Nautilus Trader", oms_type=OmsType.NETTING, notes=NOTES)


def run_strategy(
    job: Job, strategy: Empty, *, name: str, oms_type: OmsType, notes: str, bar_execution: bool = True
) -> Outcome:
    """Runs a strategy over the job's bars; `name` and `notes` go into the outcome."""
    began = perf_counter()
    engine, data = _prepare(job, oms_type, bar_execution=bar_execution)
    engine.add_strategy(strategy)
    loaded = perf_counter()
    engine.run()
    ended = perf_counter()
    return Outcome(
        engine=name,
        version=version("nautilus-trader"),
        bars=engine.iteration,
        orders=strategy.orders,
        final_value=str(_final_value(engine, data[-1].close)),
        load_seconds=loaded - began,
        run_seconds=ended - loaded,
        notes=notes,
    )


def _prepare(job: Job, oms_type: OmsType, *, bar_execution: bool) -> tuple[BacktestEngine, list[Bar]]:
    config = BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    engine = BacktestEngine(config)
    engine.add_venue(
        venue=VENUE,
        oms_type=oms_type,
        account_type=AccountType.CASH,
        base_currency=USD,
        starting_balances=[Money(job.cash, USD)],
        bar_execution=bar_execution,
    )
    engine.add_instrument(SHARE)
    data = BarDataWrangler(BAR_TYPE, SHARE).process(_frame(Bars.load(job.folder / "bars.npz")))
    engine.add_data(data, validate=False)
    return engine, data


def _frame(bars: Bars) -> pd.DataFrame:
    """Nautilus stamps a bar with its end. Volume stays a column of integers: pandas 3 hands out a frame of one type

    as a read-only array, which the wrangler of Nautilus 1.231 refuses.
    """
    prices = {name: getattr(bars, name) / 100 for name in ("open", "high", "low", "close")}
    ends = pd.to_datetime(bars.end, unit="us", utc=True)
    return pd.DataFrame(prices | {"volume": bars.volume}, index=ends)


def _final_value(engine: BacktestEngine, last: Price) -> Decimal:
    cash = engine.cache.account_for_venue(VENUE).balance_total(USD).as_decimal()
    held = sum((position.signed_decimal_qty() for position in engine.cache.positions_open()), Decimal(0))
    return Decimal(cash + held * last.as_decimal())
