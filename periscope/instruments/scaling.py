"""What the integers of a price column stand for.

A column holds prices as the source has them. Adjusted prices have more digits than 64 bits hold, so the column stays as
it is and the factor stands beside it: whoever needs a price multiplies exactly, and a search for a price compares
integers with a threshold that is worked out once.
"""

from decimal import Context, Decimal
from typing import NamedTuple

import msgspec

_EXACT = Context(prec=200)


class Scaling(msgspec.Struct, frozen=True, gc=False):
    """An integer v stands for v / 10**digits x numerator / denominator.

    With `places` that is rounded half-even to as many decimals; without, the denominator must make a finite decimal.
    `numerator` and `denominator` are positive.
    """

    digits: int
    numerator: int = 1
    denominator: int = 1
    places: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the factor is one."""
        return self.numerator == self.denominator

    def price(self, value: int) -> Decimal:
        """The price that `value` stands for."""
        if self.numerator == self.denominator:
            return Decimal(value).scaleb(-self.digits, _EXACT)
        places = self.places
        if places is not None:
            whole = self._whole(1)
            quotient, rest = divmod(value * self.numerator * 10**places, whole)
            twice = 2 * rest - whole
            return Decimal(quotient + (twice > 0 or (twice == 0 and quotient % 2 == 1))).scaleb(-places, _EXACT)
        digits = _digits_of(self.denominator)
        units, rest = divmod(value * self.numerator * 10**digits, self.denominator)
        assert rest == 0, f"a factor of 1/{self.denominator} is no finite decimal"
        return Decimal(units).scaleb(-digits - self.digits, _EXACT)

    def _whole(self, amount: int) -> int:
        """`amount` in the unit in which the factor's numerator counts."""
        return amount * self.denominator * int(10**self.digits)

    def at_or_above(self, price: Decimal) -> int:
        """The smallest integer that stands for `price` or more."""
        numerator, denominator = price.as_integer_ratio()
        top, bottom = self._whole(numerator), denominator * self.numerator
        found = -(-top // bottom)
        if self.places is None or self.is_plain:
            return found
        width = -(-self._whole(1) // (self.numerator * int(10**self.places))) + 1
        low, high = found - width, found + width
        while low < high:
            middle = (low + high) // 2
            if self.price(middle) >= price:
                high = middle
            else:
                low = middle + 1
        return low

    def above(self, price: Decimal) -> int:
        """The smallest integer that stands for more than `price`."""
        if self.places is None or self.is_plain:
            numerator, denominator = price.as_integer_ratio()
            return self._whole(numerator) // (denominator * self.numerator) + 1
        ulp = Decimal(1).scaleb(-self.places)
        return self.at_or_above(price.quantize(ulp, rounding="ROUND_FLOOR", context=_EXACT) + ulp)


class Scalings(NamedTuple):
    """What the integers of a series' prices and volumes stand for, from rows that start at `since` on."""

    since: int
    price: Scaling
    volume: Scaling


def _digits_of(denominator: int) -> int:
    """Decimals of 1 / denominator where they end."""
    digits = 0
    while 10**digits % denominator and digits < denominator.bit_length():
        digits += 1
    return digits
