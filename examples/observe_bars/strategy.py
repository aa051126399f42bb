"""Watches a stream of bars and prints what it sees. It places no orders: the shortest strategy that does something."""

from datetime import datetime
from decimal import Decimal

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
    DataCoordinator,
    StrategyBase,
    require_bar_time_span,
    require_symbol,
    validate_config,
)
from libs.shared_ipc.src.protocol import Action, BarEvent, BarRegistrationRequest, RegisterSecurityAction


class Strategy(StrategyBase):
    """Registers one stream, prints each of its bars, and sums up at the end."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.symbol = require_symbol(config, "symbol")
        self.span = require_bar_time_span(config, "bar_time_span")
        self.bars = 0
        self.highest: Decimal | None = None

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """No events come until a stream is registered."""
        print(f"start {as_of_time:%Y-%m-%d %H:%M} UTC, watching {self.symbol.symbol} by {self.span}")
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [RegisterSecurityAction(request)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """A bar arrives when it is complete: `bar.timestamp` is its start, `simulation_time` its end."""
        bar = event.bar
        self.bars += 1
        if self.highest is None or bar.high > self.highest:
            self.highest = bar.high
        print(f"{bar.timestamp:%Y-%m-%d %H:%M} to {self.simulation_time:%H:%M}  close {bar.close}  volume {bar.volume}")
        return []

    async def on_stop(self) -> None:
        """The last call. What it prints is kept; it can't act any more."""
        print(f"{self.bars} bars, highest price {self.highest}")
