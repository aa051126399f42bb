"""How large an order has to be for a position to be worth a part of the portfolio: SH(w) of the cases' readme, 2.7."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

BUFFER = Decimal("0.0025")
LEAST = Decimal("0.001")
C = Context(prec=28)


@dataclass(frozen=True)
class Account:
    """What sizing needs to know: portfolio value, quantity held, last price, leverage."""

    value: Decimal
    held: Decimal
    price: Decimal
    leverage: Decimal = Decimal(2)


def equity_fee(quantity: Decimal, price: Decimal) -> Decimal:
    """What an order in shares costs: half a cent a share, at least a dollar, at most half a per cent."""
    fee = Decimal("0.005") * abs(quantity)
    return Decimal(1) if fee < 1 else min(fee, Decimal("0.005") * abs(quantity) * price)


def holdings_order(account: Account, weight: Decimal) -> Decimal:
    """The signed quantity that brings a position in shares to `weight` of the portfolio; 0 where there is no order."""
    if weight == 0:
        return -account.held
    margin = C.divide(account.price, account.leverage)
    part = C.divide((1 - BUFFER) * weight, account.leverage)
    target = C.multiply(account.value, part)
    if abs(target - margin * account.held) < LEAST * account.value:
        return Decimal(0)
    rounding = ROUND_FLOOR if weight > 0 else ROUND_CEILING
    while True:
        order = (C.divide(target, margin) - account.held).to_integral_value(rounding)
        if order == 0:
            return order
        after_fee = C.multiply(account.value - equity_fee(order, account.price), part)
        if abs(margin * (account.held + order)) <= abs(after_fee):
            return order
        target = after_fee
