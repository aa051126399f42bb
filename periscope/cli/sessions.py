"""`periscope sessions`: when an exchange trades on a day, and why on that day not as usual."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.table import print_table

if TYPE_CHECKING:
    from periscope.instruments.sessions import ExchangeSessions

TABLE_COLUMNS = ("codes", "name", "zone", "first_day", "last_day", "extended")
RULE_COLUMNS = ("since", "opens", "closes", "breaks", "source")
DAY_COLUMNS = ("day", "kind", "opens", "closes", "breaks", "opens (UTC)", "closes (UTC)", "reason")


def sessions(
    exchange: Annotated[str | None, typer.Argument(help="A code, such as XNYS or CME. Without it: all codes.")] = None,
    first: Annotated[str | None, typer.Argument(metavar="DATE", help="A day, such as 2013-11-29.")] = None,
    last: Annotated[str | None, typer.Argument(metavar="TO", help="The last day of several.")] = None,
    extended: Annotated[bool, typer.Option("--extended", help="Trading before and after regular hours too.")] = False,
    as_json: JsonOption = False,
) -> int:
    """When an exchange opens and closes, in its own time and in UTC: breaks, half days, holidays and their reasons."""
    if exchange is None:
        return _show_tables(as_json)
    found = _sessions(exchange.strip().upper(), extended)
    if first is None:
        return _show_rules(exchange.strip().upper(), found, as_json)
    begin = _day(first)
    end = begin if last is None else _day(last)
    if end < begin:
        raise typer.BadParameter(f"{end} is before {begin}; write the earlier day first")
    return _show_days(exchange.strip().upper(), found, begin, end, as_json)


def _sessions(exchange: str, extended: bool) -> "ExchangeSessions":
    from periscope.instruments.sessions import UnknownExchangeError, sessions_for

    try:
        found = sessions_for(exchange, extended=extended)
    except UnknownExchangeError as error:
        near = f"did you mean {' or '.join(error.near)}? " if error.near else ""
        fail("UNKNOWN_EXCHANGE", str(error), exit_code=ExitCode.NOT_FOUND, hint=f"{near}`periscope sessions` lists all")
    if extended and not found.extended:
        remark(f"{exchange} has no extended hours: these are the regular ones")
    return found


def _show_tables(as_json: bool) -> int:
    from periscope.instruments.hours import TABLES
    from periscope.instruments.session_documents import table_document

    documents = [table_document(hours) for hours in TABLES]
    if as_json:
        print_json({"exchanges": documents})
    else:
        rows = [
            each | {"codes": " ".join(each["codes"]), "extended": "yes" if each["extended"] else "no"}
            for each in documents
        ]
        print_table(TABLE_COLUMNS, rows)
    return ExitCode.DONE


def _show_rules(exchange: str, found: "ExchangeSessions", as_json: bool) -> int:
    from periscope.cli.sessions_view import rules_row
    from periscope.instruments.session_documents import exchange_document

    document = exchange_document(exchange, found)
    if as_json:
        print_json(document)
        return ExitCode.DONE
    say(f"{exchange}: {document['name']}, {document['hours']} hours, {document['zone']} time")
    say(f"trading days {document['first_day']} to {document['last_day']}")
    print_table(RULE_COLUMNS, [rules_row(rule) for rule in found.rules])
    remark(f"`periscope sessions {exchange} DATE` shows a day, with its exceptions from these hours")
    return ExitCode.DONE


def _show_days(exchange: str, found: "ExchangeSessions", first: date, last: date, as_json: bool) -> int:
    from periscope.cli.sessions_view import day_row
    from periscope.instruments.session_documents import days_document
    from periscope.instruments.sessions import SessionRangeError

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    try:
        document = days_document(exchange, found, days)
    except SessionRangeError as error:
        fail("OUTSIDE_SESSION_TABLE", str(error), exit_code=ExitCode.DATA, hint=f"periscope sessions {exchange}")
    if as_json:
        print_json(document)
        return ExitCode.DONE
    say(f"{exchange}: {found.hours.name}, {document['hours']} hours, {found.zone.key} time")
    rows = [_shown(day_row(found, day)) for day in days if len(days) == 1 or day.weekday() < 5]
    print_table(DAY_COLUMNS, rows)
    if not rows:
        say("a weekend: no session")
    return ExitCode.DONE


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose reasons and breaks are sentences, not lists."""
    return row | {"breaks": ", ".join(row["breaks"]), "reason": "; ".join(row["reason"])}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write one such as 2013-11-29") from None
