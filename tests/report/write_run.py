"""Writes a made-up run as the engine writes a real one: result.json, the tables, the log."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import Direction
from periscope.instruments.sessions import sessions_for
from periscope.instruments.times import time_text
from periscope.portfolio.statistics import Activity, TradeTally, compute_statistics
from periscope.portfolio.statistics_equity import EquityAccumulator
from periscope.portfolio.trades import RoundTrips, Trade
from tests.report.made import SECOND, MadeFill, MadeRun, Market

MONEY = pl.Decimal(18, 6)
PRICE = pl.Decimal(28, 10)
TIME = pl.Datetime("us", "UTC")


def write_run(run: MadeRun, folder: Path) -> Path:
    """Write the run's folder in the engine's format and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    trips, tally, trades = RoundTrips(), TradeTally(), []
    for fill in run.fills:
        closed = trips.add(fill)
        tally.add(closed)
        trades += closed
    equity = _equity(run)
    _write_equity(equity, folder)
    _write_fills(run, folder)
    _write_orders(run, folder)
    _write_trades(trades, folder)
    lines = "".join(json.dumps(entry) + "\n" for entry in run.logs)
    (folder / "logs.jsonl").write_text(lines, encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(_result(run, equity, tally), indent=1), encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class _Equity:
    times: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.int64]]
    cash: np.ndarray[Any, np.dtype[np.int64]]
    position: np.ndarray[Any, np.dtype[np.int64]]
    summary: Any
    flows: list[dict[str, str]]


