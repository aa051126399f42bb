"""Holds the symbol while its close is above the average of its last closes, and nothing otherwise."""

from collections import deque
from datetime import datetime
from decimal import Decimal

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
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
    """Events arrive, a handler decides, and returns actions."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        self.symbol = require_symbol(config, "symbol")
        self.span = require_bar_time_span(config, "span")
        self.cash = require_decimal(config, "cash")
        self.quantity = require_decimal(config, "quantity")
        self.length = require_int(config, "length")
        self.closes: deque[Decimal] = deque()
        self.total = Decimal(0)

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Pay in, and ask for bars."""
        stream = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [InsertCashAction(self.cash), RegisterSecurityAction(stream)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Buy above the average, sell below it."""
        close = event.bar.close
        if len(self.closes) == self.length:
            self.total -= self.closes.popleft()
        self.closes.append(close)
        self.total += close
        if len(self.closes) < self.length:
            return []
        wants_it = close > self.total / self.length
        position = await self.data.get_position_by_symbol(event.symbol, event.asset_type)
        if wants_it and position is None:
            return [PlaceOrderAction(event.symbol, event.asset_type, OrderIntent.BUY, contract_quantity=self.quantity)]
        if not wants_it and position is not None:
            return [PlaceOrderAction(event.symbol, event.asset_type, OrderIntent.SELL_TO_CLOSE)]
        return []
