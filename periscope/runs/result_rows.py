"""The rows of a run's tables: what of an order, a fill, a trade and an entry stands in their Parquet files."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

import polars as pl

from libs.shared_ipc.src.protocol import OrderState
from periscope.engine.records import Filled
from periscope.execution.order import Origin
from periscope.portfolio.exact import average, plain
from periscope.portfolio.trades import Trade
from periscope.runs.order_line import OrderLine
from periscope.runs.table_file import TIME

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
    "origin": pl.String,
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
assert tuple(field.name for field in fields(Trade)) == tuple(TRADE_COLUMNS)


def order_row(line: OrderLine) -> tuple[Any, ...]:
    """An order as it ended, or as it stands."""
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
        figures = (plain(order.filled), _average_fill_price(line), plain(order.net_money), plain(order.fees))
        symbol, asset_type = order.symbol, str(order.asset_type)
    head = (line.order_id, line.sequence, symbol, asset_type)
    closed = line.closed_at if line.state is not OrderState.WORKING else None
    origin = str(Origin.STRATEGY if order is None else order.origin)
    lifetime = (None, None) if order is None else (_storable(order.reference), order.until)
    return (*head, *terms, *prices, line.placed_at, str(line.state), *figures, closed, *refusal, *lifetime, origin)


def fill_row(fill: Filled, number: int) -> tuple[Any, ...]:
    """A fill, its order's `number`-th."""
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
        str(order.origin),
    )


def trade_row(trade: Trade) -> tuple[Any, ...]:
    """A round trip."""
    return tuple(getattr(trade, name) for name in TRADE_COLUMNS)


def _average_fill_price(line: OrderLine) -> Decimal | None:
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
