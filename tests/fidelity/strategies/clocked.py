"""Logics that act at moments of New York's clock."""

from datetime import datetime, timedelta
from decimal import Decimal

from logic import Logic

from libs.shared_ipc.src.protocol import Action, OrderType, TimeInForce


class AtMoments(Logic):
    """At each of `times`, on each of the run's days or on `day` alone, a market order over `quantity`.

    `skip` leaves out the first so many moments; `tif` is the order's time in force.
    """

    def start(self, now: datetime) -> list[Action]:
        """The moments, from dates and times of day."""
        days = [datetime.fromisoformat(self.numbers["day"])] if "day" in self.numbers else self.days()
        times = [
            timedelta(hours=int(text[:2]), minutes=int(text[3:5]), seconds=int(text[6:8] or 0))
            for text in self.numbers["times"].split()
        ]
        found = [day + time for day in days for time in times if day.weekday() < 5 or "day" in self.numbers]
        self.wake_at(found[int(self.numbers.get("skip", "0")) :])
        return []

    async def on_moment(self, local: datetime) -> list[Action]:
        """The order."""
        tif = self.numbers.get("tif")
        return self.market(self.number("quantity"), tif=None if tif is None else TimeInForce(tif))


class OpeningTwice(AtMoments):
    """A market-on-open order, and a plain one, which is one too while the market is closed."""

    async def on_moment(self, local: datetime) -> list[Action]:
        """Both."""
        quantity = self.number("quantity")
        return [*self.market(quantity, tif=TimeInForce.OPG), *self.market(quantity)]


class LimitAtClose(AtMoments):
    """A limit at the last close: a buy before `turn`, a sell from then on."""

    async def on_moment(self, local: datetime) -> list[Action]:
        """The order."""
        side = 1 if f"{local:%F}" < self.numbers["turn"] else -1
        return self.order(side * self.number("quantity"), OrderType.LIMIT, limit=self.closes[self.symbol])


class StopBelow(AtMoments):
    """A buy stop that the market is over already."""

    async def on_moment(self, local: datetime) -> list[Action]:
        """The order."""
        stop = self.closes[self.symbol] - self.number("below")
        return self.order(self.number("quantity"), OrderType.STOP, stop=stop)


class TwiceADay(AtMoments):
    """Hold `morning` of the portfolio at the first time of the day, `afternoon` at the second one."""

    async def on_moment(self, local: datetime) -> list[Action]:
        """What is missing."""
        return self.set_holdings(self.number("morning" if local.hour < 12 else "afternoon"))


class SellAfterSplit(AtMoments):
    """Buy with the first bar, and sell all that is there at a moment."""

    async def on_bar(self, event: object) -> list[Action]:
        """The first bar."""
        return [] if self.orders else self.market(self.number("quantity"))

    async def on_moment(self, local: datetime) -> list[Action]:
        """Whatever the position is by now."""
        held = await self.data.get_position_by_symbol(self.symbol, self.kind)
        return [] if held is None else self.market(-Decimal(held.net_contract_quantity))


LOGICS = {
    "at_moments": AtMoments,
    "opening_twice": OpeningTwice,
    "limit_at_close": LimitAtClose,
    "stop_below": StopBelow,
    "twice_a_day": TwiceADay,
    "sell_after_split": SellAfterSplit,
}
