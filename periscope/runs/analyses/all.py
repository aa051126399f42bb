"""The analyses in the order in which their findings are told."""

from collections.abc import Callable, Iterator

from periscope.runs.analyses import holdings, orders, results
from periscope.runs.analyses.ended import EndedRun, Finding

ANALYSES: tuple[Callable[[EndedRun], Iterator[Finding]], ...] = (
    orders.no_orders,
    orders.all_rejected,
    orders.never_filled,
    orders.stale_fills,
    holdings.holes,
    results.one_trade,
    results.one_day,
    results.idle_cash,
)


def findings(run: EndedRun) -> Iterator[Finding]:
    """What all analyses find in a run that has ended."""
    for analysis in ANALYSES:
        yield from analysis(run)
