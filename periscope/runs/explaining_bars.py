"""The bars around an order, as `explain` shows them: single ones, and what a stretch of them came to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from periscope.engine.markets import Markets, OneMarket
from periscope.instruments.times import time_text
from periscope.portfolio.exact import plain


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


def bar_from(markets: Markets, market: OneMarket, time: int) -> tuple[Bar | None, int]:
    """The first bar that starts at or after `time`, and its row; None where there is none."""
    series = market.bars
    assert series is not None
    row = series.row_from(time)
    return bar_at(markets, market, row), row


def bar_at(markets: Markets, market: OneMarket, row: int) -> Bar | None:
    """Bar number `row`, None where the series ends before it."""
    series = market.bars
    assert series is not None
    if not series.reach_row(row):
        return None
    index, price = row - series.first, series.scaling(row).price
    start = int(series.start[index])
    opened, high, low, close = (int(column[index]) for column in (series.open, series.high, series.low, series.close))
    return Bar(
        start=start,
        end=int(series.end[index]),
        open=price(opened),
        high=price(high),
        low=price(low),
        close=price(close),
        volume=markets.volume(market.instrument, row, start),
        volume_before=markets.volume(market.instrument, row - 1, start),
    )


def stretch_between(market: OneMarket, start: int, end: int) -> Stretch | None:
    """What the bars that start at or after `start` and before `end` came to; None without any."""
    series = market.bars
    assert series is not None
    first = series.row_from(start)
    series.reach(end)
    stop = series.first + int(series.start.searchsorted(end))
    lows, highs = [], []
    row = first
    while row < stop:
        until = min(stop, max(row + 1, series.scaling_stop(row)))
        piece = slice(row - series.first, until - series.first)
        price = series.scaling(row).price
        lowest, highest = int(series.low[piece].argmin()), int(series.high[piece].argmax())
        starts = series.start[piece]
        lows.append(Extreme(price=price(int(series.low[piece][lowest])), start=int(starts[lowest])))
        highs.append(Extreme(price=price(int(series.high[piece][highest])), start=int(starts[highest])))
        row = until
    if not lows:
        return None
    low = min(lows, key=lambda each: each.price)
    return Stretch(bars=stop - first, low=low, high=max(highs, key=lambda each: each.price))
