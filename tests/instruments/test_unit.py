"""Ticks, steps and real shares where a run counts in units of its own."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from periscope.instruments.unit import Unit, decimal_of, real_unit, rounded, unit_of
from tests.runs.lab import AAA

D = Decimal


def after(ratio: str) -> Unit:
    """A cent tick and whole shares after a split, in shares of before."""
    factor = Fraction(ratio)
    return unit_of(AAA, factor, factor, 6)


def test_the_real_share() -> None:
    unit = real_unit(AAA)
    assert (unit.tick_down(D("10.019")), unit.tick_up(D("10.011"))) == (D("10.01"), D("10.02"))
    assert unit.is_on_tick(D("10.01"))
    assert not unit.is_on_tick(D("10.015"))
    assert (unit.real_quantity(D(5)), unit.real_price(D(7))) == (D(5), D(7))


@pytest.mark.parametrize(
    ("ratio", "step", "tick", "down", "up"),
    [
        ("7", "1", "0.07", "699.93", "700"),
        ("2", "0.5", "0.02", "699.98", "700"),
        ("3/2", "2", "0.015", "699.99", "700.005"),
        ("1/10", "10", "0.001", "699.999", "700"),
        ("1/3", "3", "0.003333", "699.996667", "700"),
        ("2/3", "1.5", "0.006666", "699.993333", "700"),
        ("64", "0.015625", "0.64", "699.52", "700.16"),
    ],
)
def test_after_a_split(ratio: str, step: str, tick: str, down: str, up: str) -> None:
    unit = after(ratio)
    assert unit.quantity_step == D(step)
    assert unit.price_step == D(tick)
    assert unit.tick_down(D("699.9999")) == D(down)
    assert unit.tick_up(D("699.9999")) == D(up)
    assert unit.is_on_tick(D(up))


def test_a_step_is_a_whole_number_of_real_shares() -> None:
    """A seventh of a share of the start is no decimal: the step is the smallest quantity that is."""
    unit = after("7")
    assert unit.step_down(D("3.999")) == 3
    assert unit.real_quantity(D(3)) == 21


def test_random_prices_lie_on_ticks_of_the_real_share(cases: Callable[..., int]) -> None:
    """A tick below and above that nothing lies between, and each stands for a whole number of cents."""
    dice = random.Random(3)
    for _ in range(cases(1_500, full=100_000)):
        factor = Fraction(dice.randint(1, 40), dice.randint(1, 40))
        unit = unit_of(AAA, factor, factor, 6)
        price = D(dice.randint(1, 10**9)).scaleb(-6)
        below, above = unit.tick_down(price), unit.tick_up(price)
        assert below <= price <= above
        cents = Fraction(below) / factor * 100
        assert any(rounded(Fraction(round(cents) + n, 100) * factor, 6) == below for n in (-1, 0, 1))
        following = rounded(Fraction(round(cents) + 1, 100) * factor, 6)
        assert above in {below, following} or rounded(Fraction(round(cents), 100) * factor, 6) > below
        assert unit.is_on_tick(below)
        assert unit.is_on_tick(above)


def test_a_tick_smaller_than_six_decimals_is_a_millionth() -> None:
    unit = after("1/100000")
    assert (unit.tick_down(D("1.0000019")), unit.tick_up(D("1.0000011"))) == (D("1.000001"), D("1.000002"))


def test_only_finite_decimals_are_decimals() -> None:
    assert decimal_of(Fraction(1, 8)) == D("0.125")
    with pytest.raises(AssertionError, match="no finite decimal"):
        decimal_of(Fraction(1, 3))
