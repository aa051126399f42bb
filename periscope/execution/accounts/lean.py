"""The `lean` account: buying power by the rules of QuantConnect LEAN's default margin models."""

from collections.abc import Mapping
from decimal import Decimal
from typing import override

from periscope.execution.accounts.exposure import Exposure
from periscope.execution.accounts.model import Account, Cushion, Marks
from periscope.execution.costs import Marked, fee_of_fill
from periscope.execution.fees import FeeModel
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, Change, InstrumentKey, Position
from periscope.portfolio.exact import ZERO, quotient


class LeanAccount(Account):
    """A margin account that looks at each order alone; resting orders hold nothing back.

    - Equities need their value divided by the leverage, to open and to keep. Futures need the initial margin per
      contract to open and the maintenance margin to keep; where no margins by date are known, nothing.
    - *Margin remaining* is the portfolio's value less what its positions need to be kept. To an order against a
      position, what the position needs to be kept and what it needed to be opened are added.
    - An order that only reduces a position is always accepted. Any other needs its margin and its fee, and they must
      not be more than the margin remaining. This is looked at when the order is placed, and again whenever a bar of
      something ordered or held has ended, even where the order would not fill; where it fails the order is REJECTED.
    - There is no margin call: LEAN's closes positions by rules that are not modelled here.

    Source: QuantConnect/Lean (Apache-2.0), Common/Securities/BuyingPowerModel.cs, SecurityMarginModel.cs and
    Future/FutureMarginModel.cs.
    """

    name = "lean"
    judges_resting_orders = True

    def __init__(self, leverage: Decimal, fees: FeeModel) -> None:
        self._leverage = leverage
        self._fees = fees

    @override
    def describe(self) -> str:
        """The model and its leverage."""
        return f"lean: equities at leverage {self._leverage:f}; futures by margin per contract and date"

    @override
    def free(self, book: Book, exposures: Mapping[InstrumentKey, Exposure], marks: Marks) -> Decimal:
        """The margin remaining."""
        held = book.positions.values()
        return book.cash + sum((marks.worth(each) - self.maintenance(each, marks) for each in held), ZERO)

    @override
    def check_order(
        self,
        order: Order,
        book: Book,
        exposures: Mapping[InstrumentKey, Exposure],
        after: Exposure | None,
        marks: Marks,
    ) -> Rejection | None:
        """The order's margin and fee against what remains."""
        return self._check(order, book, marks)

    @override
    def surely_bears(self, order: Order, free: Decimal, book: Book, marks: Marks) -> bool:
        """By the margin, which grows with the size, and the most that a fee of that size can be."""
        instrument, held = order.instrument, book.positions.get(order.instrument.key)
        against = held is not None and (held.quantity > 0) != (order.sign > 0)
        if held is not None and against:
            if order.remaining <= abs(held.quantity):
                return True
            free += self._freed(held, marks)
        price = marks.last_price(instrument)
        if price is None or price <= 0 or order.charged_units != 0:
            return False
        quantity, value = order.unit.real_quantity(order.remaining), order.remaining * price * instrument.multiplier
        margin = self._margin(instrument, order.remaining, marks, keep=False)
        return margin + self._fees.most(instrument, quantity, value) <= free

    @override
    def check_fill(
        self, order: Order, held: Position | None, change: Change, base: Decimal, book: Book, marks: Marks
    ) -> Rejection | None:
        """The same, at the prices of the moment of the fill."""
        return self._check(order, book, marks)

    @override
    def cushion(self, book: Book, marks: Marks) -> Cushion | None:
        """No margin calls."""
        return None

    @override
    def maintenance(self, position: Position, marks: Marks) -> Decimal:
        """Value over leverage, or the maintenance margin."""
        return self._margin(position.instrument, abs(position.quantity), marks, keep=True)

    @override
    def deposit(self, position: Position | None, marks: Marks) -> Decimal:
        """The initial margin of each contract, where margins by date are known."""
        if position is None or not position.instrument.is_future:
            return ZERO
        return self._margin(position.instrument, abs(position.quantity), marks, keep=False)

    def _check(self, order: Order, book: Book, marks: Marks) -> Rejection | None:
        instrument, held = order.instrument, book.positions.get(order.instrument.key)
        against = held is not None and (held.quantity > 0) != (order.sign > 0)
        if held is not None and against and order.remaining <= abs(held.quantity):
            return None
        price = marks.last_price(instrument)
        known = Marked(order.unit, price)
        fee = fee_of_fill(order, order.remaining, price or order.reference, marks.now, self._fees, known)
        need = self._margin(instrument, order.remaining, marks, keep=False) + fee
        left = self.free(book, {}, marks)
        if held is not None and against:
            left += self._freed(held, marks)
        if need <= left:
            return None
        return Rejection(
            "OUT_OF_CASH",
            f"the order needs {need:f} {instrument.currency} and {max(left, ZERO):f} of margin remains",
        )

    def _freed(self, held: Position, marks: Marks) -> Decimal:
        """What an order against a position may use of it."""
        return self.maintenance(held, marks) + self._margin(held.instrument, abs(held.quantity), marks, keep=False)

    def _margin(self, instrument: Instrument, quantity: Decimal, marks: Marks, *, keep: bool) -> Decimal:
        if instrument.is_future:
            if not instrument.margins:
                return ZERO
            found = marks.maintenance_margin(instrument) if keep else marks.initial_margin(instrument)
            return ZERO if found is None else quantity * found
        price = marks.last_price(instrument)
        value = ZERO if price is None else quantity * price * instrument.multiplier
        return quotient(value, self._leverage)
