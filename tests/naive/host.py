"""Holds the strategy: calls its handlers and answers its questions."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase
from libs.shared_ipc.src.framework.runtime import Clock, attach_clock
from libs.shared_ipc.src.protocol import Action, AssetType, StrategyPosition
from tests.naive.carried import carried
from tests.naive.sessions import micros

type StrategyFactory = Callable[[DataCoordinator], StrategyBase]
type PositionQuery = Callable[[str, AssetType], StrategyPosition | None]
type FrontMonthQuery = Callable[[str, int], str]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int) -> datetime:
    """The aware datetime of microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=time)


class RunEndedError(Exception):
    """The strategy did something that ends the run; the text says what."""


class Coordinator(DataCoordinator):
    """Answers from the naive engine, as of the clock."""

    def __init__(self, clock: Clock, position: PositionQuery, front_month: FrontMonthQuery) -> None:
        self._clock = clock
        self._position = position
        self._front_month = front_month

    async def get_position_by_symbol(self, symbol: str, asset_type: AssetType) -> StrategyPosition | None:
        """The position as of now."""
        return self._position(symbol, asset_type)

    async def get_front_month_contract_by_volume(self, root_symbol: str, as_of_time: datetime | None = None) -> str:
        """The front month as of a time that is not in the future."""
        now = self._clock.now
        assert now is not None
        asked = now if as_of_time is None else as_of_time
        if asked.tzinfo is None or asked > now:
            raise ValueError(f"as_of_time must be aware and not in the future, found {asked}")
        return self._front_month(root_symbol, micros(asked))


class Host:
    """Calls handlers one at a time; a handler's fault becomes a RunEndedError."""

    def __init__(
        self, factory: StrategyFactory, most_actions: int, position: PositionQuery, front_month: FrontMonthQuery
    ) -> None:
        self.clock = Clock()
        self._most_actions = most_actions
        self.strategy = factory(Coordinator(self.clock, position, front_month))
        attach_clock(self.strategy, self.clock)

    def call(self, handler: str, time: int, argument: object) -> list[Action]:
        """The actions that a handler returns."""
        self.clock.now = moment(time)
        reply = _run(getattr(self.strategy, handler)(argument), handler)
        if not isinstance(reply, list) or not all(isinstance(action, Action) for action in reply):
            raise RunEndedError("not_actions")
        if len(reply) > self._most_actions:
            raise RunEndedError("too_many_actions")
        return [carried(action) for action in reply]

    def stop(self, time: int) -> None:
        """Let the strategy say goodbye."""
        self.clock.now = moment(time)
        _run(self.strategy.on_stop(), "on_stop")


def _run(coroutine: Coroutine[object, object, object], handler: str) -> object:
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    except Exception as fault:
        raise RunEndedError("exception") from fault
    raise AssertionError(f"{handler} awaited something that the platform does not offer")
