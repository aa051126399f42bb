"""The files that a run leaves in its folder: orders, fills, trades and equity as Parquet, logs, and the result."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from periscope.engine.records import Filled
from periscope.instruments.times import time_text
from periscope.portfolio.ledger import Entry
from periscope.portfolio.trades import Trade
from periscope.runs.journal import JournalFile
from periscope.runs.ledger_file import LEDGER, LEDGER_COLUMNS, ledger_rows
from periscope.runs.order_line import OrderLine
from periscope.runs.parquet_parts import ParquetParts
from periscope.runs.recorder import Recorder
from periscope.runs.result_file import result_text
from periscope.runs.result_rows import FILL_COLUMNS, ORDER_COLUMNS, TRADE_COLUMNS, fill_row, order_row, trade_row
from periscope.runs.table_file import TIME, TableFile
from periscope.runs.valuation import MONEY_DIGITS, Samples

STRATEGY = "strategy"
"""Folder of the strategy's own files in a run's folder."""
_MONEY = pl.Decimal(18, MONEY_DIGITS)
_DIVIDEND = pl.Decimal(38, MONEY_DIGITS)
"""Polars gives a quotient the scale of its dividend."""
_PART_ROWS = 500_000


class EquityFile:
    """Takes the equity curve as it comes and makes one Parquet file of it, without ever holding all of it."""

    def __init__(self, folder: Path) -> None:
        self._parts = ParquetParts(folder / "equity.parquet")
        self._waiting: list[Samples] = []
        self._rows = 0

    def add(self, samples: Samples) -> None:
        """Take consecutive samples."""
        self._waiting.append(samples)
        self._rows += len(samples.times)
        if self._rows >= _PART_ROWS:
            self._write_part()

    def finish(self) -> None:
        """Make the file. Raises OSError where the disk refuses."""
        self._write_part()
        self._parts.join()

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
        self._parts.add(frame)
        self._waiting = []
        self._rows = 0


class Tables:
    """Makes orders.parquet, fills.parquet, trades.parquet and ledger.parquet while the run goes."""

    def __init__(self, folder: Path) -> None:
        self._orders = TableFile(folder, "orders", ORDER_COLUMNS, ordered_by="sequence")
        self._fills = TableFile(folder, "fills", FILL_COLUMNS)
        self._trades = TableFile(folder, "trades", TRADE_COLUMNS)
        self._ledger = TableFile(folder, LEDGER.removesuffix(".parquet"), LEDGER_COLUMNS)
        self._entries = 0

    def order(self, line: OrderLine) -> None:
        """An order that has ended."""
        self._orders.add(order_row(line))

    def fill(self, fill: Filled, number: int) -> None:
        """A fill, its order's `number`-th."""
        self._fills.add(fill_row(fill, number))

    def trade(self, trade: Trade) -> None:
        """A round trip."""
        self._trades.add(trade_row(trade))

    def entry(self, entry: Entry) -> None:
        """An entry of the ledger."""
        self._entries += 1
        for row in ledger_rows(entry, self._entries):
            self._ledger.add(row)

    def finish(self, working: Iterable[OrderLine]) -> None:
        """Make the files; `working` are the orders that have not ended."""
        for line in working:
            self.order(line)
        for table in (self._orders, self._fills, self._trades, self._ledger):
            table.finish()


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
        self.tables = None if folder is None else Tables(folder)
        self.journal = None if folder is None else JournalFile(folder)

    def close(self) -> None:
        """Nothing more comes in, however the run ended."""
        self.logs.close()
        if self.journal is not None:
            self.journal.close()

    def finish(self, recorder: Recorder, files: Mapping[str, bytes], document: dict[str, Any]) -> None:
        """Write what is known at the end. `files` are the strategy's own."""
        if self._folder is None or self.equity is None or self.tables is None:
            return
        self.equity.finish()
        self.tables.finish(recorder.working.values())
        keep_strategy(self._folder, files)
        write_result(self._folder, document)


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
    temporary.write_text(result_text(document), encoding="utf-8")
    temporary.replace(folder / "result.json")
