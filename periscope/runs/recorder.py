"""Keeps what became true during a run: orders, fills, trades, the equity curve, issues, the hash."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, OrderState
from periscope.engine.blocks import Stream
from periscope.engine.markets import Markets
from periscope.engine.records import (
    ActionTaken,
    Booked,
    Delivered,
    DividendPaid,
    Filled,
    IssueRaised,
    OrderEnded,
    OrderPlaced,
    OrderRefused,
    Record,
    Settled,
    SharesSplit,
)
from periscope.engine.settings import Settings
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scalings
from periscope.portfolio.exact import ZERO
from periscope.portfolio.ledger import Entry
from periscope.portfolio.statistics import Activity, TradeTally
from periscope.portfolio.statistics_equity import EquityAccumulator
from periscope.portfolio.trades import RoundTrips, Trade
from periscope.runs.days import TradingDays
from periscope.runs.digest import Digest
from periscope.runs.issues import IssueLog
from periscope.runs.journal import JournalSink
from periscope.runs.lean_sampling import lean_sampling
from periscope.runs.live import LivePortfolio
from periscope.runs.order_line import OrderLine
from periscope.runs.traces import Traces
from periscope.runs.valuation import Flow, Samples, Sampling, Valuation


class _TradedLot(msgspec.Struct, frozen=True, gc=False):
    """A fill, or a settlement, as round trips need it."""

    symbol: str
    asset_type: AssetType
    side_sign: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    multiplier: Decimal
    filled_at: int


class EquitySink(Protocol):
    """Who else wants the equity curve's samples."""

    def add(self, samples: Samples) -> None:
        """Take consecutive samples."""


class TableSink(Protocol):
    """Who keeps the rows of the run's tables, each as soon as it changes no more."""

    def order(self, line: OrderLine) -> None:
        """An order that has ended."""

    def fill(self, fill: Filled, number: int) -> None:
        """A fill, its order's `number`-th."""

    def trade(self, trade: Trade) -> None:
        """A round trip."""

    def entry(self, entry: Entry) -> None:
        """An entry of the ledger."""


