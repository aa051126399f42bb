"""The books of one run: cash and positions, moved only by balanced entries."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from libs.shared_ipc.src.protocol import AssetType, Direction
from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO, average, share_of_cost
from periscope.portfolio.ledger import Account, BooksUnbalancedError, Entry, Posting, balanced, named

type InstrumentKey = tuple[str, AssetType]


class Position(msgspec.Struct, frozen=True, gc=False):
    """A holding. `quantity` is signed; `cost` is quantity x price x multiplier of what is held, signed alike, exact.

    `settled` is the result of an open future that daily settlement has already moved to cash (negative: from it).
    """

    instrument: Instrument
    quantity: Decimal
    cost: Decimal
    settled: Decimal = ZERO

    @property
    def direction(self) -> Direction:
        """LONG or SHORT."""
        return Direction.LONG if self.quantity > 0 else Direction.SHORT

    @property
    def average_price(self) -> Decimal:
        """Price per unit before fees, ten decimals. Daily settlement does not change it: it is what was traded at."""
        return average(self.cost, self.quantity * self.instrument.multiplier)

    def value_at(self, price: Decimal) -> Decimal:
        """Quantity x price x multiplier, signed."""
        return self.quantity * price * self.instrument.multiplier

    def worth_at(self, price: Decimal | None) -> Decimal:
        """What it adds to cash to make the portfolio's value at `price` (None: at cost).

        The market value of what was paid for, and of a future the result that has not been settled yet.
        """
        value = self.cost if price is None else self.value_at(price)
        return value - self.cost - self.settled if self.instrument.is_future else value


@dataclass(frozen=True, slots=True)
class Change:
    """What a trade does to the books, worked out before anything is touched.

    `invested` and `settled` are by how much the position's cost and its settled result change.
    """

    position: Position | None
    cash: Decimal
    realised: Decimal
    invested: Decimal
    settled: Decimal
    fee: Decimal


def trade(held: Position | None, instrument: Instrument, quantity: Decimal, price: Decimal, fee: Decimal) -> Change:
    """Work out a trade of `quantity` (signed, units) at `price`: closes what it can first, then opens the rest.

    What is closed takes its share of the cost and of the settled result with it.
    """
    old_quantity, old_cost, settled = (held.quantity, held.cost, held.settled) if held is not None else (ZERO,) * 3
    money = quantity * price * instrument.multiplier
    realised, released = ZERO, ZERO
    if old_quantity == 0 or (old_quantity > 0) == (quantity > 0):
        new_quantity, new_cost = old_quantity + quantity, old_cost + money
    elif abs(quantity) < abs(old_quantity):
        removed = share_of_cost(old_cost, abs(quantity), abs(old_quantity))
        if settled != 0:
            released = share_of_cost(settled, abs(quantity), abs(old_quantity))
        new_quantity, new_cost = old_quantity + quantity, old_cost - removed
        realised = -money - removed
    else:
        new_quantity = old_quantity + quantity
        new_cost = new_quantity * price * instrument.multiplier
        realised = -(money - new_cost) - old_cost
        released = settled
    position = Position(instrument, new_quantity, new_cost, settled - released) if new_quantity != 0 else None
    if instrument.is_future:
        return Change(position, realised - released - fee, realised, ZERO, -released, fee)
    return Change(position, -money - fee, realised, new_cost - old_cost, ZERO, fee)


class Book:
    """Cash and positions, and the balance of every account. Forks share the immutable positions and nothing else.

    `cash` is all of the account's money, with what is deposited as margin: the ledger has that on accounts of its own,
    of which `deposits` names those that hold something.
    """

    __slots__ = ("balances", "cash", "contributed", "deposits", "positions")

    def __init__(self) -> None:
        self.cash = ZERO
        self.contributed = ZERO
        self.positions: dict[InstrumentKey, Position] = {}
        self.balances: dict[str, Decimal] = {}
        self.deposits: set[str] = set()

    def fork(self) -> "Book":
        """An independent copy, cheap because positions are immutable."""
        twin = Book.__new__(Book)
        twin.cash = self.cash
        twin.contributed = self.contributed
        twin.positions = self.positions.copy()
        twin.balances = self.balances.copy()
        twin.deposits = self.deposits.copy()
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
        return self._post(time, reason, (("cash", amount), ("contributions", -amount)))

    def apply(self, time: int, reason: str, instrument: Instrument, change: Change, margin: Decimal = ZERO) -> Entry:
        """Write one trade into the books. `margin` is what must be deposited for the position that it leaves."""
        self.cash += change.cash
        symbol = instrument.symbol
        result = ((f"realised:{symbol}", -change.realised), ("fees", change.fee))
        if not instrument.is_future:
            bought = (("cash", change.cash), (f"position:{symbol}", change.invested))
            return self._post(time, reason, (*bought, *result), instrument, change.position, change.invested)
        deposit = self._deposit(symbol, margin)
        moved = (("cash", change.cash - deposit[1]), deposit, (f"unrealised:{symbol}", -change.settled))
        return self._post(time, reason, (*moved, *result), instrument, change.position, -change.settled)

    def settle(self, time: int, instrument: Instrument, price: Decimal) -> Entry:
        """Move the result of an open future since it was last settled to cash, at the settlement price.

        The position keeps its cost: what it has been settled for is kept beside it. KeyError if there is no position.
        """
        held = self.positions[instrument.key]
        amount = held.worth_at(price)
        after = msgspec.structs.replace(held, settled=held.settled + amount)
        self.cash += amount
        postings = (("cash", amount), (named(Account.UNREALISED, instrument.symbol), -amount))
        reason = f"daily settlement of {instrument.symbol} at {price:f}"
        return self._post(time, reason, postings, instrument, after, -amount)

    def margin(self, instrument: Instrument) -> Decimal:
        """What is deposited for the position in a future."""
        return self.balances.get(f"margin:{instrument.symbol}", ZERO)

    def deposit(self, time: int, instrument: Instrument, margin: Decimal) -> Entry:
        """Deposit another margin for a position that stays: add to it from cash, or get back what is too much."""
        symbol = instrument.symbol
        verb = "raised" if margin > self.margin(instrument) else "lowered"
        deposit = self._deposit(symbol, margin)
        postings = (("cash", -deposit[1]), deposit)
        return self._post(time, f"margin of {symbol} {verb} to {margin:f}", postings)

    def _deposit(self, symbol: str, margin: Decimal) -> Posting:
        """The posting that brings a future's margin account to `margin`."""
        name = f"margin:{symbol}"
        if margin:
            self.deposits.add(name)
        else:
            self.deposits.discard(name)
        return name, margin - self.balances.get(name, ZERO)

    def dividend(self, time: int, instrument: Instrument, units: Decimal, per_unit: Decimal) -> Entry:
        """Pay a cash dividend of `per_unit` on `units` (signed: those who are short pay it)."""
        amount = units * per_unit
        self.cash += amount
        account = Account.DIVIDENDS_RECEIVED if amount > 0 else Account.DIVIDENDS_PAID
        postings = (("cash", amount), (named(account, instrument.symbol), -amount))
        return self._post(time, f"dividend of {per_unit:f} on {units:f} {instrument.symbol}", postings)

    def resize(self, time: int, instrument: Instrument, quantity: Decimal, reason: str) -> Entry:
        """Change how many units a position has and not what it cost, as a split does. No money moves.

        `quantity` is signed and keeps the position's side; a fraction to be paid out in cash is a trade of its own.
        """
        held = self.positions[instrument.key]
        assert quantity != 0 and (quantity > 0) == (held.quantity > 0), "a split does not turn or end a position"
        return self._post(time, reason, (), instrument, msgspec.structs.replace(held, quantity=quantity))

    def pay(self, time: int, reason: str, account: str, amount: Decimal) -> Entry:
        """Let cash change by `amount` on account of interest or of a borrow fee."""
        self.cash += amount
        return self._post(time, reason, (("cash", amount), (account, -amount)))

    def _post(
        self,
        time: int,
        reason: str,
        postings: tuple[Posting, ...],
        instrument: Instrument | None = None,
        position: Position | None = None,
        moved: Decimal = ZERO,
    ) -> Entry:
        """Write an entry, and the position that `instrument` has after it: the only function that changes either.

        `moved` is what the postings do to the position's own account.
        Checks that the entry adds up to zero (and with it all balances together), that the portfolio's cash is what the
        accounts of cash and of all margins hold, and that the position's account changes by what the position does.
        """
        entry = balanced(time, reason, postings)
        balances = self.balances
        for name, amount in entry.postings:
            balances[name] = balances.get(name, ZERO) + amount
        cash = balances.get("cash", ZERO)
        for name in self.deposits:
            cash += balances[name]
        if cash != self.cash or balances.get("contributions", ZERO) != -self.contributed:
            raise BooksUnbalancedError(f"cash is not what the accounts say after {reason!r} at {time}")
        if instrument is not None:
            self._hold(instrument, position, moved, entry)
        return entry

    def _hold(self, instrument: Instrument, position: Position | None, moved: Decimal, entry: Entry) -> None:
        before = self.positions.get(instrument.key)
        if moved != _booked(position, instrument) - _booked(before, instrument):
            text = f"the position in {instrument.symbol} is not what is booked after {entry.reason!r} at {entry.time}"
            raise BooksUnbalancedError(text)
        if position is None:
            if instrument.is_future and self.margin(instrument) != 0:
                text = f"margin is left for {instrument.symbol}, which is flat after {entry.reason!r} at {entry.time}"
                raise BooksUnbalancedError(text)
            self.positions.pop(instrument.key, None)
        else:
            self.positions[instrument.key] = position


def _booked(position: Position | None, instrument: Instrument) -> Decimal:
    """What the ledger must have on the position's own account."""
    if position is None:
        return ZERO
    return -position.settled if instrument.is_future else position.cost
