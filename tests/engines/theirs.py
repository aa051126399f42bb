"""Scenarios through other engines, each at its defaults but for cash and fees. They are run, never copied.

Prices and money of Backtrader and backtesting.py are floats: they are rounded to millionths here.
"""

import warnings
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from tests.engines.scenarios import Placed, Scenario, Told, minute_bars

_PLACES = Decimal("0.000001")


def _exact(value: float) -> Decimal:
    return Decimal(repr(round(float(value), 6))).quantize(_PLACES)


def _frame(scenario: Scenario, *, titles: bool) -> Any:
    pandas = import_module("pandas")
    rows = minute_bars(scenario)
    names = ("open", "high", "low", "close")
    prices: dict[str, list[float]] = {name: [row[2 + n] / 100 for row in rows] for n, name in enumerate(names)}
    columns = {name.title() if titles else name: values for name, values in prices.items()}
    volume = {"Volume" if titles else "volume": [float(row[6]) for row in rows]}
    starts = [datetime.fromtimestamp(row[0] / 1e6, UTC).replace(tzinfo=None) for row in rows]
    return pandas.DataFrame(columns | volume, index=pandas.DatetimeIndex(starts))


def run_backtrader(scenario: Scenario) -> Told:
    """Backtrader: cash account with its default broker; a target and a stop cancel one another (`oco`)."""
    bt = import_module("backtrader")
    told = Told()

    class Scripted(bt.Strategy):  # type: ignore[misc, name-defined]
        def next(self) -> None:
            first: Any = None
            for order in scenario.orders:
                if order.after == len(self) - 1:
                    made = self.place(order, first)
                    first = made if order.closes and first is None else first

        def place(self, order: Placed, other: Any) -> Any:
            kinds = {
                (False, False): bt.Order.Market,
                (False, True): bt.Order.Limit,
                (True, False): bt.Order.Stop,
                (True, True): bt.Order.StopLimit,
            }
            call = self.buy if order.side > 0 else self.sell
            stop, limit = order.stop, order.limit
            price = stop if stop is not None else limit
            return call(
                size=order.quantity,
                exectype=kinds[stop is not None, limit is not None],
                price=None if price is None else float(price),
                plimit=None if stop is None or limit is None else float(limit),
                oco=other,
            )

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                told.fills.append((int(order.executed.size), _exact(order.executed.price)))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=_frame(scenario, titles=False), timeframe=bt.TimeFrame.Minutes))
    cerebro.broker.setcash(scenario.cash)
    cerebro.broker.setcommission(commission=scenario.fee_basis_points / 10_000)
    cerebro.addstrategy(Scripted)
    cerebro.run()
    told.value = _exact(cerebro.broker.getvalue())
    return told


def run_backtesting(scenario: Scenario) -> Told:
    """backtesting.py: orders to close are orders of the other side; open trades are closed at the last close."""
    package = import_module("backtesting")
    told = Told()
    backtesting: Any = package.backtesting
    backtesting._tqdm = lambda iterable, **_: iterable

    class Scripted(package.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            self.seen = 0

        def next(self) -> None:
            number = len(self.data) - 1
            for order in scenario.orders:
                if order.after == number or (number == 1 and order.after == 0):
                    call = self.buy if order.side > 0 else self.sell
                    prices = {name: getattr(order, name) for name in ("limit", "stop")}
                    call(size=order.quantity, **{name: float(price) for name, price in prices.items() if price})

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = package.Backtest(
            _frame(scenario, titles=True),
            Scripted,
            cash=scenario.cash,
            commission=scenario.fee_basis_points / 10_000,
            finalize_trades=False,
        )
        result = test.run()
    told.value = _exact(result["Equity Final [$]"])
    trades = result["_trades"]
    events = []
    for trade in trades.itertuples():
        events.append((trade.EntryBar, 0, int(trade.Size), _exact(trade.EntryPrice)))
        events.append((trade.ExitBar, 1, -int(trade.Size), _exact(trade.ExitPrice)))
    open_ones = result["_strategy"].trades
    events += [(trade.entry_bar, 0, int(trade.size), _exact(trade.entry_price)) for trade in open_ones]
    told.fills = [(size, price) for _, _, size, price in sorted(events)]
    return told