class Recorder:
    """The observer of a run. Orders, fills, trades and entries go to `tables`; what is kept here does not grow with
    their number: `working` are the orders that have not ended, `traces` what the end of the run asks of the others.
    `on_progress` gets (time, bars, orders) and says whether to go on.

    `delivered` counts the delivered bars by the number of their stream.
    """

    def __init__(
        self,
        equity: EquitySink | None,
        on_progress: Callable[[int, int, int], bool],
        settings: Settings,
        journal: JournalSink | None = None,
        tables: TableSink | None = None,
    ) -> None:
        self.issues = IssueLog()
        self.working: dict[int, OrderLine] = {}
        self.traces = Traces()
        self.settlements: list[Settled] = []
        self.dividends: list[DividendPaid] = []
        self.splits: list[SharesSplit] = []
        self.flows: list[tuple[int, Decimal]] = []
        self.tally = TradeTally()
        self.digest = Digest(journal)
        self.samples = 0
        self.live = LivePortfolio()
        self.delivered: dict[int, int] = {}
        self.days = TradingDays(settings.extended_hours)
        self.accumulator = EquityAccumulator(self.days.numbers)
        self._in_market = 0
        self._traded = ZERO
        self._fees = ZERO
        self._round_trips = RoundTrips()
        self.lean = lean_sampling(settings)
        self._valuation: Sampling = Valuation() if self.lean is None else self.lean
        self._sink = equity
        self._tables = tables
        self._on_progress = on_progress
        self._keepers: dict[type, Callable[[Any], None]] = {
            Delivered: self._note,
            ActionTaken: self._note,
            Booked: self._book,
            OrderPlaced: self._place,
            OrderRefused: self._refuse,
            Filled: self._fill,
            OrderEnded: self._end,
            Settled: self._settle,
            DividendPaid: self.dividends.append,
            SharesSplit: self._split,
            IssueRaised: self._raise_issue,
        }

    @property
    def activity(self) -> Activity:
        """Counts that the statistics need."""
        return Activity(
            samples=self.samples, samples_in_market=self._in_market, traded_value=self._traded, fees=self._fees
        )

    def streams(self, streams: Iterable[tuple[Stream, Scalings]]) -> None:
        """These streams may have rows in the block that follows, whose integers stand for that."""
        streams = list(streams)
        if streams:
            self.days.use(streams[0][0].instrument.exchange)
        self.digest.streams(streams)
        self._valuation.streams(stream for stream, _ in streams)

    def happened(self, records: list[Record]) -> None:
        """Records that have become part of the run."""
        keepers = self._keepers
        for record in records:
            keepers[type(record)](record)

    def bars(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_], markets: Markets) -> None:
        """A block is over."""
        self.digest.close_block(columns, delivered)
        numbers, counts = np.unique(columns[2][delivered], return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            self.delivered[number] = self.delivered.get(number, 0) + count
        self._keep(self._valuation.close_block(columns, delivered, markets))

    def finish(self, now: int, markets: Markets) -> None:
        """The run is over."""
        self._keep(self._valuation.finish(now, markets))

    def _keep(self, pieces: Iterable[Samples | Flow]) -> None:
        for piece in pieces:
            if isinstance(piece, Flow):
                self.accumulator.cash_flow(piece.time, value_before=piece.value_before, amount=piece.amount)
                continue
            self.samples += len(piece.times)
            self._in_market += piece.in_market
            self.accumulator.add(piece.times, piece.values)
            self.live.sampled(piece)
            if self._sink is not None:
                self._sink.add(piece)

    def progress(self, time: int, bars: int) -> bool:
        """Pass on how far the run is."""
        return self._on_progress(time, bars, self.traces.orders)

    def _note(self, record: Delivered | ActionTaken) -> None:
        self.digest.note(record)

    def _book(self, record: Booked) -> None:
        self.digest.note(record)
        self._valuation.note(record)
        self.live.booked(record)
        if self._tables is not None:
            self._tables.entry(record.entry)
        if record.flow is not None:
            self.flows.append((record.entry.time, record.flow))

    def _place(self, record: OrderPlaced) -> None:
        order = record.order
        line = self.working[order.sequence] = OrderLine(order.sequence, order.order_id, record.time, order)
        self.traces.placed(line)

    def _refuse(self, record: OrderRefused) -> None:
        line = OrderLine(
            record.sequence, record.order_id, record.time, None, record.action, record.time, record.rejection
        )
        self.traces.placed(line)
        self.traces.refuse(record.rejection)
        if self._tables is not None:
            self._tables.order(line)

    def _end(self, record: OrderEnded) -> None:
        self._close(record.order, record.time, record.rejection)

    def _close(self, order: Order, time: int, rejection: Rejection | None = None) -> None:
        """An accepted order has come to its end."""
        line = self.working.pop(order.sequence)
        line.order, line.closed_at, line.rejection = order, time, rejection
        self.traces.ended(rejection)
        if self._tables is not None:
            self._tables.order(line)

    def _settle(self, record: Settled) -> None:
        self.settlements.append(record)
        self._trade(record.instrument, record.quantity, record.price, ZERO, record.time)

    def _split(self, record: SharesSplit) -> None:
        self.splits.append(record)
        self._round_trips.split(record.instrument.key, record.ratio, record.quantity)

    def _raise_issue(self, record: IssueRaised) -> None:
        self.issues.add(record.code, record.time, record.message, subject=record.subject)

    def _fill(self, fill: Filled) -> None:
        line = self.working[fill.order.sequence]
        line.order = fill.order
        line.fills += 1
        self.traces.fill(fill)
        if self._tables is not None:
            self._tables.fill(fill, line.fills)
        if fill.order.state is OrderState.FILLED:
            self._close(fill.order, fill.time)
        instrument = fill.order.instrument
        self._traded += fill.quantity * fill.price * instrument.multiplier
        self._fees += fill.fee
        self._trade(instrument, fill.order.sign * fill.quantity, fill.price, fill.fee, fill.time)

    def _trade(self, instrument: Instrument, signed: Decimal, price: Decimal, fee: Decimal, time: int) -> None:
        lot = _TradedLot(
            instrument.symbol,
            instrument.asset_type,
            1 if signed > 0 else -1,
            abs(signed),
            price,
            fee,
            instrument.multiplier,
            time,
        )
        closed = self._round_trips.add(lot)
        self.tally.add(closed)
        self.traces.trades(closed)
        if self._tables is not None:
            for trade in closed:
                self._tables.trade(trade)
