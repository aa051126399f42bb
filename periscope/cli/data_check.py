"""`periscope data check`: what is wrong with the bars of the catalog."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from periscope.cli.data_keeper import CatalogOption, open_data
from periscope.cli.days import days_of
from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption
from periscope.cli.output import JsonOption, print_json, remark, say
from periscope.cli.table import print_table
from periscope.cli.workspace import shown
from periscope.instruments.words import counted

COLUMNS = ("severity", "code", "symbol", "span", "data", "count", "first", "example")


def check(  # noqa: PLR0913, PLR0917 - one parameter for each option
    symbols: Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Without: all.")] = None,
    span: Annotated[Literal["second", "minute", "hour", "day"] | None, typer.Option(help="Only this span.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    accept: Annotated[list[str] | None, typer.Option(help="A code that is no problem here; may be repeated.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with a picture of each series.")] = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look for what is wrong with bars and quotes: gaps, spikes, bad stamps. Ends with 5 if there are problems."""
    from libs.shared_ipc.src.protocol import BarTimeSpan

    accepted = _codes(accept or [])
    days = days_of(since, until)
    one_span = None if span is None else BarTimeSpan(span)
    with open_data(server, catalog) as keeper:
        document = keeper.check(symbols or [], one_span, days, accepted, report)
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
