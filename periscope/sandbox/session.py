"""The host's end of the conversation with a strategy's process: what is asked, and what answers are believed.

What comes out of that process is bytes from a stranger. Frames are bounded, decoded into types, and checked against
what was asked; time, memory and output are bounded by the connection.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import Action
from periscope.sandbox import decoding
from periscope.sandbox.confinement import Tier
from periscope.sandbox.connection import Connection
from periscope.sandbox.decoding import ActionReader
from periscope.sandbox.frames import ProtocolViolationError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child
from periscope.sandbox.limits import SessionLimits

__all__ = ["Session", "SessionLimits"]

type AnswerQuery = Callable[[str, int | None, int, int, bool], tuple[str | None, str, int, int]]

type ScalingRow = tuple[int, str, str, int | None]


class Session:
    """One strategy's process, from launch to its end."""

    def __init__(
        self,
        limits: SessionLimits,
        on_line: Callable[[int | None, str, str], None],
        validate: Callable[[dict[str, Any]], list[str]],
        start: Callable[[], Child],
    ) -> None:
        self._limits = limits
        self._validate = validate
        self._child = start()
        self._connection = Connection(self._child, limits, on_line)
        self._counts = self._connection.counts
        self._patience = (limits.handler_seconds, "HANDLER_TIMEOUT")
        self._items: Sequence[Any] = ()
        self._end = 0
        self._position = 0
        self._started = False
        self._finished = False
        self._answer: AnswerQuery | None = None
        self._actions = ActionReader(limits.actions_per_reply)

    @property
    def pid(self) -> int:
        """The number of the process that the strategy runs in."""
        return self._child.pid

    @property
    def tier(self) -> Tier:
        """How well the strategy's process is confined."""
        return self._child.tier

    @property
    def spin_microseconds(self) -> int:
        """For how long both sides look for the other's message before they go to sleep."""
        return self._connection.spin_microseconds

    @spin_microseconds.setter
    def spin_microseconds(self, value: int) -> None:
        self._connection.spin_microseconds = self._counts[wire.SPIN_WORD] = value

    def launch(self, folder: Path, schema: bytes, config: bytes, seed: int) -> wire.Fault | None:
        """Load the bundle and make its Strategy; returns what went wrong in the user's code."""
        self._connection.folder = folder
        self._patience = (self._limits.start_seconds, "START_TIMEOUT")
        self._begin()
        self._connection.met_strategy = True
        self._send(
            wire.LAUNCH, wire.encode(wire.Launch(str(folder), schema, config, seed, self._limits.actions_per_reply))
        )
        while True:
            kind, body = self._receive("importing the bundle")
            if kind != wire.VALIDATE:
                break
            self._judge(body)
        self._patience = (self._limits.handler_seconds, "HANDLER_TIMEOUT")
        if kind == wire.READY and not body:
            return None
        if kind == wire.ERROR:
            return self._fault(body)
        raise ProtocolViolationError(f"message {kind} in answer to the launch")

    def start(self, at: int, answer: AnswerQuery) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Run `on_start`."""
        self._answer = answer
        self._begin()
        self._send(wire.START, wire.encode(wire.Start(at)))
        return self._outcome("on_start")

    def block(self, streams: Sequence[tuple[int, str, str, ScalingRow, ScalingRow]], rows: int, columns: bytes) -> None:
        """Send a block; the position restarts at its first row."""
        self._items, self._end, self._position = (), 0, 0
        head = wire.BlockHead(rows, [wire.stream_row(*stream) for stream in streams])
        self._write(wire.block_frame(head, columns))

    def go(
        self, items: Sequence[Any], end: int, dropped: Sequence[int], meanwhile: Callable[[], None]
    ) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Deliver a script; returns what the strategy did with it (an empty list of actions: nothing).

        `meanwhile` is called while the process works.
        """
        self._items, self._end = items, end
        self._begin()
        self._send(wire.GO, wire.encode((items, end, dropped)))
        meanwhile()
        return self._outcome("a handler")

    def stop(self, at: int) -> wire.Fault | None:
        """Run `on_stop` and let the process end."""
        self._items, self._end = (), self._position
        self._begin()
        self._send(wire.STOP, wire.encode(wire.Start(at)))
        while True:
            kind, body = self._receive("on_stop")
            if kind == wire.QUERY:
                self._reply(body)
            elif kind == wire.VALIDATE:
                self._judge(body)
            elif kind == wire.ERROR:
                return self._fault(body)
            elif kind == wire.FINISHED and not body:
                self._finished = True
                return None
            else:
                raise ProtocolViolationError(f"message {kind} in answer to the stop")

    def counts(self) -> tuple[int, int, bool]:
        """Items and bars that the process says it has begun, and whether the last of them was a bar.

        Made to lie within the script in hand. A diagnosis and no more: the strategy's code could have written there.
        """
        items = min(max(0, self._counts[0]), len(self._items))
        low = max(self._items[items - 1][0] if items else 0, self._position)
        high = self._items[items][0] if items < len(self._items) else self._end
        bars = min(max(low, self._counts[1]), max(low, high))
        return items, bars, bars > low

    def close(self) -> None:
        """End the process whatever it is doing, and all that it has started, and keep what it has printed."""
        self._connection.close(in_peace=self._finished)

    @property
    def dropped_bytes(self) -> int:
        """Bytes of output beyond the limit, which were not kept."""
        return self._connection.dropped_bytes

    def _begin(self) -> None:
        """The process is about to get a task, from the position in hand on."""
        self._connection.begin(self._position, len(self._items) + self._end)

    def _outcome(self, what: str) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Wait for the answer to a script, answering the queries that come before it."""
        while True:
            kind, body = self._receive(what)
            match kind:
                case wire.QUERY:
                    self._reply(body)
                case wire.VALIDATE:
                    self._judge(body)
                case wire.DONE if self._started:
                    done = decoding.done(body)
                    if done.items_done != len(self._items) or done.bars_done != self._end:
                        raise ProtocolViolationError("it says that all is done, and its counts say otherwise")
                    self._position = done.bars_done
                    return (done.items_done, done.bars_done, False, [])
                case wire.ACTED:
                    acted = decoding.acted(body)
                    self._check_counts(acted.items_done, acted.bars_done, acted.was_bar)
                    told = acted.was_bar or acted.items_done
                    actions = self._actions.read(acted.packed)
                    if self._started and not (told and actions):
                        raise ProtocolViolationError("it says that a handler acted, and shows no event or no action")
                    self._started = True
                    self._position = acted.bars_done
                    return (acted.items_done, acted.bars_done, acted.was_bar, actions)
                case wire.ERROR:
                    return self._fault(body)
                case _:
                    raise ProtocolViolationError(f"message {kind} while a handler was running")

    def _fault(self, body: bytes) -> wire.Fault:
        fault = decoding.fault(body)
        self._check_counts(fault.items_done, fault.bars_done, fault.was_bar)
        return fault

    def _check_counts(self, items: int, bars: int, was_bar: bool) -> None:
        """The counts must lie within the script: bars between the item before and the item after."""
        if not 0 <= items <= len(self._items):
            raise ProtocolViolationError(f"{items} items done out of {len(self._items)}")
        low = self._items[items - 1][0] if items else self._position
        high = self._items[items][0] if items < len(self._items) else self._end
        low = max(low, self._position)
        if not (low < bars <= high if was_bar else bars == low):
            raise ProtocolViolationError(f"{bars} bars done after {items} items, which lie elsewhere")

    def _reply(self, body: bytes) -> None:
        query = decoding.query(body)
        self._check_counts(query.items_done, query.bars_done, query.was_bar)
        if self._answer is None:
            raise ProtocolViolationError("a query before the start")
        with self._connection.engine_at_work(self._patience[0]):
            found = self._answer(query.root, query.as_of, query.items_done, query.bars_done, query.was_bar)
        self._send(wire.ANSWER, wire.encode(wire.Answer(*found)))

    def _judge(self, body: bytes) -> None:
        """Validate a config that the strategy made up."""
        config = decoding.config(body)
        with self._connection.engine_at_work(self._patience[0]):
            problems = [text[:1000] for text in self._validate(config)[:100]]
        self._send(wire.ANSWER, wire.encode(wire.Verdict(problems)))

    def _send(self, kind: int, body: bytes) -> None:
        self._write(wire.frame(kind, body))

    def _write(self, data: bytes) -> None:
        self._connection.write(data, *self._patience)

    def _receive(self, what: str) -> tuple[int, bytes]:
        return self._connection.receive(*self._patience, what)
