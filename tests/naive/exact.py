"""Exact numbers: fractions inside, decimals at the edges."""

from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor

_WIDE = Context(prec=200)


def decimal_of(value: Fraction) -> Decimal:
    """The same number as a plain decimal without trailing zeros; a fraction that has no finite form is a bug."""
    exact = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    assert Fraction(exact) == value, f"{value} has no exact decimal form"
    return Decimal(f"{exact.normalize(_WIDE):f}")


def round_down(value: Fraction, step: Fraction) -> Fraction:
    """To a multiple of `step`, towards minus infinity."""
    return floor(value / step) * step


def round_up(value: Fraction, step: Fraction) -> Fraction:
    """To a multiple of `step`, towards plus infinity."""
    return ceil(value / step) * step


def half_even(value: Fraction, places: int) -> Fraction:
    """To that many decimal places, ties to even."""
    return round(value, places)


def half_up(value: Fraction) -> int:
    """To a whole number, ties away from zero (the value is not negative)."""
    return floor(value + Fraction(1, 2))
