"""Orders that were never placed, never accepted, never filled, or filled in a way that deserves a doubt."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import numpy as np

from libs.shared_ipc.src.protocol import OrderState
from periscope.execution.order import Order
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError
from periscope.instruments.times import time_text
from periscope.instruments.words import counted
from periscope.market.series import BarSeries
from periscope.portfolio.exact import plain
from periscope.runs.analyses.ended import EndedRun, Finding
from periscope.runs.traces import InstrumentTrace, Rows, awaited_price

_MOST_SYMBOLS = 5
"""Of so many symbols the market is read again to say how near it came; more would only repeat the point."""


def no_orders(run: EndedRun) -> Iterator[Finding]:
    """Bars came, and the strategy never asked for anything: its conditions were never met."""
    if run.traces.orders or run.outcome.bars == 0:
        return
    longest = _longest_look_back(run)
    if longest is not None:
        name, value, bars = longest
        text = (
            f"no order was placed; the parameter {name} is {value}, and the window delivered at most {bars} bars of "
            "one stream: whatever needs that many bars never began"
        )
        yield Finding("WARM_UP_TOO_LONG", text)
        return
    came = f"{counted(run.outcome.bars, 'bar')} {'was' if run.outcome.bars == 1 else 'were'} delivered"
    text = f"{came} and no order was placed: the strategy's conditions were never met"
    yield Finding("NO_ORDERS_PLACED", text)


def _longest_look_back(run: EndedRun) -> tuple[str, int, int] | None:
    """The largest whole-number parameter that no stream has as many bars as, with the bars of the longest stream."""
    bars = max(run.recorder.delivered.values(), default=0)
    found = [
        (value, name)
        for name, value in run.parameters.items()
        if isinstance(value, int) and not isinstance(value, bool) and bars < value <= 100_000
    ]
    if not found:
        return None
    value, name = max(found)
    return name, value, bars


def all_rejected(run: EndedRun) -> Iterator[Finding]:
    """Every order was refused; the reason that came most often is the one to mend."""
    traces = run.traces
    refused = traces.refused.total()
    if not refused or refused < traces.orders or traces.fills:
        return
    (code, count), *others = traces.refused.most_common()
    first = traces.first_refusals[code]
    which = "the only order was" if refused == 1 else f"all {refused:,} orders were"
    by = f" as {code}" if refused == 1 else f", {count:,} as {code}"
    rest = f"; {sum(number for _, number in others)} for other reasons" if others else ""
    yield Finding("EVERY_ORDER_REJECTED", f"{which} rejected{by}{rest}: {first.message}")


def never_filled(run: EndedRun) -> Iterator[Finding]:
    """Resting orders of a symbol that ended without a fill, with how near the market came to the first of them."""
    filled = run.traces.filled_symbols
    waited = [each for each in run.traces.waited.items() if each[0] not in filled]
    for symbol, orders in waited[:_MOST_SYMBOLS]:
        line, order = orders.first, orders.first.order
        assert order is not None, "only accepted orders wait"
        until = line.closed_at if line.state is not OrderState.WORKING else None
        near = _nearest(run, order, until if until is not None else run.outcome.state.now)
        none = "it was not" if orders.count == 1 else "none was"
        text = f"{counted(orders.count, 'order')} in {symbol} waited for a price and {none} filled"
        yield Finding("ORDERS_NEVER_FILLED", text if near is None else f"{text}; {near}", symbol)


def _nearest(run: EndedRun, order: Order, until: int) -> str | None:
    """How near the bars that an order could meet came to its price."""
    span = run.outcome.markets.execution_spans.get(order.instrument.key)
    series = None if span is None else run.feed.series(order.instrument, span)
    wanted = awaited_price(order)
    if series is None or wanted is None:
        return None
    falls = (order.sign > 0) == order.is_limit
    best: tuple[Decimal, int] | None = None
    row = series.row_from(order.placed_at)
    while series.reach_row(row) and int(series.start[row - series.first]) < until:
        price, at = _extreme(series, row, until, falls)
        if best is None or (price < best[0]) == falls:
            best = (price, at)
        row = series.stop
        series.release(int(series.end[-1]))
    if best is None:
        return "no bar came after it was placed"
    kind = "limit" if order.is_limit else "stop"
    return (
        f"order {order.sequence} waited for {'at most' if falls else 'at least'} {plain(wanted)} (its {kind}), the "
        f"market's {'low' if falls else 'high'} was {plain(best[0])} in the bar of {time_text(best[1])}"
    )


def _extreme(series: BarSeries, row: int, until: int, falls: bool) -> tuple[Decimal, int]:
    """Lowest low or highest high of the window's rows from `row` that start before `until`, and its bar's start."""
    best: tuple[Decimal, int] | None = None
    last = series.first + int(series.start.searchsorted(until))
    while row < last:
        stop = min(series.scaling_stop(row), last)
        column = (series.low if falls else series.high)[row - series.first : stop - series.first]
        place = int(column.argmin() if falls else column.argmax())
        price = series.scaling(row).price(int(column[place]))
        if best is None or (price < best[0]) == falls:
            best = (price, int(series.start[row - series.first + place]))
        row = stop
    assert best is not None, "the caller has seen a row"
    return best


def stale_fills(run: EndedRun) -> Iterator[Finding]:
    """Market orders that had to wait a whole session for a bar: their price has little to do with the decision."""
    for trace in run.traces.filled.values():
        late = _waited_a_session(run, trace)
        if len(late) == 0:
            continue
        placed_at, _, filled_at, number = late[int((late[:, 2] - late[:, 0]).argmax())].tolist()
        symbol, days = trace.instrument.symbol, timedelta(microseconds=filled_at - placed_at) / timedelta(days=1)
        text = (
            f"{len(late)} market orders in {symbol} found no bar in the session after they were placed; the longest "
            f"wait was that of order {number}, placed {time_text(placed_at)} and filled {time_text(filled_at)}, "
            f"{days:.1f} days later"
        )
        yield Finding("STALE_FILL", text, symbol)


def _waited_a_session(run: EndedRun, trace: InstrumentTrace) -> Rows:
    """The fills with a whole session between placing and bar, beside the one in which the order was placed."""
    late = trace.late
    if len(late) == 0:
        return late
    placed, met = late[:, 0], late[:, 1]
    try:
        sessions = run.feed.sessions(trace.instrument).sessions_between(int(placed.min()), int(met.max()) + 1)
    except (SessionRangeError, UnknownExchangeError):
        return late[:0]
    closes = np.array([session.close for session in sessions], dtype=np.int64)
    return late[closes.searchsorted(met, side="right") - closes.searchsorted(placed, side="right") >= 2]
