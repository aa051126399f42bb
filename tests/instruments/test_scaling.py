"""What scaled integers stand for, and the thresholds that stand in for a price when columns are searched."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from periscope.instruments.scaling import Scaling

FACTORS = [
    Scaling(4),
    Scaling(4, 7, 1, 6),
    Scaling(2, 1, 3, 6),
    Scaling(0, 1, 1000, 2),
    Scaling(4, 8646266, 10**7),
    Scaling(4, 8893653 * 357143, 10**14),
    Scaling(9, 10**9, 3, 6),
]
scalings = some.sampled_from(FACTORS)
integers = some.integers(-(10**9), 10**12)


def _exactly(scaling: Scaling, value: int) -> Fraction:
    return Fraction(value * scaling.numerator, scaling.denominator * 10**scaling.digits)


def test_a_price_is_the_integer_times_its_factor() -> None:
    assert Scaling(4).price(1_447_817) == Decimal("144.7817")
    assert Scaling(4, 7, 1, 6).price(929_300) == Decimal("650.51")
    assert Scaling(4, 8646266, 10**7).price(1_674_500) == Decimal("144.78172417")
    assert Scaling(0, 1, 3, 6).price(2) == Decimal("0.666667")


def test_halves_are_rounded_to_the_even_digit() -> None:
    assert Scaling(0, 1, 8, 2).price(1) == Decimal("0.12")
    assert Scaling(0, 3, 8, 2).price(1) == Decimal("0.38")


@given(scalings, integers)
def test_without_places_nothing_is_rounded(scaling: Scaling, value: int) -> None:
    price = Fraction(scaling.price(value))
    if scaling.places is None:
        assert price == _exactly(scaling, value)
    else:
        assert abs(price - _exactly(scaling, value)) <= Fraction(1, 2 * 10**scaling.places)


@given(scalings, integers, some.sampled_from([Decimal(0), Decimal("0.000001"), Decimal("-1E-9"), Decimal("0.37")]))
@example(Scaling(0, 1, 1000, 2), 0, Decimal(0))
def test_thresholds_split_the_integers_where_the_prices_pass(scaling: Scaling, value: int, beside: Decimal) -> None:
    price = scaling.price(value) + beside
    least, more = scaling.at_or_above(price), scaling.above(price)
    assert scaling.price(least - 1) < price <= scaling.price(least)
    assert scaling.price(more - 1) <= price < scaling.price(more)


def test_a_factor_that_is_no_decimal_needs_places() -> None:
    with pytest.raises(AssertionError, match="no finite decimal"):
        Scaling(0, 1, 3).price(1)
