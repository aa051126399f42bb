"""Buys a dip with a limit order, then lets a target and a stop fight over the position.

Everything about orders happens in `on_order_update`: each order reports every change of its state there. Its first
update, WORKING or REJECTED, is also how a strategy learns the order's id; first updates come in the order of the
actions.
"""

from collections import deque
from datetime import datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

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
    CancelLimitsAction,
    InsertCashAction,
    OrderIntent,
    OrderState,
    OrderType,
    OrderUpdateEvent,
    PlaceOrderAction,
    RegisterSecurityAction,
    TimeInForce,
)


class Role(Enum):
    """What an order is for."""

    ENTRY = "entry"
    TARGET = "target"
    STOP = "stop"


class Strategy(StrategyBase):
    """One position at a time: limit entry, then a limit target and a stop until one of them has closed it."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        self.symbol = require_symbol(config, "symbol")
        self.span = require_bar_time_span(config, "bar_time_span")
        self.quantity = require_decimal(config, "quantity")
        self.cash = require_decimal(config, "cash")
        self.dip = require_decimal(config, "dip")
        self.target = require_decimal(config, "target")
        self.stop = require_decimal(config, "stop")
        self.patience = require_int(config, "patience")
        self.nameless: deque[Role] = deque()
        """Orders that were placed and whose id is not known yet, oldest first."""
        self.working: dict[UUID, Role] = {}
        self.bars_waited = 0
        self.fills = dict.fromkeys(Role, 0)
        """How many orders of each kind bought or sold something."""

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Put in cash and ask for bars."""
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [InsertCashAction(self.cash), RegisterSecurityAction(request)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Bid below the market when there is nothing to wait for; take the bid back when the market has run away."""
        if not self.working:
            self.bars_waited = 0
            limit = event.bar.close - self.dip
            return [self.place(Role.ENTRY, limit=limit)]
        if Role.ENTRY in self.working.values():
            self.bars_waited += 1
            if self.bars_waited == self.patience:
                return [CancelLimitsAction(self.symbol.symbol, self.symbol.asset_type)]
        return []

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        """Keep the books of our orders, and answer the fill of the entry with target and stop."""
        if event.order_id not in self.working:
            self.working[event.order_id] = self.nameless.popleft()
        role = self.working[event.order_id]
        if event.order_state is OrderState.WORKING:
            return []
        # All other states are final. An order that expired or was cancelled may have been filled in part before.
        del self.working[event.order_id]
        if event.cumulative_quantity_filled == 0:
            return []
        self.fills[role] += 1
        return await self.exits() if role is Role.ENTRY else []

    async def exits(self) -> list[Action]:
        """Target and stop around the price that was paid.

        Both are close orders without a quantity: they close whatever is held, they never open a position, and when
        one of them has closed it the other is CANCELLED at once.
        """
        position = await self.data.get_position_by_symbol(self.symbol.symbol, self.symbol.asset_type)
        if position is None:
            return []
        paid = position.average_price
        return [
            self.place(Role.TARGET, limit=paid + self.target),
            self.place(Role.STOP, stop=paid - self.stop),
        ]

    def place(self, role: Role, *, limit: Decimal | None = None, stop: Decimal | None = None) -> Action:
        """An order of ours. Remembers what it is for until its first update tells its id."""
        self.nameless.append(role)
        is_entry = role is Role.ENTRY
        return PlaceOrderAction(
            self.symbol.symbol,
            self.symbol.asset_type,
            OrderIntent.BUY if is_entry else OrderIntent.SELL_TO_CLOSE,
            OrderType.LIMIT if stop is None else OrderType.STOP,
            contract_quantity=self.quantity if is_entry else None,
            limit_price=limit,
            stop_price=stop,
            # A DAY order expires at the session's close, a GTC order never does.
            time_in_force=TimeInForce.DAY if is_entry else TimeInForce.GTC,
        )

    async def on_stop(self) -> None:
        """Say how it went."""
        entries, targets, stops = (self.fills[role] for role in Role)
        print(f"{entries} entries, {targets} targets, {stops} stops")
