"""The portfolio of a run while it runs, for those who look on."""

from decimal import Decimal

import msgspec

from periscope.engine.records import Booked
from periscope.portfolio.book import InstrumentKey, Position
from periscope.portfolio.exact import ZERO
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
        self._cash = ZERO
        self._contributed = ZERO
        self._held: dict[InstrumentKey, Position] = {}
        self.snapshot: Snapshot | None = None

    def booked(self, change: Booked) -> None:
        """The books changed."""
        self._cash = change.cash
        self._contributed += ZERO if change.flow is None else change.flow
        if change.instrument is None:
            return
        if change.position is None:
            self._held.pop(change.instrument.key, None)
        else:
            self._held[change.instrument.key] = change.position

    def sampled(self, samples: Samples) -> None:
        """A block is over, and was valued."""
        if len(samples.values):
            positions = tuple(self._held.values())
            value = Decimal(int(samples.values[-1])).scaleb(-MONEY_DIGITS)
            at_cost = self._cash + sum((position.worth_at(None) for position in positions), ZERO)
            self.snapshot = Snapshot(value, self._cash, at_cost, self._contributed, positions)
