"""The `margin` account: positions are carried on a part of their value."""

from collections.abc import Mapping
from decimal import Decimal
from typing import override

from periscope.execution.accounts.exposure import Exposure, Side
from periscope.execution.accounts.model import Account, Cushion, Marks, Part, only_reduces
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, Change, InstrumentKey, Position
from periscope.portfolio.exact import ZERO, plain, share_of_cost

_PERCENT = Decimal(100)


class MarginAccount(Account):
    """Shares may be bought on credit and sold short; a position needs a part of its value as the account's own money.

    - *Equity* is cash, plus the market value of shares (short ones count below zero), plus the result of futures that
      has not been settled. It is the portfolio's value.
    - The *initial requirement* of a position in shares is `initial` of its market value, long or short; of futures the
      initial margin per contract. The *maintenance requirement* is `maintenance` of the value, and the maintenance
      margin.
    - *Free* is equity, less the initial requirements of all positions, less the reserve of resting orders.
    - The *reserve* is, per symbol, what the worst position that resting orders can reach (all buys filled, or all
      sells) requires beyond the present one, and the fees of a side that reaches beyond it. Orders with a close intent
      reserve nothing. Orders count at their reference price: the limit, the stop, or the last price for MARKET; where a
      side first closes the present position, what it opens counts at the side's average.
    - An order whose reserve is more than what is free is refused; one that needs nothing never is.
    - A fill after which equity would be below the initial requirements, the traded instrument valued at the price
      that its market shows, ends its order. A fill that only reduces a position is always borne.
    - Equity below the maintenance requirements is a margin call.

    A quarter of the value for maintenance and a half to open are what US brokers must ask at least for long positions
    (FINRA rule 4210(c)(1); Federal Reserve, Regulation T, 12 CFR 220.12(a)). What is unrealistic about it: the house
    requirements of a broker are higher for some shares, for short positions (30% by FINRA) and for concentrated ones.
    """

    name = "margin"
    shorts = True
    judges_resting_orders = False

    def __init__(self, initial: Decimal = Decimal("0.5"), maintenance: Decimal = Decimal("0.25")) -> None:
        self._initial = initial
        self._maintenance = maintenance

    @override
    def describe(self) -> str:
        """The rates in per cent."""
        rates = tuple(f"{plain(rate * _PERCENT):f}%" for rate in (self._initial, self._maintenance))
        return f"margin: equities {rates[0]} initial, {rates[1]} maintenance; futures by margin per contract"

    @override
    def free(self, book: Book, exposures: Mapping[InstrumentKey, Exposure], marks: Marks) -> Decimal:
        """Equity less initial requirements less reserves."""
        total = book.cash
        for position in book.positions.values():
            price = marks.last_price(position.instrument)
            total += position.worth_at(price) - self._requirement(position, price, marks)
        for key, exposure in exposures.items():
            total -= self._reserve(exposure, book.positions.get(key), marks)
        return total

    @override
    def check_order(
        self,
        order: Order,
        book: Book,
        exposures: Mapping[InstrumentKey, Exposure],
        after: Exposure | None,
        marks: Marks,
    ) -> Rejection | None:
        """Whether what the order adds to the reserve is free."""
        instrument = order.instrument
        if after is None:
            return None
        if instrument.is_future and marks.initial_margin(instrument) is None:
            return Rejection("MARGIN_UNKNOWN", f"the catalog has no initial margin for {instrument.symbol}")
        held = book.positions.get(instrument.key)
        if not self.shorts and not instrument.is_future and order.sign < 0:
            owned = held.quantity if held is not None else ZERO
            if after.sells.units > owned:
                return _would_go_short(order, owned, after.sells.units - order.quantity)
        before = exposures.get(instrument.key)
        need = self._reserve(after, held, marks)
        need -= self._reserve(before, held, marks) if before is not None else ZERO
        if need <= 0:
            return None
        free = self.free(book, exposures, marks)
        if need <= free:
            return None
        return Rejection(
            "OUT_OF_CASH",
            f"the order needs {plain(need):f} {instrument.currency} and {plain(free):f} is free: "
            f"{plain(need - free):f} is missing"
            + ("; InsertCashAction funds the portfolio" if book.contributed == 0 else ""),
        )

    @override
    def check_fill(
        self, order: Order, held: Position | None, change: Change, base: Decimal, book: Book, marks: Marks
    ) -> Rejection | None:
        """Whether equity after the fill covers the initial requirements after it."""
        instrument, after = order.instrument, change.position
        if not self.shorts and not instrument.is_future and after is not None and after.quantity < 0:
            return Rejection(
                "SHORT_NOT_ALLOWED", f"the fill would sell {order.symbol} short, which a cash account cannot"
            )
        if only_reduces(held, change):
            return None
        left = book.cash + change.cash
        for key, position in book.positions.items():
            if key != instrument.key:
                price = marks.last_price(position.instrument)
                left += position.worth_at(price) - self._requirement(position, price, marks)
        if after is not None:
            left += after.worth_at(base) - self._requirement(after, base, marks)
        if left >= 0:
            return None
        return Rejection("OUT_OF_CASH", f"at its fill the order is short of {-left:f} {instrument.currency}")

    @override
    def cushion(self, book: Book, marks: Marks) -> Cushion | None:
        """Equity less maintenance requirements. Shares held long and paid for can fall to nothing without a call."""
        if book.cash >= 0 and all(
            not held.instrument.is_future and held.quantity > 0 for held in book.positions.values()
        ):
            return None
        fixed, parts = book.cash, []
        for position in book.positions.values():
            instrument = position.instrument
            if instrument.is_future:
                fixed -= position.cost + position.settled + self.maintenance(position, marks)
                parts.append(Part(instrument, position.quantity * instrument.multiplier, position.cost))
                continue
            units = (position.quantity - abs(position.quantity) * self._maintenance) * instrument.multiplier
            parts.append(Part(instrument, units, position.cost - abs(position.cost) * self._maintenance))
        return Cushion(fixed, tuple(parts))

    @override
    def maintenance(self, position: Position, marks: Marks) -> Decimal:
        """At the last price; where a future's maintenance margin is not known, its initial margin."""
        instrument = position.instrument
        if instrument.is_future:
            margin = marks.maintenance_margin(instrument)
            return abs(position.quantity) * (_initial_margin(instrument, marks) if margin is None else margin)
        return _value(position, marks.last_price(instrument)) * self._maintenance

    @override
    def deposit(self, position: Position | None, marks: Marks) -> Decimal:
        """The initial margin of each contract."""
        if position is None or not position.instrument.is_future:
            return ZERO
        return abs(position.quantity) * _initial_margin(position.instrument, marks)

    def _requirement(self, position: Position, price: Decimal | None, marks: Marks) -> Decimal:
        """What opening the position needs at `price`, at cost where there is none yet."""
        if position.instrument.is_future:
            return self.deposit(position, marks)
        return _value(position, price) * self._initial

    def _reserve(self, exposure: Exposure, held: Position | None, marks: Marks) -> Decimal:
        """Money held back for the resting orders of one symbol."""
        quantity = held.quantity if held is not None else ZERO
        instrument = exposure.instrument
        buys, buy_fees = self._side_needs(instrument, exposure.buys, quantity, marks)
        if not self.shorts and not instrument.is_future:
            return buys + buy_fees
        sells, sell_fees = self._side_needs(instrument, exposure.sells, -quantity, marks)
        return max(buys, sells) + buy_fees + sell_fees

    def _side_needs(self, instrument: Instrument, side: Side, along: Decimal, marks: Marks) -> tuple[Decimal, Decimal]:
        """Requirement and fees of one side's orders; `along` is the position, positive where they add to it."""
        beyond = side.units if along >= 0 else side.units + 2 * along
        if beyond <= 0:
            return ZERO, ZERO
        if instrument.is_future:
            return beyond * _initial_margin(instrument, marks), side.fees
        value = side.value if beyond == side.units else share_of_cost(side.value, beyond, side.units)
        return value * self._initial, side.fees


def _initial_margin(instrument: Instrument, marks: Marks) -> Decimal:
    """Of one contract; orders in futures whose margin is not known are refused."""
    margin = marks.initial_margin(instrument)
    return ZERO if margin is None else margin


def _value(position: Position, price: Decimal | None) -> Decimal:
    return abs(position.cost if price is None else position.value_at(price))


def _would_go_short(order: Order, owned: Decimal, promised: Decimal) -> Rejection:
    return Rejection(
        "SHORT_NOT_ALLOWED",
        f"selling {order.quantity} {order.symbol} would go short: {owned} held, {promised} already being sold; "
        "a cash account cannot sell short (use a close intent to sell what is there)",
    )
