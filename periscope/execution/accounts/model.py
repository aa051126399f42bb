"""What every account model answers, and what it is told."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from periscope.execution.accounts.exposure import Exposure
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, Change, InstrumentKey, Position
from periscope.portfolio.exact import ZERO


class Marks(Protocol):
    """What is known of the instruments now."""

    def last_price(self, instrument: Instrument) -> Decimal | None:
        """Close of the last execution bar that is complete, None if there was none."""

    @property
    def now(self) -> int:
        """The present moment, microseconds UTC."""

    def worth(self, position: Position) -> Decimal:
        """What a position adds to cash now to make the portfolio's value."""

    def initial_margin(self, instrument: Instrument) -> Decimal | None:
        """What one contract of a future needs to be opened, in the run's currency; None where that is not known."""

    def maintenance_margin(self, instrument: Instrument) -> Decimal | None:
        """What one contract of a future needs to be kept; None where that is not known."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """One instrument's part of a cushion: `per_price` times its price, or `unpriced` before its first price."""

    instrument: Instrument
    per_price: Decimal
    unpriced: Decimal


class Cushion(msgspec.Struct, frozen=True, gc=False):
    """By how much the account is above its maintenance requirement, as a sum over prices: below zero is a margin call.

    As it is linear in prices, the engine finds the next call by comparing columns of closes, and not bar by bar.
    """

    fixed: Decimal
    parts: tuple[Part, ...]

    def now(self, marks: Marks) -> Decimal:
        """The cushion at the last prices, in the run's currency."""
        total = self.fixed
        for part in self.parts:
            price = marks.last_price(part.instrument)
            total += part.unpriced if price is None else part.per_price * price
        return total


class Account(Protocol):
    """What an account may do with its money. Its docstring states the rules in prose.

    `name` is how `core.account` calls it. All amounts are in the run's currency. `judges_resting_orders` says that
    resting orders are looked at anew as bars end and after fills, and end where they would not be taken any more.
    """

    name: str
    judges_resting_orders: bool

    def describe(self) -> str:
        """The model and its numbers in a sentence, for results."""

    def free(self, book: Book, exposures: Mapping[InstrumentKey, Exposure], marks: Marks) -> Decimal:
        """What neither a position nor a resting order holds: it may be withdrawn or used for another order."""

    def check_order(
        self,
        order: Order,
        book: Book,
        exposures: Mapping[InstrumentKey, Exposure],
        after: Exposure | None,
        marks: Marks,
    ) -> Rejection | None:
        """Whether the account can carry the order. `after` is its symbol's exposure with it, None for close intents."""

    def surely_bears(self, order: Order, free: Decimal, book: Book, marks: Marks) -> bool:  # noqa: ARG002
        """Whether `check_order` is sure to take this resting order, and every smaller one of its kind.

        Of its kind are the orders of its instrument, side and unit, whatever their prices, of which nothing has filled
        if nothing of it has. `free` is as above. Asked only where resting orders are judged; False where it is unknown.
        """
        return False

    def check_fill(
        self, order: Order, held: Position | None, change: Change, base: Decimal, book: Book, marks: Marks
    ) -> Rejection | None:
        """Whether the account can bear a fill, worked out as `change` and not booked yet; `base` is its market's price.

        A fill that only reduces a position must always be borne.
        """

    def cushion(self, book: Book, marks: Marks) -> Cushion | None:
        """How far the account is from a margin call; None where no price can bring one while the books stay so."""

    def maintenance(self, position: Position, marks: Marks) -> Decimal:
        """What the account must hold to keep a position."""

    def deposit(self, position: Position | None, marks: Marks) -> Decimal:
        """What the ledger shows as deposited for a position: a future's initial requirement, never anything for shares.

        Zero where that is not known.
        """


def only_reduces(held: Position | None, change: Change) -> bool:
    """Whether a fill brings a position nearer to flat, or flat, and not beyond."""
    before = held.quantity if held is not None else ZERO
    after = change.position.quantity if change.position is not None else ZERO
    return before * after >= 0 and abs(after) < abs(before)
