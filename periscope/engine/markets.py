"""What the engine knows of the markets: instruments, the bars that orders meet, last prices, session closes."""

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.port import FrontMonthAnswer
from periscope.execution.meeting import Meeting, Met, QuoteUse, Sessions, Side, When
from periscope.execution.order import Order
from periscope.execution.pricing import Pricing
from periscope.instruments.instrument import Instrument
from periscope.instruments.unit import ONE, Unit, rounded
from periscope.market.adjustment import PLACES, Adjusted, carried
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.series import BarSeries, QuoteSeries
from periscope.market.sides import QuoteSide
from periscope.portfolio.book import InstrumentKey, Position
from periscope.portfolio.exact import ZERO


class Feed(Protocol):
    """Where market data comes from. All of it lies inside the run's window and sessions."""

    def get(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument, None if there is none."""

    def explain_unknown(self, symbol: str, asset_type: AssetType) -> str:
        """A sentence that helps whoever asked for an instrument that is not there."""

    def series(self, instrument: Instrument, span: BarTimeSpan) -> BarSeries | None:
        """The bars of one stream, None where the window has none of that span."""

    def spans(self, instrument: Instrument) -> tuple[BarTimeSpan, ...]:
        """The spans that the window has bars of, finest first."""

    def explain_missing(self, instrument: Instrument, span: BarTimeSpan) -> str:
        """A sentence that says which spans and dates there are instead."""

    def sessions(self, instrument: Instrument) -> Sessions:
        """When the instrument's exchange trades, in the run's hours."""

    def adjusted(self, instrument: Instrument) -> Adjusted:
        """What splits and dividends do to an instrument in this run."""

    def quotes(self, instrument: Instrument, span: BarTimeSpan) -> QuoteSeries | None:
        """The quote bars of one span, None where the run has none."""

    def regular_sessions(self, instrument: Instrument) -> Sessions:
        """When the instrument's exchange trades in its regular hours."""

    def extended_sessions(self, instrument: Instrument) -> Sessions:
        """When the instrument's exchange trades in its extended hours."""

    def front_month(self, root: str, as_of: int) -> FrontMonthAnswer:
        """The contract of `root` with the greatest volume, as known at `as_of`."""


@dataclass(frozen=True, slots=True)
class OneMarket:
    """One instrument's market as a fill model sees it, see `Market`."""

    instrument: Instrument
    span: BarTimeSpan | None
    bars: BarSeries | None
    quotes: QuoteSeries | None
    asks: Side | None
    bids: Side | None
    feed: Feed

    def side(self, sign: int) -> Side | None:
        """What buys (+1) or sells (-1) meet."""
        return self.asks if sign > 0 else self.bids

    def met(self, sign: int) -> Met:
        """What that is called."""
        if self.asks is self.bids:
            return Met.TRADES
        return Met.ASKS if sign > 0 else Met.BIDS

    @property
    def sessions(self) -> Sessions:
        """When its exchange trades. Raises `UnknownExchangeError` where that is not known."""
        return self.feed.sessions(self.instrument)

    @property
    def regular_sessions(self) -> Sessions:
        """When its exchange trades in the regular hours. Raises `UnknownExchangeError` where that is not known."""
        return self.feed.regular_sessions(self.instrument)

    @property
    def extended_sessions(self) -> Sessions:
        """When its exchange trades in extended hours. Raises `UnknownExchangeError` where that is not known."""
        return self.feed.extended_sessions(self.instrument)


class Markets:
    """The feed as the engine uses it: every series is opened once and read by all who need it."""

    def __init__(
        self, feed: Feed, execution_span: BarTimeSpan | None, pricing: Pricing, quotes: QuoteUse = QuoteUse.OFF
    ) -> None:
        self.feed = feed
        self._execution_span = execution_span
        self._pricing = pricing
        self._quote_use = quotes
        self.quoted: dict[InstrumentKey, QuoteSeries] = {}
        self._series: dict[tuple[InstrumentKey, BarTimeSpan], BarSeries | None] = {}
        self.execution_spans: dict[InstrumentKey, BarTimeSpan] = {}
        self._markets: dict[InstrumentKey, OneMarket] = {}
        self._last: dict[InstrumentKey, tuple[int, Decimal | None]] = {}
        self._units: dict[InstrumentKey, tuple[list[int], list[Unit]]] = {}

    def series(self, instrument: Instrument, span: BarTimeSpan) -> BarSeries | None:
        """The bars of one stream, shared by all readers."""
        key = (instrument.key, span)
        if key not in self._series:
            self._series[key] = self.feed.series(instrument, span)
        return self._series[key]

    def market(self, instrument: Instrument) -> OneMarket:
        """What this instrument's orders meet, fixed for the run."""
        key = instrument.key
        found = self._markets.get(key)
        if found is None:
            spans = self.feed.spans(instrument)
            span = self._execution_span if self._execution_span in spans else next(iter(spans), None)
            if span is not None:
                self.execution_spans[key] = span
            bars = None if span is None else self.series(instrument, span)
            quotes = None if span is None else self.feed.quotes(instrument, span)
            asks, bids = self._sides(instrument, bars, quotes)
            found = self._markets[key] = OneMarket(instrument, span, bars, quotes, asks, bids, self.feed)
        return found

    def _sides(
        self, instrument: Instrument, bars: BarSeries | None, quotes: QuoteSeries | None
    ) -> tuple[Side | None, Side | None]:
        """What buys and what sells meet."""
        if self._quote_use is QuoteUse.OFF or bars is None:
            return bars, bars
        if quotes is None or not quotes.reach_row(0):
            return (bars, bars) if self._quote_use is QuoteUse.PREFER else (None, None)
        self.quoted[instrument.key] = quotes
        return QuoteSide(quotes, 1), QuoteSide(quotes, -1)

    def windows(self, instrument: Instrument) -> list[BarSeries | QuoteSeries]:
        """The trade bars and the quote bars of the span at which this instrument's orders meet the market."""
        market = self.market(instrument)
        return [window for window in (market.bars, market.quotes) if window is not None]

    def execution(self, instrument: Instrument) -> BarSeries | None:
        """The trade bars of the span at which this instrument's orders meet the market."""
        return self.market(instrument).bars

    def last_price(self, instrument: Instrument, time: int) -> Decimal | None:
        """The last price that was known at `time`, None if there was none in the window."""
        key = instrument.key
        known = self._last.get(key)
        if known is not None and known[0] == time:
            return known[1]
        price = self._pricing.last_price(self.market(instrument), time)
        series = self.execution(instrument) if self.feed.adjusted(instrument).changes else None
        if price is not None and series is not None and (row := series.row_ended_by(time)) >= 0:
            ratio = self.split_since(instrument, int(series.start[row - series.first]), time)
            price = price if ratio == 1 else carried(price, ratio)
        self._last[key] = (time, price)
        return price

    def worth(self, position: Position, time: int) -> Decimal:
        """What a position added to cash at `time` to make the portfolio's value."""
        instrument = position.instrument
        return self._pricing.worth(position, self.last_price(instrument, time), self.market(instrument), time)

    def adjusted(self, instrument: Instrument) -> Adjusted:
        """What splits and dividends do to an instrument in this run."""
        return self.feed.adjusted(instrument)

    def unit(self, instrument: Instrument, time: int) -> Unit:
        """What one unit of its prices and quantities is at `time`, in the shares that really trade then."""
        known = self._units.get(instrument.key)
        if known is None:
            units = self.feed.adjusted(instrument).units(instrument)
            known = self._units[instrument.key] = ([since for since, _ in units], [unit for _, unit in units])
        return known[1][bisect_right(known[0], time) - 1]

    def split_since(self, instrument: Instrument, since: int, until: int) -> Fraction:
        """New shares for each old one by the splits between two moments, where prices are as traded."""
        ratio = ONE
        for change in self.feed.adjusted(instrument).changes:
            if since < change.time <= until:
                ratio *= change.ratio
        return ratio

    def volume(self, instrument: Instrument, row: int, time: int) -> Decimal | None:
        """Volume of bar number `row` of the execution stream in the units of `time`.

        None where it is unknown or there is no such bar.
        """
        series = self.execution(instrument)
        if series is None or not series.first <= row < series.stop:
            return None
        volume = int(series.volume[row - series.first])
        if volume == UNKNOWN_VOLUME:
            return None
        traded = series.scalings(row).volume.price(volume)
        ratio = self.split_since(instrument, int(series.start[row - series.first]), time)
        return traded if ratio == 1 else rounded(Fraction(traded) * ratio, PLACES)

    def volume_met(self, order: Order, meeting: Meeting, time: int) -> Decimal | None:
        """The volume that caps a meeting, in units of `time`: at an open the last complete bar's, else the bar's own.

        With quote bars the volume is that of the trade bar of the same time, in the closing auction that of the last
        one of the session; where there is none, nothing was traded. Where a model reads quotes by itself the meeting
        names the last trade bar.
        """
        instrument = order.instrument
        quotes, bars = self.quoted.get(instrument.key), self.execution(instrument)
        if quotes is None or bars is None or meeting.began is not None:
            return self.volume(instrument, meeting.row - 1 if meeting.at_open else meeting.row, time)
        if meeting.at_open or meeting.when is When.ON_CLOSE:
            row = bars.row_ended_by(meeting.time)
            session = None if meeting.at_open else order.session
            if session is not None and (row < 0 or int(bars.end[row - bars.first]) <= session.open):
                return ZERO
            return self.volume(instrument, row, time)
        start = int(quotes.start[meeting.row - quotes.first])
        row = bars.row_from(start)
        if row < bars.stop and int(bars.start[row - bars.first]) == start:
            return self.volume(instrument, row, time)
        return ZERO

    def release(self, time: int) -> None:
        """Forget the bars that ended before `time`, but for the last of each stream."""
        for series in self._series.values():
            if series is not None:
                series.release(time)
        for market in self._markets.values():
            if market.quotes is not None:
                market.quotes.release(time)
