"""Numbers of an action as they are carried to the platform: at most twelve decimals and 28 digits, else NaN."""

from dataclasses import fields, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite
from typing import Any

from libs.shared_ipc.src.protocol import Action

NAN = Decimal("NaN")
PLACES = Decimal("1e-12")
WIDE = Context(prec=99, rounding=ROUND_HALF_EVEN)


def carried(action: Action) -> Action:
    """The action with all of its numbers as they are carried."""
    numbers = {field.name: getattr(action, field.name) for field in fields(action)}
    changed: dict[str, Any] = {name: _number(value) for name, value in numbers.items()}
    return replace(action, **changed)


def _number(value: object) -> object:
    if isinstance(value, float):
        return value if isfinite(value) else NAN
    if not isinstance(value, Decimal):
        return value
    if not value.is_finite():
        return NAN
    if value.as_tuple().exponent < PLACES.as_tuple().exponent:  # type: ignore[operator]
        value = value.quantize(PLACES, context=WIDE)
    fits = len(value.as_tuple().digits) <= 28 and value.as_tuple().exponent <= 15  # type: ignore[operator]
    return value if fits else NAN
