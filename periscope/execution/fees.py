"""What an order costs beyond its price: fee models, each a small class with the two methods of `FeeModel`.

A model says what a *whole order* owes once it has traded so much. A fill pays what its order owes after it, less what
the order owed before it, so that minimum and maximum hold per order over all its fills. Fees are exact and never
rounded. All figures are those of the contract as it really trades on that day: a model sees real units and real prices
whatever units the run's series are in.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Protocol

import msgspec

from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO, plain

BASIS_POINT = Decimal("0.0001")


class Traded(msgspec.Struct, frozen=True, gc=False):
    """What one order has traded up to some moment, in real units of its contract.

    `sign` is +1 for a buy and -1 for a sell. `quantity` is positive; `value` is the sum of quantity x price x
    multiplier over the fills, in the run's currency, negative only where prices are. `time` is that of the latest of
    these fills (microseconds UTC). `last_price` is the last price known then, None where there is none, and
    `order_price` the order's limit, else its stop, None for a market order.
    """

    instrument: Instrument
    sign: int
    quantity: Decimal
    value: Decimal
    time: int
    last_price: Decimal | None = None
    order_price: Decimal | None = None


class FeeModel(Protocol):
    """How fees are reckoned (`core.fees`). `is_free` says that nothing is ever owed."""

    is_free: ClassVar[bool] = False

    def owed(self, traded: Traded, /) -> Decimal:
        """The fee of an order that has traded so much, in the run's currency; zero for one that has not traded."""

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """What no order owes more than that has traded at most so many units, of at most that value; never below zero.

        It grows with both, so that one look at a large order tells of all smaller ones.
        """

    def describe(self) -> str:
        """The model in a few words, for whoever reads the result."""

    def covers(self, _instrument: Instrument, /) -> bool:
        """Whether the model knows what this instrument costs; an order in one that it does not know is refused."""
        return True


@dataclass(frozen=True, slots=True)
class NoFees(FeeModel):
    """Nothing costs anything."""

    is_free = True

    def owed(self, _traded: Traded, /) -> Decimal:
        """Zero."""
        return ZERO

    def most(self, _instrument: Instrument, _quantity: Decimal, _value: Decimal, /) -> Decimal:
        """Zero."""
        return ZERO

    def describe(self) -> str:
        """The word for it."""
        return "none"


@dataclass(frozen=True, slots=True)
class PerShare(FeeModel):
    """An amount for each unit of what trades as an equity; futures cost nothing."""

    rate: Decimal

    def owed(self, traded: Traded, /) -> Decimal:
        """Units times the rate."""
        return ZERO if traded.instrument.is_future else self.rate * traded.quantity

    def most(self, instrument: Instrument, quantity: Decimal, _value: Decimal, /) -> Decimal:
        """Units times the rate."""
        return ZERO if instrument.is_future else max(ZERO, self.rate * quantity)

    def describe(self) -> str:
        """The rate."""
        return f"{plain(self.rate):f} a share"


@dataclass(frozen=True, slots=True)
class PerContract(FeeModel):
    """An amount for each contract of a future; what trades as an equity costs nothing."""

    rate: Decimal

    def owed(self, traded: Traded, /) -> Decimal:
        """Contracts times the rate."""
        return self.rate * traded.quantity if traded.instrument.is_future else ZERO

    def most(self, instrument: Instrument, quantity: Decimal, _value: Decimal, /) -> Decimal:
        """Contracts times the rate."""
        return max(ZERO, self.rate * quantity) if instrument.is_future else ZERO

    def describe(self) -> str:
        """The rate."""
        return f"{plain(self.rate):f} a contract"


@dataclass(frozen=True, slots=True)
class BasisPoints(FeeModel):
    """A share of the traded value, in ten-thousandths, of equities and futures alike.

    The value of a future is that of the whole contract: quantity x price x multiplier. A negative price counts as much
    as a positive one.
    """

    rate: Decimal

    def owed(self, traded: Traded, /) -> Decimal:
        """The size of the traded value times the rate."""
        return abs(traded.value) * self.rate * BASIS_POINT

    def most(self, _instrument: Instrument, _quantity: Decimal, value: Decimal, /) -> Decimal:
        """The size of the value times the rate."""
        return max(ZERO, abs(value) * self.rate * BASIS_POINT)

    def describe(self) -> str:
        """The rate."""
        return f"{plain(self.rate):f} basis points of the traded value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded(FeeModel):
    """Another model between a minimum and a maximum per order.

    `maximum_basis_points` is a maximum as a share of the order's traded value. Where a maximum is below the minimum,
    the maximum holds. Only what trades as an equity is bounded; futures owe what the inner model says.
    """

    inner: FeeModel
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    maximum_basis_points: Decimal | None = None

    def owed(self, traded: Traded, /) -> Decimal:
        """What the inner model says, brought between the bounds."""
        fee = self.inner.owed(traded)
        if traded.instrument.is_future or traded.quantity == 0:
            return fee
        if self.minimum is not None:
            fee = max(fee, self.minimum)
        if self.maximum is not None:
            fee = min(fee, self.maximum)
        if self.maximum_basis_points is not None:
            fee = min(fee, abs(traded.value) * self.maximum_basis_points * BASIS_POINT)
        return fee

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """What the inner model says, or the minimum; a maximum only makes it less."""
        fee = self.inner.most(instrument, quantity, value)
        return fee if self.minimum is None or instrument.is_future else max(fee, self.minimum)

    def describe(self) -> str:
        """The inner model and the bounds that are set."""
        share = self.maximum_basis_points
        bounds = {
            "at least": None if self.minimum is None else f"{plain(self.minimum):f}",
            "at most": None if self.maximum is None else f"{plain(self.maximum):f}",
            "never above": None if share is None else f"{plain(share / 100):f}% of the value",
        }
        shown = [f"{name} {bound}" for name, bound in bounds.items() if bound is not None]
        return ", ".join([self.inner.describe(), *shown]) + (" an order" if shown else "")


