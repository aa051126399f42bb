"""What one unit of a run's prices and quantities is on a day, in the shares that really trade on that day.

Where prices are adjusted, a run counts in units of its own: shares of its start, or of its end. Orders are still made
of real shares at real prices, so ticks, steps and fees are those of the real share.
"""

from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import ceil, floor

import msgspec

from periscope.instruments.instrument import Instrument

_EXACT = Context(prec=200)
_ROUNDING = Context(prec=60)
_SHARE_PLACES = 12
_PRICE_PLACES = 10
ONE = Fraction(1)


class Unit(msgspec.Struct, frozen=True):
    """The unit of an instrument's prices and quantities on a day.

    A price in units is the real price x `price`, rounded half-even to `places` decimals (None: exact); a quantity in
    units x `shares` is the number of real shares. `tick` is the real price tick, `quantity_step` the step of
    quantities in units: the smallest that is a finite decimal and a whole number of real steps. The last two fields
    follow from `price` and `shares`.
    """

    tick: Decimal
    quantity_step: Decimal
    price: Fraction = ONE
    shares: Fraction = ONE
    places: int | None = None
    at_real_prices: bool = True
    in_real_shares: bool = True

    def __post_init__(self) -> None:
        """Compare the fractions once: every order asks."""
        msgspec.structs.force_setattr(self, "at_real_prices", self.price == 1)
        msgspec.structs.force_setattr(self, "in_real_shares", self.shares == 1)

    @property
    def is_real(self) -> bool:
        """Whether a unit is the real share at its real price."""
        return self.at_real_prices and self.in_real_shares

    @property
    def price_step(self) -> Decimal:
        """The tick in units; rounded down to the places of prices where it has more."""
        if self.at_real_prices:
            return self.tick
        size = Fraction(self.tick) * self.price
        if self.places is not None:
            size = Fraction(floor(size * 10**self.places), 10**self.places) or Fraction(1, 10**self.places)
        return decimal_of(size)

    def tick_down(self, price: Decimal) -> Decimal:
        """The highest price on a tick that is not above `price`."""
        return _floor(price, self.tick) if self.at_real_prices else self._on_tick(Fraction(price), up=False)

    def tick_up(self, price: Decimal) -> Decimal:
        """The lowest price on a tick that is not below `price`."""
        return -_floor(-price, self.tick) if self.at_real_prices else self._on_tick(Fraction(price), up=True)

    def is_on_tick(self, price: Decimal) -> bool:
        """Whether a price in units stands for a whole number of real ticks."""
        return self.tick_down(price) == price

    def step_down(self, quantity: Decimal) -> Decimal:
        """The largest quantity on the step that is not above `quantity`."""
        return _floor(quantity, self.quantity_step)

    def real_quantity(self, quantity: Decimal) -> Decimal:
        """How many real shares a quantity in units is, rounded half-even to twelve decimals."""
        return quantity if self.in_real_shares else rounded(Fraction(quantity) * self.shares, _SHARE_PLACES)

    def real_price(self, price: Decimal) -> Decimal:
        """The real price that a price in units stands for, rounded half-even to ten decimals."""
        return price if self.at_real_prices else rounded(Fraction(price) / self.price, _PRICE_PLACES)

    def floor_tick(self, price: Fraction) -> Decimal:
        """The highest price on a tick that is not above `price`."""
        return self._on_tick(price, up=False)

    def ceiling_tick(self, price: Fraction) -> Decimal:
        """The lowest price on a tick that is not below `price`."""
        return self._on_tick(price, up=True)

    def _on_tick(self, exact: Fraction, *, up: bool) -> Decimal:
        if self.at_real_prices:
            ticks = exact / Fraction(self.tick)
            return Decimal(ceil(ticks) if up else floor(ticks)) * self.tick
        size = Fraction(self.tick) * self.price
        smallest = Fraction(0) if self.places is None else Fraction(1, 10**self.places)
        if size < smallest:
            count = ceil(exact / smallest) if up else floor(exact / smallest)
            return decimal_of(count * smallest)
        near = exact / size
        counts = range(floor(near) - 1, floor(near) + 2) if up else range(ceil(near) + 1, ceil(near) - 2, -1)
        for count in counts:
            found = self._ticks(count)
            if (found >= exact) if up else (found <= exact):
                return found
        return self._ticks(counts[-1] + (1 if up else -1))

    def _ticks(self, count: int) -> Decimal:
        exact = count * Fraction(self.tick) * self.price
        return decimal_of(exact) if self.places is None else rounded(exact, self.places)


def _floor(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`."""
    return _ROUNDING.divide(value, step).to_integral_value(ROUND_FLOOR, _ROUNDING) * step


def real_unit(instrument: Instrument) -> Unit:
    """The unit of an instrument whose prices are as traded."""
    return Unit(instrument.tick, instrument.quantity_step)


def unit_of(instrument: Instrument, price: Fraction, shares: Fraction, places: int | None) -> Unit:
    """The unit in which a real price is multiplied by `price` and a unit is `shares` real shares."""
    return Unit(instrument.tick, _finite_step(instrument.quantity_step, shares), price, shares, places)


def _finite_step(step: Decimal, shares: Fraction) -> Decimal:
    """The smallest quantity in units that is a whole number of real steps and a finite decimal."""
    exact = Fraction(step) / shares
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return decimal_of(exact * rest)


def rounded(value: Fraction, places: int) -> Decimal:
    """The value rounded half-even to so many decimals, without needless zeros."""
    return decimal_of(Fraction(round(value * 10**places), 10**places))


def decimal_of(value: Fraction) -> Decimal:
    """The decimal that a fraction is exactly, without needless zeros; it must be a finite one."""
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        places, rest = places + 1, rest // 10
    while rest % 2 == 0:
        places, rest = places + 1, rest // 2
    while rest % 5 == 0:
        places, rest = places + 1, rest // 5
    assert rest == 1, f"{value} is no finite decimal"
    found = Decimal(value.numerator * 10**places // value.denominator).scaleb(-places, _EXACT)
    return found if places else found.to_integral_value()
