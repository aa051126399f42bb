"""What the books of a run hold at this moment, followed from what became true in them."""

from periscope.engine.records import Booked
from periscope.portfolio.book import InstrumentKey, Position
from periscope.portfolio.exact import ZERO


class Holdings:
    """Cash and open positions. Take every `Booked` in order; it costs nothing per bar."""

    __slots__ = ("cash", "positions")

    def __init__(self) -> None:
        self.cash = ZERO
        self.positions: dict[InstrumentKey, Position] = {}

    def take(self, change: Booked) -> None:
        """The books changed."""
        self.cash = change.cash
        if change.instrument is None:
            return
        if change.position is None:
            self.positions.pop(change.instrument.key, None)
        else:
            self.positions[change.instrument.key] = change.position
