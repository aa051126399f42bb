"""The files that a run leaves in its folder: orders, fills, trades and equity as Parquet, logs, and the result."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import OrderState
from periscope.engine.records import Filled
from periscope.execution.order import Origin
from periscope.instruments.times import time_text
from periscope.portfolio.exact import average, plain
from periscope.portfolio.trades import Trade
from periscope.runs.journal import JournalFile
from periscope.runs.ledger_file import LEDGER, LEDGER_COLUMNS, ledger_rows
from periscope.runs.recorder import OrderLine, Recorder
from periscope.runs.valuation import MONEY_DIGITS, Samples

STRATEGY = "strategy"
"""Folder of the strategy's own files in a run's folder."""
TIME = pl.Datetime("us", "UTC")
_MONEY = pl.Decimal(18, MONEY_DIGITS)
_DIVIDEND = pl.Decimal(38, MONEY_DIGITS)
"""Polars gives a quotient the scale of its dividend."""
_PART_ROWS = 500_000
_DIGITS = 12
"""Decimals of every exact column, so that the tables of several runs fit together; more only where a value needs it."""

ORDER_COLUMNS = {
    "order_id": pl.String,
    "sequence": pl.Int64,
    "symbol": pl.String,
    "asset_type": pl.String,
    "side": pl.String,
    "intent": pl.String,
    "order_type": pl.String,
    "time_in_force": pl.String,
    "quantity": pl.Decimal,
    "limit_price": pl.Decimal,
    "stop_price": pl.Decimal,
    "placed_at": TIME,
    "state": pl.String,
    "filled_quantity": pl.Decimal,
    "average_fill_price": pl.Decimal,
    "net_money": pl.Decimal,
    "fees": pl.Decimal,
    "closed_at": TIME,
    "reject_code": pl.String,
    "reject_message": pl.String,
    "reference_price": pl.Decimal,
    "expires_at": TIME,
    "origin": pl.String,
}
FILL_COLUMNS = {
    "order_id": pl.String,
    "sequence": pl.Int64,
    "fill_number": pl.Int64,
    "symbol": pl.String,
    "asset_type": pl.String,
    "side": pl.String,
    "quantity": pl.Decimal,
    "price": pl.Decimal,
    "price_before_slippage": pl.Decimal,
    "fee": pl.Decimal,
    "filled_at": TIME,
    "bar_start": TIME,
    "bar_end": TIME,
    "bar_span": pl.String,
    "met": pl.String,
    "path": pl.String,
    "rule": pl.String,
    "volume_cap": pl.Decimal,
    "realised_pnl": pl.Decimal,
    "position_after": pl.Decimal,
    "cash_after": pl.Decimal,
}
TRADE_COLUMNS = {
    "symbol": pl.String,
    "asset_type": pl.String,
    "direction": pl.String,
    "quantity": pl.Decimal,
    "entry_time": TIME,
    "exit_time": TIME,
    "entry_price": pl.Decimal,
    "exit_price": pl.Decimal,
    "gross_pnl": pl.Decimal,
    "fees": pl.Decimal,
    "net_pnl": pl.Decimal,
}


class EquityFile:
    """Takes the equity curve as it comes and makes one Parquet file of it, without ever holding all of it."""

    def __init__(self, folder: Path) -> None:
        self._target = folder / "equity.parquet"
        self._parts = folder / ".equity"
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir(parents=True)
        self._waiting: list[Samples] = []
        self._rows = 0
        self._count = 0

    def add(self, samples: Samples) -> None:
        """Take consecutive samples."""
        self._waiting.append(samples)
        self._rows += len(samples.times)
        if self._rows >= _PART_ROWS:
            self._write_part()

    def finish(self) -> None:
        """Make the file."""
        self._write_part()
        pl.scan_parquet(self._parts / "*.parquet").sink_parquet(self._target)
        shutil.rmtree(self._parts)

    def _write_part(self) -> None:
        columns = {}
        for name in ("times", "values", "cash"):
            parts = [getattr(samples, name) for samples in self._waiting]
            columns[name] = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        scale = pl.lit(10**MONEY_DIGITS)
        frame = pl.DataFrame(columns).select(
            time=pl.col("times").cast(TIME),
            portfolio_value=(pl.col("values").cast(_DIVIDEND) / scale).cast(_MONEY),
            cash=(pl.col("cash").cast(_DIVIDEND) / scale).cast(_MONEY),
        )
        frame.write_parquet(self._parts / f"{self._count:06d}.parquet")
        self._count += 1
        self._waiting = []
        self._rows = 0


class LogFile:
    """The lines that the strategy printed, as JSON lines in `logs.jsonl`, or nowhere."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else (folder / "logs.jsonl").open("wb")

    def add(self, time: int | None, stream: str, line: str) -> None:
        """Keep one line with the simulation time at which it was printed (microseconds UTC)."""
        if self._file is not None:
            stamp = None if time is None else time_text(time)
            self._file.write(msgspec.json.encode({"time": stamp, "stream": stream, "line": line}) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


class Evidence:
    """All that a run leaves in its folder, or nothing where it has none. The result is written last."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.logs = LogFile(folder)
        self.equity = None if folder is None else EquityFile(folder)
        self.journal = None if folder is None else JournalFile(folder)

    def close(self) -> None:
        """Nothing more comes in, however the run ended."""
        self.logs.close()
        if self.journal is not None:
            self.journal.close()

    def finish(self, recorder: Recorder, files: Mapping[str, bytes], document: dict[str, Any]) -> None:
        """Write what is known at the end. `files` are the strategy's own."""
        if self._folder is None or self.equity is None:
            return
        self.equity.finish()
        write_tables(self._folder, recorder)
        keep_strategy(self._folder, files)
        write_result(self._folder, document)


def write_tables(folder: Path, recorder: Recorder) -> None:
    """Write orders.parquet, fills.parquet, trades.parquet and ledger.parquet."""
    _write(folder / "orders.parquet", ORDER_COLUMNS, [_order_row(line) for line in recorder.orders.values()])
    numbers: dict[int, int] = {}
    rows = []
    for fill in recorder.fills:
        sequence = fill.order.sequence
        numbers[sequence] = numbers.get(sequence, 0) + 1
        rows.append(_fill_row(fill, numbers[sequence]))
    _write(folder / "fills.parquet", FILL_COLUMNS, rows)
    assert tuple(field.name for field in fields(Trade)) == tuple(TRADE_COLUMNS)
    _write(folder / "trades.parquet", TRADE_COLUMNS, [astuple(trade) for trade in recorder.trades])
    _write(folder / LEDGER, LEDGER_COLUMNS, ledger_rows(recorder.entries))


def keep_strategy(folder: Path, files: Mapping[str, bytes]) -> None:
    """Keep the strategy that ran, in the folder `strategy`: what its version is the hash of."""
    kept = folder / STRATEGY
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name, content in files.items():
        (kept / name).write_bytes(content)


def write_result(folder: Path, document: dict[str, Any]) -> None:
    """Write result.json, whole or not at all."""
    temporary = folder / ".result.json"
    temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / "result.json")


