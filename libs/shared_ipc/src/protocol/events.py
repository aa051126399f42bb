"""What a strategy is told. Every event carries `simulation_time`, the clock position when it was dispatched (UTC)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from libs.shared_ipc.src.protocol.enums import AssetType, OrderState
from libs.shared_ipc.src.protocol.shapes import StrategyBar, StrategyQuote


@dataclass(frozen=True, slots=True)
class BarEvent:
    """A bar of a registered stream is complete: `simulation_time` is its end, `bar.timestamp` its start."""

    simulation_time: datetime
    symbol: str
    asset_type: AssetType
    bar: StrategyBar


@dataclass(frozen=True, slots=True)
class QuoteEvent:
    """A quote of a registered stream. Currently disabled: never delivered."""

    simulation_time: datetime
    symbol: str
    asset_type: AssetType
    quote: StrategyQuote


@dataclass(frozen=True, slots=True)
class TimerEvent:
    """A registered timer fired. Timers made by `RegisterTimeStepAction` carry `timer_id="time_step"`."""

    simulation_time: datetime
    timer_id: str


@dataclass(frozen=True, slots=True)
class ExpirationEvent:
    """A registered security expired; all of its registrations have ended."""

    simulation_time: datetime
    symbol: str
    asset_type: AssetType


@dataclass(frozen=True, slots=True)
class OrderUpdateEvent:
    """An order of this strategy changed state.

    `cumulative_net_money` is the signed money of all fills so far: minus for buys, plus for sells,
    quantity x price x multiplier, less fees.
    """

    simulation_time: datetime
    order_id: UUID
    symbol: str
    asset_type: AssetType
    order_state: OrderState
    cumulative_quantity_filled: Decimal
    cumulative_net_money: Decimal
    updated_at: datetime


Event = BarEvent | QuoteEvent | TimerEvent | ExpirationEvent | OrderUpdateEvent
"""Everything that a strategy can be told."""
