"""What the logics share: their own cash account, orders, sizing, and a clock that wakes them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sizing import Account, holdings_order

from libs.shared_ipc.src.framework import DataCoordinator
from libs.shared_ipc.src.protocol import (
    Action,
    BarEvent,
    OrderIntent,
    OrderState,
    OrderType,
    OrderUpdateEvent,
    PlaceOrderAction,
    RegisterTimeStepAction,
    TimeInForce,
    TimerEvent,
)

IDLE_SECONDS = 3_000_000_000.0
NEW_YORK = ZoneInfo("America/New_York")


def new_york(moment: datetime) -> datetime:
    """What New York's clock shows."""
    return moment.astimezone(NEW_YORK).replace(tzinfo=None)


def from_new_york(local: datetime) -> datetime:
    """The moment at which New York's clock shows a time."""
    return local.replace(tzinfo=NEW_YORK).astimezone(UTC)


class Logic:
    """A logic is told of bars, moments and fills, and answers with actions. All it knows of money it reckons itself."""

    def __init__(self, data: DataCoordinator, streams: list[Any], cash: Decimal, numbers: dict[str, str]) -> None:
        self.data = data
        self.streams = streams
        self.cash = cash
        self.numbers = numbers
        self.symbol, self.kind = streams[0][0], streams[0][1]
        self.leverage = Decimal(numbers.get("leverage", "2"))
        self.closes: dict[str, Decimal] = {}
        self.held: dict[str, Decimal] = {}
        self.orders: list[tuple[str, Decimal]] = []
        self.by_id: dict[UUID, tuple[str, Decimal]] = {}
        self.net_money: dict[UUID, Decimal] = {}
        self.filled: dict[UUID, Decimal] = {}
        self.told = 0
        self.moments: list[datetime] = []
        self.started: datetime | None = None

    def number(self, name: str) -> Decimal:
        """A parameter."""
        return Decimal(self.numbers[name])

    def start(self, now: datetime) -> list[Action]:
        """The run begins."""
        return []

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """A bar of any stream; the price of its symbol is known already."""
        return []

    async def on_moment(self, local: datetime) -> list[Action]:
        """A moment that `wake_at` asked for, on New York's clock."""
        return []

    async def on_fill(self, event: OrderUpdateEvent) -> list[Action]:
        """An order has filled."""
        return []

    @property
    def value(self) -> Decimal:
        """Cash and what is held, at the last closes."""
        return self.cash + sum((units * self.closes[symbol] for symbol, units in self.held.items()), Decimal(0))

    def position(self, symbol: str | None = None) -> Decimal:
        """What is held of a symbol, signed."""
        return self.held.get(symbol or self.symbol, Decimal(0))

    def pending(self, symbol: str | None = None) -> Decimal:
        """What market orders that have not filled would still trade."""
        live = [order for order_id, order in self.by_id.items() if order_id not in self.filled]
        waiting = [*live, *self.orders[self.told :]]
        return sum((units for name, units in waiting if name == (symbol or self.symbol)), Decimal(0))

    def market(self, quantity: Decimal, symbol: str | None = None, tif: TimeInForce | None = None) -> list[Action]:
        """A market order over a signed quantity; none where that is nothing."""
        return self.order(quantity, OrderType.MARKET, symbol=symbol, tif=tif) if quantity else []

    def order(
        self,
        quantity: Decimal,
        kind: OrderType,
        *,
        symbol: str | None = None,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
        tif: TimeInForce | None = None,
    ) -> list[Action]:
        """An order over a signed quantity."""
        name = symbol or self.symbol
        self.orders.append((name, quantity if kind is OrderType.MARKET else Decimal(0)))
        side = OrderIntent.BUY if quantity > 0 else OrderIntent.SELL
        return [
            PlaceOrderAction(
                name,
                self.kind,
                side,
                kind,
                contract_quantity=abs(quantity),
                limit_price=limit,
                stop_price=stop,
                time_in_force=tif,
            )
        ]

    def set_holdings(self, weight: Decimal, symbol: str | None = None) -> list[Action]:
        """The market order that SH(weight) asks for."""
        name = symbol or self.symbol
        account = Account(self.value, self.position(name), self.closes[name], self.leverage)
        return self.market(holdings_order(account, weight) - self.pending(name), name)

    def wake_at(self, moments: Iterable[datetime]) -> None:
        """Ask to be woken at moments of New York's clock; those that are past are left out."""
        assert self.started is not None
        self.moments = sorted(moment for local in moments if (moment := from_new_york(local)) > self.started)

    def days(self) -> list[datetime]:
        """Midnights of the run's weekdays, from its first date on, as many as `numbers` says."""
        assert self.started is not None
        first = new_york(self.started).replace(hour=0, minute=0, second=0, microsecond=0)
        return [first + timedelta(days=day) for day in range(int(self.numbers.get("days", "0")))]

    def next_timer(self, now: datetime) -> list[Action]:
        """A timer for the next moment; after the last one, far beyond the run's end."""
        wait = (self.moments[0] - now).total_seconds() if self.moments else IDLE_SECONDS
        return [RegisterTimeStepAction(wait)]

    async def bar(self, event: BarEvent) -> list[Action]:
        """Remember the price and ask the logic."""
        self.closes[event.symbol] = event.bar.close
        return await self.on_bar(event)

    async def timer(self, event: TimerEvent) -> list[Action]:
        """Ask the logic at its moments."""
        now = event.simulation_time
        if not self.moments or now < self.moments[0]:
            return []
        self.moments.pop(0)
        return [*await self.on_moment(new_york(now)), *self.next_timer(now)]

    async def update(self, event: OrderUpdateEvent) -> list[Action]:
        """Keep the account, and tell the logic of fills. First updates come in the order of the orders."""
        if event.order_id not in self.by_id:
            self.by_id[event.order_id] = self.orders[self.told]
            self.told += 1
        before = self.net_money.get(event.order_id, Decimal(0))
        self.cash += event.cumulative_net_money - before
        self.net_money[event.order_id] = event.cumulative_net_money
        held = await self.data.get_position_by_symbol(event.symbol, event.asset_type)
        self.held[event.symbol] = signed(held)
        if event.order_state is OrderState.WORKING:
            return []
        self.filled[event.order_id] = event.cumulative_quantity_filled
        return await self.on_fill(event) if event.order_state is OrderState.FILLED else []


def signed(held: Any) -> Decimal:
    """A position's quantity, negative where it is short."""
    if held is None:
        return Decimal(0)
    quantity: Decimal = held.net_contract_quantity
    return quantity if held.direction.value == "LONG" else -quantity
