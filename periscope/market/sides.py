"""The two sides of quote bars: what a buy meets, and what a sell meets."""

import numpy as np

from periscope.instruments.scaling import Scaling
from periscope.market.columns import NO_PRICE, IntColumn
from periscope.market.series import BoolColumn, QuoteSeries


class QuoteSide:
    """The asks of quote bars, which a buy meets (`sign` +1), or the bids, which a sell meets (-1), as a window of bars.

    A row without that side has NO_PRICE in all of its prices: there is no market in it.
    """

    __slots__ = ("_ask", "_quotes")

    def __init__(self, quotes: QuoteSeries, sign: int) -> None:
        self._quotes = quotes
        self._ask = sign > 0

    @property
    def first(self) -> int:
        """Number of the first row in the window."""
        return self._quotes.first

    @property
    def stop(self) -> int:
        """Number after the last row in the window."""
        return self._quotes.stop

    @property
    def start(self) -> IntColumn:
        """Starts of the rows."""
        return self._quotes.start

    @property
    def end(self) -> IntColumn:
        """Ends of the rows."""
        return self._quotes.end

    @property
    def open(self) -> IntColumn:
        """First price of the side."""
        return self._quotes.ask_open if self._ask else self._quotes.bid_open

    @property
    def high(self) -> IntColumn:
        """Highest price of the side."""
        return self._quotes.ask_high if self._ask else self._quotes.bid_high

    @property
    def low(self) -> IntColumn:
        """Lowest price of the side."""
        return self._quotes.ask_low if self._ask else self._quotes.bid_low

    @property
    def close(self) -> IntColumn:
        """Last price of the side."""
        return self._quotes.ask_close if self._ask else self._quotes.bid_close

    def tradable(self, low: int, high: int, /) -> BoolColumn | None:
        """Which of the rows [low, high) have this side."""
        column = self.open[low - self.first : high - self.first]
        return np.asarray(column != NO_PRICE)

    def reach(self, time: int) -> None:
        """Bring every row that starts at or before `time` into the window."""
        self._quotes.reach(time)

    def row_from(self, time: int) -> int:
        """Number of the first row that starts at or after `time`; the series' length if there is none."""
        return self._quotes.row_from(time)

    def row_ended_by(self, time: int) -> int:
        """Number of the last row that has ended at `time`, -1 if there is none in the window."""
        return self._quotes.row_ended_by(time)

    def scaling(self, row: int) -> Scaling:
        """What the integers of a row stand for."""
        return self._quotes.scaling(row)

    def scaling_stop(self, row: int) -> int:
        """Number of the first row after `row` whose integers stand for something else; `stop` if there is none yet."""
        return self._quotes.scaling_stop(row)
