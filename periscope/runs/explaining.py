"""Why an order came to what it came to: from what its run kept, and from the bars that its orders met.

Nothing is run again. The tables of the run's folder say what happened; the catalog's bars, read exactly as the run read
them, say what the market did around it. Where the catalog is not at hand, what needs bars is left out.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import polars as pl

from libs.shared_ipc.src.protocol import AssetType
from periscope.engine.markets import Markets, OneMarket
from periscope.engine.settings import Settings
from periscope.execution.fee_schedules import BrokerFees
from periscope.execution.fees import FeeModel, Sum, Traded
from periscope.execution.meeting import Met
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.portfolio.exact import EXACT, ZERO, plain
from periscope.runs.config import RunConfig, parse_run_config
from periscope.runs.explaining_bars import Bar, Seen, Stretch, bar_at, bar_from, stretch_between
from periscope.runs.explaining_words import PROSE, could_have, why_it_ended
from periscope.runs.issues import ISSUE_CODES
from periscope.runs.lean_feed import feed_for
from periscope.runs.result_file import NotARunError, read_result
from periscope.runs.result_rows import FILL_COLUMNS, ORDER_COLUMNS

type Row = dict[str, Any]

_ORDERS_LATER = frozenset({"reject_message", "reference_price", "expires_at", "origin"})
_FILLS_LATER = frozenset({"bar_end", "met", "path", "cash_after", "origin"})
"""Columns that the first runs did not keep."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_COMPARED = 1_000
"""With so many ids an unknown one is compared."""


class UnknownOrderError(Exception):
    """The run has no such order, or several; the message names near ones."""


