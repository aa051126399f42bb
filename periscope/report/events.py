"""What happened to the instruments of a run beside trading: splits, dividends, tickers, expiries, and margin calls.

The catalog knows what happened in the run's window, the result what it did to the run's positions. Where both tell of
the same, the result's words count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import polars as pl

from periscope.instruments.instrument import Instrument
from periscope.market.corporate_actions import CorporateActions
from periscope.report.run_files import MARGIN_CALL, RunFiles, microseconds
from periscope.report.tables import MOST_ROWS, Beginning
from periscope.report.text import decimal, money
from periscope.runs.table_file import TIME


class EventKind(StrEnum):
    """What happened; the value is shown."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    TICKER = "ticker change"
    EXPIRY = "expiry"
    DELISTING = "delisting"
    SETTLEMENT = "settlement"
    MARGIN_CALL = MARGIN_CALL


_ENDS = (EventKind.EXPIRY, EventKind.DELISTING)


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One happening at `time` (microseconds since 1970-01-01 UTC): `label` in two or three words, `text` in full."""

    time: int
    symbol: str
    kind: EventKind
    label: str
    text: str


def catalog_events(
    instrument: Instrument, actions: CorporateActions, moment: Callable[[date], int], window: tuple[int, int]
) -> list[Event]:
    """What a catalog knows of an instrument within a window; `moment` says when a date begins at its exchange."""
    symbol = instrument.symbol
    found = [_split(moment(split.ex_date), symbol, split.ratio, None) for split in actions.splits]
    for paid in actions.dividends:
        label = f"dividend {decimal(paid.amount, at_least=2)}"
        text = f"dividend of {decimal(paid.amount, at_least=2)} a share"
        found.append(Event(moment(paid.ex_date), symbol, EventKind.DIVIDEND, label, text))
    for before, after in zip(instrument.names, instrument.names[1:], strict=False):
        if after.first_day is not None and before.ticker != after.ticker:
            text = f"the ticker changes from {before.ticker} to {after.ticker}"
            found.append(Event(moment(after.first_day), symbol, EventKind.TICKER, f"now {after.ticker}", text))
    if instrument.expires_at is not None:
        kind = EventKind.EXPIRY if instrument.is_future else EventKind.DELISTING
        text = "last trading moment" if instrument.is_future else "delisted"
        found.append(Event(instrument.expires_at, symbol, kind, kind.value, text))
    return [event for event in found if window[0] < event.time <= window[1]]


def all_events(run: RunFiles, known: Iterable[Event]) -> list[Event]:
    """The events of a run in order of time: `known` from the catalog, and those that its own files tell of."""
    found = {(event.time, event.symbol, event.kind): event for event in known}
    for event in _own_events(run):
        end = next((found[key] for kind in _ENDS if (key := (event.time, event.symbol, kind)) in found), None)
        if event.kind is EventKind.SETTLEMENT and end is not None:
            found[end.time, end.symbol, end.kind] = replace(end, text=f"{end.text}: {event.text}")
        else:
            found[event.time, event.symbol, event.kind] = event
    return sorted(found.values())


def events_table(events: list[Event]) -> Beginning:
    """The events as a table."""
    rows = pl.DataFrame(
        {
            "time": pl.Series([event.time for event in events], dtype=pl.Int64).cast(TIME),
            "symbol": pl.Series([event.symbol for event in events], dtype=pl.String),
            "kind": pl.Series([event.kind.value for event in events], dtype=pl.String),
            "text": pl.Series([event.text for event in events], dtype=pl.String),
        }
    )
    return Beginning(rows.head(MOST_ROWS), rows.height)


def marks(events: list[Event], symbol: str) -> list[dict[str, object]]:
    """The events of one symbol for its chart; times in seconds."""
    return [
        {"time": event.time / 1_000_000, "kind": event.kind.value, "label": event.label, "text": event.text}
        for event in events
        if event.symbol == symbol
    ]


def _own_events(run: RunFiles) -> list[Event]:
    found = []
    for action in run.result.get("corporate_actions") or []:
        time = microseconds(action.get("time"))
        if time is not None:
            found.append(_acted(time, action))
    for settled in run.result.get("settlements") or []:
        time = microseconds(settled.get("time"))
        if time is not None:
            found.append(_settled(time, settled))
    return found + _margin_calls(run.called)


def _acted(time: int, action: dict[str, Any]) -> Event:
    """A split or a dividend on a position of the run."""
    symbol = str(action.get("symbol"))
    if action.get("kind") == "split":
        new, _, old = str(action.get("ratio")).partition(":")
        return _split(time, symbol, Fraction(int(new), int(old or 1)), decimal(action.get("quantity")))
    shares, amount = Decimal(str(action.get("shares"))), Decimal(str(action.get("amount")))
    each = decimal(action.get("per_share"), at_least=2)
    what = "received on" if amount > 0 else "owed on a short position of"
    text = f"dividend of {each} a share: {money(abs(amount))} {what} {decimal(abs(shares))}"
    return Event(time, symbol, EventKind.DIVIDEND, f"dividend {each}", text)


def _split(time: int, symbol: str, ratio: Fraction, quantity: str | None) -> Event:
    terms = f"{ratio.numerator}:{ratio.denominator}"
    shares = "" if quantity is None else f"; the position is {quantity} from here on"
    text = f"split, {ratio.numerator} new for {ratio.denominator} old{shares}"
    return Event(time, symbol, EventKind.SPLIT, f"split {terms}", text)


def _settled(time: int, settled: dict[str, Any]) -> Event:
    quantity, price = Decimal(str(settled.get("quantity"))), decimal(settled.get("price"), at_least=2)
    held = f"{'long' if quantity < 0 else 'short'} {decimal(abs(quantity))}"
    text = f"{held} closed in cash at {price}, result {money(settled.get('realised_pnl'))}"
    return Event(time, str(settled.get("symbol")), EventKind.SETTLEMENT, f"settled {price}", text)


def _margin_calls(orders: pl.DataFrame) -> list[Event]:
    """The orders that a margin call placed, one event for each symbol and moment."""
    if orders.is_empty():
        return []
    rows = orders.select(pl.col("placed_at").dt.epoch("us"), "symbol", "side", "quantity", "sequence").iter_rows()
    return [
        Event(
            time,
            symbol,
            EventKind.MARGIN_CALL,
            "margin call",
            f"margin call: the account placed order {number}, {side} {decimal(quantity.normalize())}",
        )
        for time, symbol, side, quantity, number in rows
    ]
