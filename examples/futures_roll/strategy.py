"""Follows the trend of a futures root, always in the contract that trades most.

Each contract is a security of its own with its own prices. So the strategy does three things that one on an equity need
not do: it asks which contract is the front month, it moves to the next one before the present one expires, and it never
compares prices of two contracts. The trend is the sum of day-to-day changes, each taken within one contract, so that
the step between two contracts is not taken for a move of the market.
"""

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
    require_str,
    validate_config,
)
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    Direction,
    ExpirationEvent,
    InsertCashAction,
    OrderIntent,
    PlaceOrderAction,
    RegisterSecurityAction,
    UnregisterBarAction,
)


class Strategy(StrategyBase):
    """Long while the last changes add up to more than nothing, short while they add up to less."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        self.root = require_str(config, "root")
        self.span = require_bar_time_span(config, "bar_time_span")
        self.quantity = require_decimal(config, "quantity")
        self.cash = require_decimal(config, "cash")
        self.rolls_by_volume = require_str(config, "roll") == "volume"
        self.changes: deque[Decimal] = deque(maxlen=require_int(config, "lookback"))
        self.contract = ""
        self.last_close: Decimal | None = None
        self.direction: Direction | None = None

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Start in the contract that traded most on the last trading day."""
        return [InsertCashAction(self.cash), self.subscribe(await self.front_month())]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Roll if another contract has become the front month, else follow the trend."""
        close = event.bar.close
        if self.last_close is not None:
            self.changes.append(close - self.last_close)
        self.last_close = close
        if self.rolls_by_volume and (front_month := await self.front_month()) != self.contract:
            return await self.roll_to(front_month)
        if len(self.changes) < (self.changes.maxlen or 0):
            return []
        trend = sum(self.changes)
        wanted = Direction.LONG if trend > 0 else Direction.SHORT
        if trend == 0 or wanted is self.direction:
            return []
        # From one side to the other in a single order: what is held, plus what is wanted.
        quantity = self.quantity if self.direction is None else 2 * self.quantity
        self.direction = wanted
        return [self.order(wanted, quantity)]

    async def on_expiration(self, event: ExpirationEvent) -> list[Action]:
        """The contract that we are in has expired: its streams have ended and its position was closed in cash."""
        if event.symbol != self.contract:
            return []
        print(f"{self.simulation_time:%Y-%m-%d}: {event.symbol} has expired")
        # Its last bar came at this same moment, so what on_bar ordered then was REJECTED: it came too late. But we know
        # which side we want, and we take it in the successor: the one that trades most among those that live on.
        return await self.roll_to(await self.front_month(), has_expired=True)

    async def front_month(self) -> str:
        """The contract of the root with the greatest volume in the last complete trading day."""
        return await self.data.get_front_month_contract_by_volume(self.root)

    async def roll_to(self, contract: str, *, has_expired: bool = False) -> list[Action]:
        """Leave the present contract, take the same side in the next one."""
        print(f"{self.simulation_time:%Y-%m-%d}: roll from {self.contract} to {contract}")
        actions: list[Action] = []
        if not has_expired:
            actions.append(UnregisterBarAction(self.contract, AssetType.FUTURE, self.span))
            position = await self.data.get_position_by_symbol(self.contract, AssetType.FUTURE)
            if position is not None:
                is_long = position.direction is Direction.LONG
                intent = OrderIntent.SELL_TO_CLOSE if is_long else OrderIntent.BUY_TO_CLOSE
                actions.append(PlaceOrderAction(self.contract, AssetType.FUTURE, intent))
        actions.append(self.subscribe(contract))
        if self.direction is not None:
            actions.append(self.order(self.direction, self.quantity))
        return actions

    def subscribe(self, contract: str) -> Action:
        """Make this the present contract. Its first bar has nothing to be compared with."""
        self.contract = contract
        self.last_close = None
        return RegisterSecurityAction(BarRegistrationRequest(contract, AssetType.FUTURE, self.span))

    def order(self, side: Direction, quantity: Decimal) -> Action:
        """A market order in the present contract."""
        intent = OrderIntent.BUY if side is Direction.LONG else OrderIntent.SELL
        return PlaceOrderAction(self.contract, AssetType.FUTURE, intent, contract_quantity=quantity)
