"""`periscope sessions`: when an exchange trades on a day, and why on that day not as usual."""

from datetime import date
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document, ServerOption
from periscope.cli.output import JsonOption, print_json, remark, say
from periscope.cli.sessions_keeper import open_sessions
from periscope.cli.table import print_table

TABLE_COLUMNS = ("codes", "name", "zone", "first_day", "last_day", "extended")
RULE_COLUMNS = ("since", "opens", "closes", "breaks", "source")
DAY_COLUMNS = ("day", "kind", "opens", "closes", "breaks", "opens (UTC)", "closes (UTC)", "reason")


def sessions(
    exchange: Annotated[str | None, typer.Argument(help="A code, such as XNYS or CME. Without it: all codes.")] = None,
    first: Annotated[str | None, typer.Argument(metavar="DATE", help="A day, such as 2013-11-29.")] = None,
    last: Annotated[str | None, typer.Argument(metavar="TO", help="The last day of several.")] = None,
    extended: Annotated[bool, typer.Option("--extended", help="Trading before and after regular hours too.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """When an exchange opens and closes, in its own time and in UTC: breaks, half days, holidays and their reasons."""
    code = None if exchange is None else exchange.strip().upper()
    begin = None if first is None else _day(first)
    end = begin if last is None else _day(last)
    if begin is not None and end is not None and end < begin:
        raise typer.BadParameter(f"{end} is before {begin}; write the earlier day first")
    with open_sessions(server) as keeper:
        if code is None:
            document, show = keeper.exchanges(), _show_tables
        elif begin is None or end is None:
            document, show = keeper.exchange(code, extended=extended), _show_rules
        else:
            document, show = keeper.days(code, begin, end, extended=extended), _show_days
    if code is not None and extended and document["hours"] != "extended":
        remark(f"{code} has no extended hours: these are the regular ones")
    if as_json:
        print_json(document)
    else:
        show(document)
    return ExitCode.DONE


def _show_tables(document: Document) -> None:
    rows = [
        each | {"codes": " ".join(each["codes"]), "extended": "yes" if each["extended"] else "no"}
        for each in document["exchanges"]
    ]
    print_table(TABLE_COLUMNS, rows)


def _show_rules(document: Document) -> None:
    from periscope.cli.sessions_view import rules_row

    exchange = document["exchange"]
    say(f"{exchange}: {document['name']}, {document['hours']} hours, {document['zone']} time")
    say(f"trading days {document['first_day']} to {document['last_day']}")
    print_table(RULE_COLUMNS, [rules_row(rule) for rule in document["rules"]])
    remark(f"`periscope sessions {exchange} DATE` shows a day, with its exceptions from these hours")


def _show_days(document: Document) -> None:
    from periscope.cli.sessions_view import day_row

    say(f"{document['exchange']}: {document['name']}, {document['hours']} hours, {document['zone']} time")
    days = document["days"]
    rows = [day_row(day) for day in days if len(days) == 1 or day["weekday"] not in ("Saturday", "Sunday")]
    print_table(DAY_COLUMNS, rows)
    if not rows:
        say("a weekend: no session")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write one such as 2013-11-29") from None
