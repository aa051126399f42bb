"""What checks of bars find as JSON documents: those of `--json`, which are also those of the API."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import UnknownExchangeError, sessions_for
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.importers.storing import ImportSummary
from periscope.market.quality.check import EVER, SeriesReport, check_imported, check_stored, check_stored_quotes


def check_days(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan, since: date | None, until: date | None, *, quotes: bool
) -> SeriesReport | None:
    """Check the bars or quote bars of those days, both included; None where there are none around them."""
    start, end = days_window(instrument.exchange, since, until)
    check = check_stored_quotes if quotes else check_stored
    return check(catalog, instrument, span, start=start, end=end)


def quality_document(reports: Sequence[SeriesReport], accepted: Collection[str] = ()) -> dict[str, Any]:
    """What checks of series have found."""
    series: list[dict[str, Any]] = []
    for report in reports:
        findings = [found.to_json() for found in report.findings]
        for found in findings:
            if found["code"] in accepted:
                found["severity"] = "accepted"
        series.append(
            {
                "symbol": report.series.instrument.symbol,
                "asset_type": report.series.instrument.asset_type.name,
                "span": report.series.span.value,
                "data": report.data,
                "bars": report.bars,
                "first": time_text(report.first),
                "last": time_text(report.last),
                "findings": findings,
            }
        )
    severities = [found["severity"] for entry in series for found in entry["findings"]]
    return {
        "series": series,
        "bars": sum(report.bars for report in reports),
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
