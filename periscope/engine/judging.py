"""Accounts that look at resting orders again whenever prices or the books change, and end what they can't bear.

LEAN goes through its open orders at every step, in the order of their numbers: each must be affordable at the new
prices before it may fill, even where it would not. What fills changes what the next one is compared with. A second
look follows after the strategy has acted.

Source: QuantConnect/Lean (Apache-2.0), Brokerages/Backtesting/BacktestingBrokerage.cs, Scan.
"""

from collections.abc import Iterable

from libs.shared_ipc.src.protocol import TimeInForce
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Key, Phase, Rank
from periscope.execution.order import Happening, Order
from periscope.instruments.instrument import Instrument
from periscope.market.series import BarSeries, QuoteSeries


def next_judgement(state: Simulation) -> Key | None:
    """When prices next change while orders rest, None if the account does not care or that is beyond the horizon."""
    if not state.orders or not state.account.judges_resting_orders:
        return None
    ends = [end for instrument in _concerned(state) for end in _next_ends(state, instrument)]
    soonest = min(ends, default=None)
    return None if soonest is None or soonest > state.horizon else (soonest, Rank.UPDATES, Phase.MOMENT, -1, 0)


def judge(state: Simulation, numbers: Iterable[int], phase: Phase = Phase.MOMENT) -> None:
    """End those of the orders that the account would not take any more, in the order of the numbers."""
    for number in sorted(numbers):
        order = state.orders.get(number)
        if order is None or not _is_due(state, order):
            continue
        refusal = state.account.check_order(order, state.book, state.exposures, None, state)
        if refusal is not None:
            state.end_order(order, Happening.BREACHED, phase, refusal)


def is_step(state: Simulation) -> bool:
    """Whether a bar of something ordered or held ends now."""
    return any(_last_end(state, instrument) == state.now for instrument in _concerned(state))


def _concerned(state: Simulation) -> list[Instrument]:
    """What is ordered or held."""
    known = {key: exposure.instrument for key, exposure in state.exposures.items()}
    known |= {key: state.orders[number].instrument for key, number in state.closers.firsts()}
    known |= {key: held.instrument for key, held in state.book.positions.items()}
    return list(known.values())


def _is_due(state: Simulation, order: Order) -> bool:
    """Orders of this very instant wait for the next; expiry comes first; the open needs a bar after the order."""
    if order.placed_at >= state.now or (order.until is not None and order.until <= state.now):
        return False
    return order.time_in_force is not TimeInForce.OPG or _last_end(state, order.instrument) > order.placed_at


def _windows(state: Simulation, instrument: Instrument) -> list[BarSeries | QuoteSeries]:
    market = state.markets.market(instrument)
    return [window for window in (market.bars, market.quotes) if window is not None]


def _next_ends(state: Simulation, instrument: Instrument) -> list[int]:
    found = []
    for window in _windows(state, instrument):
        window.reach(state.horizon)
        place = int(window.end.searchsorted(state.now, "right"))
        if place < len(window.end):
            found.append(int(window.end[place]))
    return found


def _last_end(state: Simulation, instrument: Instrument) -> int:
    """When the last bar of an instrument ended, 0 if there was none."""
    found = 0
    for window in _windows(state, instrument):
        place = int(window.end.searchsorted(state.now, "right"))
        found = max(found, int(window.end[place - 1]) if place else 0)
    return found
