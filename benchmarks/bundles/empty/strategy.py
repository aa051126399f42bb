"""Sees every minute bar and does nothing: what a bar costs by itself."""

from datetime import datetime
from decimal import Decimal

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase, require_symbol, validate_config
from libs.shared_ipc.src.protocol import (
    Action,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    InsertCashAction,
    RegisterSecurityAction,
)


class Strategy(StrategyBase):
    """Registers one symbol's minute bars."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.symbol = require_symbol(config, "symbol")

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, BarTimeSpan.MINUTE)
        return [InsertCashAction(Decimal(1_000_000)), RegisterSecurityAction(request)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        return []
