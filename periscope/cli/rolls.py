"""`periscope instruments rolls`: when a futures root passes from one contract to the next."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.table import print_table
from periscope.cli.workspace import find_catalog

if TYPE_CHECKING:
    from periscope.market.rolls import Roll

COLUMNS = ("from", "to", "trading day", "since (UTC)", "decided on", "contracts from", "contracts to", "because")


def rolls(
    root: Annotated[str, typer.Argument(help="A futures root, such as ES.")],
    by: Annotated[
        Literal["volume", "open-interest", "last-trade"], typer.Option(help="What decides which contract counts.")
    ] = "volume",
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    catalog: Annotated[str | None, typer.Option(help="The catalog's folder or address; else the workspace's.")] = None,
    as_json: JsonOption = False,
) -> int:
    """When a root rolls: by volume as strategies see the front month, by open interest, or by last trade."""
    from periscope.instruments.times import time_text
    from periscope.market.catalog import Catalog
    from periscope.market.rolls import NoRollsError, RollBy, roll_schedule

    if since is not None and until is not None and until < since:
        raise typer.BadParameter(f"--to {until:%Y-%m-%d} is before --from {since:%Y-%m-%d}")
    opened = Catalog.open(find_catalog(catalog, must_exist=True))
    try:
        schedule = roll_schedule(opened, root.strip().upper(), RollBy(by))
    except NoRollsError as problem:
        known = problem.code != "UNKNOWN_ROOT"
        fail(problem.code, str(problem), exit_code=ExitCode.DATA if known else ExitCode.NOT_FOUND)
    rows = [
        _row(roll)
        for roll in schedule.rolls
        if (since is None or roll.day >= since.date()) and (until is None or roll.day <= until.date())
    ]
    if as_json:
        print_json(
            {
                "catalog": opened.files.where,
                "root": schedule.root,
                "by": schedule.by.value,
                "first": {"contract": schedule.first_symbol, "since": time_text(schedule.first_at)},
                "ends": None if schedule.ends_at is None else time_text(schedule.ends_at),
                "rolls": rows,
            }
        )
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
        for row in rows
    ]
    print_table(COLUMNS, shown, to_right={"contracts from", "contracts to"})
    if not rows:
        say(f"{schedule.root} does not roll in that time")
    remark(f"the first contract is {schedule.first_symbol}, since {time_text(schedule.first_at)}")
    return ExitCode.DONE


def _row(roll: "Roll") -> dict[str, Any]:
    from periscope.instruments.times import time_text

    return {
        "from": roll.from_symbol,
        "to": roll.to_symbol,
        "trading_day": roll.day.isoformat(),
        "at": time_text(roll.at),
        "decided_on": None if roll.decided is None else roll.decided.isoformat(),
        "from_contracts": None if roll.from_count is None else f"{roll.from_count:f}",
        "to_contracts": None if roll.to_count is None else f"{roll.to_count:f}",
        "expired": roll.expired,
    }
