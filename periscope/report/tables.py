"""Trades, orders and fills as columns for the page's tables. Decimals stay text, so that they stay exact."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

MOST_ROWS = 50_000
"""Of a longer table the page has the beginning, and says so: a browser would choke on a million rows."""

_STRATEGY = "strategy"
"""Who placed most orders, in the words of the tables of orders and fills."""

type Kind = Literal["text", "count", "number", "money", "exact", "price", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `key` is its name in the run's file, `kind` decides how it is written, aligned and sorted."""

    key: str
    title: str
    kind: Kind = "text"


TRADES = (
    Column("entry_time", "Entry", "time"),
    Column("symbol", "Symbol"),
    Column("direction", "Direction"),
    Column("quantity", "Quantity", "number"),
    Column("entry_price", "Entry price", "price"),
    Column("exit_time", "Exit", "time"),
    Column("exit_price", "Exit price", "price"),
    Column("gross_pnl", "Gross", "money"),
    Column("fees", "Fees", "money"),
    Column("net_pnl", "Net", "money"),
    Column("asset_type", "Asset type"),
)
ORDERS = (
    Column("sequence", "#", "count"),
    Column("placed_at", "Placed", "time"),
    Column("symbol", "Symbol"),
    Column("intent", "Intent"),
    Column("origin", "Placed by"),
    Column("order_type", "Type"),
    Column("time_in_force", "In force"),
    Column("quantity", "Quantity", "number"),
    Column("limit_price", "Limit", "price"),
    Column("stop_price", "Stop", "price"),
    Column("state", "State"),
    Column("filled_quantity", "Filled", "number"),
    Column("average_fill_price", "Average price", "price"),
    Column("net_money", "Net money", "money"),
    Column("fees", "Fees", "money"),
    Column("closed_at", "Closed", "time"),
    Column("reject_code", "Reason"),
    Column("asset_type", "Asset type"),
    Column("order_id", "Order id"),
)
FILLS = (
    Column("filled_at", "Time", "time"),
    Column("sequence", "Order", "count"),
    Column("symbol", "Symbol"),
    Column("side", "Side"),
    Column("origin", "Placed by"),
    Column("quantity", "Quantity", "number"),
    Column("price", "Price", "price"),
    Column("price_before_slippage", "Before slippage", "price"),
    Column("fee", "Fee", "money"),
    Column("realised_pnl", "Realised", "money"),
    Column("position_after", "Position", "number"),
    Column("rule", "Rule"),
    Column("bar_start", "Bar", "time"),
    Column("bar_span", "Span"),
    Column("volume_cap", "Volume cap", "number"),
    Column("asset_type", "Asset type"),
)
LEDGER = (
    Column("entry", "Entry", "count"),
    Column("time", "Time", "time"),
    Column("account", "Account"),
    Column("symbol", "Symbol"),
    Column("debit", "Debit", "exact"),
    Column("credit", "Credit", "exact"),
    Column("reason", "Reason"),
)
EVENTS = (
    Column("time", "Time", "time"),
    Column("symbol", "Symbol"),
    Column("kind", "Event"),
    Column("text", "What happened"),
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first rows of a table, at most MOST_ROWS, and how many it has in all."""

    rows: pl.DataFrame
    count: int


def read_beginning(path: Path) -> Beginning:
    """The beginning of a Parquet file; no more of it is read. Polars' errors where it is damaged."""
    table = pl.scan_parquet(path)
    return Beginning(table.head(MOST_ROWS).collect(), int(table.select(pl.len()).collect().item()))


def table(beginning: Beginning, columns: tuple[Column, ...]) -> dict[str, Any]:
    """A table for the page: its columns (those that the file has), its first rows, and the number of all rows.

    Who placed an order is only told where it was not always the strategy.
    """
    head = beginning.rows
    present = [column for column in columns if column.key in head.columns and not _goes_without_saying(head, column)]
    return {
        "rows": head.height,
        "all": beginning.count,
        "columns": [{"key": column.key, "title": column.title, "kind": column.kind} for column in present],
        "data": {column.key: _values(head[column.key], column.kind) for column in present},
    }


def _goes_without_saying(frame: pl.DataFrame, column: Column) -> bool:
    return column.key == "origin" and bool((frame["origin"] == _STRATEGY).all())


def _values(series: pl.Series, kind: Kind) -> list[Any]:
    if kind == "time":
        return series.dt.epoch("us").to_list()
    if kind == "count":
        return series.cast(pl.Int64).to_list()
    if kind == "text":
        return series.cast(pl.String).to_list()
    return _decimal_texts(series, at_least=0 if kind == "number" else 2)


def _decimal_texts(series: pl.Series, *, at_least: int) -> list[str | None]:
    """Decimals as text without trailing zeros, but with `at_least` so many decimals."""
    text = series.cast(pl.String)
    if series.dtype.is_decimal() and (series.dtype.scale or 0) > at_least:  # type: ignore[attr-defined]
        kept = rf"(\.\d{{{at_least}}}\d*?)0+$" if at_least > 0 else r"(\.\d*?)0+$"
        text = text.str.replace(kept, "$1").str.replace(r"\.$", "")
    return text.to_list()
