"""Holds several equities at equal weight and sets the weights right again whenever its timer fires.

The strategy keeps its own cash account: what it put in, plus the net money of all its fills, fees included. Sales come
first, and the purchases wait for their money.
"""

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
    DataCoordinator,
    StrategyBase,
    optional_symbol,
    require_bar_time_span,
    require_decimal,
    require_int,
    require_symbol,
    validate_config,
)
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    InsertCashAction,
    OrderIntent,
    OrderState,
    OrderUpdateEvent,
    PlaceOrderAction,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    TimerEvent,
)

SECONDS_A_DAY = 86_400


class Strategy(StrategyBase):
    """Equal parts of the portfolio in each symbol, set right every so many days."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        chosen = [require_symbol(config, "first"), require_symbol(config, "second")]
        chosen += [more for key in ("third", "fourth") if (more := optional_symbol(config, key)) is not None]
        self.symbols = [symbol.symbol for symbol in chosen]
        self.span = require_bar_time_span(config, "bar_time_span")
        self.every_days = require_int(config, "every_days")
        self.reserve = require_decimal(config, "reserve")
        self.cash = require_decimal(config, "cash")
        self.closes: dict[str, Decimal] = {}
        self.net_money: dict[UUID, Decimal] = {}
        """The net money of each order so far, as its last update told."""
        self.sales_placed = 0
        self.purchases: list[Action] = []
        """What is still to be bought once the sales are done."""

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Put in cash, start the timer, ask for each symbol's bars."""
        streams = [BarRegistrationRequest(symbol, AssetType.EQUITY, self.span) for symbol in self.symbols]
        timer = RegisterTimeStepAction(self.every_days * SECONDS_A_DAY)
        return [InsertCashAction(self.cash), timer, *(RegisterSecurityAction(stream) for stream in streams)]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        """Remember the price; the timer decides when to act on it."""
        self.closes[event.symbol] = event.bar.close
        return []

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        """Work out what is too much and what is missing. Sell first."""
        if len(self.closes) < len(self.symbols):
            return []
        held = {symbol: await self.held(symbol) for symbol in self.symbols}
        value = self.cash + sum(self.closes[symbol] * quantity for symbol, quantity in held.items())
        # A part stays in cash, for fees and because tomorrow's open is not today's close.
        part = value * (1 - self.reserve) / len(self.symbols)
        sales: list[Action] = []
        self.purchases = []
        for symbol, quantity in held.items():
            wanted = (part / self.closes[symbol]).to_integral_value(ROUND_DOWN)
            if wanted < quantity:
                sales.append(self.order(symbol, OrderIntent.SELL, quantity - wanted))
            elif wanted > quantity:
                self.purchases.append(self.order(symbol, OrderIntent.BUY, wanted - quantity))
        print(f"{self.simulation_time:%Y-%m-%d}: value {value:.2f}, {len(sales)} to sell, {len(self.purchases)} to buy")
        self.sales_placed = len(sales)
        return sales or self.buy()

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        """Book the money of each fill once, and buy when the last sale is done."""
        self.cash += event.cumulative_net_money - self.net_money.get(event.order_id, Decimal(0))
        self.net_money[event.order_id] = event.cumulative_net_money
        if event.order_state is OrderState.WORKING or self.sales_placed == 0:
            return []
        self.sales_placed -= 1
        return self.buy() if self.sales_placed == 0 else []

    async def held(self, symbol: str) -> Decimal:
        """Shares that we hold; we never go short."""
        position = await self.data.get_position_by_symbol(symbol, AssetType.EQUITY)
        return Decimal(0) if position is None else position.net_contract_quantity

    def buy(self) -> list[Action]:
        """The purchases that waited."""
        purchases, self.purchases = self.purchases, []
        return purchases

    def order(self, symbol: str, intent: OrderIntent, quantity: Decimal) -> Action:
        """A market order."""
        return PlaceOrderAction(symbol, AssetType.EQUITY, intent, contract_quantity=quantity)

    async def on_stop(self) -> None:
        """Show that our own books agree with what we hold."""
        held = [f"{await self.held(symbol)} {symbol}" for symbol in self.symbols]
        print(f"cash {self.cash:.2f}, {', '.join(held)}")
