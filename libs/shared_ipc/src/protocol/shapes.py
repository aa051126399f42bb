"""Data shapes that events, actions and answers are made of. Prices and quantities are Decimals, times aware UTC."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from libs.shared_ipc.src.protocol.enums import AssetType, Direction


@dataclass(frozen=True, slots=True)
class Symbol:
    """A ticker together with the asset type that it is traded under."""

    symbol: str
    asset_type: AssetType


@dataclass(frozen=True, slots=True)
class StrategyBar:
    """One bar, covering `[timestamp, timestamp + span)`.

    `timestamp` is the bar's start. Prices are in the instrument's currency per unit; `volume` is in units traded, None
    where the source does not tell.
    """

    timestamp: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None


@dataclass(frozen=True, slots=True)
class StrategyQuote:
    """Best bid and ask at one moment. Quotes are currently disabled: no stream delivers one."""

    timestamp: datetime
    bid_price: Decimal
    ask_price: Decimal
    bid_size: int
    ask_size: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class StrategyPosition:
    """A position as of the handler's simulation time.

    `net_contract_quantity` is positive for LONG and SHORT alike; `average_price` is per unit, before fees.
    """

    symbol: str
    direction: Direction
    net_contract_quantity: Decimal
    average_price: Decimal
