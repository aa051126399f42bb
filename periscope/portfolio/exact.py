"""The one place that says how exact money arithmetic is.

Engine code runs under `EXACT`: two hundred digits, more than any product of three numbers that a strategy can send, and
a result that would have to be rounded raises instead. Where a rule asks for rounding it is written out with one of the
functions below.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Context of all money arithmetic: inexact results raise."""

_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_COST_STEP = Decimal("1E-12")
_PRICE_STEP = Decimal("1E-10")
_MONEY_STEP = Decimal("1E-6")
_DAYS_A_YEAR = Decimal(360)
"""Money markets in US dollars count days as they are and years as 360 days."""
ZERO = Decimal(0)


def share_of_cost(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The cost of `part` out of `whole` units that cost `cost`, rounded half-even to twelve decimals."""
    return _ROUNDING.divide(_ROUNDING.multiply(cost, part), whole).quantize(_COST_STEP, context=_ROUNDING)


def average(cost: Decimal, units: Decimal) -> Decimal:
    """Cost per unit, rounded half-even to ten decimals and written without exponent or trailing zeros."""
    return plain(_ROUNDING.divide(cost, units).quantize(_PRICE_STEP, context=_ROUNDING))


def plain(value: Decimal) -> Decimal:
    """The same value without trailing zeros and without a positive exponent: 100, not 1E+2 or 100.00."""
    short = value.normalize(_ROUNDING)
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        return short.quantize(Decimal(1), context=EXACT)
    return short


def step_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`."""
    return _ROUNDING.divide(value, step).to_integral_value(ROUND_FLOOR, _ROUNDING) * step


def step_up(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `value`."""
    return _ROUNDING.divide(value, step).to_integral_value(ROUND_CEILING, _ROUNDING) * step


def step_nearest(value: Decimal, step: Decimal) -> Decimal:
    """The multiple of `step` that is nearest to `value`; of two the even one."""
    return _ROUNDING.divide(value, step).to_integral_value(ROUND_HALF_EVEN, _ROUNDING) * step


def quotient(value: Decimal, divisor: Decimal) -> Decimal:
    """`value` / `divisor` to sixty digits, for what is rounded by a rule right after."""
    return _ROUNDING.divide(value, divisor)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole number of `step`s."""
    return _ROUNDING.remainder(value, step) == 0


def scaled(value: Decimal, digits: int) -> int:
    """`value` x 10**digits as an integer, rounded half-even."""
    return int(value.scaleb(digits, _ROUNDING).to_integral_value(ROUND_HALF_EVEN, _ROUNDING))


def microseconds(seconds: Decimal) -> int:
    """Seconds as whole microseconds, rounded half-up."""
    return int(seconds.scaleb(6, _ROUNDING).to_integral_value(ROUND_HALF_UP, _ROUNDING))


def unscaled(value: int, digits: int) -> Decimal:
    """The exact decimal value / 10**digits."""
    return Decimal(value).scaleb(-digits, _ROUNDING)


def decimals(value: Decimal) -> int:
    """How many decimals a finite value needs at most: 2 for 1.50, 0 for 1E+2."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "an infinite amount"
    return max(0, -exponent)


def rounded_up(value: Decimal, digits: int) -> int:
    """The smallest integer that is at least `value` x 10**digits."""
    return int(value.scaleb(digits, _ROUNDING).to_integral_value(ROUND_CEILING, _ROUNDING))


def daily_interest(amount: Decimal, yearly_rate: Decimal) -> Decimal:
    """What `amount` earns at a yearly rate in a calendar day, a 360th of the year; rounded half-even to a millionth."""
    for_a_day = _ROUNDING.divide(_ROUNDING.multiply(amount, yearly_rate), _DAYS_A_YEAR)
    return for_a_day.quantize(_MONEY_STEP, context=_ROUNDING)


def units_for(amount: Decimal, per_unit: Decimal, step: Decimal) -> Decimal:
    """The fewest units, a multiple of `step`, that come to `amount` at `per_unit` each."""
    return step_up(_ROUNDING.divide(amount, per_unit), step)