def _write(path: Path, columns: dict[str, Any], rows: Sequence[tuple[Any, ...]]) -> None:
    series = []
    for index, (name, kind) in enumerate(columns.items()):
        values = [row[index] for row in rows]
        if kind is pl.Decimal:
            digits = max((-value.as_tuple().exponent for value in values if value is not None), default=0)
            series.append(pl.Series(name, values, dtype=pl.Decimal(38, max(_DIGITS, digits))))
        else:
            series.append(pl.Series(name, values, dtype=kind))
    pl.DataFrame(series).write_parquet(path)


def _order_row(line: OrderLine) -> tuple[Any, ...]:
    order, action = line.order, line.action
    why = line.rejection
    refusal = (why.code, why.message) if why is not None else (None, None)
    if order is None:
        assert action is not None
        side = {"BUY": "BUY", "SELL": "SELL", "BUY_TO_CLOSE": "BUY", "SELL_TO_CLOSE": "SELL"}.get(action.intent)
        terms = (side, str(action.intent), str(action.order_type), str(action.time_in_force or "GTC"))
        prices = (_storable(action.contract_quantity), _storable(action.limit_price), _storable(action.stop_price))
        figures: tuple[Decimal | None, ...] = (Decimal(0), None, Decimal(0), Decimal(0))
        symbol, asset_type = action.symbol, str(action.asset_type)
    else:
        side = "BUY" if order.sign > 0 else "SELL"
        terms = (side, str(order.intent), str(order.order_type), str(order.time_in_force))
        prices = (plain(order.quantity), _storable(order.limit), _storable(order.stop))
        figures = (plain(order.filled), average_fill_price(line), plain(order.net_money), plain(order.fees))
        symbol, asset_type = order.symbol, str(order.asset_type)
    head = (line.order_id, line.sequence, symbol, asset_type)
    closed = line.closed_at if line.state is not OrderState.WORKING else None
    origin = str(Origin.STRATEGY if order is None else order.origin)
    lifetime = (None, None) if order is None else (_storable(order.reference), order.until)
    return (*head, *terms, *prices, line.placed_at, str(line.state), *figures, closed, *refusal, *lifetime, origin)


def average_fill_price(line: OrderLine) -> Decimal | None:
    """Money per unit of all fills before fees, ten decimals; None without a fill."""
    order = line.order
    if order is None or order.filled == 0:
        return None
    return average(-(order.net_money + order.fees) * order.sign, order.filled * order.instrument.multiplier)


def _storable(value: Decimal | None) -> Decimal | None:
    """A number that the strategy chose, as far as a table can hold it."""
    if value is None or not value.is_finite() or value.adjusted() > 20:
        return None
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent >= -12 else None


def _fill_row(fill: Filled, number: int) -> tuple[Any, ...]:
    order = fill.order
    return (
        order.order_id,
        order.sequence,
        number,
        order.symbol,
        str(order.asset_type),
        "BUY" if order.sign > 0 else "SELL",
        plain(fill.quantity),
        fill.price,
        fill.price_before_slippage,
        plain(fill.fee),
        fill.time,
        fill.bar_start,
        fill.bar_end,
        str(fill.span),
        str(fill.met),
        str(fill.when),
        str(fill.rule),
        fill.volume_cap,
        plain(fill.realised),
        plain(fill.position_after),
        plain(fill.cash_after),
    )
