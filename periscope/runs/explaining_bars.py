"""The bars around an order, as `explain` shows them: single ones, and what a stretch of them came to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from periscope.engine.markets import Markets, OneMarket
from periscope.execution.meeting import Met, Side
from periscope.instruments.times import time_text
from periscope.market.sides import QuoteSide
from periscope.portfolio.exact import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of an execution stream; times in microseconds UTC, None for an unknown volume.

    `volume_before` is the volume of the bar before it, which is what counts at its open.
    """

    start: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    volume_before: Decimal | None

    def document(self) -> dict[str, Any]:
        """The bar with texts for numbers and times."""
        prices = {name: text(getattr(self, name)) for name in ("open", "high", "low", "close", "volume")}
        return {"start": time_text(self.start), "end": time_text(self.end), **prices}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """A price that the market reached, and the start of the first bar in which it did."""

    price: Decimal
    start: int

    def document(self) -> dict[str, str | None]:
        """The price and the time as text."""
        return {"price": text(self.price), "bar_start": time_text(self.start)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The bars that an order could have met: how many, and the lowest and highest price of them."""

    bars: int
    low: Extreme
    high: Extreme

    def document(self) -> dict[str, Any]:
        """The stretch with texts for numbers and times."""
        return {"bars": self.bars, "lowest": self.low.document(), "highest": self.high.document()}


def text(value: Decimal | None) -> str | None:
    """A number as plain digits."""
    return None if value is None else format(plain(value), "f")


@dataclass(frozen=True, slots=True)
class Seen:
    """What an order looked at in a market: its trade bars, or the asks or the bids of its quote bars."""

    markets: Markets
    market: OneMarket
    met: Met

    @property
    def side(self) -> Side | None:
        """Its bars, None where there are none."""
        if self.met is Met.TRADES:
            return self.market.bars
        return None if self.market.quotes is None else QuoteSide(self.market.quotes, 1 if self.met is Met.ASKS else -1)

    def reach_row(self, row: int) -> bool:
        """Whether there is a row of that number; it is in the window then."""
        series = self.market.bars if self.met is Met.TRADES else self.market.quotes
        return series is not None and series.reach_row(row)

    def volumes(self, side: Side, row: int) -> tuple[Decimal | None, Decimal | None]:
        """The volume that counts inside a row, and that which counts at its open; those of trade bars in any case."""
        instrument, bars, start = self.market.instrument, self.market.bars, int(side.start[row - side.first])
        if self.met is Met.TRADES or bars is None:
            inside: Decimal | None = self.markets.volume(instrument, row, start)
            return inside, self.markets.volume(instrument, row - 1, start)
        own = bars.row_from(start)
        traded = own < bars.stop and int(bars.start[own - bars.first]) == start
        inside = self.markets.volume(instrument, own, start) if traded else ZERO
        return inside, self.markets.volume(instrument, bars.row_ended_by(start), start)


def bar_from(seen: Seen, time: int) -> tuple[Bar | None, int]:
    """The first bar that starts at or after `time`, and its row; None where there is none."""
    row = 0 if seen.side is None else seen.side.row_from(time)
    return bar_at(seen, row)


def bar_at(seen: Seen, row: int) -> tuple[Bar | None, int]:
    """Bar number `row`, or the first one after it that has prices, and its row; None where there is none."""
    side = seen.side
    while side is not None and seen.reach_row(row) and not _has_prices(side, row):
        row += 1
    if side is None or not seen.reach_row(row):
        return None, row
    index, price = row - side.first, side.scaling(row).price
    opened, high, low, close = (int(column[index]) for column in (side.open, side.high, side.low, side.close))
    volume, volume_before = seen.volumes(side, row)
    bar = Bar(
        start=int(side.start[index]),
        end=int(side.end[index]),
        open=price(opened),
        high=price(high),
        low=price(low),
        close=price(close),
        volume=volume,
        volume_before=volume_before,
    )
    return bar, row


def _has_prices(side: Side, row: int) -> bool:
    tradable = side.tradable(row, row + 1)
    return tradable is None or bool(tradable[0])


def stretch_between(seen: Seen, start: int, end: int) -> Stretch | None:
    """What the bars that start at or after `start` and before `end` came to; None without any."""
    side = seen.side
    if side is None:
        return None
    row = side.row_from(start)
    side.reach(end)
    stop = side.first + int(side.start.searchsorted(end))
    lows, highs, count = [], [], 0
    while row < stop:
        until = min(stop, max(row + 1, side.scaling_stop(row)))
        tradable = side.tradable(row, until)
        rows = np.arange(row, until) if tradable is None else row + np.flatnonzero(tradable)
        if len(rows):
            price, index = side.scaling(row).price, rows - side.first
            lowest, highest = index[side.low[index].argmin()], index[side.high[index].argmax()]
            lows.append(Extreme(price=price(int(side.low[lowest])), start=int(side.start[lowest])))
            highs.append(Extreme(price=price(int(side.high[highest])), start=int(side.start[highest])))
        count += len(rows)
        row = until
    if not lows:
        return None
    low = min(lows, key=lambda each: each.price)
    return Stretch(bars=count, low=low, high=max(highs, key=lambda each: each.price))