@dataclass(frozen=True, slots=True)
class Sum(FeeModel):
    """Several models that all apply."""

    parts: tuple[FeeModel, ...]

    def owed(self, traded: Traded, /) -> Decimal:
        """The sum of what each of them says."""
        return sum((part.owed(traded) for part in self.parts), ZERO)

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """The sum of what each of them says."""
        return sum((part.most(instrument, quantity, value) for part in self.parts), ZERO)

    def describe(self) -> str:
        """All of them."""
        return "; ".join(part.describe() for part in self.parts)


_LEAN_FUTURES = {
    "0.25": ("MYM", "M2K", "MES", "MNQ", "2YY", "5YY", "10Y", "30Y", "MCL", "MGC", "SIL"),
    "5": ("BTC",),
    "2.25": ("MBT",),
    "3": ("ETH",),
    "0.20": ("MET",),
    "0.50": ("E7", "J7"),
    "0.15": ("M6E", "M6A", "M6B", "MCD", "MJY", "MSF", "M6J", "MIR", "M6C", "M6S", "MNH"),
}
_LEAN_EXCHANGES = {
    "1.28": ("ES", "NQ", "YM", "RTY", "EMD"),
    "0.30": ("MYM", "M2K", "MES", "MNQ", "2YY", "5YY", "10Y", "30Y", "MCL", "MGC", "SIL"),
    "6": ("BTC",),
    "2.5": ("MBT",),
    "4": ("ETH",),
    "0.20": ("MET",),
    "0.85": ("E7", "J7"),
    "0.24": ("M6E", "M6A", "M6B", "MCD", "MJY", "MSF", "M6J", "MIR", "M6C", "M6S", "MNH"),
}


def _by_root(table: dict[str, tuple[str, ...]]) -> dict[str, Decimal]:
    return {root: Decimal(rate) for rate, roots in table.items() for root in roots}


_LEAN_COMMISSIONS_BY_ROOT = _by_root(_LEAN_FUTURES)
_LEAN_EXCHANGE_FEES_BY_ROOT = _by_root(_LEAN_EXCHANGES)
_HANG_SENG = Decimal(40)


@dataclass(frozen=True, slots=True)
class LeanFees(FeeModel):
    """The default fee model of QuantConnect LEAN, with its figures and its simplifications.

    Equities: 0.005 a share; below 1.00 it is 1.00, otherwise at most 0.5% of the order's value, so the minimum is not
    subject to the maximum. The order's value is at the last price, or at the order's own price where that makes a buy
    cheaper or a sell dearer. Futures: 0.85 a contract, an exchange fee of 1.28 for the E-mini indices and 1.60 for
    most, and 0.02; the smaller contracts have figures of their own. HSI costs 40, in Hong Kong dollars.

    Source: QuantConnect/Lean, Common/Orders/Fees/InteractiveBrokersFeeModel.cs and InteractiveBrokersFeeHelper.cs
    (Apache-2.0). A later version has 1% in place of 0.5%.
    """

    def owed(self, traded: Traded, /) -> Decimal:
        """The fee of the whole order."""
        if traded.quantity == 0:
            return ZERO
        instrument = traded.instrument
        if instrument.is_future:
            return traded.quantity * self._per_contract(instrument.root)
        fee = Decimal("0.005") * traded.quantity
        if fee < 1:
            return Decimal(1)
        return min(fee, Decimal("0.005") * self._value(traded))

    def most(self, instrument: Instrument, quantity: Decimal, _value: Decimal, /) -> Decimal:
        """Without the maximum by value."""
        if instrument.is_future:
            return quantity * self._per_contract(instrument.root)
        return max(Decimal(1), Decimal("0.005") * quantity)

    def describe(self) -> str:
        """The name."""
        return "LEAN's InteractiveBrokersFeeModel"

    def _per_contract(self, root: str | None) -> Decimal:
        if root is None:
            return Decimal("2.47")
        if root == "HSI":
            return _HANG_SENG
        commission = _LEAN_COMMISSIONS_BY_ROOT.get(root, Decimal("0.85"))
        return commission + _LEAN_EXCHANGE_FEES_BY_ROOT.get(root, Decimal("1.60")) + Decimal("0.02")

    def _value(self, traded: Traded) -> Decimal:
        if traded.last_price is None:
            return abs(traded.value)
        price, own = traded.last_price, traded.order_price
        if own is not None:
            price = min(price, own) if traded.sign > 0 else max(price, own)
        return abs(price * traded.quantity * traded.instrument.multiplier)
