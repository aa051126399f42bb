"""The portfolio of a run while it runs, for those who look on."""

from decimal import Decimal

import msgspec

from periscope.engine.records import Booked
from periscope.portfolio.book import Position
from periscope.portfolio.exact import ZERO
from periscope.runs.holdings import Holdings
from periscope.runs.valuation import MONEY_DIGITS, Samples


class Snapshot(msgspec.Struct, frozen=True):
    """The portfolio at the end of the last block. `at_cost` is cash, and what is held at what it cost."""

    value: Decimal
    cash: Decimal
    at_cost: Decimal
    contributed: Decimal
    positions: tuple[Position, ...]


class LivePortfolio:
    """Follows the books of a run, and costs nothing per bar."""

    def __init__(self) -> None:
        self._books = Holdings()
        self._contributed = ZERO
        self.snapshot: Snapshot | None = None

    def booked(self, change: Booked) -> None:
        """The books changed."""
        self._books.take(change)
        self._contributed += ZERO if change.flow is None else change.flow

    def sampled(self, samples: Samples) -> None:
        """A block is over, and was valued."""
        if len(samples.values):
            positions = tuple(self._books.positions.values())
            value = Decimal(int(samples.values[-1])).scaleb(-MONEY_DIGITS)
            at_cost = self._books.cash + sum((position.worth_at(None) for position in positions), ZERO)
            self.snapshot = Snapshot(value, self._books.cash, at_cost, self._contributed, positions)
