"""The result of a run as one document: what `backtest --json` prints and `result.json` keeps."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from importlib.metadata import version
from typing import Any

from periscope.engine.backtest import Outcome
from periscope.engine.records import DividendPaid, Settled, SharesSplit
from periscope.engine.settings import Adjustment, FillModelName, Settings
from periscope.execution.fees import NoFees
from periscope.execution.slippage import NoSlippage
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.portfolio.book import Position
from periscope.portfolio.exact import EXACT, ZERO, plain
from periscope.portfolio.statistics import compute_statistics
from periscope.runs.config import RunConfig
from periscope.runs.data_read import data_read
from periscope.runs.feed import CatalogFeed
from periscope.runs.preparing import Obstacle, Prepared
from periscope.runs.recorder import Recorder
from periscope.sandbox.confinement import Package


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the run was run; none of it is in the hash.

    Wall time in seconds: `elapsed` of the whole run, `running` from the strategy's start to the last event. `tier` is
    how well the strategy was confined, None where it was never started. `packages` are those that it could import.
    """

    elapsed: float
    running: float
    tier: str | None
    packages: tuple[Package, ...]


def result_document(
    strategy: str,
    config: RunConfig,
    prepared: Prepared | list[Obstacle],
    catalog: Catalog,
    feed: CatalogFeed | None,
    recorder: Recorder,
    outcome: Outcome | None,
    circumstances: Circumstances,
) -> dict[str, Any]:
    """Put together everything that a run came to. Decimals are strings, times RFC 3339 UTC.

    `strategy` is what the strategy is called: its path, or its version.
    """
    with localcontext(EXACT):
        bars = outcome.bars if outcome is not None else 0
        ready = prepared if isinstance(prepared, Prepared) else None
        environment = {"start": time_text(config.environment.start), "end": time_text(config.environment.end)}
        parameters = ready.values if ready is not None else config.strategy
        return {
            "status": _status(outcome, recorder),
            **environment,
            "bars": bars,
            "orders": recorder.traces.orders,
            "fills": recorder.traces.fills,
            **_money(outcome),
            "statistics": _statistics(recorder, config.core),
            "issues": recorder.issues.to_json(),
            "bars_per_second": round(bars / circumstances.running, 1) if circumstances.running > 0 else 0.0,
            "hash": recorder.digest.hexdigest(),
            "strategy": {
                "path": strategy,
                "class": "Strategy",
                "version": ready.version if ready is not None else None,
            },
            "config": {"environment": environment, "strategy": parameters, "core": config.core},
            "models": _models(config, outcome, recorder),
            "positions": _positions(outcome),
            "open_orders": recorder.traces.open_orders,
            **_lean(recorder),
            "cash_flows": [{"time": time_text(time), "amount": _text(flow)} for time, flow in recorder.flows],
            "settlements": [_settlement(settled) for settled in recorder.settlements],
            "corporate_actions": [*map(_dividend, recorder.dividends), *map(_split, recorder.splits)],
            **data_read(catalog, feed, outcome),
            "catalog": catalog.files.where,
            "engine_version": version("periscope-trading"),
            "elapsed_seconds": round(circumstances.elapsed, 3),
            "sandbox": {
                "tier": circumstances.tier,
                "packages": [{"name": each.name, "version": each.version} for each in circumstances.packages],
            },
        }


def _status(outcome: Outcome | None, recorder: Recorder) -> str:
    fatal = recorder.issues.fatal
    if outcome is None or outcome.failure is not None or (fatal is not None and fatal.kind.code == "RUN_TIMEOUT"):
        return "error"
    return "stopped" if outcome.stopped else "complete"


def _text(value: Decimal) -> str:
    return format(plain(value), "f")


def _money(outcome: Outcome | None) -> dict[str, str]:
    if outcome is None:
        return {"final_value": "0", "cash": "0", "net_trading_cash": "0"}
    book, now = outcome.state.book, outcome.state.now
    value = book.cash + sum((outcome.markets.worth(position, now) for position in book.positions.values()), ZERO)
    return {
        "final_value": _text(value),
        "cash": _text(book.cash),
        "net_trading_cash": _text(book.net_trading_cash),
    }


def _fill(settings: Settings) -> str:
    """The fill model and what decides where a bar is not clear; LEAN's model decides all of it by itself."""
    if settings.fill_model is FillModelName.LEAN:
        return str(settings.fill_model)
    return f"{settings.fill_model} (limit orders: {settings.limit_fill}, inside a bar: pessimistic)"


