"""What a run shows of itself while it runs: how far it is, money, positions, orders, fills and issues so far."""

from decimal import Decimal
from typing import Any

from libs.shared_ipc.src.protocol import OrderState
from periscope.instruments.times import time_text
from periscope.portfolio.exact import plain
from periscope.runs.live import Snapshot
from periscope.runs.order_line import OrderLine
from periscope.runs.progress import Progress
from periscope.runs.recorder import Recorder
from periscope.runs.traces import LATEST_FILLS

MOST_SHOWN = LATEST_FILLS
"""How many of the latest orders, and of the latest fills, a reading has; all of them are in the results."""


def reading(progress: Progress) -> dict[str, Any]:
    """Progress as the database and everyone who asks gets it."""
    left = progress.seconds_left
    return {
        "fraction": round(progress.fraction, 4),
        "simulation_time": time_text(progress.simulation_time),
        "bars": progress.bars,
        "orders": progress.orders,
        "bars_per_second": round(progress.bars_per_second, 1),
        "seconds_left": None if left is None else round(left, 1),
        **({} if progress.state is None else progress.state()),
    }


def live_state(recorder: Recorder) -> dict[str, Any]:
    """The state of a run as JSON: decimals as text, times RFC 3339 UTC."""
    latest = list(reversed(recorder.traces.latest_orders))
    working = [line for line in latest if line.state is OrderState.WORKING]
    return {
        "portfolio": _portfolio(recorder.live.snapshot),
        "fills": recorder.traces.fills,
        "open_orders": [_order(line) for line in working[:MOST_SHOWN]],
        "latest_orders": [_order(line) for line in latest[:MOST_SHOWN]],
        "latest_fills": [
            {
                "time": time_text(fill.time),
                "symbol": fill.order.symbol,
                "side": "BUY" if fill.order.sign > 0 else "SELL",
                "quantity": _text(fill.quantity),
                "price": _text(fill.price),
            }
            for fill in reversed(recorder.traces.latest_fills)
        ],
        "issues": recorder.issues.to_json()[:MOST_SHOWN],
    }


def _portfolio(snapshot: Snapshot | None) -> dict[str, Any] | None:
    """Realised is what the books made of the money put in, all that is held counted at cost; the rest is unrealised."""
    if snapshot is None:
        return None
    return {
        "value": _text(snapshot.value),
        "cash": _text(snapshot.cash),
        "net_trading_cash": _text(snapshot.cash - snapshot.contributed),
        "realised_pnl": _text(snapshot.at_cost - snapshot.contributed),
        "unrealised_pnl": _text(snapshot.value - snapshot.at_cost),
        "positions": [
            {
                "symbol": position.instrument.symbol,
                "asset_type": str(position.instrument.asset_type),
                "direction": str(position.direction),
                "quantity": _text(abs(position.quantity)),
                "average_price": _text(position.average_price),
            }
            for position in snapshot.positions[:MOST_SHOWN]
        ],
    }


def _order(line: OrderLine) -> dict[str, Any]:
    asked = line.order or line.action
    assert asked is not None
    return {
        "order_id": line.order_id,
        "symbol": asked.symbol,
        "intent": str(asked.intent),
        "order_type": str(asked.order_type),
        "state": str(line.state),
        "placed_at": time_text(line.placed_at),
    }


def _text(value: Decimal) -> str:
    return format(plain(value), "f")
