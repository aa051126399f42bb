"""The base class of every strategy."""

from abc import ABC, abstractmethod
from datetime import datetime

from libs.shared_ipc.src.framework.runtime import CLOCK_ATTRIBUTE, Clock
from libs.shared_ipc.src.protocol import (
    Action,
    BarEvent,
    ExpirationEvent,
    OrderUpdateEvent,
    QuoteEvent,
    TimerEvent,
)


class StrategyBase(ABC):
    """What your `Strategy` class extends: events arrive, a handler decides and returns actions.

    Implement `on_start`; every other handler does nothing unless you override it. Define
    `__init__(self, data_coordinator, config)`; calling `super().__init__()` is not needed. Handlers are awaited one
    at a time, and the actions that one returns are applied in order at its simulation time.
    """

    __slots__ = (CLOCK_ATTRIBUTE,)

    @property
    def simulation_time(self) -> datetime:
        """The clock's position, aware UTC: the same as the event's. RuntimeError before `on_start`."""
        try:
            clock: Clock = object.__getattribute__(self, CLOCK_ATTRIBUTE)
        except AttributeError:
            raise RuntimeError(_TOO_EARLY) from None
        if clock.now is None:
            raise RuntimeError(_TOO_EARLY)
        return clock.now

    @abstractmethod
    async def on_start(self, as_of_time: datetime) -> list[Action]:
        """Called once, before any event, with the start of the run. Register streams and insert cash here."""

    async def on_bar(self, event: BarEvent) -> list[Action]:  # noqa: ARG002
        """A bar of a registered stream is complete."""
        return []

    async def on_quote(self, event: QuoteEvent) -> list[Action]:  # noqa: ARG002
        """A quote of a registered stream arrived. Quotes are currently disabled, so this is never called."""
        return []

    async def on_timer(self, event: TimerEvent) -> list[Action]:  # noqa: ARG002
        """A timer made by `RegisterTimeStepAction` fired."""
        return []

    async def on_expiration(self, event: ExpirationEvent) -> list[Action]:  # noqa: ARG002
        """A registered security expired; its registrations have ended. The place to roll to a new contract."""
        return []

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:  # noqa: ARG002
        """One of this strategy's orders changed state."""
        return []

    async def on_stop(self) -> None:  # noqa: B027 - doing nothing is the default
        """Called once when the run completes or is stopped. It may query the data coordinator but not act."""


_TOO_EARLY = (
    "simulation_time is not known yet: the clock starts with on_start. "
    "Read it in on_start or in a later handler, not in __init__."
)
