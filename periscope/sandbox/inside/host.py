"""The host of the user's code: keeps clock and positions, calls the handlers, collects what they say."""

import sys
from collections.abc import Callable, Coroutine, MutableSequence, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import StrategyBase
from libs.shared_ipc.src.framework.runtime import Clock, RunContext, attach_clock, install_context
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    ExpirationEvent,
    OrderState,
    OrderUpdateEvent,
    TimerEvent,
)

from .coordinator import Coordinator
from .events import CHUNK, EventFactory, moment
from .faults import Reserve, code_of, objection, sentence_of, trace_of
from .loading import (
    BundleFaultError,
    load_class,
    place_of,
    place_of_await,
    place_of_function,
    place_of_syntax_error,
)
from .numbers import bounded
from .wire import Answer, BlockHead, Fault, Go, Item, Launch, Place, Query

_ASSET_TYPES = AssetType.__members__
_ORDER_STATES = OrderState.__members__
_MOST_IDS = 1024
_PIECE = 32
_ENOUGH = 192
"""While it waits for the engine the host makes events in small pieces, up to this many ahead."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a script: actions where a handler acted, a fault where one failed, neither where all was done."""

    items_done: int
    bars_done: int
    was_bar: bool
    actions: list[Action] | None = None
    fault: Fault | None = None