def _equity(run: MadeRun) -> _Equity:
    """The curve of the first market; a second deposit comes in the middle, as a test of the time-weighted index."""
    bars = run.markets[0].bars
    rows = run.equity_rows or len(bars)
    quantity, cash = np.zeros(len(bars), dtype=np.int64), np.zeros(len(bars), dtype=np.int64)
    multiplier = int(run.markets[0].multiplier)
    for fill in run.fills:
        units = fill.side_sign * int(fill.quantity)
        quantity[fill.bar] += units
        cash[fill.bar] -= round(units * fill.price * multiplier * SECOND) + round(fill.fee * SECOND)
    position = np.cumsum(quantity)[:rows]
    deposit = int(run.deposit) * SECOND
    middle = rows // 2
    flows = [(int(bars.start[0]), deposit), (int(bars.end[middle]), deposit // 4)]
    paid = deposit + np.where(np.arange(rows) > middle, deposit // 4, 0)
    held = np.cumsum(cash)[:rows] + paid
    values = held + position * bars.close[:rows] * multiplier * 100
    accumulator = EquityAccumulator(sessions_for(run.markets[0].exchange).trading_day_numbers)
    accumulator.cash_flow(flows[0][0], value_before=0, amount=flows[0][1])
    accumulator.add(bars.end[: middle + 1], values[: middle + 1])
    accumulator.cash_flow(flows[1][0], value_before=int(values[middle]), amount=flows[1][1])
    accumulator.add(bars.end[middle + 1 : rows], values[middle + 1 :])
    listed = [{"time": time_text(time), "amount": str(Decimal(amount) / SECOND)} for time, amount in flows]
    return _Equity(bars.end[:rows], values, held, position, accumulator.summary(), listed)


def _decimals(values: Sequence[Decimal | None], kind: pl.Decimal) -> pl.Series:
    return pl.Series(values, dtype=kind)


def _scaled(values: np.ndarray[Any, np.dtype[np.int64]]) -> pl.Series:
    return (pl.Series(values).cast(pl.Decimal(38, 6)) / 1_000_000).cast(MONEY)


def _write_equity(equity: _Equity, folder: Path) -> None:
    frame = pl.DataFrame(
        {
            "time": pl.Series(equity.times).cast(TIME),
            "portfolio_value": _scaled(equity.values),
            "cash": _scaled(equity.cash),
        }
    )
    frame.write_parquet(folder / "equity.parquet")


def _order_id(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}-5a1e-5e2d-9a41-{number * 40503 % 2**48:012x}"


def _write_fills(run: MadeRun, folder: Path) -> None:
    position = Decimal(0)
    after = []
    for fill in run.fills:
        position += fill.side_sign * fill.quantity
        after.append(position)
    fills = run.fills
    frame = pl.DataFrame(
        {
            "order_id": pl.Series([_order_id(n) for n in range(len(fills))], dtype=pl.String),
            "sequence": pl.Series(range(len(fills)), dtype=pl.Int64),
            "fill_number": pl.Series([1] * len(fills), dtype=pl.Int64),
            "symbol": pl.Series([fill.symbol for fill in fills], dtype=pl.String),
            "asset_type": pl.Series([fill.asset_type.value for fill in fills], dtype=pl.String),
            "side": pl.Series(["BUY" if fill.side_sign > 0 else "SELL" for fill in fills], dtype=pl.String),
            "quantity": _decimals([fill.quantity for fill in fills], PRICE),
            "price": _decimals([fill.price for fill in fills], PRICE),
            "price_before_slippage": _decimals([fill.before_slippage for fill in fills], PRICE),
            "fee": _decimals([fill.fee for fill in fills], PRICE),
            "filled_at": pl.Series([fill.filled_at for fill in fills], dtype=pl.Int64).cast(TIME),
            "bar_start": pl.Series([fill.filled_at for fill in fills], dtype=pl.Int64).cast(TIME),
            "bar_span": pl.Series(["minute"] * len(fills), dtype=pl.String),
            "rule": pl.Series(["market_at_open"] * len(fills), dtype=pl.String),
            "volume_cap": _decimals([None] * len(fills), PRICE),
            "realised_pnl": _decimals([Decimal(0)] * len(fills), PRICE),
            "position_after": _decimals(after, PRICE),
        }
    )
    frame.write_parquet(folder / "fills.parquet")


def _write_orders(run: MadeRun, folder: Path) -> None:
    fills = run.fills
    count = len(fills)

    def each(make: Callable[[MadeFill], Decimal | None]) -> pl.Series:
        return _decimals([make(fill) for fill in fills], PRICE)

    times = pl.Series([fill.filled_at for fill in fills], dtype=pl.Int64).cast(TIME)
    sides = ["BUY" if fill.side_sign > 0 else "SELL" for fill in fills]
    frame = pl.DataFrame(
        {
            "order_id": pl.Series([_order_id(n) for n in range(count)], dtype=pl.String),
            "sequence": pl.Series(range(count), dtype=pl.Int64),
            "symbol": pl.Series([fill.symbol for fill in fills], dtype=pl.String),
            "asset_type": pl.Series([fill.asset_type.value for fill in fills], dtype=pl.String),
            "side": pl.Series(sides, dtype=pl.String),
            "intent": pl.Series(sides, dtype=pl.String),
            "order_type": pl.Series(["MARKET"] * count, dtype=pl.String),
            "time_in_force": pl.Series(["GTC"] * count, dtype=pl.String),
            "quantity": each(lambda fill: fill.quantity),
            "limit_price": each(lambda fill: None),
            "stop_price": each(lambda fill: None),
            "placed_at": times,
            "state": pl.Series(["FILLED"] * count, dtype=pl.String),
            "filled_quantity": each(lambda fill: fill.quantity),
            "average_fill_price": each(lambda fill: fill.price),
            "net_money": each(lambda fill: -fill.side_sign * fill.quantity * fill.price * fill.multiplier - fill.fee),
            "fees": each(lambda fill: fill.fee),
            "closed_at": times,
            "reject_code": pl.Series([None] * count, dtype=pl.String),
        }
    )
    frame.write_parquet(folder / "orders.parquet")


def _write_trades(trades: list[Trade], folder: Path) -> None:
    frame = pl.DataFrame(
        {
            "symbol": pl.Series([trade.symbol for trade in trades], dtype=pl.String),
            "asset_type": pl.Series([trade.asset_type.value for trade in trades], dtype=pl.String),
            "direction": pl.Series([trade.direction.value for trade in trades], dtype=pl.String),
            "quantity": _decimals([trade.quantity for trade in trades], PRICE),
            "entry_time": pl.Series([trade.entry_time for trade in trades], dtype=pl.Int64).cast(TIME),
            "exit_time": pl.Series([trade.exit_time for trade in trades], dtype=pl.Int64).cast(TIME),
            "entry_price": _decimals([trade.entry_price for trade in trades], PRICE),
            "exit_price": _decimals([trade.exit_price for trade in trades], PRICE),
            "gross_pnl": _decimals([trade.gross_pnl for trade in trades], PRICE),
            "fees": _decimals([trade.fees for trade in trades], PRICE),
            "net_pnl": _decimals([trade.net_pnl for trade in trades], PRICE),
        }
    )
    frame.write_parquet(folder / "trades.parquet")


def _result(run: MadeRun, equity: _Equity, tally: TradeTally) -> dict[str, Any]:
    bars = run.markets[0].bars
    traded = sum((fill.quantity * fill.price * fill.multiplier for fill in run.fills), Decimal(0))
    fees = sum((fill.fee for fill in run.fills), Decimal(0))
    activity = Activity(
        samples=len(equity.times), samples_in_market=int((equity.position != 0).sum()), traded_value=traded, fees=fees
    )
    return {
        "status": run.status,
        "start": time_text(int(bars.start[0])),
        "end": time_text(int(bars.end[-1])),
        "bars": len(bars),
        "orders": len(run.fills),
        "fills": len(run.fills),
        "final_value": str(Decimal(int(equity.values[-1])) / SECOND),
        "net_trading_cash": str(Decimal(int(equity.cash[-1])) / SECOND - run.deposit * 5 / 4),
        "cash": str(Decimal(int(equity.cash[-1])) / SECOND),
        "statistics": compute_statistics(equity.summary, tally, activity, sessions_per_year=252),
        "issues": run.issues,
        "bars_per_second": 612_345.6,
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "strategy": {
            "path": f"examples/{run.name}",
            "class": "Strategy",
            "version": "2c26b46b68ffc68ff99b453c1d304134",
        },
        "config": {
            "environment": {"start": "2023-01-03", "end": "2024-12-31"},
            "strategy": {"symbol": run.markets[0].symbol, "fast": 20, "slow": 60, "note": "<b>bold</b> & </pre>"},
            "core": {"profile": "default", "currency": "USD", "hours": "regular", "seed": 0, "fees": run.fees},
        },
        "models": {
            "fill": "next_bar",
            "slippage": "none" if run.fees == "none" else "1 tick",
            "fees": run.fees,
            "account": "cash",
            "adjustment": "raw",
            "hours": "regular",
            "execution": {market.symbol: "minute" for market in run.markets},
            "notes": run.notes,
        },
        "positions": _positions(run, equity),
        "open_orders": 0,
        "data": [_data(market) for market in run.markets],
        "catalog": "catalog",
        "cash_flows": equity.flows,
        "engine_version": "0.1.0",
        "elapsed_seconds": 0.163,
        "sandbox": {"tier": run.tier, "packages": run.packages},
    }


def _positions(run: MadeRun, equity: _Equity) -> list[dict[str, str]]:
    held, market = int(equity.position[-1]), run.markets[0]
    if held == 0:
        return []
    last = Decimal(int(market.bars.close[len(equity.position) - 1])) / 10_000
    entry = run.fills[-1].price
    return [
        {
            "symbol": market.symbol,
            "asset_type": market.asset_type.value,
            "direction": (Direction.LONG if held > 0 else Direction.SHORT).value,
            "quantity": str(abs(held)),
            "average_price": str(entry),
            "last_price": str(last),
            "market_value": str(held * last * market.multiplier),
            "unrealised_pnl": str((last - entry) * held * market.multiplier),
        }
    ]


def _data(market: Market) -> dict[str, Any]:
    entry = market.entry
    return {
        "symbol": entry.symbol,
        "asset_type": entry.asset_type,
        "span": entry.span,
        "first": time_text(entry.first),
        "last": time_text(entry.last),
        "source": "invented for tests",
        "bars": len(market.bars),
        "files": [{"file": f"bars/{entry.symbol}/2023.parquet", "sha256": "ab" * 32, "rows": len(market.bars)}],
    }
