"""`periscope data check`: what is wrong with the bars of the catalog."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.import_display import import_display
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.release import release
from periscope.cli.table import print_table
from periscope.cli.workspace import find_catalog, shown
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from datetime import date

    from libs.shared_ipc.src.protocol import BarTimeSpan
    from periscope.instruments.instrument import Instrument
    from periscope.market.catalog import Catalog
    from periscope.market.quality.check import SeriesReport

COLUMNS = ("severity", "code", "symbol", "span", "data", "count", "first", "example")

type Wanted = list[tuple[Instrument, BarTimeSpan, bool]]
"""Series to check; whether it is one of quote bars."""


def check(
    symbols: Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Without: all.")] = None,
    span: Annotated[Literal["second", "minute", "hour", "day"] | None, typer.Option(help="Only this span.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    accept: Annotated[list[str] | None, typer.Option(help="A code that is no problem here; may be repeated.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with a picture of each series.")] = None,
    catalog: Annotated[str | None, typer.Option(help="The catalog's folder or address; else the workspace's.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Look for what is wrong with bars and quotes: gaps, spikes, bad stamps. Ends with 5 if there are problems."""
    from periscope.market.catalog import Catalog
    from periscope.market.quality.documents import quality_document

    accepted = _codes(accept or [])
    if since is not None and until is not None and until < since:
        raise typer.BadParameter(f"--to {until:%Y-%m-%d} is before --from {since:%Y-%m-%d}")
    opened = Catalog.open(find_catalog(catalog, must_exist=True))
    wanted = _wanted(opened, symbols or [], span)
    days = (None if since is None else since.date(), None if until is None else until.date())
    reports = list(_reports(opened, wanted, *days))
    if not reports:
        fail("NO_BARS", "there are no bars to check", exit_code=ExitCode.DATA, where=opened.files.where)
    document = quality_document(reports, accepted) | {"catalog": opened.files.where, "report": None}
    if report is not None:
        from periscope.report.quality import write_quality_report

        document["report"] = str(write_quality_report(reports, report, accepted=accepted, version=release()))
    if as_json:
        print_json(document)
    else:
        _show(document)
    return ExitCode.DATA if document["problems"] else ExitCode.DONE


def show_imported(findings: list[dict[str, Any]]) -> None:
    """The same for people, beside the result of the import."""
    for found in findings:
        data = "" if found["data"] == "bars" else f" {found['data']}"
        place = f"{found['symbol']} {found['span']}{data} {found['first']}"
        remark(f"{found['count']} {found['code']}\n  {place}: {found['example']}")
    if findings:
        remark("`periscope data check --report check.html` shows these findings with pictures")


def _codes(codes: list[str]) -> frozenset[str]:
    from periscope.market.quality.rules import RULES

    unknown = [code for code in codes if code.upper() not in RULES]
    if unknown:
        raise typer.BadParameter(f"--accept {unknown[0]}: there is no such code; the codes are {', '.join(RULES)}")
    return frozenset(code.upper() for code in codes)


def _wanted(catalog: "Catalog", symbols: list[str], span: str | None) -> "Wanted":
    """The series to check. A symbol that the catalog does not have, or not at the span, ends the command."""
    from libs.shared_ipc.src.protocol import AssetType

    names = list(dict.fromkeys(symbol.strip().upper() for symbol in symbols))
    instruments = [each for each in catalog.instruments.all() if not names or each.symbol in names]
    for name in names:
        if all(each.symbol != name for each in instruments):
            what = catalog.instruments.explain_unknown(name, AssetType.EQUITY)
            fail("UNKNOWN_INSTRUMENT", what, exit_code=ExitCode.NOT_FOUND)
    wanted = [
        (each, stored, quotes)
        for each in instruments
        for quotes, spans in ((False, catalog.spans(each)), (True, catalog.quote_spans(each)))
        for stored in spans
        if span in {None, stored.value}
    ]
    lacking = next((name for name in names if all(each.symbol != name for each, *_ in wanted)), None)
    if lacking is not None or not wanted:
        of = lacking or "any instrument"
        fail("SPAN_NOT_AVAILABLE", f"the catalog has no {span or ''} bars of {of}", exit_code=ExitCode.NOT_FOUND)
    return wanted


def _reports(
    catalog: "Catalog", wanted: "Wanted", since: "date | None", until: "date | None"
) -> "Iterator[SeriesReport]":
    """One report for each series that has bars around those days, with progress in series."""
    from periscope.market.quality.documents import check_days

    with import_display() as progress:
        for done, (instrument, span, quotes) in enumerate(wanted):
            progress(done, len(wanted), f"{instrument.symbol} {span.value}")
            report = check_days(catalog, instrument, span, since, until, quotes=quotes)
            if report is not None:
                yield report


def _show(document: dict[str, Any]) -> None:
    from periscope.market.quality.rules import RULES

    rows = [found for entry in document["series"] for found in entry["findings"]]
    ranks = {"problem": 0, "accepted": 1, "note": 2}
    rows.sort(key=lambda found: (ranks[found["severity"]], list(RULES).index(found["code"])))
    print_table(COLUMNS, rows, to_right={"count"})
    if rows:
        say()
    parts = [counted(document["problems"], "problem"), counted(document["notes"], "note")]
    if document["accepted"]:
        parts.insert(1, f"{document['accepted']} accepted")
    looked_at = f"{counted(len(document['series']), 'series', 'series')}, {counted(document['bars'], 'bar')}"
    say(f"{looked_at}: {document['clean']} clean, {', '.join(parts)}")
    for code in dict.fromkeys(found["code"] for found in rows if found["severity"] == "problem"):
        remark(f"{code}: {RULES[code].what}. What to do: {RULES[code].mend}")
    if document["report"] is not None:
        remark(f"the report is {shown(Path(document['report']))}")
