"""Logics on a futures contract."""

from datetime import datetime
from decimal import Decimal

from clocked import AtMoments
from indicators import Average
from logic import Logic, new_york

from libs.shared_ipc.src.protocol import Action, BarEvent


class AverageSides(Logic):
    """Long above the average of closes, short below it, one contract at a time; bars before `from` only warm it up."""

    def start(self, now: datetime) -> list[Action]:
        """The average."""
        self.average = Average(int(self.numbers["period"]))
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Which side the close is on."""
        self.average.add(event.bar.close)
        if self.average.value is None or f"{new_york(event.simulation_time):%F}" < self.numbers["from"]:
            return []
        if self.average.value < event.bar.close and self.position() <= 0:
            return self.market(Decimal(1))
        if self.average.value > event.bar.close and self.position() >= 0:
            return self.market(Decimal(-1))
        return []


class BuyThenSell(AtMoments):
    """Buy with the first bar and sell at a moment."""

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The first bar."""
        return [] if self.orders else self.market(Decimal(1))

    async def on_moment(self, local: datetime) -> list[Action]:
        """The sale."""
        return self.market(Decimal(-1))


LOGICS = {
    "average_sides": AverageSides,
    "buy_then_sell": BuyThenSell,
}
