"""Cancellations of limit orders: asked for at one moment, true when they have come to the market."""

from periscope.engine.pieces import CancelRequest
from periscope.engine.simulation import Simulation
from periscope.engine.timeline import Phase
from periscope.execution.order import Happening
from periscope.portfolio.book import InstrumentKey


def ask_to_cancel(state: Simulation, key: InstrumentKey) -> None:
    """Cancel the limit orders of an instrument as soon as `core.latency_seconds` lets the request arrive."""
    request = CancelRequest(state.now + state.settings.latency, key, state.sequence)
    if state.settings.latency:
        state.cancels = (*state.cancels, request)
    else:
        _cancel(state, request)


def cancel_arrived(state: Simulation) -> None:
    """All requests that arrive now take effect together: what a strategy does about one can't come before another."""
    arrived = [request for request in state.cancels if request.arrives_at == state.now]
    state.cancels = state.cancels[len(arrived) :]
    for request in arrived:
        _cancel(state, request)


def _cancel(state: Simulation, request: CancelRequest) -> None:
    """Cancel what rests as a limit order of the instrument and was placed before the request."""
    for number in sorted(state.limits.all(request.key)):
        if number > request.last_sequence:
            break
        state.end_order(state.orders[number], Happening.CANCELLED, Phase.CONSEQUENCE)
