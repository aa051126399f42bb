"""Long while the mean of the last `fast` closes is above that of the last `slow`, else flat; in exact Decimals."""

from collections import deque
from datetime import datetime
from decimal import Decimal

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
    DataCoordinator,
    StrategyBase,
    require_decimal,
    require_int,
    require_symbol,
    validate_config,
)
from libs.shared_ipc.src.protocol import (
    Action,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    InsertCashAction,
    OrderIntent,
    PlaceOrderAction,
    RegisterSecurityAction,
)


class Strategy(StrategyBase):
    """Keeps both sums up to date bar by bar and orders at each crossing."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.symbol = require_symbol(config, "symbol")
        self.fast = require_int(config, "fast")
        self.slow = require_int(config, "slow")
        self.quantity = require_decimal(config, "quantity")
        self.cash = require_decimal(config, "cash")
        self.fast_weight, self.slow_weight = Decimal(self.slow), Decimal(self.fast)
        self.closes = deque([Decimal(0)] * self.slow, maxlen=self.slow)
        self.fast_sum = self.slow_sum = Decimal(0)
        self.missing = self.slow
        self.long = False

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, BarTimeSpan.MINUTE)
        return [InsertCashAction(self.cash), RegisterSecurityAction(request)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        close = event.bar.close
        closes = self.closes
        self.fast_sum = fast = self.fast_sum + close - closes[-self.fast]
        self.slow_sum = slow = self.slow_sum + close - closes[0]
        closes.append(close)
        if self.missing > 1:
            self.missing -= 1
            return []
        long = fast * self.fast_weight > slow * self.slow_weight
        if long is self.long:
            return []
        self.long = long
        intent = OrderIntent.BUY if long else OrderIntent.SELL
        return [PlaceOrderAction(event.symbol, event.asset_type, intent, contract_quantity=self.quantity)]
