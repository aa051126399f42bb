"""What `periscope data show ROOT --continuous` says: a futures root as one series."""

from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.cli.exits import ExitCode
from periscope.cli.output import fail, remark, say
from periscope.cli.table import print_table
from periscope.instruments.times import time_text
from periscope.instruments.words import counted
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.continuous import RATIO_DECIMALS, Adjustment, ContinuousSeries, continuous
from periscope.market.quality.series import price_text
from periscope.market.rolls import NoRollsError

COLUMNS = ("start", "contract", "open", "high", "low", "close", "volume")


def continuous_document(
    catalog: Catalog, root: str, span: BarTimeSpan | None, adjustment: str, rows: int
) -> dict[str, Any]:
    """The series rolled by volume: its rolls, and so many bars at each end; day bars if no span is given."""
    try:
        series = continuous(catalog, root, span or BarTimeSpan.DAY, adjustment=Adjustment(adjustment))
    except NoRollsError as problem:
        code = ExitCode.NOT_FOUND if problem.code == "UNKNOWN_ROOT" else ExitCode.DATA
        fail(problem.code, str(problem), exit_code=code)
    count = len(series.bars)
    head = range(min(rows, count))
    tail = range(max(count - rows, len(head)), count)
    return {
        "root": root,
        "span": series.span.value,
        "adjustment": adjustment,
        "bars": count,
        "rounded_to_decimals": RATIO_DECIMALS if series.adjustment is Adjustment.RATIO else None,
        "rolls": [
            {
                "from": splice.from_symbol,
                "to": splice.to_symbol,
                "at": time_text(splice.at),
                "measured_at": None if splice.common is None else time_text(splice.common),
            }
            for splice in series.splices
        ],
        "head": [_row(series, row) for row in head],
        "tail": [_row(series, row) for row in tail],
    }


def show_continuous(document: dict[str, Any]) -> None:
    """The same for people."""
    say(f"{document['root']} {document['span']}, {document['adjustment']}: {counted(document['bars'], 'bar')}")
    print_table(COLUMNS, document["head"] + document["tail"], to_right=set(COLUMNS) - {"start", "contract"})
    for roll in document["rolls"]:
        measured = "" if roll["measured_at"] is None else f", measured in the bar of {roll['measured_at']}"
        remark(f"{roll['from']} to {roll['to']} at {roll['at']}{measured}")
    if document["rounded_to_decimals"] is not None:
        remark(f"prices are rounded half-even to {document['rounded_to_decimals']} decimals")
    remark("for charts and research: these prices were never traded, and no run fills at them")


def _row(series: ContinuousSeries, row: int) -> dict[str, Any]:
    bars, volume = series.bars, int(series.bars.volume[row])
    prices = {
        name: price_text(int(getattr(bars, name)[row]), series.price_scale) for name in ("open", "high", "low", "close")
    }
    return {
        "start": time_text(int(bars.start[row])),
        "contract": series.contracts[int(series.contract[row])],
        **prices,
        "volume": None if volume == UNKNOWN_VOLUME else price_text(volume, series.volume_scale),
    }
