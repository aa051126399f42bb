"""`periscope instruments rolls`: when a futures root passes from one contract to the next."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from periscope.cli.days import days_of
from periscope.cli.exits import ExitCode
from periscope.cli.instruments_keeper import open_instruments
from periscope.cli.keeper import ServerOption
from periscope.cli.output import JsonOption, print_json, remark, say
from periscope.cli.table import print_table

COLUMNS = ("from", "to", "trading day", "since (UTC)", "decided on", "contracts from", "contracts to", "because")


def rolls(
    root: Annotated[str, typer.Argument(help="A futures root, such as ES.")],
    by: Annotated[
        Literal["volume", "open-interest", "last-trade"], typer.Option(help="What decides which contract counts.")
    ] = "volume",
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    catalog: Annotated[str | None, typer.Option(help="The catalog's folder or address; else the workspace's.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """When a root rolls: by volume as strategies see the front month, by open interest, or by last trade."""
    days = days_of(since, until)
    with open_instruments(server, catalog) as keeper:
        document = keeper.rolls(root, by, *days)
    if as_json:
        print_json(document)
        return ExitCode.DONE
    shown = [
        row
        | {
            "trading day": row["trading_day"],
            "since (UTC)": row["at"],
            "decided on": row["decided_on"] or "-",
            "contracts from": row["from_contracts"] or "-",
            "contracts to": row["to_contracts"] or "-",
            "because": "it expired" if row["expired"] else f"more {by.replace('-', ' ')}",
        }
        for row in document["rolls"]
    ]
    print_table(COLUMNS, shown, to_right={"contracts from", "contracts to"})
    if not shown:
        say(f"{document['root']} does not roll in that time")
    remark(f"the first contract is {document['first']['contract']}, since {document['first']['since']}")
    return ExitCode.DONE
