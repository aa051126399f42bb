"""A helper module: `strategy.py` imports it like any other."""

from collections import deque
from decimal import Decimal


class MovingAverage:
    """The mean of the last `length` prices, kept as a running sum so that a new price costs the same for any length."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.prices: deque[Decimal] = deque()
        self.total = Decimal(0)

    def add(self, price: Decimal) -> None:
        """Take in the newest price and let go of the oldest."""
        if len(self.prices) == self.length:
            self.total -= self.prices.popleft()
        self.prices.append(price)
        self.total += price

    @property
    def value(self) -> Decimal | None:
        """The average, None until there are enough prices."""
        return self.total / self.length if len(self.prices) == self.length else None
