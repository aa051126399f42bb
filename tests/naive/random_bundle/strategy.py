"""A strategy that acts at random from every handler, and notes down what it is told.

What it does depends only on its plan and on the events so far: two engines that tell it the same see the same actions.
`PLAN` is filled in by whoever writes the bundle.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

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
    UnregisterQuoteAction,
    WithdrawCashAction,
)

PLAN = "{}"

INTENTS = ["BUY"] * 8 + ["SELL"] * 5 + ["SELL_TO_CLOSE"] * 3 + ["BUY_TO_CLOSE"] * 2 + ["CLOSE"] * 2
TYPES = ["MARKET"] * 5 + ["LIMIT"] * 6 + ["STOP"] * 4 + ["STOP_LIMIT"] * 5
FORCES = [None] * 8 + ["GTC"] * 2 + ["DAY"] * 4 + ["IOC"] * 3 + ["FOK"] * 3
FORCES += ["OPG"] * 3 + ["ATC"] * 4 + ["GTD"] * 2 + ["GTX"] * 3
BAD_QUANTITIES = [None, "0", "-3", "0.37", "NaN", "Infinity"]
BAD_PRICES = ["0", "-5", "0.0001", "NaN", "Infinity"]
BAD_AMOUNTS = ["0", "-5", "NaN", "-Infinity"]
BAD_STEPS = [0.0001, 0, float("nan"), float("inf"), -1.0]
LATE_OR_EARLY = [-100, -48, -24, -7, -0.5, 0, 0, 0.25, 30]


class Strategy(StrategyBase):
    """Does anything that the protocol allows, and some that it refuses."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        self.coordinator = data_coordinator
        self.plan: dict[str, Any] = json.loads(PLAN)
        self.random = Random(self.plan["seed"])
        self.observations: list[tuple[object, ...]] = []
        self.events = 0
        self.orders = 0
        self.held: set[tuple[str, str]] = set()
        self.prices = {symbol: [Decimal(price)] * 4 for symbol, price in self.plan["prices"].items()}

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        actions: list[Action] = []
        if self.random.random() < 0.95:
            actions.append(InsertCashAction(Decimal(self.random.choice(self.plan["cash"]))))
        actions += [self.registration() for _ in range(self.random.choice([1, 2, 3, 5]))]
        return [*actions, *await self.react("start", as_of_time)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        bar = event.bar
        self.prices[event.symbol] = [bar.open, bar.high, bar.low, bar.close]
        return await self.react("bar", event.simulation_time)

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        return await self.react("timer", event.simulation_time)

    async def on_expiration(self, event: ExpirationEvent) -> list[Action]:
        return await self.react("expiration", event.simulation_time)

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        return await self.react("update", event.simulation_time)

    async def on_stop(self) -> None:
        await self.look()

    async def react(self, kind: str, time: datetime) -> list[Action]:
        """Look around, then act or not."""
        self.events += 1
        self.observations.append((kind, time, self.simulation_time))
        await self.look()
        if self.events == self.plan["fault_at"]:
            faulty: list[Action] = self.fault()
            return faulty
        tired = 1.0 - self.orders / self.plan["orders"]
        chance = self.plan["activity"] * tired * (0.35 if kind == "update" else 1.0)
        if self.random.random() >= chance:
            return []
        return [self.action() for _ in range(self.random.choice([1, 1, 1, 2, 3, 4]))]

    def fault(self) -> Any:
        """Do what ends the run."""
        match self.plan["fault"]:
            case "raise":
                raise RuntimeError("a fault on purpose")
            case "none":
                return None
            case "not_actions":
                return [InsertCashAction(Decimal(5)), "buy"]
            case _:
                return [InsertCashAction(Decimal(5))] * (self.plan["most_actions"] + 1)

    async def look(self) -> None:
        """Ask for positions and front months, and note the answers."""
        dice = self.random
        if dice.random() < 0.6:
            symbol, kind = self.name()
            held = await self.coordinator.get_position_by_symbol(symbol, AssetType(kind))
            self.held.discard((symbol, kind))
            if held is None:
                self.observations.append(("flat", symbol, kind))
            else:
                self.held.add((symbol, kind))
                found = (held.symbol, held.direction.value, held.net_contract_quantity, held.average_price)
                self.observations.append(("position", symbol, kind, *found))
        if dice.random() < 0.15:
            root = dice.choice(self.plan["roots"])
            asked = self.simulation_time + timedelta(hours=dice.choice(LATE_OR_EARLY))
            if dice.random() < 0.05:
                asked = asked.replace(tzinfo=None)
            try:
                answer = await self.coordinator.get_front_month_contract_by_volume(
                    root, None if dice.random() < 0.4 else asked
                )
            except (LookupError, ValueError) as refusal:
                answer = "ValueError" if isinstance(refusal, ValueError) else "LookupError"
            self.observations.append(("front", root, answer))

    def name(self) -> tuple[str, str]:
        """A symbol and the asset type to ask for, mostly one that exists."""
        names = self.plan["odd_names"] if self.random.random() < 0.03 else self.plan["names"]
        symbol, kind = self.random.choice(names)
        return symbol, kind

    def action(self) -> Action:
        """One action."""
        draw = self.random.random()
        symbol, kind = self.name()
        if draw < 0.68:
            return self.order()
        if draw < 0.76:
            return CancelLimitsAction(symbol, AssetType(kind))
        if draw < 0.86:
            return self.registration()
        if draw < 0.88:
            return UnregisterBarAction(symbol, AssetType(kind), self.span())
        if draw < 0.91:
            bad = self.random.random() < 0.15
            return RegisterTimeStepAction(self.random.choice(BAD_STEPS if bad else self.plan["steps"]))
        return self.transfer()

    def transfer(self) -> Action:
        """Money in or out."""
        bad = self.random.random() < 0.2
        amount = Decimal(self.random.choice(BAD_AMOUNTS if bad else [*self.plan["cash"], "17.25"]))
        return InsertCashAction(amount) if self.random.random() < 0.5 else WithdrawCashAction(amount)

    def span(self) -> BarTimeSpan:
        """A time span, mostly one with data."""
        return BarTimeSpan(self.random.choice(self.plan["spans"]))

    def registration(self) -> Action:
        """A registration, or something about quotes."""
        symbol, kind = self.name()
        draw = self.random.random()
        if draw > 0.25:
            symbol, kind, span = self.random.choice(self.plan["streams"])
            return RegisterSecurityAction(BarRegistrationRequest(symbol, AssetType(kind), BarTimeSpan(span)))
        if draw < 0.01:
            return UnregisterQuoteAction(symbol, AssetType(kind))
        if draw < 0.02:
            return RegisterSecurityAction(QuoteRegistrationRequest(symbol, AssetType(kind), QuoteTimeSpan.SECOND))
        return RegisterSecurityAction(BarRegistrationRequest(symbol, AssetType(kind), self.span()))

    def order(self) -> Action:
        """An order with prices near the last seen ones; now and then a bad one."""
        dice = self.random
        self.orders += 1
        symbol, kind = self.name()
        intent = OrderIntent(dice.choice(INTENTS))
        if intent is not OrderIntent.BUY and self.held and dice.random() < 0.7:
            symbol, kind = dice.choice(sorted(self.held))
        order_type = OrderType(dice.choice(TYPES))
        limit = self.price(symbol) if order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None
        stop = self.price(symbol) if order_type in (OrderType.STOP, OrderType.STOP_LIMIT) else None
        if dice.random() < 0.02:
            limit = self.price(symbol) if dice.random() < 0.5 else None
            stop = self.price(symbol) if dice.random() < 0.5 else None
        force = dice.choice(FORCES)
        one_price = force in ("IOC", "FOK", "OPG", "ATC")
        if order_type in (OrderType.STOP, OrderType.STOP_LIMIT) and one_price and dice.random() < 0.9:
            force = None
        return PlaceOrderAction(
            symbol=symbol,
            asset_type=AssetType(kind),
            intent=intent,
            order_type=order_type,
            contract_quantity=self.quantity(symbol, intent),
            limit_price=limit,
            stop_price=stop,
            time_in_force=None if force is None else TimeInForce(force),
        )

    def quantity(self, symbol: str, intent: OrderIntent) -> Decimal | None:
        """How much: small lots, now and then everything, as much as credit gives, far too much, or nonsense."""
        draw = self.random.random()
        if draw < 0.02:
            bad = self.random.choice(BAD_QUANTITIES)
            return None if bad is None else Decimal(bad)
        if intent not in (OrderIntent.BUY, OrderIntent.SELL) and draw < 0.5:
            return None
        if draw < 0.07:
            return Decimal(self.random.choice([1000, 100000]))
        return Decimal(self.random.choice(self.plan["large_lots"].get(symbol, self.plan["lots"])))

    def price(self, symbol: str) -> Decimal:
        """A price near or exactly at the last seen ones."""
        dice = self.random
        if dice.random() < 0.01:
            return Decimal(dice.choice(BAD_PRICES))
        unit = Decimal(self.plan["units"].get(symbol, "0.01"))
        near = dice.choice(self.prices.get(symbol, [Decimal(100)]))
        price = near + unit * dice.choice([-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3])
        return price + unit / 7 if dice.random() < 0.05 else price
