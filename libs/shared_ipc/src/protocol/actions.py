"""What a strategy can ask for. A field of the wrong type raises TypeError where the action is made."""

from dataclasses import dataclass
from decimal import Decimal

from libs.shared_ipc.src.protocol.enums import (
    AssetType,
    BarTimeSpan,
    OrderIntent,
    OrderType,
    QuoteTimeSpan,
    TimeInForce,
)

_ORDER_KINDS = (str, AssetType, OrderIntent, OrderType)


def _check(owner: object, field: str, expected: type | tuple[type, ...], *, optional: bool = False) -> None:
    value = getattr(owner, field)
    if isinstance(value, expected) and not isinstance(value, bool):
        return
    if value is None and optional:
        return
    kinds = expected if isinstance(expected, tuple) else (expected,)
    wanted = " or ".join(kind.__name__ for kind in kinds) + (" or None" if optional else "")
    hint = f"; write Decimal({str(value)!r})" if kinds == (Decimal,) and isinstance(value, int | float | str) else ""
    raise TypeError(
        f"{type(owner).__name__}.{field} must be {wanted}, found {value!r} of type {type(value).__name__}{hint}"
    )


@dataclass(frozen=True, slots=True)
class BarRegistrationRequest:
    """A stream of bars of one symbol at one time span."""

    symbol: str
    asset_type: AssetType
    bar_time_span: BarTimeSpan

    def __post_init__(self) -> None:
        _check(self, "symbol", str)
        _check(self, "asset_type", AssetType)
        _check(self, "bar_time_span", BarTimeSpan)


@dataclass(frozen=True, slots=True)
class QuoteRegistrationRequest:
    """A stream of quotes of one symbol. Currently disabled: registering one is answered with an issue."""

    symbol: str
    asset_type: AssetType
    quote_timespan: QuoteTimeSpan

    def __post_init__(self) -> None:
        _check(self, "symbol", str)
        _check(self, "asset_type", AssetType)
        _check(self, "quote_timespan", QuoteTimeSpan)


@dataclass(frozen=True, slots=True)
class PlaceOrderAction:
    """Places one order.

    `contract_quantity` is in units or contracts and positive; it is required for BUY and SELL, while a close intent
    without one closes the whole position. `limit_price` and `stop_price` are per unit. No `time_in_force` means GTC.
    """

    symbol: str
    asset_type: AssetType
    intent: OrderIntent
    order_type: OrderType = OrderType.MARKET
    contract_quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce | None = None

    def __post_init__(self) -> None:
        kinds = (type(self.symbol), type(self.asset_type), type(self.intent), type(self.order_type))
        if kinds != _ORDER_KINDS:
            _check(self, "symbol", str)
            _check(self, "asset_type", AssetType)
            _check(self, "intent", OrderIntent)
            _check(self, "order_type", OrderType)
        if self.contract_quantity is not None:
            _check(self, "contract_quantity", Decimal, optional=True)
        if self.limit_price is not None:
            _check(self, "limit_price", Decimal, optional=True)
        if self.stop_price is not None:
            _check(self, "stop_price", Decimal, optional=True)
        if self.time_in_force is not None:
            _check(self, "time_in_force", TimeInForce, optional=True)


@dataclass(frozen=True, slots=True)
class CancelLimitsAction:
    """Cancels every resting LIMIT order of the symbol, and every STOP_LIMIT that has been triggered."""

    symbol: str
    asset_type: AssetType

    def __post_init__(self) -> None:
        _check(self, "symbol", str)
        _check(self, "asset_type", AssetType)


@dataclass(frozen=True, slots=True)
class RegisterSecurityAction:
    """Subscribes to a stream from the next bar that starts at or after now. History is not replayed."""

    request: BarRegistrationRequest | QuoteRegistrationRequest

    def __post_init__(self) -> None:
        _check(self, "request", (BarRegistrationRequest, QuoteRegistrationRequest))


@dataclass(frozen=True, slots=True)
class RegisterTimeStepAction:
    """Starts, or replaces, the recurring timer: the k-th firing is at now + k x `time_step_seconds`.

    The step is at least 0.001 seconds and finite; a float is taken by its shortest decimal form.
    """

    time_step_seconds: float

    def __post_init__(self) -> None:
        _check(self, "time_step_seconds", (float, int, Decimal))


@dataclass(frozen=True, slots=True)
class UnregisterBarAction:
    """Ends one stream of bars."""

    symbol: str
    asset_type: AssetType
    bar_time_span: BarTimeSpan

    def __post_init__(self) -> None:
        _check(self, "symbol", str)
        _check(self, "asset_type", AssetType)
        _check(self, "bar_time_span", BarTimeSpan)


@dataclass(frozen=True, slots=True)
class UnregisterQuoteAction:
    """Ends a stream of quotes. Disabled along with quote subscriptions."""

    symbol: str
    asset_type: AssetType

    def __post_init__(self) -> None:
        _check(self, "symbol", str)
        _check(self, "asset_type", AssetType)


@dataclass(frozen=True, slots=True)
class InsertCashAction:
    """Adds cash to the strategy's portfolio; `amount` is positive, in the run's currency."""

    amount: Decimal

    def __post_init__(self) -> None:
        _check(self, "amount", Decimal)


@dataclass(frozen=True, slots=True)
class WithdrawCashAction:
    """Takes cash out of the strategy's portfolio; `amount` is positive and no more than what is free."""

    amount: Decimal

    def __post_init__(self) -> None:
        _check(self, "amount", Decimal)


Action = (
    PlaceOrderAction
    | CancelLimitsAction
    | RegisterSecurityAction
    | RegisterTimeStepAction
    | UnregisterBarAction
    | UnregisterQuoteAction
    | InsertCashAction
    | WithdrawCashAction
)
"""Everything that a strategy can ask for."""
