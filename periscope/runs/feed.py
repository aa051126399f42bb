"""The catalog as the engine's feed: the bars of one window and its sessions, and answers to what the engine asks."""

from collections.abc import Iterator
from itertools import chain

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.port import FrontMonthAnswer
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import ExchangeSessions, sessions_for
from periscope.market.adjustment import Adjusted, Adjustment
from periscope.market.adjustments import Adjustments
from periscope.market.catalog import FINEST_FIRST, Catalog
from periscope.market.columns import BarColumns, IntColumn
from periscope.market.coverage import Coverage
from periscope.market.front_month import ALWAYS, FrontMonths, NoFrontMonthError
from periscope.market.manifest import BarFile
from periscope.market.resample import resampled
from periscope.market.series import BarSeries, QuoteSeries

_ROWS_AHEAD = 4_000_000
_MOST_AT_ONCE = 32_768
"""So many rows are read ahead, of all streams together; of one at most so many at once."""


class CatalogFeed:
    """A window [start, end] (microseconds UTC) of a catalog, in regular or extended hours."""

    def __init__(
        self,
        catalog: Catalog,
        start: int,
        end: int,
        *,
        extended: bool,
        adjustment: Adjustment = Adjustment.RAW,
    ) -> None:
        self._catalog = catalog
        self._read_from = catalog.recording()
        self.start = start
        self.end = end
        self._extended = extended
        self._adjustments = Adjustments(self._read_from, start, end, adjustment)
        self._front_months = FrontMonths(self._read_from)
        self._spans: dict[tuple[str, AssetType], tuple[BarTimeSpan, ...]] = {}
        self.read: dict[tuple[str, AssetType, BarTimeSpan], Instrument] = {}
        self.resampled: dict[tuple[str, AssetType, BarTimeSpan], BarTimeSpan] = {}

    def get(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument, None if there is none."""
        return self._catalog.instruments.get(symbol, asset_type)

    def explain_unknown(self, symbol: str, asset_type: AssetType) -> str:
        """A sentence with near names, or the asset type under which the symbol exists."""
        return self._catalog.instruments.explain_unknown(symbol, asset_type)

    def series(self, instrument: Instrument, span: BarTimeSpan) -> BarSeries | None:
        """The bars of one stream, stored ones or, where the window has none, made of finer ones; None without both."""
        source = self._source(instrument, span)
        if source is None:
            return None
        extended = self._extended and span is not BarTimeSpan.DAY
        chunks: Iterator[BarColumns] = self._read_from.chunks(
            instrument, source, self.start, self.end, extended=extended, chunk_rows=self._rows_at_once
        )
        if source is not span:
            sessions = sessions_for(instrument.exchange, extended=extended)
            chunks = resampled(chunks, span, sessions, self.start, self.end)
            first = next(chunks, None)
            if first is None:
                return None
            chunks = chain([first], chunks)
            self.resampled[*instrument.key, span] = source
        self.read[*instrument.key, span] = instrument
        return BarSeries(chunks, self.adjusted(instrument).scalings(instrument))

    def adjusted(self, instrument: Instrument) -> Adjusted:
        """What splits and dividends do to an instrument in this run."""
        return self._adjustments.of(instrument)

    def files_read(self) -> dict[str, tuple[BarFile, ...]]:
        """The files of which bars were read, by series: streams, and what else an answer came from."""
        return self._read_from.files_read()

    def not_applied(self) -> list[tuple[str, str]]:
        """Symbols, and sentences on the corporate actions that could not be applied to them."""
        return self._adjustments.problems()

    def _rows_at_once(self) -> int:
        """A stream's share of what is read ahead: many streams take no more memory than a few."""
        return min(_MOST_AT_ONCE, _ROWS_AHEAD // max(1, len(self.read)))

    def spans(self, instrument: Instrument) -> tuple[BarTimeSpan, ...]:
        """The spans that the window has bars of, finest first."""
        if instrument.key not in self._spans:
            stored = self._catalog.spans(instrument)
            self._spans[instrument.key] = tuple(
                span for span in FINEST_FIRST if span in stored and self._has_bars(instrument, span)
            )
        return self._spans[instrument.key]

    def starts(self, instrument: Instrument, span: BarTimeSpan) -> Iterator[IntColumn]:
        """The starts of the window's bars of a stored span, in pieces."""
        chunks = self._catalog.chunks(instrument, span, self.start, self.end, extended=self._extended)
        return (chunk.start for chunk in chunks)

    def stored(self, instrument: Instrument, span: BarTimeSpan) -> tuple[int, int] | None:
        """Start of the first and of the last stored bar of a span, None where there is none."""
        coverage = self._catalog.spans(instrument).get(span)
        return None if coverage is None else (coverage.first, coverage.last)

    def explain_missing(self, instrument: Instrument, span: BarTimeSpan) -> str:
        """A sentence that says which spans and dates there are instead."""
        return self._catalog.unavailable_reason(instrument, span)

    def sessions(self, instrument: Instrument) -> ExchangeSessions:
        """When the instrument's exchange trades, in the run's hours."""
        return sessions_for(instrument.exchange, extended=self._extended)

    def regular_sessions(self, instrument: Instrument) -> ExchangeSessions:
        """When the instrument's exchange trades in its regular hours."""
        return sessions_for(instrument.exchange)

    def extended_sessions(self, instrument: Instrument) -> ExchangeSessions:
        """When the instrument's exchange trades in its extended hours."""
        return sessions_for(instrument.exchange, extended=True)

    def quotes(self, instrument: Instrument, span: BarTimeSpan) -> QuoteSeries | None:
        """The stored quote bars of a span in the window, None where it has none."""
        if span not in self._catalog.quote_spans(instrument):
            return None
        extended = self._extended and span is not BarTimeSpan.DAY
        chunks = self._read_from.quote_chunks(
            instrument, span, self.start, self.end, extended=extended, chunk_rows=self._rows_at_once
        )
        return QuoteSeries(chunks, self.adjusted(instrument).scalings(instrument))

    def front_month(self, root: str, as_of: int) -> FrontMonthAnswer:
        """The contract of `root` with the greatest volume, as known at `as_of`."""
        try:
            found = self._front_months.front_month(root, as_of)
        except NoFrontMonthError as error:
            return (None, str(error), as_of, as_of)
        return (found.symbol, "", found.valid_from, min(found.valid_until, ALWAYS))

    def _source(self, instrument: Instrument, span: BarTimeSpan) -> BarTimeSpan | None:
        """The stored span that bars of `span` come from: itself, else of the finer ones that covers most of the window.

        Of two that cover as much it is the coarser one, which is less work.
        """
        there = self.spans(instrument)
        if span in there:
            return span
        finer = [other for other in there if FINEST_FIRST.index(other) < FINEST_FIRST.index(span)]
        coverages = self._catalog.spans(instrument)
        return max(finer, key=lambda other: (self._covered(coverages[other]), FINEST_FIRST.index(other)), default=None)

    def _covered(self, coverage: Coverage) -> int:
        return min(coverage.last, self.end) - max(coverage.first, self.start)

    def _has_bars(self, instrument: Instrument, span: BarTimeSpan) -> bool:
        chunks = self._catalog.chunks(instrument, span, self.start, self.end, extended=self._extended, chunk_rows=1024)
        return any(len(chunk) for chunk in chunks)
