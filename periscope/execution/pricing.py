"""What things are worth: which price of a market counts as its last one, and what a position adds to the portfolio."""

from decimal import Decimal
from typing import Protocol

from periscope.execution.fees import FeeModel, Traded
from periscope.execution.fill_models.lean_market import LeanMarket
from periscope.execution.meeting import Market
from periscope.portfolio.book import Position


class Pricing(Protocol):
    """Which prices a run keeps. The docstring of each class states its rules in prose."""

    def last_price(self, market: Market, now: int) -> Decimal | None:
        """The last price of a market that is known now, None before the first."""

    def worth(self, position: Position, price: Decimal | None, market: Market, now: int) -> Decimal:
        """What a position adds to cash to make the portfolio's value now; `price` is the last one."""


class LastClose(Pricing):
    """The close of the last execution bar that is complete; positions are worth what they would fetch at it."""

    def last_price(self, market: Market, now: int) -> Decimal | None:
        """That close."""
        bars = market.bars
        if bars is None:
            return None
        row = bars.row_ended_by(now)
        return bars.scaling(row).price(int(bars.close[row - bars.first])) if row >= 0 else None

    def worth(self, position: Position, price: Decimal | None, market: Market, now: int) -> Decimal:  # noqa: ARG002
        """At the last price, at cost where there is none."""
        return position.worth_at(price)


class LeanPricing(Pricing):
    """The prices that QuantConnect LEAN keeps.

    - An equity's price is the close of its last trade bar; quotes do not move it.
    - A future's price is the middle of its last quote bar's closes; a trade bar counts where it is newer.
    - An open future is worth its result at the price at which it could be closed, the bid if it is held long and the
      ask if short, less the fee for closing it.

    Source: QuantConnect/Lean (Apache-2.0), Common/Securities/SecurityCache.cs, SecurityHolding.cs (TotalCloseProfit).
    """

    def __init__(self, fees: FeeModel) -> None:
        self._fees = fees

    def last_price(self, market: Market, now: int) -> Decimal | None:
        """The trade's close, or the middle of the quote."""
        seen = LeanMarket(market)
        trade = seen.trade(now)
        if not market.instrument.is_future:
            return None if trade is None else trade.close
        ask, bid = seen.quote(1, now), seen.quote(-1, now)
        newest = max((quote.end for quote in (ask, bid) if quote is not None), default=None)
        if newest is None or (trade is not None and trade.end > newest):
            return None if trade is None else trade.close
        sides = [quote.close for quote in (ask, bid) if quote is not None]
        return sum(sides, Decimal(0)) / len(sides)

    def worth(self, position: Position, price: Decimal | None, market: Market, now: int) -> Decimal:
        """Of an equity its market value, of a future what closing it now would bring."""
        if not position.instrument.is_future:
            return position.worth_at(price)
        out = LeanMarket(market).quote(-1 if position.quantity > 0 else 1, now)
        price = price if out is None else out.close
        if price is None:
            return position.worth_at(None)
        return position.worth_at(price) - self._fees.owed(_closing(position, price, now))


def _closing(position: Position, price: Decimal, now: int) -> Traded:
    """An order that closes a position."""
    return Traded(
        instrument=position.instrument,
        sign=-1 if position.quantity > 0 else 1,
        quantity=abs(position.quantity),
        value=abs(position.value_at(price)),
        time=now,
        last_price=price,
    )
