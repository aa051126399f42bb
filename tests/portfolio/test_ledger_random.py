"""Random sequences of all that can happen to the books, beside a bookkeeper who works it out anew in fractions."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, trade
from periscope.portfolio.exact import EXACT, daily_interest
from periscope.portfolio.ledger import Account, Entry

SEQUENCES = 10_000
"""With --full; a twentieth of them otherwise."""
STEPS = 25
BATCH = 250

SHARES = [Instrument(symbol=name, asset_type=AssetType.EQUITY, exchange="XNYS") for name in ("AAA", "BBB")]
FUTURES = [
    Instrument(symbol=name, asset_type=AssetType.FUTURE, exchange="CME", multiplier=Decimal(multiplier), root=name[:2])
    for name, multiplier in (("ESH4", "50"), ("ZCK4", "12.5"))
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All batches of sequences with --full, a twentieth otherwise."""
    if "batch" in metafunc.fixturenames:
        full = any(metafunc.config.getoption(name, default=False) for name in ("--full", "--long"))
        metafunc.parametrize("batch", range(SEQUENCES // BATCH // (1 if full else 20)))


@dataclass
class Holding:
    """What the bookkeeper knows of one instrument."""

    units: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)


@dataclass
class Bookkeeper:
    """Keeps the same books by the rules of the docs, account by account."""

    accounts: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    held: dict[str, Holding] = field(default_factory=lambda: defaultdict(Holding))
    per_contract: dict[str, Fraction] = field(default_factory=lambda: {one.symbol: Fraction(1000) for one in FUTURES})

    @property
    def money(self) -> Fraction:
        """Cash with what is deposited as margin."""
        deposited = (self.accounts[f"margin:{symbol}"] for symbol in self.per_contract)
        return self.accounts["cash"] + sum(deposited, Fraction(0))

    def deposit(self, one: Instrument) -> Fraction:
        """Deposit what the contracts that are held need, and get back what is there for others."""
        account = f"margin:{one.symbol}"
        due = abs(self.held[one.symbol].units) * self.per_contract[one.symbol]
        self.accounts["cash"] -= due - self.accounts[account]
        self.accounts[account] = due
        return due

    def move(self, account: str, amount: Fraction) -> None:
        """Cash comes from an account, or goes to it."""
        self.accounts["cash"] += amount
        self.accounts[account] -= amount

    def fill(self, one: Instrument, units: Fraction, price: Fraction, fee: Fraction) -> None:
        """Close what there is on the other side, at its share of the cost; open the rest."""
        holding, symbol = self.held[one.symbol], one.symbol
        per_unit = price * Fraction(one.multiplier)
        closed = Fraction(0)
        if holding.units * units < 0:
            closed = min(abs(units), abs(holding.units)) * (1 if holding.units > 0 else -1)
            part = Fraction(closed, holding.units)
            cost = holding.cost if part == 1 else round(holding.cost * part, 12)
            paid = holding.paid if part == 1 else round(holding.paid * part, 12)
            self.accounts[f"realised:{symbol}"] -= closed * per_unit - cost
            holding.units -= closed
            holding.cost -= cost
            holding.paid -= paid
            if one.is_future:
                self.accounts["cash"] += closed * per_unit - cost - paid
        opened = units + closed
        holding.units += opened
        holding.cost += opened * per_unit
        if not one.is_future:
            self.accounts["cash"] -= units * per_unit
        self.accounts["cash"] -= fee
        self.accounts["fees"] += fee
        self.mark(one)
        if one.is_future:
            self.deposit(one)

    def settle(self, one: Instrument, price: Fraction) -> None:
        """Pay what the open future has gained and not been paid."""
        holding = self.held[one.symbol]
        gained = holding.units * price * Fraction(one.multiplier) - holding.cost - holding.paid
        holding.paid += gained
        self.accounts["cash"] += gained
        self.mark(one)

    def mark(self, one: Instrument) -> None:
        """The balance of the position's own account follows from the position."""
        holding = self.held[one.symbol]
        if one.is_future:
            self.accounts[f"unrealised:{one.symbol}"] = -holding.paid
        else:
            self.accounts[f"position:{one.symbol}"] = holding.cost


class Sequence:
    """One random life of a book and its bookkeeper."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.book = Book()
        self.keeper = Bookkeeper()
        self.entries: list[Entry] = []

    def run(self) -> None:
        """Take the steps; after each of them both must say the same."""
        happenings = [self.fund, self.fill, self.fill, self.fill, self.settle, self.dividend, self.split, self.interest]
        for step in range(STEPS):
            entry = self.dice.choice([*happenings, self.expire, self.margin])(step)
            if entry is not None:
                self.entries.append(entry)
            self.check()

    def check(self) -> None:
        """Entries balance, accounts are the bookkeeper's, and the whole sums to zero."""
        assert all(sum(amount for _, amount in entry.postings) == 0 for entry in self.entries[-1:])
        balances = {name: Fraction(amount) for name, amount in self.book.balances.items() if amount != 0}
        assert balances == {name: amount for name, amount in self.keeper.accounts.items() if amount != 0}
        assert sum(balances.values()) == 0
        assert Fraction(self.book.cash) == self.keeper.money
        for key, position in self.book.positions.items():
            holding = self.keeper.held[key[0]]
            known = tuple(Fraction(number) for number in (position.quantity, position.cost, position.settled))
            assert known == (holding.units, holding.cost, holding.paid)

    def number(self, least: int, most: int, digits: int) -> Decimal:
        """A decimal of so many digits."""
        return Decimal(self.dice.randint(least * 10**digits, most * 10**digits)).scaleb(-digits)

    def fund(self, time: int) -> Entry:
        """Money in or out."""
        amount = self.number(-5000, 20000, 2) or Decimal(1)
        self.keeper.move("contributions", Fraction(amount))
        return self.book.contribute(time, amount)

    def fill(self, time: int) -> Entry | None:
        """A trade of any size and side."""
        one = self.dice.choice([*SHARES, *FUTURES])
        units, price, fee = self.number(-30, 30, one is SHARES[0]), self.number(1, 300, 2), self.number(0, 9, 4)
        if units == 0:
            return None
        self.keeper.fill(one, Fraction(units), Fraction(price), Fraction(fee))
        change = trade(self.book.positions.get(one.key), one, units, price, fee)
        return self.book.apply(time, "a fill", one, change, self.deposited(one))

    def deposited(self, one: Instrument) -> Decimal:
        """What the bookkeeper has deposited for a future, which has at most three decimals."""
        exact = self.keeper.accounts[f"margin:{one.symbol}"] if one.is_future else Fraction(0)
        return Decimal(int(exact * 1000)).scaleb(-3)

    def margin(self, time: int) -> Entry | None:
        """Another margin per contract, none at all at times, for what is held and all that comes."""
        one = self.dice.choice(FUTURES)
        self.keeper.per_contract[one.symbol] = Fraction(self.number(0, 3000, 1) if self.dice.random() < 0.8 else 0)
        before = self.book.margin(one)
        self.keeper.deposit(one)
        return None if self.deposited(one) == before else self.book.deposit(time, one, self.deposited(one))

    def settle(self, time: int) -> Entry | None:
        """Daily settlement."""
        one = self.dice.choice(FUTURES)
        if one.key not in self.book.positions:
            return None
        price = self.number(1, 300, 2)
        self.keeper.settle(one, Fraction(price))
        return self.book.settle(time, one, price)

    def dividend(self, time: int) -> Entry | None:
        """On what is held."""
        one = self.dice.choice(SHARES)
        held = self.book.positions.get(one.key)
        if held is None:
            return None
        per_unit = self.number(0, 3, 4) or Decimal("0.01")
        side = "received" if held.quantity > 0 else "paid"
        self.keeper.move(f"dividends_{side}:{one.symbol}", Fraction(held.quantity * per_unit))
        return self.book.dividend(time, one, held.quantity, per_unit)

    def split(self, time: int) -> Entry | None:
        """More or fewer units at the same cost."""
        one = self.dice.choice(SHARES)
        held = self.book.positions.get(one.key)
        if held is None:
            return None
        quantity = held.quantity * self.dice.choice([Decimal(2), Decimal("1.5"), Decimal("0.1"), Decimal("0.25")])
        self.keeper.held[one.symbol].units = Fraction(quantity)
        return self.book.resize(time, one, quantity, "a split")

    def interest(self, time: int) -> Entry | None:
        """On cash, a debit, or shares that are short."""
        account, sign = self.dice.choice(
            [(Account.INTEREST_RECEIVED.value, 1), (Account.INTEREST_PAID.value, -1), ("borrow_fees:AAA", -1)]
        )
        base, rate = self.number(0, 100_000, 3), self.number(0, 1, 3)
        amount = sign * daily_interest(base, rate)
        assert Fraction(amount) == sign * round(Fraction(base) * Fraction(rate) / 360, 6)
        if amount == 0:
            return None
        self.keeper.move(account, Fraction(amount))
        return self.book.pay(time, "interest", account, amount)

    def expire(self, time: int) -> Entry | None:
        """All of a position is closed, without a fee."""
        one = self.dice.choice([*SHARES, *FUTURES])
        held = self.book.positions.get(one.key)
        if held is None:
            return None
        price = self.number(1, 300, 2)
        self.keeper.fill(one, Fraction(-held.quantity), Fraction(price), Fraction(0))
        return self.book.apply(time, "expiry", one, trade(held, one, -held.quantity, price, Decimal(0)))


def test_books_and_bookkeeper_agree(batch: int) -> None:
    """After every step of every sequence."""
    with localcontext(EXACT):
        for seed in range(batch * BATCH, (batch + 1) * BATCH):
            try:
                Sequence(seed).run()
            except AssertionError as difference:
                raise AssertionError(f"sequence {seed}: {difference}") from difference


def test_a_wrong_rule_is_found() -> None:
    """The bookkeeper is no echo: a fee left out is told."""
    with localcontext(EXACT):
        sequence = Sequence(1)
        sequence.fill(0)
        sequence.keeper.accounts["fees"] += Fraction(1, 10_000)
        with pytest.raises(AssertionError):
            sequence.check()
