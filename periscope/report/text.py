"""How numbers and times are written on the page."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from periscope.portfolio.statistics_definitions import Unit

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


def money(value: object, *, decimals: int = 2) -> str:
    """A decimal text as money: thousands separated, rounded for reading; a dash for what is none."""
    try:
        return _signed(f"{Decimal(str(value)):,.{decimals}f}") if value is not None else NOTHING
    except InvalidOperation:
        return str(value)


def decimal(value: object, *, at_least: int = 0) -> str:
    """A decimal text in full, thousands separated, with at least so many decimals."""
    try:
        number = Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return str(value)
    if number is None:
        return NOTHING
    exponent = number.as_tuple().exponent
    short = isinstance(exponent, int) and -exponent < at_least
    return _signed(f"{number:,.{at_least}f}" if short else f"{number:,f}")


def count(value: object) -> str:
    """A whole number, thousands separated."""
    return _signed(f"{value:,}") if isinstance(value, int) else NOTHING


def percent(value: object) -> str:
    """A fraction as per cent."""
    return _signed(f"{value:,.2%}") if isinstance(value, int | float) else NOTHING


def moment(value: object) -> str:
    """An RFC 3339 time for reading: `2024-01-05 14:30:00`, fractions only where there are some."""
    if not isinstance(value, str) or not value:
        return NOTHING
    return value.replace("T", " ").removesuffix("Z")


def ratio(value: object) -> str:
    """A ratio with two decimals."""
    return _signed(f"{value:,.2f}") if isinstance(value, int | float) else NOTHING


def days(value: object) -> str:
    """A length in days with one decimal."""
    return _signed(f"{value:,.1f} days") if isinstance(value, int | float) else NOTHING


def minute(value: object) -> str:
    """An RFC 3339 time to the minute."""
    return moment(value)[:16]


_BY_UNIT: dict[Unit, Callable[[object], str]] = {
    Unit.FRACTION: percent,
    Unit.RATIO: ratio,
    Unit.DAYS: days,
    Unit.MONEY: money,
    Unit.COUNT: count,
    Unit.TIME: minute,
}


def statistic(value: object, unit: Unit) -> str:
    """A statistic by its unit."""
    return _BY_UNIT[unit](value)


def tone(value: object) -> str | None:
    """`gain`, `loss`, or None for zero, nothing, and what is no number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if number == 0 or number.is_nan():
        return None
    return "gain" if number > 0 else "loss"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
