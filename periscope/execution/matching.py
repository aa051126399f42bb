"""When and at what price an order meets the bars.

The `next_bar` model, in prose. An order can only meet bars that start at or after the moment it was placed.

- MARKET fills at the open of the first of them.
- LIMIT fills at the open where the open is better than the limit, else at the limit where the bar trades through it
  (`through`: strictly; `touch`: equality is enough in both cases).
- STOP fills at the open where the open is at or over the stop, else at the stop where the bar touches it.
- STOP_LIMIT, once touched, is a limit order. In the bar that touches it, it fills only where the path is certain:
  touched at the open and the rest of the bar meets the limit; or the stop price is itself inside the limit (at the
  stop); or the close is beyond the limit (at the limit).
- IOC and FOK are decided by the open of the first bar.

What is unrealistic about it: the whole quantity is there at the price unless `core.participation` caps it, there is no
queue, and a bar does not tell in which order its prices came. Where the path is unknown the model takes the reading
that is worse for the order.
"""

from enum import StrEnum
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import OrderType
from periscope.execution.order import Order

_FIRST_CHUNK = 32
_LAST_CHUNK = 8192


class Bars(Protocol):
    """The window of an execution stream that matching looks at; row `first` stands at index 0 of every column."""

    first: int
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    open: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    close: npt.NDArray[np.int64]

    def reach(self, time: int) -> None:
        """Bring every bar that starts at or before `time` into the window."""


class LimitFill(StrEnum):
    """What fills a limit order inside a bar (`core.limit_fill`)."""

    THROUGH = "through"
    TOUCH = "touch"


class Rule(StrEnum):
    """Which rule of the fill model applied; printed beside each fill."""

    MARKET_AT_OPEN = "market at the open"
    MARKET_AT_CLOSE = "market at the close of the bar that just ended"
    LIMIT_AT_OPEN = "limit, at an open better than the limit"
    LIMIT_INSIDE = "limit, traded inside the bar"
    STOP_AT_OPEN = "stop, gapped over at the open"
    STOP_INSIDE = "stop, touched inside the bar"
    STOP_LIMIT_AT_STOP = "stop limit, touched and filled at the stop"
    STOP_LIMIT_AT_LIMIT = "stop limit, closed beyond the limit"
    TRIGGER = "stop limit touched, now a limit order"
    NOT_IMMEDIATE = "not filled at the first price"


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """Where an order next does something: bar number `row`, at its open or inside it, at `price` (scaled integer).

    `rule` is a fill, or `TRIGGER` (the order becomes a limit order, seen at the open or at the bar's end) or
    `NOT_IMMEDIATE` (the rest of an IOC or FOK order is cancelled at the open). `time` is the bar's start for what
    happens at the open and its end for what happens inside.
    """

    time: int
    row: int
    at_open: bool
    price: int
    rule: Rule


class Search:
    """Looks for an order's next meeting, a little further each time; forks of the engine's state share it.

    The result is a function of the order and the bars alone, so sharing it is safe. `next_row` is the first row not
    looked at yet.
    """

    __slots__ = ("found", "next_row")

    def __init__(self, first_row: int) -> None:
        self.found: Meeting | None = None
        self.next_row = first_row

    def until(self, order: Order, series: Bars, horizon: int, limit_fill: LimitFill) -> Meeting | None:
        """The order's next meeting among the bars that start at or before `horizon`, None if there is none there."""
        if self.found is not None:
            return self.found
        series.reach(horizon)
        stop = series.first + int(series.start.searchsorted(horizon, "right"))
        touch = limit_fill is LimitFill.TOUCH
        if _first_bar_decides(order):
            if self.next_row < stop:
                self.found = _at_first_bar(order, series, self.next_row, touch)
            return self.found
        size = _FIRST_CHUNK
        while self.next_row < stop:
            low = self.next_row - series.first
            high = min(low + size, stop - series.first)
            hit = _first_hit(order, series, low, high, touch)
            if hit >= 0:
                self.found = _meeting(order, series, low + hit, touch)
                return self.found
            self.next_row = series.first + high
            size = min(size * 4, _LAST_CHUNK)
        return None


def _first_bar_decides(order: Order) -> bool:
    if order.order_type is OrderType.MARKET or order.decides_at_once:
        return True
    return order.order_type is OrderType.STOP and order.triggered


def _better(price: int, order: Order, touch: bool) -> bool:
    """Whether a limit order may trade at a market that shows `price`."""
    gap = (order.limit_scaled - price) * order.sign
    return gap >= 0 if touch else gap > 0


def _at_first_bar(order: Order, series: Bars, row: int, touch: bool) -> Meeting:
    index = row - series.first
    price = int(series.open[index])
    rule = Rule.MARKET_AT_OPEN
    if order.order_type is OrderType.LIMIT:
        rule = Rule.LIMIT_AT_OPEN if _better(price, order, touch) else Rule.NOT_IMMEDIATE
    return Meeting(int(series.start[index]), row, True, price, rule)


def _first_hit(order: Order, series: Bars, low: int, high: int, touch: bool) -> int:
    """Index, counted from `low`, of the first bar of [low, high) that does something to the order; -1 if none."""
    buy = order.sign > 0
    if order.is_stop:
        hits = series.high[low:high] >= order.stop_scaled if buy else series.low[low:high] <= order.stop_scaled
    elif buy:
        column = series.low[low:high]
        hits = column <= order.limit_scaled if touch else column < order.limit_scaled
    else:
        column = series.high[low:high]
        hits = column >= order.limit_scaled if touch else column > order.limit_scaled
    index = int(hits.argmax())
    return index if hits[index] else -1


def _meeting(order: Order, series: Bars, index: int, touch: bool) -> Meeting:
    row = series.first + index
    price = int(series.open[index])
    at_open = None
    if not order.is_stop:
        if _better(price, order, touch):
            at_open = Rule.LIMIT_AT_OPEN
    elif (price - order.stop_scaled) * order.sign >= 0:
        at_open = Rule.STOP_AT_OPEN if order.order_type is OrderType.STOP else Rule.TRIGGER
    if at_open is not None:
        return Meeting(int(series.start[index]), row, True, price, at_open)
    fill_price, rule = _inside(order, int(series.close[index]), touch)
    return Meeting(int(series.end[index]), row, False, fill_price, rule)


def _inside(order: Order, close: int, touch: bool) -> tuple[int, Rule]:
    """Price and rule of an order that a bar reaches after its open."""
    if not order.is_stop:
        return order.limit_scaled, Rule.LIMIT_INSIDE
    if order.order_type is OrderType.STOP:
        return order.stop_scaled, Rule.STOP_INSIDE
    if _better(order.stop_scaled, order, touch):
        return order.stop_scaled, Rule.STOP_LIMIT_AT_STOP
    if _better(close, order, touch):
        return order.limit_scaled, Rule.STOP_LIMIT_AT_LIMIT
    return order.stop_scaled, Rule.TRIGGER
