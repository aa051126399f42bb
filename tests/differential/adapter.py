"""Runs a case through the block engine, over a real catalog on disk, and tells it in the words of the naive one."""

from collections.abc import Iterable
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, OrderState
from periscope.engine.backtest import Backtest, Outcome, Tuning
from periscope.engine.blocks import Stream
from periscope.engine.markets import Markets
from periscope.engine.records import (
    ActionTaken,
    Booked,
    Delivered,
    Filled,
    IssueRaised,
    OrderEnded,
    OrderPlaced,
    OrderRefused,
    Record,
    Settled,
)
from periscope.engine.settings import Settings
from periscope.instruments.scaling import Scalings
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.corporate_actions import ActionKind, StoredAction, add_corporate_actions
from periscope.portfolio.exact import EXACT
from periscope.runs.feed import CatalogFeed
from periscope.runs.lean_feed import feed_for
from periscope.runs.ports import BundleSource, HostedPort, InProcessPort
from periscope.sandbox.session import SessionLimits
from tests.naive.corporate import Corporate
from tests.naive.exact import decimal_of
from tests.naive.market import Key, Market
from tests.naive.trace import Row, Trace

ERRORS = {
    "STRATEGY_EXCEPTION": "exception",
    "INVALID_ACTIONS": "not_actions",
    "TOO_MANY_ACTIONS": "too_many_actions",
    "TOO_MANY_EVENTS_PER_INSTANT": "events_per_instant",
}


class BlockEngine:
    """The block engine with one market and one strategy; `folder` is where the catalog and the bundle may be put."""

    def __init__(self, folder: Path, source: str, market: Market) -> None:
        catalog = Catalog.create(folder / "catalog")
        catalog.add_instruments(market.instruments)
        known = {one.key: one for one in market.instruments}
        for (symbol, asset_type, span), columns in market.bars.items():
            catalog.write_bars(known[symbol, asset_type], span, columns, source="a test")
        for symbol, events in market.corporate.items():
            add_corporate_actions(catalog.files, symbol, [row for event in events for row in _rows(event)])
        for (symbol, asset_type, span), quotes in market.quotes.items():
            catalog.write_bars(known[symbol, asset_type], span, quotes, source="a test")
        self.catalog = catalog
        self.bundle = folder / "bundle"
        self.bundle.mkdir()
        (self.bundle / "strategy.py").write_text(source, encoding="utf-8")

    def run(self, settings: Settings, block_rows: int | None, budget: int | None) -> Trace:
        """Run with blocks of that many rows and scripts of that many items; None leaves it to the engine."""
        port = InProcessPort(self._source(settings))
        trace = self._drive(port, settings, Tuning(block_rows, budget))
        trace.observations = list(getattr(port.host._strategy, "observations", []))
        return trace

    def run_hosted(self, settings: Settings) -> Trace:
        """Run with the strategy in a process of its own, which keeps its observations to itself."""
        limits = SessionLimits(30.0, 30.0, 10_000_000, settings.limits.actions_per_reply)
        port = HostedPort(self._source(settings), limits, lambda *_: None)
        trace = self._drive(port, settings, Tuning())
        trace.observations = None
        return trace

    def _source(self, settings: Settings) -> BundleSource:
        most = settings.limits.actions_per_reply
        return BundleSource(self.bundle, b'{"type": "object"}', b"{}", settings.seed, most)

    def _drive(self, port: InProcessPort | HostedPort, settings: Settings, tuning: Tuning) -> Trace:
        feed = feed_of(self.catalog, settings)
        watcher = _Watcher()
        with port, localcontext(EXACT):
            outcome = Backtest(settings, feed, port, watcher, tuning).run()
        return watcher.finished(outcome)


def _rows(event: Corporate) -> list[StoredAction]:
    """A day's split and dividend as the rows of a table."""
    found = []
    if event.ratio != 1:
        ratio = f"{event.ratio.numerator}:{event.ratio.denominator}"
        found.append(StoredAction(event.day, ActionKind.SPLIT, ratio, "a test"))
    if event.dividend:
        found.append(StoredAction(event.day, ActionKind.DIVIDEND, f"{decimal_of(event.dividend)}", "a test"))
    return found


def feed_of(catalog: Catalog, settings: Settings) -> CatalogFeed:
    """The market data of a run with these settings."""
    return feed_for(settings, catalog)


