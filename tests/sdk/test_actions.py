"""A field of the wrong type is refused where the action is made."""

from decimal import Decimal
from typing import Any

import pytest

from libs.shared_ipc.src import protocol
from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan, OrderIntent

EQUITY, BUY = AssetType.EQUITY, OrderIntent.BUY


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("PlaceOrderAction", {"symbol": 5}, "PlaceOrderAction.symbol must be str, found 5 of type int"),
        ("PlaceOrderAction", {"asset_type": "EQUITY"}, "asset_type must be AssetType, found 'EQUITY'"),
        ("PlaceOrderAction", {"intent": "BUY"}, "intent must be OrderIntent"),
        ("PlaceOrderAction", {"order_type": None}, "order_type must be OrderType, found None"),
        (
            "PlaceOrderAction",
            {"contract_quantity": 5},
            "must be Decimal or None, found 5 of type int; write Decimal('5')",
        ),
        ("PlaceOrderAction", {"limit_price": 1.5}, "limit_price must be Decimal or None, found 1.5"),
        ("PlaceOrderAction", {"stop_price": "1.5"}, "; write Decimal('1.5')"),
        ("PlaceOrderAction", {"time_in_force": "DAY"}, "time_in_force must be TimeInForce or None"),
        ("CancelLimitsAction", {"symbol": None, "asset_type": EQUITY}, "CancelLimitsAction.symbol must be str"),
        ("InsertCashAction", {"amount": 1000}, "InsertCashAction.amount must be Decimal, found 1000"),
        ("WithdrawCashAction", {"amount": None}, "WithdrawCashAction.amount must be Decimal, found None"),
        ("RegisterTimeStepAction", {"time_step_seconds": "60"}, "time_step_seconds must be float or int or Decimal"),
        ("RegisterTimeStepAction", {"time_step_seconds": True}, "found True of type bool"),
        ("RegisterSecurityAction", {"request": "SPY"}, "must be BarRegistrationRequest or QuoteRegistrationRequest"),
        (
            "BarRegistrationRequest",
            {"symbol": "SPY", "asset_type": EQUITY, "bar_time_span": "minute"},
            "bar_time_span must be BarTimeSpan, found 'minute'",
        ),
        (
            "UnregisterBarAction",
            {"symbol": "SPY", "asset_type": EQUITY, "bar_time_span": 60},
            "UnregisterBarAction.bar_time_span must be BarTimeSpan",
        ),
        ("UnregisterQuoteAction", {"symbol": "SPY", "asset_type": 1}, "asset_type must be AssetType"),
        (
            "QuoteRegistrationRequest",
            {"symbol": "SPY", "asset_type": EQUITY, "quote_timespan": BarTimeSpan.DAY},
            "quote_timespan must be QuoteTimeSpan",
        ),
    ],
)
def test_a_wrong_type_is_refused(name: str, arguments: dict[str, Any], message: str) -> None:
    if name == "PlaceOrderAction":
        arguments = {"symbol": "SPY", "asset_type": EQUITY, "intent": BUY, **arguments}
    with pytest.raises(TypeError) as caught:
        getattr(protocol, name)(**arguments)
    assert message in str(caught.value)


def test_actions_are_frozen_values() -> None:
    one = protocol.InsertCashAction(Decimal(5))
    assert one == protocol.InsertCashAction(Decimal("5.0"))
    assert hash(one) == hash(protocol.InsertCashAction(Decimal("5.0")))
    changed: Any = one
    with pytest.raises(AttributeError):
        changed.amount = Decimal(6)
