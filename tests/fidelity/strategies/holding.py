"""Logics that act on a bar: buy and hold, rebalance, orders with limits and stops."""

from datetime import datetime
from decimal import Decimal

from logic import Logic, new_york

from libs.shared_ipc.src.protocol import Action, BarEvent, OrderType, OrderUpdateEvent, TimeInForce


class BuyAndHold(Logic):
    """With the first bar of `symbol` (from `from` on) hold `weight` of the portfolio, or `quantity` units."""

    done = False

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The first bar."""
        since = self.numbers.get("from", "")
        if self.done or event.symbol != self.symbol or f"{new_york(event.simulation_time):%Y-%m-%d}" < since:
            return []
        self.done = True
        if "quantity" in self.numbers:
            return self.market(self.number("quantity"))
        return self.set_holdings(self.number("weight"))


class InSteps(Logic):
    """With the first bar hold each of `weights` in turn, every one when the one before has filled."""

    def start(self, now: datetime) -> list[Action]:
        """The weights to come."""
        self.weights = [Decimal(weight) for weight in self.numbers["weights"].split()]
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The first bar: the first weight."""
        return self.set_holdings(self.weights.pop(0)) if self.weights and not self.orders else []

    async def on_fill(self, event: OrderUpdateEvent) -> list[Action]:
        """The next weight."""
        return self.set_holdings(self.weights.pop(0)) if self.weights else []


class EveryBar(Logic):
    """Hold `weight` anew with each bar."""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Whatever is missing by now."""
        return self.set_holdings(self.number("weight"))


class StopLossOnFill(Logic):
    """Sell short with the first bar, and protect it with a stop that the market is over already."""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The first bar."""
        return [] if self.orders else self.market(-self.number("quantity"))

    async def on_fill(self, event: OrderUpdateEvent) -> list[Action]:
        """The stop below the price of the first fill, which its money and its fee tell."""
        if len(self.orders) > 1:
            return []
        quantity = self.number("quantity")
        price = (event.cumulative_net_money + self.number("fee")) / quantity
        return self.order(quantity, OrderType.STOP, stop=price - self.number("below"))


class TimesInForce(Logic):
    """Six limit orders with the first bar: two of each time in force, one of them marketable."""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The first bar."""
        if self.orders:
            return []
        wanted = [(TimeInForce.GTC, 100, 160), (TimeInForce.DAY, 140, 180), (TimeInForce.GTD, 100, 160)]
        return [
            action
            for tif, *prices in wanted
            for price in prices
            for action in self.order(Decimal(10), OrderType.LIMIT, limit=Decimal(price), tif=tif)
        ]


class ExtendedHours(Logic):
    """Once a day, with the first bar outside of the regular hours, bid its low."""

    day = ""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Whether the time is before 09:30 or after 16:00."""
        local = new_york(event.simulation_time)
        if "09:30" < f"{local:%H:%M}" < "16:00" or self.day == f"{local:%F}":
            return []
        self.day = f"{local:%F}"
        return self.order(self.number("quantity"), OrderType.LIMIT, limit=event.bar.low)


class TwoSymbols(Logic):
    """Hold the first symbol from the start, and the second one from a date on."""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """What is not held yet and not ordered."""
        second = self.streams[1][0]
        found: list[Action] = []
        if event.symbol == self.symbol and not self.position() and not self.pending():
            found += self.set_holdings(self.number("first"))
        late = f"{new_york(event.simulation_time):%F}" >= self.numbers["from"]
        if event.symbol == second and late and not self.position(second) and not self.pending(second):
            found += self.set_holdings(self.number("second"), second)
        return found


LOGICS = {
    "buy_and_hold": BuyAndHold,
    "in_steps": InSteps,
    "every_bar": EveryBar,
    "stop_loss_on_fill": StopLossOnFill,
    "times_in_force": TimesInForce,
    "extended_hours": ExtendedHours,
    "two_symbols": TwoSymbols,
}