class StrategyHost:
    """Runs one strategy.

    `ask` and `validate` put the strategy's questions to the engine's process; `counter` is where the counts stand
    before every handler call: items done, bars done.
    """

    def __init__(
        self,
        ask: Callable[[Query], Answer],
        validate: Callable[[dict[str, JSONValue]], list[str]],
        counter: MutableSequence[int],
    ) -> None:
        self._ask = ask
        self._validate = validate
        self._counter = counter
        self._clock = Clock()
        self._coordinator = Coordinator(self._clock, self._query)
        self._factory = EventFactory()
        self._events: list[Any] = []
        self._first = 0
        self._position = 0
        self._was_bar = False
        self._dropped: set[int] = set()
        self._order_ids: dict[str, UUID] = {}
        self._folder = "/"
        self._strategy: StrategyBase | None = None
        self._most_actions = 0
        self._reserve = Reserve()
        self._acted: Callable[..., Any] | None = None
        self._work: Coroutine[Any, Any, Outcome] | None = None

    def load(self, launch: Launch, files: str | None = None) -> Fault | None:
        """Import the bundle and make its Strategy; returns what went wrong. `files` is where a copy of it lies."""
        self._folder = launch.folder
        self._most_actions = launch.most_actions
        schema: dict[str, JSONValue] = msgspec.json.decode(launch.schema)
        config: dict[str, JSONValue] = msgspec.json.decode(launch.config)
        install_context(RunContext(schema, config, self._validate))
        try:
            made = load_class(self._folder, launch.seed, files)
            self._strategy = made(self._coordinator, config)  # type: ignore[call-arg]
        except BundleFaultError as error:
            return Fault(0, 0, False, error.code, error.message, error.place, "")
        except SyntaxError as error:
            place = place_of_syntax_error(self._folder, error)
            if place is None:
                return self._fault(error, "while the strategy was being made")
            return Fault(0, 0, False, "STRATEGY_IMPORT_FAILED", f"does not parse: {error.msg}", place, "")
        except BaseException as error:
            return self._fault(error, "while the strategy was being made")
        return None

    @property
    def now(self) -> datetime | None:
        """Simulation time of the event in hand."""
        return self._clock.now

    def start(self, time: int) -> Outcome:
        """Run `on_start`."""
        assert self._strategy is not None
        attach_clock(self._strategy, self._clock)
        self._clock.now = moment(time)
        self._counter[0] = self._counter[1] = 0
        return self._drive(self._start(self._clock.now))

    def block(self, head: BlockHead, columns: memoryview) -> None:
        """Take a new block; what was left of the last one is forgotten."""
        self._factory.load(head, columns)
        self._events = []
        self._first = self._position = 0
        self._dropped = set()

    def go(self, go: Go) -> Outcome:
        """Deliver a script."""
        self._drop(go.dropped)
        self._counter[0] = 0
        self._counter[1] = self._position
        return self._drive(self._pump(go.items, go.end))

    def stop(self, time: int) -> Fault | None:
        """Run `on_stop` at `time` (microseconds UTC)."""
        assert self._strategy is not None
        self._clock.now = moment(time)
        self._was_bar = False
        return self._drive(self._stop()).fault

    def _drive(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Run a coroutine to its end: by hand, or on an event loop where the user's code brought asyncio."""
        self._work = work
        try:
            if "asyncio" in sys.modules:
                return self._on_loop(work)
            while work.send(None) is None:
                pass
        except StopIteration as finished:
            result: Outcome = finished.value
            return result
        except BaseException as error:
            return Outcome(*self._counts(), fault=self._fault(error, "outside of any handler"))
        message = "a handler awaited something that needs an event loop: import asyncio in strategy.py"
        fault = Fault(*self._counts(), "STRATEGY_EXCEPTION", message, self.awaiting(), "")
        work.close()
        return Outcome(*self._counts(), fault=fault)

    def awaiting(self) -> Place | None:
        """The line of the user's own files that awaits something."""
        return place_of_await(self._folder, self._work)

    def _on_loop(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        import asyncio

        if not hasattr(self, "_runner"):
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    async def _start(self, as_of_time: datetime) -> Outcome:
        assert self._strategy is not None
        handler = self._strategy.on_start
        try:
            actions = await handler(as_of_time)
        except BaseException as error:
            return Outcome(0, 0, False, fault=self._fault(error, "in on_start", handler))
        return self._outcome(handler, actions, 0, 0, False) or Outcome(0, 0, False, [])

    async def _stop(self) -> Outcome:
        assert self._strategy is not None
        try:
            await self._strategy.on_stop()
        except BaseException as error:
            return Outcome(0, 0, False, fault=self._fault(error, "in on_stop"))
        return Outcome(0, 0, False)

    async def _pump(self, items: list[Item], end: int) -> Outcome:
        """Deliver bars and items in order until somebody acts. This loop is what a run's time is spent in."""
        assert self._strategy is not None
        on_bar = self._strategy.on_bar
        clock, counter = self._clock, self._counter
        position = self._position
        done = 0
        self._was_bar = True
        try:
            for target in [*(item.row for item in items), end]:
                while position < target:
                    for event in self._ahead(position, target):
                        position += 1
                        if event is None:
                            continue
                        clock.now = event.simulation_time
                        counter[1] = position
                        actions = await on_bar(event)
                        if actions.__class__ is not list or actions:
                            self._position = position
                            outcome = self._outcome(on_bar, actions, done, position, True)
                            if outcome is not None:
                                return outcome
                self._position = counter[1] = position
                if done == len(items):
                    break
                item = items[done]
                done += 1
                counter[0] = done
                self._was_bar = False
                handled = await self._deliver(item, done)
                if handled is not None:
                    return handled
                self._was_bar = True
        except BaseException as error:
            self._position = position
            return Outcome(done, position, self._was_bar, fault=self._fault(error, "in on_bar", on_bar))
        return Outcome(done, position, False)

    async def _deliver(self, item: Item, done: int) -> Outcome | None:
        """Give one item to its handler; returns the outcome where that ends the script."""
        assert self._strategy is not None
        self._coordinator.mirror(item.changes)
        payload = item.payload
        handler: Callable[[Any], Coroutine[Any, Any, list[Action]]]
        event: Any
        if item.kind == "U":
            handler = self._strategy.on_order_update
            if getattr(handler, "__func__", None) is StrategyBase.on_order_update:
                return None  # Nobody listens, and an event that nobody sees need not be made.
        time = self._clock.now = moment(item.time)
        match item.kind:
            case "U":
                order_id, symbol, asset_type, state, filled, money, updated = payload
                event = OrderUpdateEvent(
                    time,
                    self._order_id(order_id),
                    symbol,
                    _ASSET_TYPES[asset_type],
                    _ORDER_STATES[state],
                    Decimal(filled),
                    Decimal(money),
                    time if updated == item.time else moment(updated),
                )
            case "T":
                handler = self._strategy.on_timer
                event = TimerEvent(time, payload[0])
            case "X":
                handler = self._strategy.on_expiration
                self._drop(payload[2])
                event = ExpirationEvent(time, payload[0], AssetType(payload[1]))
            case _:
                return None
        try:
            actions = await handler(event)
        except BaseException as error:
            fault = self._fault(error, f"in {_name(handler)}", handler)
            return Outcome(done, self._position, False, fault=fault)
        return self._outcome(handler, actions, done, self._position, False)

    def _order_id(self, text: str) -> UUID:
        """The id as the strategy sees it; an order has several updates."""
        found = self._order_ids.get(text)
        if found is None:
            if len(self._order_ids) >= _MOST_IDS:
                self._order_ids.clear()
            found = self._order_ids[text] = UUID(text)
        return found

    def _ahead(self, position: int, target: int) -> list[Any]:
        """The events from row `position` on, as far as they are made, and no further than `target`."""
        made = self._first + len(self._events)
        if position >= made:
            self._first = position
            high = min(position + CHUNK, self._factory.rows)
            self._events = self._factory.events(position, high)
            if self._dropped:
                self._forget_dropped()
            made = high
        return self._events[position - self._first : min(target, made) - self._first]

    def prepare(self) -> bool:
        """Make a few more events while there is nothing else to do; False where there are enough, or no more rows."""
        made = self._first + len(self._events)
        high = min(made + _PIECE, self._factory.rows)
        if high <= made or made - self._position >= _ENOUGH:
            return False
        used = self._position - self._first
        if used > CHUNK:
            del self._events[:used]
            self._first = self._position
        self._events += self._factory.events(made, high)
        if self._dropped:
            self._forget_dropped()
        return True

    def _drop(self, streams: Sequence[int]) -> None:
        """Some streams have ended: their rows are counted and not delivered."""
        if streams:
            self._dropped.update(streams)
            self._forget_dropped()

    def _forget_dropped(self) -> None:
        stream_of = self._factory.stream_of
        for index in range(len(self._events)):
            if stream_of(self._first + index) in self._dropped:
                self._events[index] = None

    def _outcome(
        self, handler: Callable[..., Any], actions: object, items_done: int, bars_done: int, was_bar: bool
    ) -> Outcome | None:
        """What a handler returned: None for an empty list, a fault for anything but a list of actions."""
        wrong = objection(actions, self._most_actions)
        if wrong is not None:
            code, text = wrong
            message, place = f"{_name(handler)} {text}", place_of_function(handler)
            fault = Fault(items_done, bars_done, was_bar, code, message, place, "")
            return Outcome(items_done, bars_done, was_bar, fault=fault)
        assert isinstance(actions, list)
        self._acted = handler
        made = [bounded(action) for action in actions]
        return Outcome(items_done, bars_done, was_bar, made) if made else None

    def unsendable(self, outcome: Outcome, error: Exception) -> Fault:
        """The fault of actions that no message can hold."""
        message = f"{_name(self._acted)} returned an action that cannot be sent: {error}"
        place = place_of_function(self._acted)
        return Fault(outcome.items_done, outcome.bars_done, outcome.was_bar, "INVALID_ACTIONS", message, place, "")

    def _fault(self, error: BaseException, where: str, handler: Callable[..., Any] | None = None) -> Fault:
        """An exception of the user's code as a value, with the user's line, or where its handler is written."""
        if isinstance(error, MemoryError):
            self._reserve.release()
        place = place_of(self._folder, error.__traceback__)
        if place is None and error.__cause__ is not None:
            place = place_of(self._folder, error.__cause__.__traceback__)
        if place is None and handler is not None:
            place = place_of_function(handler)
        text = f"{sentence_of(error)[:3900]} ({where})"
        return Fault(*self._counts(), code_of(error), text, place, trace_of(error)[-20_000:])

    def _counts(self) -> tuple[int, int, bool]:
        return self._counter[0], self._counter[1], self._was_bar

    def _query(self, root: str, as_of: int | None) -> Answer:
        return self._ask(Query(*self._counts(), root, as_of))


def _name(handler: object) -> str:
    return str(getattr(handler, "__name__", "a handler"))