class Table:
    """A table of a run's folder, of which only the rows that are asked for are read. Raises NotARunError.

    Columns that were added `later` are None in a run that was kept before; `note` says which, or is None.
    """

    def __init__(self, path: Path, columns: Iterable[str], later: Collection[str]) -> None:
        self._path = path
        stored = self._guarded(lambda: pl.scan_parquet(path, glob=False).collect_schema())
        missing = [name for name in columns if name in later and name not in stored]
        self._columns = [pl.lit(None).alias(name) if name in missing else pl.col(name) for name in columns]
        told = f"this run was kept before {path.stem} had {', '.join(missing)}, which are not told"
        self.note = told if missing else None

    def __len__(self) -> int:
        return int(self._read(pl.scan_parquet(self._path, glob=False).select(pl.len())).item())

    def rows(self, which: pl.Expr | None = None, *, most: int | None = None) -> list[Row]:
        """The rows for which `which` holds, the first `most` of them."""
        wanted = pl.scan_parquet(self._path, glob=False)
        wanted = (wanted if which is None else wanted.filter(which)).select(self._columns)
        return self._read(wanted if most is None else wanted.head(most)).to_dicts()

    def _read(self, wanted: pl.LazyFrame) -> pl.DataFrame:
        return self._guarded(wanted.collect)

    def _guarded[T](self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise NotARunError(f"{self._path} is missing or not readable ({error})") from None


@dataclass
class Run:
    """A run's folder as far as `explain` needs it. `markets` is None where its bars can't be read."""

    config: RunConfig
    orders: Table
    fills: Table
    markets: Markets | None
    notes: list[str] = field(default_factory=list)

    def market(self, order: Row) -> OneMarket | None:
        """The bars that an order could meet."""
        if self.markets is None:
            return None
        instrument = self.markets.feed.get(order["symbol"], AssetType(order["asset_type"]))
        if instrument is None:
            return None
        found = self.markets.market(instrument)
        return found if found.side(_sign(order)) is not None else None


def open_run(folder: Path, catalog: Catalog | None) -> Run:
    """Read a run's folder; raises NotARunError. `catalog` holds the run's bars, None if not at hand."""
    document = read_result(folder)
    config = parse_run_config(document["config"])
    if not isinstance(config, RunConfig):
        raise NotARunError(f"the config of {folder} is none that this release can read: {config[0]}")
    orders = Table(folder / "orders.parquet", ORDER_COLUMNS, _ORDERS_LATER)
    fills = Table(folder / "fills.parquet", FILL_COLUMNS, _FILLS_LATER)
    notes = [table.note for table in (orders, fills) if table.note is not None]
    if catalog is None:
        notes.append("the run's catalog is not at hand: nothing is said of its bars")
    return Run(config, orders, fills, None if catalog is None else _markets(catalog, config.settings), notes)


def _markets(catalog: Catalog, settings: Settings) -> Markets:
    return Markets(feed_for(settings, catalog), settings.execution_span, settings.pricing(), settings.quotes)


def find_order(run: Run, name: str) -> Row:
    """The order of that number, id, or beginning of an id (four letters or more). Raises UnknownOrderError."""
    wanted = name.strip().lower().removeprefix("#")
    count = len(run.orders)
    if not count:
        raise UnknownOrderError("the run placed no order")
    if wanted.isdecimal() and len(wanted) < 8:
        numbered = run.orders.rows(pl.col("sequence") == int(wanted))
        if numbered:
            return numbered[0]
        raise UnknownOrderError(f"there is no order {wanted}: the run placed orders 1 to {count}")
    begins = pl.col("order_id").str.starts_with(wanted)
    found = run.orders.rows(begins, most=4) if len(wanted) >= 4 else []
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(order["order_id"][: len(wanted) + 4] for order in found[:3])
        several = len(found) if len(found) < 4 else "several"
        raise UnknownOrderError(f"{name} begins {several} order ids, such as {some}")
    by_id = {order["order_id"]: order["sequence"] for order in run.orders.rows(most=_MOST_COMPARED)}
    near = difflib.get_close_matches(wanted, by_id, n=3, cutoff=0.4)
    close = " or ".join(f"{each} (order {by_id[each]})" for each in near)
    hint = f"did you mean {close}?" if near else f"orders have numbers, 1 to {count}"
    raise UnknownOrderError(f"no order id begins with {name!r}; {hint}")


def explain(run: Run, order: Row) -> dict[str, Any]:
    """The explanation as one document: the order, each fill, how it ended, and what would have changed it."""
    with localcontext(EXACT):
        market = run.market(order)
        if run.markets is not None and market is None and order["reject_code"] is None:
            run.notes.append(f"the catalog has no bars of {order['symbol']} in the run's window")
        mine = run.fills.rows(pl.col("sequence") == order["sequence"])
        before = _Before()
        fills = [_fill(run, market, order, fill, before) for fill in mine]
        stretch = None if market is None else _rested(run, market, order)
        return {
            "order": {name: _shown(value) for name, value in order.items()},
            "rested": None if stretch is None else stretch.document(),
            "fills": fills,
            "end": _end(run, order, stretch),
            "models": {
                "fill": str(run.config.settings.fill_model),
                "slippage": run.config.settings.slippage.describe(),
                "fees": run.config.settings.fees.describe(),
            },
            "notes": list(run.notes),
        }


@dataclass
class _Before:
    """What the order had traded before a fill, in units of the real contract."""

    units: Decimal = ZERO
    value: Decimal = ZERO


def _fill(run: Run, market: OneMarket | None, order: Row, fill: Row, before: _Before) -> dict[str, Any]:
    settings = run.config.settings
    met, after = _bars(run, market, fill)
    at_open = fill["filled_at"] == fill["bar_start"]
    counted = None if met is None else met.volume_before if at_open else met.volume
    base, price = fill["price_before_slippage"], fill["price"]
    bar = {"span": fill["bar_span"], "of": str(_met(fill)), "start": _shown(fill["bar_start"])}
    return {
        "number": fill["fill_number"],
        "filled_at": _shown(fill["filled_at"]),
        "quantity": _shown(fill["quantity"]),
        "price": _shown(price),
        "rule": fill["rule"],
        "rule_in_prose": PROSE.get(fill["rule"], fill["rule"]),
        "bar": bar | ({} if met is None else met.document()),
        "price_before_slippage": _shown(base),
        "slippage": {"model": settings.slippage.describe(), "moved_by": _shown(abs(price - base))},
        "volume": {
            "counted": _shown(counted),
            "of": "the last complete bar" if at_open else "the bar itself",
            "participation": _shown(settings.participation),
            "cap": _shown(fill["volume_cap"]),
        },
        "fee": _fee(run, market, order, fill, before),
        "position_after": _shown(fill["position_after"]),
        "cash_after": _shown(fill.get("cash_after")),
        "would_change": could_have(order, fill, met, after, settings.limit_fill),
    }


def _met(fill: Row) -> Met:
    """What a fill met; the first runs, which do not say so, knew trade bars only."""
    return Met.TRADES if fill["met"] is None else Met(fill["met"])


def _bars(run: Run, market: OneMarket | None, fill: Row) -> tuple[Bar | None, Bar | None]:
    """The bar that a fill met and the one after it, as far as they can be read."""
    if market is None or run.markets is None:
        return None, None
    seen = Seen(run.markets, market, _met(fill))
    met, row = bar_from(seen, _micros(fill["bar_start"]))
    if met is None or met.start != _micros(fill["bar_start"]):
        note = "the catalog no longer has the bars that the run read"
        run.notes += [] if note in run.notes else [note]
        return None, None
    return met, bar_at(seen, row + 1)[0]


def _fee(run: Run, market: OneMarket | None, order: Row, fill: Row, before: _Before) -> dict[str, Any]:
    """The fee and its parts; the parts are left out where they do not add up to what was charged."""
    fees = run.config.settings.fees
    document: dict[str, Any] = {"amount": _shown(fill["fee"]), "model": fees.describe()}
    document |= {"parts": [], "order_owes": None, "order_owed_before": None}
    if market is None or run.markets is None:
        return document
    last = run.markets.last_price(market.instrument, _micros(fill["filled_at"]))
    value = fill["quantity"] * fill["price"] * market.instrument.multiplier
    own = order["limit_price"] if order["limit_price"] is not None else order["stop_price"]

    unit = run.markets.unit(market.instrument, _micros(fill["filled_at"]))
    last, own = (None if price is None else unit.real_price(price) for price in (last, own))

    def at(units: Decimal, worth: Decimal) -> Traded:
        return Traded(market.instrument, _sign(order), units, worth, _micros(fill["filled_at"]), last, own)

    old = at(before.units, before.value)
    real = unit.real_quantity(fill["quantity"])
    new = at(before.units + real, before.value + value)
    before.units, before.value = before.units + real, before.value + value
    parts = [(name, model.owed(new) - model.owed(old)) for name, model in _parts(fees)]
    if sum((amount for _, amount in parts), ZERO) == fill["fee"]:
        document["parts"] = [{"part": name, "amount": _shown(amount)} for name, amount in parts if amount != 0]
    document["order_owes"] = _shown(fees.owed(new))
    document["order_owed_before"] = _shown(fees.owed(old))
    return document


def _parts(fees: FeeModel) -> list[tuple[str, FeeModel]]:
    match fees:
        case BrokerFees():
            return list(fees.parts)
        case Sum(parts):
            return [(part.describe(), part) for part in parts]
        case _:
            return [(fees.describe(), fees)]


def _rested(run: Run, market: OneMarket, order: Row) -> Stretch | None:
    """What the market did while the order rested there: from when it had reached the market."""
    if order["reject_code"] is not None and order["filled_quantity"] == 0 and order["closed_at"] == order["placed_at"]:
        return None
    end = run.config.settings.end if order["closed_at"] is None else _micros(order["closed_at"])
    assert run.markets is not None
    seen = Seen(run.markets, market, market.met(_sign(order)))
    return stretch_between(seen, _micros(order["placed_at"]) + run.config.settings.latency, end)


def _end(run: Run, order: Row, stretch: Stretch | None) -> dict[str, Any]:
    code = order["reject_code"]
    known = ISSUE_CODES.get(code) if code is not None else None
    why, help_ = why_it_ended(order, stretch, run.config.settings.limit_fill)
    return {
        "state": order["state"],
        "at": _shown(order["closed_at"]),
        "code": code,
        "message": order.get("reject_message"),
        "why": known.cause if known is not None else why,
        "would_have_helped": [known.mend] if known is not None else help_,
    }


def _sign(order: Row) -> int:
    return 1 if order["side"] == "BUY" else -1


def _micros(moment: Any) -> int:
    micros: int = (moment - _EPOCH) // _MICROSECOND
    return micros


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(plain(value), "f")
    return time_text(_micros(value)) if hasattr(value, "timestamp") else value


__all__ = ["NotARunError", "Run", "UnknownOrderError", "explain", "find_order", "open_run"]
