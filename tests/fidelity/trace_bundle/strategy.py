"""Places a list of orders, each at its moment, and takes no notice of anything else.

The SDK's only timer is a recurring one that starts when it is asked for. So it is asked for anew each time, with just
the seconds that are left until the next moment of the list.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase, require_str, validate_config
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarRegistrationRequest,
    BarTimeSpan,
    InsertCashAction,
    OrderIntent,
    OrderType,
    PlaceOrderAction,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    TimeInForce,
    TimerEvent,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDLE_SECONDS = 3_000_000_000.0
"""A timer can't be stopped; after the last order it is set far beyond any run's end."""


class Strategy(StrategyBase):
    """The list of orders as parameters."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        streams: Any = config["streams"]
        self.orders = [line.split() for line in require_str(config, "orders").splitlines()]
        self.streams = [(symbol, AssetType(kind), BarTimeSpan(span)) for symbol, kind, span in streams]
        self.cash = Decimal(str(config["cash"]))
        self.done = 0

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Put in cash and ask for the bars; an order of the very start is placed here."""
        streams = [RegisterSecurityAction(BarRegistrationRequest(*stream)) for stream in self.streams]
        return [InsertCashAction(self.cash), *streams, *self.due(as_of_time)]

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        """The moment of the next orders."""
        return self.due(event.simulation_time)

    def due(self, now: datetime) -> list[Action]:
        """The orders of this moment, in their order, and the timer for the next ones."""
        found: list[Action] = []
        while self.done < len(self.orders) and moment(self.orders[self.done]) <= now:
            found.append(action(self.orders[self.done]))
            self.done += 1
        if self.done < len(self.orders):
            wait = (moment(self.orders[self.done]) - now).total_seconds()
            found.append(RegisterTimeStepAction(wait))
        elif found:
            found.append(RegisterTimeStepAction(IDLE_SECONDS))
        return found


def moment(order: list[str]) -> datetime:
    """When an order is to be placed."""
    return EPOCH + timedelta(microseconds=int(order[0]))


def action(order: list[str]) -> PlaceOrderAction:
    """An order of the list as an action."""
    _, symbol, kind, side, order_type, tif, quantity, limit, stop = order
    return PlaceOrderAction(
        symbol,
        AssetType(kind),
        OrderIntent(side),
        OrderType(order_type),
        contract_quantity=Decimal(quantity),
        limit_price=price(limit),
        stop_price=price(stop),
        time_in_force=TimeInForce(tif),
    )


def price(text: str) -> Decimal | None:
    """A price of the list, None where there is none."""
    return None if text == "-" else Decimal(text)
