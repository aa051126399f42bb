"""The host's end of the conversation with a strategy's process: sends, waits, bounds, checks.

What comes out of that process is bytes from a stranger. Frames are bounded, decoded into types, and checked against
what was asked; time is bounded from outside.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from libs.shared_ipc.src.protocol import Action
from libs.shared_ipc.src.protocol.wire import action_from_wire
from periscope.sandbox.confinement import Tier
from periscope.sandbox.frames import Frames, ProtocolViolationError, SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child
from periscope.sandbox.output import OutputReader
from periscope.sandbox.stacks import place_in_stack

_decode_acted = msgspec.msgpack.Decoder(wire.Acted).decode
_decode_done = msgspec.msgpack.Decoder(wire.Done).decode
_decode_query = msgspec.msgpack.Decoder(wire.Query).decode
_decode_fault = msgspec.msgpack.Decoder(wire.Fault).decode

_GRACE_SECONDS = 1.0
"""For a process that has said goodbye."""
_LAST_BREATH_SECONDS = 0.2
"""For a process that has closed its channel: what it was ended by is known a little later."""
_LOOK_MILLISECONDS = 100
_QUESTIONS = (wire.QUERY, wire.VALIDATE)
_MOST_KNOWN = 1_024
_MOST_REMEMBERED = 1_024

type AnswerQuery = Callable[[str, int | None, int, int, bool], tuple[str | None, str, int, int]]


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What the process may take: seconds for a handler and for the start, bytes of output, actions in a reply."""

    handler_seconds: float
    start_seconds: float
    output_bytes: int
    actions_per_reply: int


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
        self._child.channel.settimeout(limits.start_seconds)
        self._counts = memoryview(self._child.counter).cast("q")
        self._frames = Frames()
        self._poll = select.poll()
        self._poll.register(self._child.channel, select.POLLIN)
        self._folder = Path("/")
        self._output = OutputReader(
            {self._child.stdout: "stdout", self._child.stderr: "stderr"}, limits.output_bytes, on_line
        )
        for descriptor in self._output.descriptors:
            self._poll.register(descriptor, select.POLLIN)
        self._items: Sequence[Any] = ()
        self._end = 0
        self._position = 0
        self._begun = 0
        self._since = 0.0
        self._started = False
        self._finished = False
        self._answer: AnswerQuery | None = None
        self._spin_microseconds = 0
        self._known_actions: dict[bytes, Action] = {}

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
        return self._spin_microseconds

    @spin_microseconds.setter
    def spin_microseconds(self, value: int) -> None:
        self._spin_microseconds = self._counts[wire.SPIN_WORD] = value

    def launch(self, folder: Path, schema: bytes, config: bytes, seed: int) -> wire.Fault | None:
        """Load the bundle and make its Strategy; returns what went wrong in the user's code."""
        self._folder = folder
        self._start_watch()
        self._send(
            wire.LAUNCH, wire.encode(wire.Launch(str(folder), schema, config, seed, self._limits.actions_per_reply))
        )
        while True:
            kind, body = self._receive(self._limits.start_seconds, "START_TIMEOUT", "importing the bundle")
            if kind != wire.VALIDATE:
                break
            self._judge(body)
        if kind == wire.READY and not body:
            return None
        if kind == wire.ERROR:
            return self._fault(body)
        raise ProtocolViolationError(f"message {kind} in answer to the launch")

    def start(self, at: int, answer: AnswerQuery) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Run `on_start`."""
        self._answer = answer
        self._child.channel.settimeout(self._limits.handler_seconds)
        self._start_watch()
        self._send(wire.START, wire.encode(wire.Start(at)))
        return self._outcome("on_start")

    def block(self, streams: Sequence[tuple[int, str, str, int, int]], rows: int, columns: bytes) -> None:
        """Send a block; the position restarts at its first row."""
        self._items, self._end, self._position = (), 0, 0
        head = wire.BlockHead(rows, [wire.StreamRow(*stream) for stream in streams])
        self._write(wire.block_frame(head, columns))

    def go(
        self, items: Sequence[Any], end: int, dropped: Sequence[int], meanwhile: Callable[[], None]
    ) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Deliver a script; returns what the strategy did with it (an empty list of actions: nothing).

        `meanwhile` is called while the process works.
        """
        self._items, self._end = items, end
        self._start_watch()
        self._send(wire.GO, wire.encode((items, end, dropped)))
        meanwhile()
        return self._outcome("a handler")

    def stop(self, at: int) -> wire.Fault | None:
        """Run `on_stop` and let the process end."""
        self._items, self._end = (), self._position
        self._start_watch()
        self._send(wire.STOP, wire.encode(wire.Start(at)))
        while True:
            kind, body = self._receive(self._limits.handler_seconds, "HANDLER_TIMEOUT", "on_stop")
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
        self._end_process(_GRACE_SECONDS if self._finished else 0.0)
        self._output.drain()
        self._counts.release()
        self._child.close()

    @property
    def dropped_bytes(self) -> int:
        """Bytes of output beyond the limit, which were not kept."""
        return self._output.dropped_bytes

    def _end_process(self, grace: float) -> int:
        """Let the process end by itself within `grace` seconds, then end its whole group; returns its exit status.

        While it has not been waited for, nobody else can have its number, so the group is the one it was given.
        """
        process = self._child.process
        if process.returncode is None:
            until = time.monotonic() + grace
            while not _has_exited(process.pid) and time.monotonic() < until:
                time.sleep(0.001)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode

    def _outcome(self, what: str) -> wire.Fault | tuple[int, int, bool, list[Action]]:
        """Wait for the answer to a script, answering the queries that come before it."""
        while True:
            kind, body = self._receive(self._limits.handler_seconds, "HANDLER_TIMEOUT", what)
            match kind:
                case wire.QUERY:
                    self._reply(body)
                case wire.VALIDATE:
                    self._judge(body)
                case wire.DONE:
                    done = _decoded(_decode_done, body)
                    if done.items_done != len(self._items) or done.bars_done != self._end:
                        raise ProtocolViolationError("it says that all is done, and its counts say otherwise")
                    self._position = done.bars_done
                    return (done.items_done, done.bars_done, False, [])
                case wire.ACTED:
                    acted = _decoded(_decode_acted, body)
                    self._check_counts(acted.items_done, acted.bars_done, acted.was_bar)
                    told = acted.was_bar or acted.items_done
                    if self._started and not (told and acted.actions):
                        raise ProtocolViolationError("it says that a handler acted, and shows no event or no action")
                    self._started = True
                    self._position = acted.bars_done
                    return (acted.items_done, acted.bars_done, acted.was_bar, self._actions(acted))
                case wire.ERROR:
                    fault = self._fault(body)
                    self._check_counts(fault.items_done, fault.bars_done, fault.was_bar)
                    return fault
                case _:
                    raise ProtocolViolationError(f"message {kind} while a handler was running")

    def _actions(self, acted: wire.Acted) -> list[Action]:
        limit = self._limits.actions_per_reply
        if len(acted.actions) > limit:
            raise SandboxFaultError(
                "TOO_MANY_ACTIONS", f"a handler returned {len(acted.actions)} actions; {limit} are allowed"
            )
        return [self._action(bytes(raw)) for raw in acted.actions]

    def _action(self, raw: bytes) -> Action:
        """The action in some bytes. Strategies repeat themselves, and actions are immutable, so some are remembered."""
        found = self._known_actions.get(raw)
        if found is None:
            try:
                found = action_from_wire(_decoded(msgspec.msgpack.decode, raw))
            except (ValueError, TypeError) as error:
                raise ProtocolViolationError(f"an action that is none: {error}") from None
            if len(self._known_actions) >= _MOST_KNOWN:
                self._known_actions.clear()
            if len(raw) <= _MOST_REMEMBERED:
                self._known_actions[raw] = found
        return found

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
        query = _decoded(_decode_query, body)
        self._check_counts(query.items_done, query.bars_done, query.was_bar)
        if self._answer is None:
            raise ProtocolViolationError("a query before the start")
        asked = time.monotonic()
        found = self._answer(query.root, query.as_of, query.items_done, query.bars_done, query.was_bar)
        self._since += time.monotonic() - asked
        self._send(wire.ANSWER, wire.encode(wire.Answer(*found)))

    def _judge(self, body: bytes) -> None:
        """Validate a config that the strategy made up."""
        config = _decoded(msgspec.json.decode, body)
        if not isinstance(config, dict):
            raise ProtocolViolationError("a config that is no object")
        asked = time.monotonic()
        problems = [text[:1000] for text in self._validate(config)[:100]]
        self._since += time.monotonic() - asked
        self._send(wire.ANSWER, wire.encode(wire.Verdict(problems)))

    def _fault(self, body: bytes) -> wire.Fault:
        fault = _decoded(_decode_fault, body)
        if fault.code not in wire.FAULT_CODES:
            raise ProtocolViolationError(f"a fault of an unknown kind, {fault.code[:100]!r}")
        return fault

    def _send(self, kind: int, body: bytes) -> None:
        self._write(wire.frame(kind, body))

    def _write(self, data: bytes) -> None:
        try:
            self._child.channel.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise self._ended() from None
        except TimeoutError:
            limit = self._limits.handler_seconds
            raise self._timed_out(limit, "HANDLER_TIMEOUT", "the strategy's process takes no message: it") from None

    def _start_watch(self) -> None:
        """The process gets a new task: what it says of an earlier one counts no more."""
        self._counts[0], self._counts[1] = 0, self._position
        self._begun = self._position
        self._since = time.monotonic()

    def _receive(self, limit: float, code: str, what: str) -> tuple[int, bytes]:
        """One message, or a fault when the process ends or spends more than `limit` seconds on one event.

        A new event is one more than were begun before, and there are no more of them than the script has.
        """
        step = max(1, min(_LOOK_MILLISECONDS, int(limit * 250)))
        while True:
            message = self._frames.cut()
            if message is not None:
                return message
            ready = self._spin() or self._poll.poll(step)
            for descriptor, _ in ready:
                if descriptor == self._child.channel.fileno():
                    self._read_channel()
                elif not self._output.read(descriptor):
                    self._poll.unregister(descriptor)
            begun = self._counts[0] + self._counts[1]
            if self._begun < begun <= len(self._items) + self._end:
                self._begun, self._since = begun, time.monotonic()
            elif time.monotonic() - self._since > limit and not self._has_answered():
                raise self._timed_out(limit, code, what)

    def _spin(self) -> list[tuple[int, int]]:
        """Look for an answer for a moment without going to sleep, where that is wanted."""
        if not self._spin_microseconds:
            return []
        until = time.perf_counter() + self._spin_microseconds / 1_000_000
        while not (ready := self._poll.poll(0)):
            if time.perf_counter() > until:
                break
        return ready

    def _read_channel(self) -> None:
        try:
            data = self._child.channel.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            raise self._ended()
        self._frames.add(data)

    def _has_answered(self) -> bool:
        """Whether a whole message is there that is no further question."""
        kind = self._frames.kind
        return kind is not None and kind not in _QUESTIONS

    def _timed_out(self, limit: float, code: str, what: str) -> SandboxFaultError:
        place = place_in_stack(self._child.pid, self._child.stacks, self._folder)
        self._end_process(0.0)
        seconds = f"{limit:g} seconds"
        return SandboxFaultError(code, f"{what} did not come back within {seconds} and was ended", place)

    def _ended(self) -> SandboxFaultError:
        """The process has gone without a goodbye."""
        until = time.monotonic() + _LAST_BREATH_SECONDS
        while not _has_exited(self._child.process.pid) and time.monotonic() < until:
            time.sleep(0.001)
        how = "" if _has_exited(self._child.process.pid) else "closed its channel to the engine and was ended"
        status = self._end_process(0.0)
        self._output.drain()
        how = how or (f"was ended by signal {-status}" if status < 0 else f"ended by itself with exit status {status}")
        if status == wire.OUR_FAULT_STATUS:
            text = "Periscope's own part of the strategy's process failed; the log has its traceback"
            return SandboxFaultError("SANDBOX_FAULT", text)
        return SandboxFaultError("STRATEGY_EXITED", f"the strategy's process {how} before the run was over")


def _has_exited(process: int) -> bool:
    """Whether a child process is over, without taking note of it."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _decoded[T](decode: Callable[[bytes], T], body: bytes) -> T:
    """A typed message, or the finding that the bytes are none."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolViolationError(f"bytes that are no message: {error}") from None
