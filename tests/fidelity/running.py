"""Runs of cases by the engine, and what came of them in the words of the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from periscope.market.catalog import Catalog
from periscope.portfolio.exact import plain
from periscope.runs.backtest import run_backtest
from periscope.runs.config import RunConfig, parse_run_config
from tests.fidelity.cases import Case
from tests.fidelity.own_logic import OWN

HERE = Path(__file__).parent
TRACE_BUNDLE = HERE / "trace_bundle"
STRATEGIES = HERE / "strategies"
_STATUS = {"FILLED": "filled", "WORKING": "submitted", "CANCELLED": "canceled", "EXPIRED": "canceled"}
_SPLIT = ("quantity", "limit", "stop")
"""What a split changes of an order."""
_REFUSED_LATE = "OUT_OF_CASH"
"""The one refusal that counts as an order, which is then invalid; what is refused for other reasons was never one."""


class RunFailedError(Exception):
    """A case that the engine could not run to its end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. Prices and money are exact; `refused` are sentences on what never became an order."""

    figures: dict[str, str]
    orders: list[dict[str, Any]]
    refused: list[str]
    issues: list[str]


def config_of(case: Case, strategy: dict[str, Any], start: str | None = None) -> RunConfig:
    """The run's config: the profile, the window, and what the case sets."""
    core: dict[str, Any] = {
        "profile": "lean",
        "currency": case.currency,
        "hours": "extended" if case.extended else "regular",
        "lean": {"time_zone": case.time_zone, **case.settings},
        "limits": {"actions_per_reply": 100_000},
    }
    if case.raw:
        core["adjustment"] = "raw"
    if case.good_till:
        core["good_till"] = case.good_till
    window = {"start": start or case.start.isoformat(), "end": case.end.isoformat()}
    read = parse_run_config({"environment": window, "strategy": strategy, "core": core})
    if not isinstance(read, RunConfig):
        raise RunFailedError("; ".join(map(str, read)))
    return read


def run_trace(case: Case, catalog: Catalog, folder: Path, *, in_process: bool = False) -> Outcome:
    """Place the orders of the case's trace at their moments."""
    streams = [[symbol, kind.value, span.value] for symbol, kind, span in case.streams]
    strategy = {"cash": str(case.cash), "streams": streams, "orders": case.script()}
    return _run(case, TRACE_BUNDLE, strategy, catalog, folder, placed=case.placed, in_process=in_process)


def has_own_logic(case: Case) -> bool:
    """Whether a strategy here knows the case."""
    return case.name in OWN


def run_own(case: Case, catalog: Catalog, folder: Path, *, in_process: bool = False) -> Outcome:
    """Let the case's own logic decide."""
    own = OWN[case.name]
    streams = [[symbol, kind.value, span.value] for symbol, kind, span in case.streams]
    strategy = {"logic": own.logic, "cash": str(case.cash), "streams": streams, "numbers": own.numbers}
    return _run(case, STRATEGIES, strategy, catalog, folder, start=own.start, in_process=in_process)


def _run(
    case: Case,
    bundle: Path,
    strategy: dict[str, Any],
    catalog: Catalog,
    folder: Path,
    *,
    start: str | None = None,
    placed: Sequence[dict[str, Any]] = (),
    in_process: bool,
) -> Outcome:
    config = config_of(case, strategy, start)
    result = run_backtest(bundle, config, catalog, out=folder, in_process=in_process).document()
    if result["status"] != "complete":
        raise RunFailedError("; ".join(f"{issue['code']}: {issue['message']}" for issue in result["issues"]))
    return read_outcome(case, folder, result, placed)


def read_outcome(case: Case, folder: Path, result: dict[str, Any], placed: Sequence[dict[str, Any]] = ()) -> Outcome:
    """Figures and orders of a finished run, from the files that it left.

    `placed` are the orders that the strategy placed, one by one. Where a split has changed one in raw prices, the
    files have its new terms, a trace the old ones.
    """
    zone = ZoneInfo(case.time_zone)
    fills = {row["sequence"]: row for row in pl.read_parquet(folder / "fills.parquet").iter_rows(named=True)}
    good_till = iter(result["config"]["core"]["good_till"] or ())
    orders, refused = [], []
    for row in pl.read_parquet(folder / "orders.parquet").sort("sequence").iter_rows(named=True):
        till = next(good_till, None) if row["time_in_force"] == "GTD" else None
        if row["reject_code"] not in (None, _REFUSED_LATE):
            refused.append(
                f"{row['side']} {row['quantity']} {row['symbol']} at {row['placed_at']}: {row['reject_code']}"
            )
            continue
        found = _order(row, fills.get(row["sequence"]), zone, till)
        asked = placed[row["sequence"] - 1] if row["sequence"] <= len(placed) else None
        if asked is not None and case.raw and found["quantity"] != Decimal(asked["quantity"]):
            found |= {name: asked[name] for name in _SPLIT}
        orders.append(found)
    # Less than a share is what a split leaves over and pays out: no order.
    closed = [settled for settled in result["settlements"] if abs(Decimal(settled["quantity"])) >= 1]
    orders += [_automatic(settled, zone) for settled in closed]
    orders.sort(key=lambda order: datetime.fromisoformat(order["placed_at"]))
    figures = result["lean"]["figures"] | {"total_orders": str(len(orders))}
    issues = [f"{issue['code']}: {issue['message']}" for issue in result["issues"]]
    return Outcome(figures, orders, refused, issues)


def _order(row: dict[str, Any], fill: dict[str, Any] | None, zone: ZoneInfo, till: str | None) -> dict[str, Any]:
    kind, tif = row["order_type"], row["time_in_force"]
    if kind == "MARKET" and tif in ("OPG", "ATC"):
        kind, tif = {"OPG": "MARKET_ON_OPEN", "ATC": "MARKET_ON_CLOSE"}[tif], "GTC"
    if tif == "GTD":
        tif = f"GTD:{till}"
    return {
        "placed_at": _local(row["placed_at"], zone),
        "symbol": row["symbol"],
        "type": kind,
        "side": row["side"],
        "quantity": _short(row["quantity"]),
        "limit": _short(row["limit_price"]),
        "stop": _short(row["stop_price"]),
        "tif": tif,
        "status": "invalid" if row["state"] == "REJECTED" else _STATUS[row["state"]],
        "filled_at": None if fill is None else _local(fill["filled_at"], zone),
        "fill_price": None if fill is None else _short(fill["price"]),
        "fee": None if fill is None else _short(fill["fee"]),
    }


def _automatic(settled: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """A position that was closed as its instrument ceased to trade, as the order that LEAN makes of it."""
    at = _local(datetime.fromisoformat(settled["time"]), zone)
    quantity = Decimal(settled["quantity"])
    return {
        "placed_at": at,
        "symbol": settled["symbol"],
        "type": "MARKET",
        "side": "BUY" if quantity > 0 else "SELL",
        "quantity": abs(quantity),
        "limit": None,
        "stop": None,
        "tif": "GTC",
        "status": "filled",
        "filled_at": at,
        "fill_price": Decimal(settled["price"]),
        "fee": Decimal(0),
    }


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()


def _short(value: Decimal | None) -> Decimal | None:
    """A number of a table without needless zeros."""
    return None if value is None else plain(value)
