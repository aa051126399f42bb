"""Invented markets and runs: what `make_run` puts together and `write_run` writes."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.sessions import sessions_for
from periscope.market.columns import BarColumns
from periscope.report.bars import DataEntry, SeriesBars

SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """An invented series of minute bars; prices are whole ticks times `tick`, scaled by 10**4."""

    symbol: str
    asset_type: AssetType
    exchange: str
    tick: Decimal
    multiplier: Decimal
    margin: Decimal | None
    bars: BarColumns

    @property
    def entry(self) -> DataEntry:
        starts = self.bars.start
        return DataEntry(
            symbol=self.symbol,
            asset_type=self.asset_type.value,
            span="minute",
            first=int(starts[0]),
            last=int(starts[-1]),
        )

    def series(self) -> SeriesBars:
        sessions = sessions_for(self.exchange)
        half = len(self.bars) // 2
        names = BarColumns.NAMES
        pieces = [
            BarColumns(*(getattr(self.bars, name)[cut] for name in names))
            for cut in (slice(0, half), slice(half, None))
        ]
        return SeriesBars(
            pieces=pieces,
            price_scale=4,
            tick=self.tick,
            zone=sessions.zone.key,
            day_numbers=sessions.trading_day_numbers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFill:
    """One fill of a made-up run; `bar` is its bar's position."""

    symbol: str
    asset_type: AssetType
    side_sign: int
    quantity: Decimal
    price: Decimal
    before_slippage: Decimal
    fee: Decimal
    multiplier: Decimal
    filled_at: int
    bar: int


@dataclass(slots=True, kw_only=True)
class MadeRun:
    """What `write` needs; change it to make runs that are not so well behaved."""

    name: str
    markets: list[Market]
    fills: list[MadeFill] = field(default_factory=list)
    status: str = "complete"
    deposit: Decimal = Decimal(100_000)
    issues: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fees: str = "none"
    equity_rows: int | None = None
    tier: str | None = "sealed"
    packages: list[dict[str, str]] = field(default_factory=list)


def make_market(
    symbol: str, asset_type: AssetType, exchange: str, *, bars: int, first_price: float, tick: str, seed: int
) -> Market:
    """Minute bars from January 2023 on, in the exchange's sessions; the same for the same arguments."""
    generator = np.random.default_rng(seed)
    sessions = sessions_for(exchange)
    begin = 1_672_704_000 * SECOND
    days = sessions.sessions_between(begin, begin + 900 * 86_400 * SECOND)
    starts: list[np.ndarray[Any, np.dtype[np.int64]]] = []
    count = 0
    for session in days:
        starts.append(np.arange(session.open, session.close, 60 * SECOND, dtype=np.int64))
        count += len(starts[-1])
        if count >= bars:
            break
    start = np.concatenate(starts)[:bars]
    size = round(Decimal(tick) * 10_000)
    noise = generator.standard_t(4, len(start)) * 0.00042 + 0.0000018
    close = np.rint(first_price * np.exp(np.cumsum(noise)) * 10_000 / size).astype(np.int64)
    opened = np.concatenate([[close[0]], close[:-1] + generator.integers(-1, 2, len(close) - 1)])
    reach = np.maximum(1, (close * 0.0003).astype(np.int64))
    high = np.maximum(opened, close) + generator.integers(0, reach + 1)
    low = np.minimum(opened, close) - generator.integers(0, reach + 1)
    opened, high, low, close = (np.asarray(column * size, dtype=np.int64) for column in (opened, high, low, close))
    volume = generator.lognormal(9, 0.8, len(start)).astype(np.int64)
    future = asset_type is AssetType.FUTURE
    return Market(
        symbol=symbol,
        asset_type=asset_type,
        exchange=exchange,
        tick=Decimal(tick),
        multiplier=Decimal(50) if future else Decimal(1),
        margin=Decimal(12_000) if future else None,
        bars=BarColumns(start, start + 60 * SECOND, opened, high, low, close, volume),
    )


def make_fills(
    market: Market, *, fills: int, quantity: int, fee: str, slip_ticks: int = 0, short: bool = False
) -> list[MadeFill]:
    """Fills spread evenly: in and out of a position, each at a bar's open; with `short` it flips instead."""
    made = []
    for number, bar in enumerate(np.linspace(30, len(market.bars) - 30, fills).astype(int).tolist()):
        sign = 1 if number % 2 == 0 else -1
        price = Decimal(int(market.bars.open[bar])) / 10_000
        made.append(
            MadeFill(
                symbol=market.symbol,
                asset_type=market.asset_type,
                side_sign=sign,
                quantity=Decimal(quantity * (2 if short and number > 0 else 1)),
                price=price + sign * slip_ticks * market.tick,
                before_slippage=price,
                fee=Decimal(fee),
                multiplier=market.multiplier,
                filled_at=int(market.bars.start[bar]),
                bar=bar,
            )
        )
    return made
