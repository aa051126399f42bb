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
        self.closes: deque[Decimal] = deque(maxlen=require_int(config, "length"))
        self.holding = False

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Pay in, and ask for bars."""
        stream = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [InsertCashAction(self.cash), RegisterSecurityAction(stream)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Buy above the average, sell below it."""
        close = event.bar.close
        self.closes.append(close)
        if len(self.closes) < (self.closes.maxlen or 1):
            return []
        wants_it = close > sum(self.closes) / len(self.closes)
        if wants_it == self.holding:
            return []
        self.holding = wants_it
        intent = OrderIntent.BUY if wants_it else OrderIntent.SELL_TO_CLOSE
        return [PlaceOrderAction(event.symbol, event.asset_type, intent, contract_quantity=self.quantity)]
