"""The numbers of an action, brought to what the wire carries: finite, at most 28 digits, exponent from -12 to 15.

A price that comes out of a division has more decimals than any tick; it is taken to twelve of them, half-even. What
cannot be carried at all, an infinite quantity say, becomes NaN, for the platform to refuse like any number that is not
positive: that action alone, with a rejection or an issue of its own.
"""

import math
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from libs.shared_ipc.src.protocol import (
    Action,
    InsertCashAction,
    PlaceOrderAction,
    RegisterTimeStepAction,
    WithdrawCashAction,
)
from libs.shared_ipc.src.protocol.wire import MAX_DIGITS, MAX_EXPONENT, MIN_EXPONENT

_FINEST = Decimal((0, (1,), MIN_EXPONENT))
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])
_NAN = Decimal("NaN")
_LONGEST_STEP = 10**MAX_EXPONENT
"""Seconds of a timer; an integer beyond it would not fit into a message."""


def bounded(action: Action) -> Action:
    """The action with every number as the wire carries it; the same object where nothing had to change."""
    if isinstance(action, PlaceOrderAction):
        quantity = _bounded(action.contract_quantity)
        limit = _bounded(action.limit_price)
        stop = _bounded(action.stop_price)
        if quantity is action.contract_quantity and limit is action.limit_price and stop is action.stop_price:
            return action
        return replace(action, contract_quantity=quantity, limit_price=limit, stop_price=stop)
    if isinstance(action, InsertCashAction | WithdrawCashAction):
        amount = _bounded(action.amount)
        return action if amount is action.amount else replace(action, amount=amount)
    if isinstance(action, RegisterTimeStepAction):
        return _bounded_step(action)
    return action


def _bounded_step(action: RegisterTimeStepAction) -> RegisterTimeStepAction:
    step: Any = action.time_step_seconds
    if isinstance(step, Decimal):
        carried: Any = _bounded(step)
    elif isinstance(step, int) and abs(step) > _LONGEST_STEP:
        carried = _NAN
    else:
        carried = step if math.isfinite(step) else _NAN
    return action if carried is step else replace(action, time_step_seconds=carried)


def _bounded[T: Decimal | None](value: T) -> T | Decimal:
    if value is None:
        return value
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return _NAN
    if exponent < MIN_EXPONENT:
        rounded = value.quantize(_FINEST, context=_ROUNDING)
        return rounded if rounded.is_finite() and len(rounded.as_tuple().digits) <= MAX_DIGITS else _NAN
    return value if len(digits) <= MAX_DIGITS and exponent <= MAX_EXPONENT else _NAN