def _lean(recorder: Recorder) -> dict[str, Any]:
    """The headline figures as LEAN reckons them, where the run follows its profile."""
    if recorder.lean is None:
        return {}
    found = recorder.lean.figures()
    figures = {
        "end_equity": format(found.end_equity, "f"),
        "net_profit_pct": format(found.net_profit_pct, "f"),
        "total_fees": _text(recorder.activity.fees),
        "drawdown_pct": format(found.drawdown_pct, "f"),
    }
    return {"lean": {"start_equity": format(found.start_equity, "f"), "figures": figures}}


def _last_price(outcome: Outcome, position: Position) -> Decimal | None:
    return outcome.markets.last_price(position.instrument, outcome.state.now)


def _positions(outcome: Outcome | None) -> list[dict[str, Any]]:
    if outcome is None:
        return []
    lines = []
    for position in outcome.state.book.positions.values():
        price = _last_price(outcome, position)
        value = position.value_at(price) if price is not None else position.cost
        lines.append(
            {
                "symbol": position.instrument.symbol,
                "asset_type": str(position.instrument.asset_type),
                "direction": str(position.direction),
                "quantity": _text(abs(position.quantity)),
                "average_price": _text(position.average_price),
                "last_price": None if price is None else _text(price),
                "market_value": _text(value),
                "unrealised_pnl": _text(value - position.cost),
            }
        )
    return lines


def _statistics(recorder: Recorder, core: dict[str, Any]) -> dict[str, Any]:
    return dict(
        compute_statistics(
            recorder.accumulator.summary(),
            recorder.tally,
            recorder.activity,
            sessions_per_year=recorder.days.sessions_per_year,
            risk_free=Decimal(str(core.get("risk_free", "0"))),
        )
    )


def _models(config: RunConfig, outcome: Outcome | None, recorder: Recorder) -> dict[str, Any]:
    """The models that the run used, in words, with notes on what is modelled kindly or not at all."""
    settings = config.settings
    notes = []
    if settings.slippage == NoSlippage() and settings.fees == NoFees():
        notes.append("no trading costs modelled")
    if settings.fill_model is FillModelName.CURRENT_CLOSE:
        notes.append("optimistic: market orders fill at a close that was known before they were placed")
    if settings.participation is None:
        notes.append("no volume cap: an order of any size fills at one price")
    if any(instrument.is_future for instrument in recorder.traces.accepted.values()):
        notes.append("futures are settled at the last price of each session, not at the exchange's settlement price")
    if settings.adjustment is Adjustment.TOTAL_RETURN:
        notes.append(
            "total return: past prices are scaled for the splits and dividends up to the run's end, so each date knows "
            "the future by a constant, and no dividend is paid"
        )
    spans = outcome.markets.execution_spans if outcome is not None else {}
    quoted = outcome.markets.quoted if outcome is not None else {}
    return {
        "fill": _fill(settings),
        "slippage": settings.slippage.describe(),
        "fees": settings.fees.describe(),
        "account": settings.account_model().describe(),
        "adjustment": str(settings.adjustment),
        "hours": "extended" if settings.extended_hours else "regular",
        "participation": None if settings.participation is None else _text(settings.participation),
        "latency_seconds": _text(Decimal(settings.latency).scaleb(-6)),
        "execution": {key[0]: f"{span} quotes" if key in quoted else str(span) for key, span in sorted(spans.items())},
        "notes": notes,
    }


def _settlement(settled: Settled) -> dict[str, Any]:
    return {
        "time": time_text(settled.time),
        "symbol": settled.instrument.symbol,
        "quantity": _text(settled.quantity),
        "price": _text(settled.price),
        "realised_pnl": _text(settled.realised),
    }


def _dividend(paid: DividendPaid) -> dict[str, Any]:
    return {
        "kind": "dividend",
        "time": time_text(paid.time),
        "symbol": paid.instrument.symbol,
        "shares": _text(paid.shares),
        "per_share": _text(paid.per_share),
        "amount": _text(paid.shares * paid.per_share),
    }


def _split(split: SharesSplit) -> dict[str, Any]:
    return {
        "kind": "split",
        "time": time_text(split.time),
        "symbol": split.instrument.symbol,
        "ratio": f"{split.ratio.numerator}:{split.ratio.denominator}",
        "quantity": _text(split.quantity),
    }