class _Watcher:
    """The observer of a run: writes down everything that it is told."""

    def __init__(self) -> None:
        self.trace = Trace(registrations=None)
        self.streams_known: dict[int, tuple[Stream, Scalings]] = {}
        self.told: list[Delivered] = []
        self.sequences: dict[str, int] = {}
        self.orders: dict[int, Row] = {}
        self.realised: dict[Key, Decimal] = {}
        self.fill: Filled | None = None

    def streams(self, streams: Iterable[tuple[Stream, Scalings]]) -> None:
        """These streams may have rows in the block that follows, whose integers stand for that."""
        self.streams_known.update({known[0].number: known for known in streams})

    def happened(self, records: list[Record]) -> None:
        """Records that have become part of the run."""
        for record in records:
            self._keep(record)

    def bars(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_], markets: Markets) -> None:
        """A block is over: bars and other events are put in the order in which they were told."""
        waiting = list(self.told)
        self.told = []
        for row in range(columns.shape[1]):
            while waiting and waiting[0].row <= row:
                self._event(waiting.pop(0))
            if delivered[row]:
                self._bar([int(value) for value in columns[:, row]], markets)
        for record in waiting:
            self._event(record)

    def progress(self, time: int, bars: int) -> bool:
        """Never stop."""
        return True

    def finished(self, outcome: Outcome) -> Trace:
        """The trace with what is known at the end."""
        trace, state, markets = self.trace, outcome.state, outcome.markets
        trace.orders = [self.orders[number] for number in sorted(self.orders)]
        held = {key: position for key, position in state.book.positions.items() if position.quantity != 0}
        for key in sorted({*held, *(key for key, money in self.realised.items() if money != 0)}):
            position = held.get(key)
            known = (Decimal(0), None) if position is None else (position.quantity, position.average_price)
            trace.positions.append((*key, *known, self.realised.get(key, Decimal(0))))
        trace.final_cash = state.book.cash
        with localcontext(EXACT):
            value = state.book.cash
            for position in held.values():
                value += position.worth_at(markets.last_price(position.instrument, state.now))
        trace.final_value = value
        if outcome.failure is not None:
            trace.status, trace.error = "error", ERRORS.get(outcome.failure.code, outcome.failure.message)
        return trace

    def _keep(self, record: Record) -> None:
        trace = self.trace
        match record:
            case ActionTaken():
                trace.actions.append((record.time, record.action))
            case OrderPlaced():
                self.sequences[record.order.order_id] = record.order.sequence
                self._order(record, None, None)
            case OrderRefused():
                self.sequences[record.order_id] = record.sequence
                zero = (Decimal(0), Decimal(0), Decimal(0))
                code = record.rejection.code
                self.orders[record.sequence] = (record.sequence, OrderState.REJECTED, code, *zero, record.time)
            case OrderEnded():
                self._order(record, None if record.rejection is None else record.rejection.code, record.time)
            case Filled():
                self._order(record, None, record.time if record.order.state is OrderState.FILLED else None)
                self.fill = record
                self._realise(record.order.instrument.key, record.realised)
            case Settled():
                key = record.instrument.key
                trace.settlements.append((record.time, *key, -record.quantity, record.price, record.realised))
                self._realise(key, record.realised)
            case Booked():
                self._booked(record)
            case Delivered():
                self.told.append(record)
            case IssueRaised():
                trace.issues.append((record.time, record.code))

    def _order(self, record: OrderPlaced | OrderEnded | Filled, code: str | None, closed_at: int | None) -> None:
        order = record.order
        numbers = (order.filled, order.net_money, order.fees)
        self.orders[order.sequence] = (order.sequence, order.state, code, *numbers, closed_at)

    def _realise(self, key: tuple[str, AssetType], money: Decimal) -> None:
        self.realised[key] = self.realised.get(key, Decimal(0)) + money

    def _booked(self, record: Booked) -> None:
        self.trace.cash.append((record.entry.time, record.cash))
        self.trace.ledger.append((record.entry.time, tuple(sorted(record.entry.postings))))
        fill, self.fill = self.fill, None
        if fill is not None:
            numbers = (fill.price, fill.quantity, fill.fee, fill.price_before_slippage)
            after = (record.cash, fill.position_after, fill.realised)
            self.trace.fills.append((fill.order.sequence, fill.time, *numbers, *after))

    def _event(self, record: Delivered) -> None:
        payload = record.payload
        if record.kind == "U":
            order_id, symbol, asset_type, state, filled, money, updated = payload
            known = (symbol, asset_type, state, filled, money, updated)
            self.trace.events.append(("ORDER", record.time, self.sequences[str(order_id)], *known))
        elif record.kind == "T":
            self.trace.events.append(("TIMER", record.time, payload[0]))
        else:
            self.trace.events.append(("EXPIRATION", record.time, *payload[:2]))

    def _bar(self, row: list[int], markets: Markets) -> None:
        start, end, number, *prices, volume = row
        stream, scalings = self.streams_known[number]
        shown = [scalings.price.price(price) for price in prices]
        traded = None if volume == UNKNOWN_VOLUME else scalings.volume.price(volume)
        self.trace.events.append(("BAR", end, stream.symbol, stream.asset_type, start, *shown, traded))
