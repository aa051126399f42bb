"""Accounts that look at resting orders again whenever prices or the books change, and end what they can't bear.

LEAN goes through its open orders at every step, in the order of their numbers: each must be affordable at the new
prices before it may fill, even where it would not. What fills changes what the next one is compared with. A second
look follows after the strategy has acted.

Source: QuantConnect/Lean (Apache-2.0), Brokerages/Backtesting/BacktestingBrokerage.cs, Scan.
"""

from bisect import bisect_left
from decimal import Decimal
from functools import partial

from libs.shared_ipc.src.protocol import TimeInForce
from periscope.engine.judged import OrderSizes
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Key, Phase, Rank
from periscope.execution.order import Happening, Order
from periscope.portfolio.book import InstrumentKey

_LAST = 1 << 62
"""Above the number of every order."""


def next_judgement(state: Simulation) -> Key | None:
    """When prices next change while orders rest, None if the account does not care or that is beyond the horizon."""
    if state.judged is None or not state.orders:
        return None
    soonest = state.judged.steps.next(state.now, partial(_concerns, state))
    return None if soonest is None else (soonest, Rank.UPDATES, Phase.MOMENT, -1, 0)


def judge(state: Simulation, first: int = 0, stop: int = _LAST, phase: Phase = Phase.MOMENT) -> None:
    """End those orders of the numbers from `first` on, before `stop`, that the account would not take any more.

    In the order of the numbers. Most orders are far from that, and are not looked at one by one.
    """
    if state.judged is None or not state.orders:
        return
    for number in _doubtful(state, state.judged.sizes, first, stop):
        order = state.orders[number]
        if not _is_due(state, order):
            continue
        refusal = state.account.check_order(order, state.book, state.exposures, None, state)
        if refusal is not None:
            state.end_order(order, Happening.BREACHED, phase, refusal)


def is_step(state: Simulation) -> bool:
    """Whether a bar of something ordered or held ends now."""
    return state.judged is not None and state.judged.steps.is_now(state.now, partial(_concerns, state))


def _concerns(state: Simulation, key: InstrumentKey) -> bool:
    """Whether an instrument is ordered or held."""
    return key in state.exposures or key in state.book.positions or state.closers.first(key) is not None


def _doubtful(state: Simulation, sizes: OrderSizes, first: int, stop: int) -> list[int]:
    """Numbers of the orders that are not sure to be borne, ascending.

    What is sure for one order is so for all smaller ones of its kind, so that the largest is asked first, and then as
    few as it takes to find where certainty ends. Ending an order leaves the books, and so the answers, as they are.
    """
    free = state.account.free(state.book, state.exposures, state)

    def is_doubtful(entry: tuple[Decimal, int]) -> bool:
        return not state.account.surely_bears(state.orders[entry[1]], free, state.book, state)

    found: list[int] = []
    for entries in sizes.kinds():
        if is_doubtful(entries[-1]):
            at = bisect_left(entries, True, key=is_doubtful)
            found += [number for _, number in entries[at:] if first <= number < stop]
    return sorted(found)


def _is_due(state: Simulation, order: Order) -> bool:
    """Orders of this very instant wait for the next; expiry comes first; the open needs a bar after the order."""
    if order.placed_at >= state.now or (order.until is not None and order.until <= state.now):
        return False
    return order.time_in_force is not TimeInForce.OPG or _last_end(state, order) > order.placed_at


def _last_end(state: Simulation, order: Order) -> int:
    """When the last bar of an order's instrument ended, 0 if there was none."""
    found = 0
    for window in state.markets.windows(order.instrument):
        place = int(window.end.searchsorted(state.now, "right"))
        found = max(found, int(window.end[place - 1]) if place else 0)
    return found
