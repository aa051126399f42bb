"""The check of a series: every rule over its bars, once through, in bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, QuoteColumns
from periscope.market.importers.intervals import DAY, LENGTHS
from periscope.market.importers.storing import SeriesSummary
from periscope.market.quality.clock import ClockRule
from periscope.market.quality.coverage import SessionCoverage
from periscope.market.quality.findings import FindingLog, QualityFinding
from periscope.market.quality.gaps import find_gaps
from periscope.market.quality.jumps import find_jumps
from periscope.market.quality.known_splits import split_days
from periscope.market.quality.line import LinePoints, LineSampler
from periscope.market.quality.rows import RowRules
from periscope.market.quality.rules import Severity
from periscope.market.quality.series import BarRule, Series, series_of
from periscope.market.quality.spikes import SpikeRule
from periscope.market.quality.stale import StaleRule
from periscope.market.quality.stamps import EndStampRule, MarkRule, find_double_days
from periscope.market.quality.volume import VolumeRule

EVER = 2**62
"""Later than every bar; its negative is earlier."""


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """What a check found in one series.

    `bars` is the number of all bars looked at; `first` and `last` are the starts of the first and the last one, or the
    ends of the window without any, microseconds since 1970-01-01 UTC. `sessions` is what each session has, None where
    the sessions are not known and for quote bars; `line` is the series in few points, without the bars that cannot be.
    `data` is what the series holds: bars or quote bars.
    """

    series: Series
    bars: int
    first: int
    last: int
    findings: list[QualityFinding]
    sessions: SessionCoverage | None
    line: LinePoints
    data: str = BarColumns.WHAT

    @property
    def problems(self) -> list[QualityFinding]:
        """The findings that matter."""
        return [found for found in self.findings if found.rule.severity is Severity.PROBLEM]


def check_series(
    instrument: Instrument,
    span: BarTimeSpan,
    chunks: Iterable[BarColumns],
    *,
    first: int,
    last: int,
    splits: frozenset[date] = frozenset(),
) -> SeriesReport:
    """Check bars that are handed over in pieces. `first` and `last` are the ends of the window that they should fill,
    microseconds since 1970-01-01 UTC; `splits` are the trading days at whose open a split takes effect.

    Only one piece, and one row for each session, are in memory.
    """
    series = series_of(instrument, span, first, last)
    log = FindingLog(instrument, span)
    rows, table = RowRules(series, log), None if series.grid is None else SessionCoverage(series, series.grid)
    line = LineSampler()
    rules: list[BarRule] = [line, *_rules(series, log, table)]
    count, begun, ended = 0, first, last
    for chunk in chunks:
        if len(chunk) == 0:
            continue
        begun = int(chunk.start[0]) if count == 0 else begun
        count, ended = count + len(chunk), int(chunk.start[-1])
        bars = rows.accept(chunk)
        if len(bars) > 0:
            for rule in rules:
                rule.feed(bars)
    for rule in rules:
        rule.finish()
    if table is not None:
        find_gaps(table, log)
        find_jumps(table, log, splits)
        if not series.intraday:
            find_double_days(table, log)
    return SeriesReport(series, count, begun, ended, log.findings(), table, line.points)


def check_quotes(
    instrument: Instrument, span: BarTimeSpan, chunks: Iterable[QuoteColumns], *, first: int, last: int
) -> SeriesReport:
    """Check quote bars that are handed over in pieces, each by itself: order, prices, sides, sessions."""
    series, log = series_of(instrument, span, first, last), FindingLog(instrument, span, QuoteColumns.WHAT)
    rows = RowRules(series, log)
    count, begun, ended = 0, first, last
    for chunk in chunks:
        if len(chunk) > 0:
            begun = int(chunk.start[0]) if count == 0 else begun
            count, ended = count + len(chunk), int(chunk.start[-1])
            rows.accept(chunk)
    return SeriesReport(series, count, begun, ended, log.findings(), None, LineSampler().points, QuoteColumns.WHAT)


def _rules(series: Series, log: FindingLog, table: SessionCoverage | None) -> Iterator[BarRule]:
    """The rules that look at the bars as they pass."""
    if table is not None:
        yield table
    yield SpikeRule(series, log)
    yield StaleRule(series, log)
    yield VolumeRule(series, log)
    if series.intraday:
        yield MarkRule(series, log)
        if series.grid is not None:
            yield EndStampRule(series, log, series.grid)
            yield ClockRule(series, log, series.grid)


def check_stored(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan, *, start: int = -EVER, end: int = EVER
) -> SeriesReport | None:
    """Check the stored bars with start >= `start` and end <= `end`, microseconds UTC; None if there are none."""
    coverage = catalog.spans(instrument).get(span)
    if coverage is None or coverage.last < start or coverage.first >= end:
        return None
    return check_series(
        instrument,
        span,
        catalog.all_bars(instrument, span, start, end),
        first=max(start, coverage.first),
        last=min(end, coverage.until),
        splits=split_days(catalog.files, instrument),
    )


def check_stored_quotes(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan, *, start: int = -EVER, end: int = EVER
) -> SeriesReport | None:
    """Check the stored quote bars as `check_stored` does bars."""
    coverage = catalog.quote_spans(instrument).get(span)
    if coverage is None or coverage.last < start or coverage.first >= end:
        return None
    chunks = catalog.all_quotes(instrument, span, start, end)
    return check_quotes(instrument, span, chunks, first=max(start, coverage.first), last=min(end, coverage.until))


def check_imported(catalog: Catalog, imported: Iterable[SeriesSummary]) -> list[QualityFinding]:
    """Check what an import brought: the stored bars from each series' first to its last one."""
    found: list[QualityFinding] = []
    for item in imported:
        instrument = catalog.instruments.get(item.symbol, AssetType(item.asset_type))
        check = {BarColumns.WHAT: check_stored, QuoteColumns.WHAT: check_stored_quotes}.get(item.data)
        if instrument is None or item.first is None or item.last is None or check is None:
            continue
        span = BarTimeSpan(item.span)
        # Far enough for the last bar, whose end the summary does not tell.
        end = item.last + 2 * LENGTHS.get(span, DAY)
        report = check(catalog, instrument, span, start=item.first, end=end)
        found += [] if report is None else report.findings
    return found
