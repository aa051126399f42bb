"""A run's folder as the report reads it."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from periscope.report.equity_file import read_equity
from periscope.report.tables import Beginning, read_beginning
from periscope.runs.ledger_file import LEDGER, Balance, trial_balance
from periscope.runs.result_file import NotARunError, read_result

LOG_TAIL_LINES = 1_000
MARGIN_CALL = "margin call"
"""The origin of orders that the account placed, as the tables of orders and fills have it."""
BOOK_ENDS = 10
MOST_POSTINGS = 30_000
"""Of a longer ledger the page lists the beginning, and says so."""
_NOTHING = Beginning(pl.DataFrame(), 0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReportError(Exception):
    """A report can't be made of this folder. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Books:
    """A ledger: how many postings it has, the trial balance, its first and its last postings, and the beginning of the
    journal as the page lists it."""

    count: int = 0
    balances: tuple[Balance, ...] = ()
    first: pl.DataFrame = field(default_factory=pl.DataFrame)
    last: pl.DataFrame = field(default_factory=pl.DataFrame)
    journal: Beginning = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a run left behind, as far as a page can show it: the beginnings of its tables, and `equity` thinned out.
    `result` is the document of result.json; a table that the run did not write is empty.

    `called` are the orders that a margin call placed, all of them.
    `logs` are the last lines that the strategy printed, oldest first, `log_lines` how many there are in all.
    """

    result: dict[str, Any]
    orders: Beginning
    called: pl.DataFrame
    fills: Beginning
    trades: Beginning
    ledger: Books
    equity: pl.DataFrame
    logs: list[dict[str, Any]]
    log_lines: int


def read_books(path: Path) -> Books:
    """The books in a ledger's file, without holding all of its lines. Polars' errors where it is damaged."""
    postings = pl.scan_parquet(path)
    count = int(postings.select(pl.len()).collect().item())
    first, last = postings.head(2 * BOOK_ENDS).collect(), postings.slice(max(0, count - BOOK_ENDS)).collect()
    journal = Beginning(_journal(postings.head(MOST_POSTINGS)).collect(), count)
    return Books(count, tuple(trial_balance(postings)), first, last, journal)


def _journal(postings: pl.LazyFrame) -> pl.LazyFrame:
    amount = pl.col("amount")
    return postings.select(
        "entry",
        "time",
        "account",
        "symbol",
        "reason",
        debit=pl.when(amount > 0).then(amount),
        credit=pl.when(amount < 0).then(-amount),
    )


def read_run(run_dir: Path) -> RunFiles:
    """Read a run's folder. Raises ReportError where it holds no readable result.json."""
    try:
        result = read_result(run_dir)
    except NotARunError as error:
        raise ReportError(str(error)) from error
    orders = run_dir / "orders.parquet"
    logs, log_lines = _read_logs(run_dir / "logs.jsonl")
    times = (microseconds(flow.get("time")) for flow in result.get("cash_flows") or [])
    flow_times = [time for time in times if time is not None]
    return RunFiles(
        result=result,
        orders=_read_table(orders, read_beginning, _NOTHING),
        called=_read_table(orders, _margin_calls, pl.DataFrame()),
        fills=_read_table(run_dir / "fills.parquet", lambda path: _with_origin(read_beginning(path), orders), _NOTHING),
        trades=_read_table(run_dir / "trades.parquet", read_beginning, _NOTHING),
        ledger=_read_table(run_dir / LEDGER, read_books, Books()),
        equity=_read_table(run_dir / "equity.parquet", lambda path: read_equity(path, flow_times), pl.DataFrame()),
        logs=logs,
        log_lines=log_lines,
    )


def microseconds(text: str | None) -> int | None:
    """RFC 3339 text as microseconds since 1970-01-01 UTC; None for None and for what is no time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1) if moment.tzinfo is not None else None


def _margin_calls(orders: Path) -> pl.DataFrame:
    """The orders that a margin call placed; none where a run was kept before it said so."""
    table = pl.scan_parquet(orders)
    if "origin" not in table.collect_schema():
        return pl.DataFrame()
    return table.filter(pl.col("origin") == MARGIN_CALL).collect()


def _with_origin(fills: Beginning, orders: Path) -> Beginning:
    """The fills with who placed their orders, which the tables of earlier runs only say of the orders."""
    if "origin" in fills.rows.columns or "sequence" not in fills.rows.columns or not orders.exists():
        return fills
    table = pl.scan_parquet(orders)
    if "origin" not in table.collect_schema():
        return fills
    named = table.select("sequence", "origin").join(fills.rows.lazy().select("sequence"), on="sequence", how="semi")
    joined = fills.rows.join(named.collect(), on="sequence", how="left", maintain_order="left")
    return Beginning(joined, fills.count)


def _read_table[T](path: Path, read: Callable[[Path], T], nothing: T) -> T:
    if not path.exists():
        return nothing
    try:
        return read(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReportError(f"{path} is not a readable Parquet file ({error}): run the backtest again") from error


def _read_logs(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The last lines and the number of all. A line that is no JSON object is kept as it stands."""
    if not path.exists():
        return [], 0
    tail: deque[str] = deque(maxlen=LOG_TAIL_LINES)
    count = 0
    with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for line in lines:
            tail.append(line)
            count += 1
    return [_log_line(line) for line in tail], count


def _log_line(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) else {"time": None, "stream": "stdout", "line": line.rstrip("\n")}
