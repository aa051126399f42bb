"""What checks of bars find as JSON documents: those of `--json`, which are also those of the API."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import UnknownExchangeError, sessions_for
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, QuoteColumns
from periscope.market.errors import NotThereError
from periscope.market.importers.storing import ImportSummary
from periscope.market.quality.check import EVER, SeriesReport, check_imported, check_stored, check_stored_quotes
from periscope.market.series_documents import instruments_named

CHECKED = (BarColumns.WHAT, QuoteColumns.WHAT)
"""What can be checked, by the names of `data` in documents."""

type Wanted = list[tuple[Instrument, BarTimeSpan, bool]]
"""Series to check; whether it is one of quote bars."""


def series_to_check(
    catalog: Catalog, symbols: Iterable[str], span: BarTimeSpan | None, asset_type: AssetType | None = None
) -> Wanted:
    """All series of these symbols, or without any of all instruments, at one span or at all.

    Raises NotThereError for a symbol that the catalog does not have, or not at the span.
    """
    names = list(dict.fromkeys(symbol.strip().upper() for symbol in symbols))
    for name in names:
        instruments_named(catalog, name, asset_type)
    wanted = [
        (each, stored, quotes)
        for each in catalog.instruments.all()
        if (not names or each.symbol in names) and asset_type in {None, each.asset_type}
        for quotes, spans in ((False, catalog.spans(each)), (True, catalog.quote_spans(each)))
        for stored in spans
        if span in {None, stored}
    ]
    lacking = next((name for name in names if all(each.symbol != name for each, *_ in wanted)), None)
    if lacking is not None or not wanted:
        raise not_stored(span, lacking)
    return wanted


def not_stored(span: BarTimeSpan | None, symbol: str | None = None) -> NotThereError:
    """That there is nothing to check, of a symbol or at all."""
    bars = "bars" if span is None else f"{span.value} bars"
    return NotThereError("SPAN_NOT_AVAILABLE", f"the catalog has no {bars} of {symbol or 'any instrument'}")


def check_days(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan, since: date | None, until: date | None, *, quotes: bool
) -> SeriesReport | None:
    """Check the bars or quote bars of those days, both included; None where there are none around them."""
    start, end = days_window(instrument.exchange, since, until)
    check = check_stored_quotes if quotes else check_stored
    return check(catalog, instrument, span, start=start, end=end)


def quality_document(reports: Sequence[SeriesReport], accepted: Collection[str] = ()) -> dict[str, Any]:
    """What checks of series have found. Raises NotThereError NO_BARS where there is none."""
    series = [
        {
            "symbol": report.series.instrument.symbol,
            "asset_type": report.series.instrument.asset_type.name,
            "span": report.series.span.value,
            "data": report.data,
            "bars": report.bars,
            "first": time_text(report.first),
            "last": time_text(report.last),
            "findings": [found.to_json() for found in report.findings],
        }
        for report in reports
    ]
    return counted_quality(series, accepted)


def counted_quality(series: list[dict[str, Any]], accepted: Collection[str] = ()) -> dict[str, Any]:
    """The documents of series with how many problems they have; findings of accepted codes are none.

    Raises NotThereError NO_BARS where there is no series.
    """
    if not series:
        raise NotThereError("NO_BARS", "there are no bars to check")
    for entry in series:
        for found in entry["findings"]:
            if found["code"] in accepted:
                found["severity"] = "accepted"
    severities = [found["severity"] for entry in series for found in entry["findings"]]
    return {
        "series": series,
        "bars": sum(entry["bars"] for entry in series),
        "clean": sum(not entry["findings"] for entry in series),
        "problems": severities.count("problem"),
        "accepted": severities.count("accepted"),
        "notes": severities.count("note"),
    }


def imported_findings(catalog: Catalog, summary: ImportSummary) -> list[dict[str, Any]]:
    """What a check finds in the bars that an import brought, without what the import itself has counted."""
    found = check_imported(catalog, summary.series)
    return [each.to_json() for each in found if each.code not in summary.findings.counts]


def days_window(exchange: str, since: date | None, until: date | None) -> tuple[int, int]:
    """The days as a window in microseconds UTC: whole days as the exchange counts them, of UTC if it is unknown."""

    def bounds(day: date) -> tuple[int, int]:
        try:
            return sessions_for(exchange).day_bounds(day)
        except UnknownExchangeError:
            first = datetime(day.year, day.month, day.day, tzinfo=UTC)
            start, end = (round(at.timestamp()) * 1_000_000 for at in (first, first + timedelta(days=1)))
            return start, end

    return (-EVER if since is None else bounds(since)[0]), (EVER if until is None else bounds(until)[1])
