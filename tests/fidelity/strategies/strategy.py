"""The logic that a parameter names, as a strategy."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import clocked
import futures
import holding
import indicators

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase, require_str, validate_config
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    InsertCashAction,
    OrderUpdateEvent,
    RegisterSecurityAction,
    TimerEvent,
)

LOGICS = {**holding.LOGICS, **clocked.LOGICS, **indicators.LOGICS, **futures.LOGICS}


class Strategy(StrategyBase):
    """Hands everything to its logic."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        streams: Any = config["streams"]
        numbers: Any = config["numbers"]
        self.streams = [(symbol, AssetType(kind), BarTimeSpan(span)) for symbol, kind, span in streams]
        self.cash = Decimal(require_str(config, "cash"))
        self.logic = LOGICS[require_str(config, "logic")](data_coordinator, self.streams, self.cash, numbers)

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Put in cash and ask for the bars; the logic may ask for moments."""
        streams = [RegisterSecurityAction(BarRegistrationRequest(*stream)) for stream in self.streams]
        self.logic.started = as_of_time
        first = self.logic.start(as_of_time)
        return [InsertCashAction(self.cash), *streams, *first, *self.logic.next_timer(as_of_time)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """A bar."""
        return await self.logic.bar(event)

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        """The timer."""
        return await self.logic.timer(event)

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        """News of an order."""
        return await self.logic.update(event)
