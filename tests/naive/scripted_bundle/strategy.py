"""A strategy that does what a script says, each thing once, when its moment comes. `PLAN` is filled in by a test."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    CancelLimitsAction,
    ExpirationEvent,
    InsertCashAction,
    OrderIntent,
    OrderType,
    OrderUpdateEvent,
    PlaceOrderAction,
    QuoteRegistrationRequest,
    QuoteTimeSpan,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    TimeInForce,
    TimerEvent,
    UnregisterBarAction,
    WithdrawCashAction,
)

PLAN = "{}"


class Strategy(StrategyBase):
    """Acts at named moments: "start", a time of day (the first bar told then), an order's update, a timer."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        self.coordinator = data_coordinator
        self.plan: dict[str, list[dict[str, Any]]] = json.loads(PLAN)
        self.numbers: dict[UUID, int] = {}
        self.observations: list[tuple[object, ...]] = []

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return await self.act("start")

    async def on_bar(self, event: BarEvent) -> list[Action]:
        return await self.act(_clock(event.simulation_time))

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        return await self.act("timer")

    async def on_expiration(self, event: ExpirationEvent) -> list[Action]:
        return await self.act("expiration")

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        number = self.numbers.setdefault(event.order_id, len(self.numbers) + 1)
        return await self.act(f"{number} {event.order_state.value}")

    async def act(self, moment: str) -> list[Action]:
        """What the script says for this moment, if it has not been done."""
        actions = []
        for step in self.plan.pop(moment, []):
            if step["do"] == "look":
                await self.look(step["symbol"], AssetType(step["type"]))
            elif step["do"] == "fail":
                raise RuntimeError("as the script says")
            else:
                actions.append(_action(step))
        return actions

    async def look(self, symbol: str, asset_type: AssetType) -> None:
        """Note the position."""
        held = await self.coordinator.get_position_by_symbol(symbol, asset_type)
        at = _clock(self.simulation_time)
        if held is None:
            self.observations.append((at, symbol, "flat"))
        else:
            self.observations.append(
                (at, symbol, held.direction.value, str(held.net_contract_quantity), str(held.average_price))
            )


def _clock(time: datetime) -> str:
    """The time of day in New York, seconds only if there are any, with the day if it is not Monday."""
    local = time.astimezone(ZoneInfo("America/New_York"))
    day = "" if local.weekday() == 0 else ["", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "][local.weekday()]
    return day + (f"{local:%H:%M}" if local.second == 0 else f"{local:%H:%M:%S}")


def _action(step: dict[str, Any]) -> Action:
    name = (step.get("symbol", ""), AssetType(step.get("type", "EQUITY")))
    made: Action
    match step["do"]:
        case "order":
            made = _order(step)
        case "cancel":
            made = CancelLimitsAction(*name)
        case "insert":
            made = InsertCashAction(Decimal(step["amount"]))
        case "withdraw":
            made = WithdrawCashAction(Decimal(step["amount"]))
        case "timer":
            made = RegisterTimeStepAction(step["seconds"])
        case "unregister":
            made = UnregisterBarAction(*name, BarTimeSpan(step["span"]))
        case "quotes":
            made = RegisterSecurityAction(QuoteRegistrationRequest(*name, QuoteTimeSpan.STREAM))
        case _:
            made = RegisterSecurityAction(BarRegistrationRequest(*name, BarTimeSpan(step["span"])))
    return made


def _order(step: dict[str, Any]) -> PlaceOrderAction:
    def number(name: str) -> Decimal | None:
        return None if step[name] is None else Decimal(step[name])

    return PlaceOrderAction(
        symbol=step["symbol"],
        asset_type=AssetType(step["type"]),
        intent=OrderIntent(step["intent"]),
        order_type=OrderType(step["kind"]),
        contract_quantity=number("quantity"),
        limit_price=number("limit"),
        stop_price=number("stop"),
        time_in_force=None if step["force"] is None else TimeInForce(step["force"]),
    )
