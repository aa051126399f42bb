"""Two moving averages on an equity: in the market while the fast one is above the slow one."""

from datetime import datetime

from average import MovingAverage

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
    ConfigError,
    DataCoordinator,
    StrategyBase,
    require_bar_time_span,
    require_decimal,
    require_int,
    require_symbol,
    validate_config,
)
from libs.shared_ipc.src.protocol import (
    Action,
    BarEvent,
    BarRegistrationRequest,
    InsertCashAction,
    OrderIntent,
    PlaceOrderAction,
    RegisterSecurityAction,
)


class Strategy(StrategyBase):
    """Buys when the fast average crosses over the slow one, sells when it crosses back."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        self.symbol = require_symbol(config, "symbol")
        self.span = require_bar_time_span(config, "bar_time_span")
        self.quantity = require_decimal(config, "quantity")
        self.cash = require_decimal(config, "cash")
        self.fast = MovingAverage(require_int(config, "fast"))
        self.slow = MovingAverage(require_int(config, "slow"))
        # The schema checks each parameter; what holds between two of them is checked here.
        if self.fast.length >= self.slow.length:
            raise ConfigError(f"fast ({self.fast.length}) must be smaller than slow ({self.slow.length})")

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """A portfolio starts empty: put in cash, then ask for bars."""
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [InsertCashAction(self.cash), RegisterSecurityAction(request)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """The order that this returns meets the market at the open of the next bar."""
        self.fast.add(event.bar.close)
        self.slow.add(event.bar.close)
        fast, slow = self.fast.value, self.slow.value
        if fast is None or slow is None:
            return []
        position = await self.data.get_position_by_symbol(event.symbol, event.asset_type)
        if fast > slow and position is None:
            return [PlaceOrderAction(event.symbol, event.asset_type, OrderIntent.BUY, contract_quantity=self.quantity)]
        if fast < slow and position is not None:
            # Without a quantity, a close intent closes the whole position.
            return [PlaceOrderAction(event.symbol, event.asset_type, OrderIntent.SELL_TO_CLOSE)]
        return []
