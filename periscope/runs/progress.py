"""How far a run has come."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One reading of a running backtest.

    `fraction` of the simulated time that is done, 0 to 1; `simulation_time` in microseconds since 1970-01-01 UTC;
    `bars` delivered and `orders` placed so far; `bars_per_second` and `seconds_left` in wall time, the latter None
    while unknown. `state` gives money, positions, orders, fills and issues so far as JSON; it may be called only while
    the reading is being handed over.
    """

    fraction: float
    simulation_time: int
    bars: int
    orders: int
    bars_per_second: float
    seconds_left: float | None = None
    state: Callable[[], dict[str, Any]] | None = None
