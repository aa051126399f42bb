"""What is asked of a run's orders and fills at its end, kept as they come, so that they themselves need not be."""

from array import array
from collections import Counter, deque
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import OrderType
from periscope.engine.records import Filled
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import InstrumentKey
from periscope.portfolio.trades import Trade
from periscope.runs.order_line import OrderLine

type Rows = npt.NDArray[np.int64]

LATEST_ORDERS = 1_000
LATEST_FILLS = 50


class WaitedForPrice:
    """The orders of one symbol that named a price: the first of them, and how many there are."""

    def __init__(self, first: OrderLine) -> None:
        self.first = first
        self.count = 0


class InstrumentTrace:
    """What is kept of the fills of one instrument, in times of microseconds UTC."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.held_since: int | None = None
        self._spells = array("q")
        self._late = array("q")

    @property
    def spells(self) -> Rows:
        """Rows of first fill and last moment of each position that was closed."""
        return np.array(self._spells, dtype=np.int64).reshape(-1, 2)

    @property
    def late(self) -> Rows:
        """Rows of the market orders that met no bar at once: placed, start of the bar, filled, number of the order."""
        return np.array(self._late, dtype=np.int64).reshape(-1, 4)

    def add(self, fill: Filled) -> None:
        """Take one fill."""
        order = fill.order
        if fill.position_after != 0:
            self.held_since = fill.time if self.held_since is None else self.held_since
        elif self.held_since is not None:
            self._spells.extend((self.held_since, fill.time))
            self.held_since = None
        is_first = fill.quantity == order.filled
        if order.order_type is OrderType.MARKET and is_first and fill.bar_start > order.placed_at:
            self._late.extend((order.placed_at, fill.bar_start, fill.time, order.sequence))


class Traces:
    """Counts and first examples; `latest_orders` and `latest_fills` are for those who look on while the run goes."""

    def __init__(self) -> None:
        self.orders = 0
        self.open_orders = 0
        self.fills = 0
        self.refused: Counter[str] = Counter()
        self.first_refusals: dict[str, Rejection] = {}
        self.waited: dict[str, WaitedForPrice] = {}
        self.accepted: dict[InstrumentKey, Instrument] = {}
        self.filled: dict[InstrumentKey, InstrumentTrace] = {}
        self.filled_symbols: set[str] = set()
        self.best_trade: Trade | None = None
        self.latest_orders: deque[OrderLine] = deque(maxlen=LATEST_ORDERS)
        self.latest_fills: deque[Filled] = deque(maxlen=LATEST_FILLS)

    def placed(self, line: OrderLine) -> None:
        """An order was accepted or refused."""
        self.orders += 1
        self.latest_orders.append(line)
        order = line.order
        if order is None:
            return
        self.open_orders += 1
        self.accepted.setdefault(order.instrument.key, order.instrument)
        if awaited_price(order) is not None:
            waited = self.waited.get(order.symbol)
            if waited is None:
                waited = self.waited[order.symbol] = WaitedForPrice(line)
            waited.count += 1

    def ended(self, rejection: Rejection | None) -> None:
        """An accepted order came to its end."""
        self.open_orders -= 1
        if rejection is not None:
            self.refuse(rejection)

    def refuse(self, rejection: Rejection) -> None:
        """An order was refused, at once or later."""
        self.refused[rejection.code] += 1
        self.first_refusals.setdefault(rejection.code, rejection)

    def fill(self, fill: Filled) -> None:
        """An order was filled, in full or in part."""
        self.fills += 1
        self.latest_fills.append(fill)
        self.filled_symbols.add(fill.order.symbol)
        instrument = fill.order.instrument
        trace = self.filled.get(instrument.key)
        if trace is None:
            trace = self.filled[instrument.key] = InstrumentTrace(instrument)
        trace.add(fill)

    def trades(self, closed: list[Trade]) -> None:
        """Round trips were closed."""
        for trade in closed:
            if self.best_trade is None or trade.net_pnl > self.best_trade.net_pnl:
                self.best_trade = trade


def awaited_price(order: Order) -> Decimal | None:
    """The price that an order waits for; None for one that takes any."""
    return order.limit if order.is_limit else order.stop
