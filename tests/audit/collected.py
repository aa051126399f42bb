"""Collects what the auditor needs from a run of the block engine: its records, and the bars of the market."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from periscope.engine.blocks import Stream
from periscope.engine.markets import Markets
from periscope.engine.records import (
    Booked,
    Delivered,
    DividendPaid,
    Filled,
    OrderEnded,
    OrderPlaced,
    Record,
    Settled,
    SharesSplit,
)
from periscope.engine.settings import AccountName, Adjustment, FillModelName, LimitFill, Settings
from periscope.execution.order import Order as EngineOrder
from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scalings
from tests.audit.auditor import Auditor
from tests.audit.evidence import (
    Accrual,
    Bar,
    Contract,
    DailySettlement,
    Dividend,
    Fill,
    Flow,
    MarginChange,
    Order,
    Settlement,
    Split,
    Step,
    Terms,
)
from tests.naive.corporate import Meaning, in_run, unit_step
from tests.naive.market import Bar as MarketBar
from tests.naive.market import Market, price_of, volume_of
from tests.naive.sessions import session_from, sessions


@dataclass
class Collector:
    """An observer that keeps the records in order."""

    records: list[Record] = field(default_factory=list)

    def streams(self, streams: Iterable[tuple[Stream, Scalings]]) -> None:
        """Not needed."""

    def happened(self, records: list[Record]) -> None:
        """Keep them."""
        self.records += records

    def bars(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_], markets: Markets) -> None:
        """Not needed."""

    def progress(self, time: int, bars: int) -> bool:
        """Never stop."""
        return True

    def auditor(self, market: Market, settings: Settings, failed_at: int | None) -> Auditor:
        """An auditor with all the evidence."""
        contracts = {one.symbol: _contract(one, market, settings) for one in market.instruments}
        return Auditor(_terms(settings), contracts, self._orders(settings), self._steps(), failed_at)

    def _orders(self, settings: Settings) -> dict[int, Order]:
        placed: dict[int, EngineOrder] = {}
        last: dict[int, EngineOrder] = {}
        closed: dict[int, int] = {}
        numbers: dict[str, int] = {}
        updates: dict[int, list[tuple[int, str, Fraction]]] = {}
        for record in self.records:
            match record:
                case OrderPlaced():
                    placed[record.order.sequence] = last[record.order.sequence] = record.order
                    numbers[record.order.order_id] = record.order.sequence
                case OrderEnded():
                    last[record.order.sequence] = record.order
                    closed[record.order.sequence] = record.time
                case Filled():
                    last[record.order.sequence] = record.order
                    if record.order.state == "FILLED":
                        closed[record.order.sequence] = record.time
                case Delivered(kind="U"):
                    order_id, _, _, state, filled, _, _ = record.payload
                    number = numbers.get(str(order_id))
                    if number is not None:
                        told = (record.time, str(state), Fraction(str(filled)))
                        updates.setdefault(number, []).append(told)
        return {
            number: _order(order, settings, last[number].quantity, closed.get(number), updates.get(number, []))
            for number, order in placed.items()
        }

    def _steps(self) -> list[Step]:
        found = []
        reason: Fill | Settlement | Dividend | Split | None = None
        for record in self.records:
            match record:
                case Filled():
                    numbers = (record.price, record.price_before_slippage, record.quantity, record.fee, record.realised)
                    reason = Fill(record.order.sequence, record.bar_start, *(Fraction(number) for number in numbers))
                case Settled():
                    paid = (-record.quantity, record.price, record.realised)
                    reason = Settlement(record.instrument.symbol, *(Fraction(number) for number in paid))
                case DividendPaid():
                    reason = Dividend(record.instrument.symbol, Fraction(record.shares), Fraction(record.per_share))
                case SharesSplit():
                    reason = Split(record.instrument.symbol, record.ratio)
                case Booked():
                    what = reason or self._what_else(record)
                    reason = None
                    held = Decimal(0) if record.position is None else record.position.quantity
                    postings = tuple((account, Fraction(amount)) for account, amount in record.entry.postings)
                    found.append(Step(record.entry.time, what, postings, Fraction(record.cash), Fraction(held)))
        return found

    def _what_else(self, booked: Booked) -> DailySettlement | MarginChange | Accrual | Flow:
        """What an entry belongs to that no other record explains."""
        if booked.flow is not None:
            return Flow(Fraction(booked.flow))
        if booked.instrument is None:
            (account,) = (name for name, _ in booked.entry.postings if name != "cash")
            return Accrual(account)
        if any(name.startswith("margin:") for name, _ in booked.entry.postings):
            return MarginChange(booked.instrument.symbol)
        return DailySettlement(booked.instrument.symbol)


def _order(
    placed: EngineOrder,
    settings: Settings,
    quantity: Decimal,
    closed_at: int | None,
    updates: list[tuple[int, str, Fraction]],
) -> Order:
    arrives_at = placed.placed_at + settings.latency
    exchange, force = placed.instrument.exchange, placed.time_in_force.value
    auctions = None
    if force == "OPG":
        auctions = next(day for day in sessions(exchange, False) if day.open >= arrives_at)
    elif force in ("ATC", "GTX"):
        auctions = session_from(exchange, False, arrives_at)
    at_close = settings.fill_model is FillModelName.CURRENT_CLOSE and placed.order_type.value == "MARKET"
    if settings.latency or force in ("OPG", "ATC"):
        at_close = False
    if force == "GTX" and session_from(exchange, False, placed.placed_at - 1).close == placed.placed_at:
        at_close = False
    return Order(
        number=placed.sequence,
        symbol=placed.instrument.symbol,
        side=placed.sign,
        closing=placed.closing,
        kind=placed.order_type.value,
        force=placed.time_in_force.value,
        quantity=Fraction(quantity),
        limit=None if placed.limit is None else Fraction(placed.limit),
        stop=None if placed.stop is None else Fraction(placed.stop),
        placed_at=placed.placed_at,
        arrives_at=arrives_at,
        until=placed.until,
        auctions=None if auctions is None else (auctions.open, auctions.close),
        at_close=at_close,
        closed_at=closed_at,
        updates=tuple(updates),
    )


def _contract(instrument: Instrument, market: Market, settings: Settings) -> Contract:
    events = in_run(market.events(instrument), settings)
    raw = settings.adjustment is Adjustment.RAW
    total = settings.adjustment is Adjustment.TOTAL_RETURN

    def means(moment: int) -> Meaning:
        return market.means(instrument, settings, moment)

    def bars(found: list[MarketBar]) -> tuple[Bar, ...]:
        return tuple(
            Bar(
                start=bar.start,
                end=bar.end,
                open=price_of(instrument, bar.open),
                high=price_of(instrument, bar.high),
                low=price_of(instrument, bar.low),
                close=price_of(instrument, bar.close),
                volume=volume_of(instrument, bar.volume),
                offered=bar.offered,
            )
            for bar in found
        )

    def margin(moment: int) -> Fraction:
        periods = instrument.margins
        if not periods:
            return Fraction(instrument.initial_margin or 0)
        day = session_from(instrument.exchange, settings.extended_hours, moment).day
        return Fraction(
            [period for period in periods if period.first_day <= max(day, periods[0].first_day)][-1].initial
        )

    return Contract(
        symbol=instrument.symbol,
        is_future=instrument.is_future,
        root=instrument.root,
        instrument=instrument,
        multiplier=Fraction(instrument.multiplier),
        bars=bars(market.execution_stream(instrument, settings)),
        asks=bars(market.offers(instrument, 1, settings)),
        bids=bars(market.offers(instrument, -1, settings)),
        means=means,
        step=lambda moment: unit_step(instrument, settings, means(moment)),
        margin=margin if instrument.is_future else lambda _: Fraction(0),
        splits=tuple((event.time, event.ratio) for event in events if event.ratio != 1 and raw),
        dividends=tuple((event.time, event.dividend) for event in events if event.dividend and not total),
    )


def _terms(settings: Settings) -> Terms:
    return Terms(
        end=settings.end,
        shorts=settings.account is AccountName.MARGIN,
        touch=settings.limit_fill is LimitFill.TOUCH,
        participation=None if settings.participation is None else Fraction(settings.participation),
        slippage=settings.slippage,
        fees=settings.fees,
        cash_rate=Fraction(settings.interest.cash),
        debit_rate=Fraction(settings.interest.debit),
        borrow_rate=Fraction(settings.interest.borrow),
    )
