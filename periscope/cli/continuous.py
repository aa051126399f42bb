"""What `periscope data show ROOT --continuous` says: a futures root as one series."""

from typing import Any

from periscope.cli.output import remark, say
from periscope.cli.table import print_table
from periscope.instruments.words import counted

COLUMNS = ("start", "contract", "open", "high", "low", "close", "volume")


def show_continuous(document: dict[str, Any]) -> None:
    """The document of such a series for people."""
    say(f"{document['root']} {document['span']}, {document['adjustment']}: {counted(document['bars'], 'bar')}")
    print_table(COLUMNS, document["head"] + document["tail"], to_right=set(COLUMNS) - {"start", "contract"})
    for roll in document["rolls"]:
        measured = "" if roll["measured_at"] is None else f", measured in the bar of {roll['measured_at']}"
        remark(f"{roll['from']} to {roll['to']} at {roll['at']}{measured}")
    if document["rounded_to_decimals"] is not None:
        remark(f"prices are rounded half-even to {document['rounded_to_decimals']} decimals")
    remark("for charts and research: these prices were never traded, and no run fills at them")
