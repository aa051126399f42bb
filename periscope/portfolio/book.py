"""The books of one run: cash and positions, moved only by balanced entries."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from libs.shared_ipc.src.protocol import AssetType, Direction
from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO, average, share_of_cost

type InstrumentKey = tuple[str, AssetType]


class BooksUnbalancedError(AssertionError):
    """The ledger's accounts no longer add up. A bug of ours: the run must stop."""


class Position(msgspec.Struct, frozen=True, gc=False):
    """A holding. `quantity` is signed; `cost` is quantity x price x multiplier of what is held, signed alike, exact."""

    instrument: Instrument
    quantity: Decimal
    cost: Decimal

    @property
    def direction(self) -> Direction:
        """LONG or SHORT."""
        return Direction.LONG if self.quantity > 0 else Direction.SHORT

    @property
    def average_price(self) -> Decimal:
        """Price per unit before fees, ten decimals."""
        return average(self.cost, self.quantity * self.instrument.multiplier)

    def value_at(self, price: Decimal) -> Decimal:
        """Quantity x price x multiplier, signed."""
        return self.quantity * price * self.instrument.multiplier


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One balanced set of postings: the amounts, in the run's currency, add up to zero.

    Accounts are `cash`, `contributions`, `fees`, `realised:SYMBOL` and `position:SYMBOL` (at cost); a plus is a debit,
    so cash that comes in is positive and the income it stems from negative.
    """

    time: int
    reason: str
    postings: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a trade does to the books, worked out before anything is touched."""

    position: Position | None
    cash: Decimal
    realised: Decimal
    invested: Decimal
    fee: Decimal


def trade(held: Position | None, instrument: Instrument, quantity: Decimal, price: Decimal, fee: Decimal) -> Change:
    """Work out a trade of `quantity` (signed, units) at `price`: closes what it can first, then opens the rest."""
    old_quantity, old_cost = (held.quantity, held.cost) if held is not None else (ZERO, ZERO)
    money = quantity * price * instrument.multiplier
    realised = ZERO
    if old_quantity == 0 or (old_quantity > 0) == (quantity > 0):
        new_quantity, new_cost = old_quantity + quantity, old_cost + money
    elif abs(quantity) < abs(old_quantity):
        removed = share_of_cost(old_cost, abs(quantity), abs(old_quantity))
        new_quantity, new_cost = old_quantity + quantity, old_cost - removed
        realised = -money - removed
    else:
        new_quantity = old_quantity + quantity
        new_cost = new_quantity * price * instrument.multiplier
        realised = -(money - new_cost) - old_cost
    position = Position(instrument, new_quantity, new_cost) if new_quantity != 0 else None
    if instrument.is_future:
        return Change(position, realised - fee, realised, ZERO, fee)
    return Change(position, -money - fee, realised, new_cost - old_cost, fee)


class Book:
    """Cash and positions. Forks share the immutable positions and nothing else."""

    __slots__ = ("cash", "contributed", "fees", "invested", "positions", "realised")

    def __init__(self) -> None:
        self.cash = ZERO
        self.contributed = ZERO
        self.realised = ZERO
        self.fees = ZERO
        self.invested = ZERO
        self.positions: dict[InstrumentKey, Position] = {}

    def fork(self) -> "Book":
        """An independent copy, cheap because positions are immutable."""
        twin = Book.__new__(Book)
        twin.cash = self.cash
        twin.contributed = self.contributed
        twin.realised = self.realised
        twin.fees = self.fees
        twin.invested = self.invested
        twin.positions = self.positions.copy()
        return twin

    @property
    def net_trading_cash(self) -> Decimal:
        """Cash less what was inserted plus what was withdrawn."""
        return self.cash - self.contributed

    def contribute(self, time: int, amount: Decimal) -> Entry:
        """Insert (positive) or withdraw (negative) cash."""
        self.cash += amount
        self.contributed += amount
        reason = "insert cash" if amount > 0 else "withdraw cash"
        return self._entry(time, reason, (("cash", amount), ("contributions", -amount)))

    def apply(self, time: int, reason: str, instrument: Instrument, change: Change) -> Entry:
        """Write one trade into the books; the only way in which a position changes."""
        if change.position is None:
            self.positions.pop(instrument.key, None)
        else:
            self.positions[instrument.key] = change.position
        self.cash += change.cash
        self.realised += change.realised
        self.invested += change.invested
        self.fees += change.fee
        symbol = instrument.symbol
        return self._entry(
            time,
            reason,
            (
                ("cash", change.cash),
                (f"position:{symbol}", change.invested),
                (f"realised:{symbol}", -change.realised),
                ("fees", change.fee),
            ),
        )

    def _entry(self, time: int, reason: str, postings: tuple[tuple[str, Decimal], ...]) -> Entry:
        total = ZERO
        for _, amount in postings:
            total += amount
        if total != 0:
            raise BooksUnbalancedError(f"postings of {reason!r} at {time} do not add up to zero: {postings}")
        if self.cash + self.invested != self.contributed + self.realised - self.fees:
            raise BooksUnbalancedError(f"accounts do not balance after {reason!r} at {time}")
        return Entry(time, reason, tuple(posting for posting in postings if posting[1] != 0))
