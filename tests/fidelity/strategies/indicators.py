"""Logics that follow indicators of closes."""

from datetime import datetime
from decimal import ROUND_CEILING, Context, Decimal

from logic import Logic, new_york

from libs.shared_ipc.src.protocol import Action, BarEvent, OrderType

C = Context(prec=28)


class Average:
    """An exponential average; its first value is the mean of the first `period` samples."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.factor = C.divide(Decimal(2), Decimal(period + 1))
        self.first: list[Decimal] = []
        self.value: Decimal | None = None

    def add(self, sample: Decimal) -> None:
        """The next sample."""
        if self.value is not None:
            self.value = C.add(C.multiply(sample, self.factor), C.multiply(self.value, 1 - self.factor))
            return
        self.first.append(sample)
        if len(self.first) == self.period:
            self.value = C.divide(sum(self.first, Decimal(0)), Decimal(self.period))


class Renko:
    """Bricks of a fixed size, at most one for each sample."""

    def __init__(self, size: Decimal) -> None:
        self.size = size
        self.open: Decimal | None = None

    def add(self, value: Decimal) -> bool:
        """Whether the sample completes a brick."""
        if self.open is None:
            self.open = C.divide(value, self.size).to_integral_value(ROUND_CEILING) * self.size
        moved = 1 if value >= self.open + self.size else -1 if value <= self.open - self.size else 0
        self.open += moved * self.size
        return moved != 0


class Crossing(Logic):
    """Hold everything while the fast average is above the slow one, by more than `band`; nothing while it is below."""

    def start(self, now: datetime) -> list[Action]:
        """Two averages."""
        self.fast, self.slow = Average(int(self.numbers["fast"])), Average(int(self.numbers["slow"]))
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Where the averages stand with this close."""
        for average in (self.fast, self.slow):
            average.add(event.bar.close)
        if self.fast.value is None or self.slow.value is None:
            return []
        return self.decide(event)

    def decide(self, event: BarEvent) -> list[Action]:
        """Buy or sell."""
        assert self.fast.value is not None
        assert self.slow.value is not None
        if self.fast.value > self.slow.value * (1 + self.number("band")):
            return self.set_holdings(Decimal(1))
        if self.fast.value < self.slow.value * (1 - self.number("band")) and self.position():
            return self.market(-self.position())
        return []


class StopLimits(Crossing):
    """A stop-limit order above the market once the fast average is above, and one below it once it is not."""

    def decide(self, event: BarEvent) -> list[Action]:
        """At most one order of each side."""
        assert self.fast.value is not None
        assert self.slow.value is not None
        bar, over = event.bar, self.slow.value * (1 + self.number("band"))
        if not self.orders and self.fast.value > over:
            stop, limit = bar.high * Decimal("1.10"), bar.high * Decimal("1.11")
            return self.order(self.number("quantity"), OrderType.STOP_LIMIT, stop=stop, limit=limit)
        if len(self.orders) == 1 and self.position() > 0 and self.fast.value < over:
            stop, limit = bar.low * Decimal("0.99"), bar.low * Decimal("0.98")
            return self.order(-self.number("quantity"), OrderType.STOP_LIMIT, stop=stop, limit=limit)
        return []


class Macd(Logic):
    """Hold everything while the MACD is above its signal, nothing while it is below, by a part of the fast average.

    The engine that the case comes from evaluates at the midnight of a dividend too, with the state of the day before;
    what it would decide there is decided by the bar before already.
    """

    def start(self, now: datetime) -> list[Action]:
        """Three averages."""
        self.fast, self.slow, self.signal = Average(12), Average(26), Average(9)
        self.skipped = set(self.numbers.get("skipped", "").split())
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Where they stand; the dates in `skipped` were evaluated at their midnight already."""
        for average in (self.fast, self.slow):
            average.add(event.bar.close)
        if self.fast.value is None or self.slow.value is None:
            return []
        macd = self.fast.value - self.slow.value
        self.signal.add(macd)
        if self.signal.value is None or f"{new_york(event.simulation_time):%F}" in self.skipped:
            return []
        strength = C.divide(macd - self.signal.value, self.fast.value)
        if self.position() <= 0 and strength > self.number("band"):
            return self.set_holdings(Decimal(1))
        if self.position() > 0 and strength < -self.number("band"):
            return self.market(-self.position() - self.pending())
        return []


class Delayed(Logic):
    """Hold everything while six delayed closes fall with their delay, nothing once they rise."""

    def start(self, now: datetime) -> list[Action]:
        """The closes so far."""
        self.history: list[Decimal] = []
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The closes of 5, 10, ... 30 sessions ago."""
        self.history = [*self.history[-30:], event.bar.close]
        if len(self.history) < 31:
            return []
        values = [self.history[-1 - 5 * step] for step in range(1, 7)]
        if self.position() <= 0 and values == sorted(values, reverse=True):
            return self.set_holdings(Decimal(1))
        if self.position() > 0 and values == sorted(values):
            return self.market(-self.position() - self.pending())
        return []


class TwoRenkos(Logic):
    """Buy when a brick of closes completes, sell when one of weighted prices does."""

    def start(self, now: datetime) -> list[Action]:
        """Two rows of bricks."""
        self.closing, self.weighted = Renko(self.number("brick")), Renko(self.number("brick"))
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """First the closes, then the weighted prices."""
        bar, found = event.bar, []
        if self.closing.add(bar.close) and not self.position():
            found += self.set_holdings(Decimal(1))
        mean = C.divide(2 * bar.open + bar.high + bar.low + 3 * bar.close, Decimal(7))
        if self.weighted.add(mean) and self.position():
            found += self.market(-self.position() - self.pending())
        return found


class WarmRenko(Logic):
    """Buy when a brick completes for the first time from `from` on; the bars before only build bricks."""

    def start(self, now: datetime) -> list[Action]:
        """One row of bricks."""
        self.bricks = Renko(self.number("brick"))
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The next close."""
        completed = self.bricks.add(event.bar.close)
        late = f"{new_york(event.simulation_time):%F}" >= self.numbers["from"]
        return self.set_holdings(Decimal(1)) if completed and late and not self.orders else []


LOGICS = {
    "crossing": Crossing,
    "stop_limits": StopLimits,
    "macd": Macd,
    "delayed": Delayed,
    "two_renkos": TwoRenkos,
    "warm_renko": WarmRenko,
}
