"""What the engine knows of the markets: instruments, the bars that orders meet, last prices, session closes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.port import FrontMonthAnswer
from periscope.execution.meeting import Sessions
from periscope.execution.pricing import Pricing
from periscope.instruments.instrument import Instrument
from periscope.market.adjustment import Adjusted
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.series import BarSeries, QuoteSeries
from periscope.portfolio.book import InstrumentKey, Position


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
    feed: Feed

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

    def __init__(self, feed: Feed, execution_span: BarTimeSpan | None, pricing: Pricing) -> None:
        self.feed = feed
        self._execution_span = execution_span
        self._pricing = pricing
        self._series: dict[tuple[InstrumentKey, BarTimeSpan], BarSeries | None] = {}
        self.execution_spans: dict[InstrumentKey, BarTimeSpan] = {}
        self._markets: dict[InstrumentKey, OneMarket] = {}
        self._last: dict[InstrumentKey, tuple[int, Decimal | None]] = {}

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
            found = self._markets[key] = OneMarket(instrument, span, bars, quotes, self.feed)
        return found

    def execution(self, instrument: Instrument) -> BarSeries | None:
        """The bars that this instrument's orders meet."""
        return self.market(instrument).bars

    def last_price(self, instrument: Instrument, time: int) -> Decimal | None:
        """The last price that was known at `time`, None if there was none in the window."""
        key = instrument.key
        known = self._last.get(key)
        if known is not None and known[0] == time:
            return known[1]
        price = self._pricing.last_price(self.market(instrument), time)
        self._last[key] = (time, price)
        return price

    def worth(self, position: Position, time: int) -> Decimal:
        """What a position added to cash at `time` to make the portfolio's value."""
        return self._pricing.worth(position, self.market(position.instrument), time)

    def volume(self, instrument: Instrument, row: int) -> Decimal | None:
        """Volume of bar number `row` of the execution stream, None where it is unknown or there is no such bar."""
        series = self.execution(instrument)
        if series is None or not series.first <= row < series.stop:
            return None
        volume = int(series.volume[row - series.first])
        return None if volume == UNKNOWN_VOLUME else series.scalings(row).volume.price(volume)

    def release(self, time: int) -> None:
        """Forget the bars that ended before `time`, but for the last of each stream."""
        for series in self._series.values():
            if series is not None:
                series.release(time)
        for market in self._markets.values():
            if market.quotes is not None:
                market.quotes.release(time)
