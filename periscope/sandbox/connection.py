"""The bytes between the engine and a strategy's process, and the limits that are watched while they come and go."""

import math
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from periscope.sandbox.ending import GRACE_SECONDS, end_process, ended_early
from periscope.sandbox.frames import Frames, ProtocolViolationError, SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child
from periscope.sandbox.limits import Appetite, SessionLimits
from periscope.sandbox.output import OutputReader
from periscope.sandbox.stacks import place_in_stack

_LOOK_SECONDS = 0.05
"""How often memory and threads are measured."""
_QUESTIONS = (wire.QUERY, wire.VALIDATE)


class Connection:
    """One process, from its start to its end.

    Whoever waits here for the process, for a message of its or for room to write one, watches it: its time, its memory
    and threads, what it prints. A process that breaks a limit is ended, and a fault is raised.
    """

    def __init__(self, child: Child, limits: SessionLimits, on_line: Callable[[int | None, str, str], None]) -> None:
        self._child = child
        self._limits = limits
        self._deadline = math.inf if limits.deadline is None else limits.deadline
        self._channel = child.channel
        self._channel.setblocking(False)
        self._frames = Frames()
        self._output = OutputReader({child.stdout: "stdout", child.stderr: "stderr"}, limits.output_bytes, on_line)
        self._poll = select.poll()
        self._poll.register(self._channel, select.POLLIN)
        for descriptor in self._output.descriptors:
            self._poll.register(descriptor, select.POLLIN)
        self._appetite = Appetite(child.pid)
        self._next_look = 0.0
        self._begun = 0
        self._most = 0
        self._event_since = 0.0
        self._since = 0.0
        self.counts = memoryview(child.counter).cast("q")
        self.folder = Path("/")
        self.met_strategy = False
        self.spin_microseconds = 0

    @property
    def dropped_bytes(self) -> int:
        """Bytes of output beyond the limit, which were not kept."""
        return self._output.dropped_bytes

    def begin(self, bars: int, most: int) -> None:
        """The process gets a task, which begins at `bars` bars and ends at no more than `most` events.

        What it says of an earlier one counts no more, and its time starts anew. Raises a fault where it has spoken
        without being asked.
        """
        self._read()
        if not self._frames.empty:
            raise ProtocolViolationError("it spoke without being asked")
        now = time.monotonic()
        if now > self._deadline:
            raise self._overdue()
        if now >= self._next_look:
            self._look(now)
        self.counts[0], self.counts[1] = 0, bars
        self._begun, self._most = bars, most
        self._event_since = self._since = now

    @contextmanager
    def engine_at_work(self, limit: float) -> Iterator[None]:
        """The process waits for an answer: its time stands still, but for no more than `limit` seconds an event.

        Else questions without end would keep the engine for as long as it takes to answer them.
        """
        asked = time.monotonic()
        yield
        self._since = min(self._since + time.monotonic() - asked, self._event_since + limit)

    def write(self, data: bytes, limit: float, code: str) -> None:
        """Send bytes. Raises a fault when the process is gone, or takes none of them for `limit` seconds."""
        sent = self._send(data)
        if sent == len(data):
            return
        left = memoryview(data)[sent:]
        since = time.monotonic()
        self._poll.modify(self._channel, select.POLLOUT)
        while left:
            sent = self._send(left) if self._wait(since + limit) else 0
            left = left[sent:]
            now = time.monotonic()
            if sent:
                since = now
            elif now - since > limit:
                raise self._timed_out(limit, code, "the strategy's process takes no message: it")
            self._watch(now)
        self._poll.modify(self._channel, select.POLLIN)

    def receive(self, limit: float, code: str, what: str) -> tuple[int, bytes]:
        """One message, or a fault when the process ends or spends more than `limit` seconds on one event.

        A new event is one more than were begun before, and there are no more of them than the task has.
        """
        while True:
            message = self._frames.cut()
            if message is not None:
                return message
            if self._wait(self._since + limit):
                self._read()
            now = time.monotonic()
            begun = self.counts[0] + self.counts[1]
            if self._begun < begun <= self._most:
                self._begun, self._event_since, self._since = begun, now, now
            elif now - self._since > limit and not self._has_answered():
                raise self._timed_out(limit, code, what)
            self._watch(now)

    def close(self, *, in_peace: bool) -> None:
        """End the process, whatever it is doing, and all that it has started; keep what it has printed.

        In peace: it has said goodbye, and has a moment to end by itself.
        """
        end_process(self._child, GRACE_SECONDS if in_peace else 0.0)
        self._output.drain()
        self._appetite.close()
        self.counts.release()
        self._child.close()

    def _wait(self, until: float) -> bool:
        """Wait for something to happen or to be due; read what was printed; whether the channel is ready."""
        due = min(until, self._deadline, self._next_look) - time.monotonic()
        found = self._spin() or self._poll.poll(max(0, math.ceil(due * 1000)))
        ready = False
        for descriptor, _ in found:
            if descriptor == self._channel.fileno():
                ready = True
            elif not self._output.read(descriptor):
                self._poll.unregister(descriptor)
        return ready

    def _spin(self) -> list[tuple[int, int]]:
        """Look for an answer for a moment without going to sleep, where that is wanted."""
        if not self.spin_microseconds:
            return []
        until = time.perf_counter() + self.spin_microseconds / 1_000_000
        while not (ready := self._poll.poll(0)):
            if time.perf_counter() > until:
                break
        return ready

    def _watch(self, now: float) -> None:
        if now > self._deadline and not self._has_answered():
            place = place_in_stack(self._child.pid, self._child.stacks, self.folder)
            raise self._overdue(place)
        if now >= self._next_look:
            self._look(now)

    def _look(self, now: float) -> None:
        self._next_look = now + _LOOK_SECONDS
        excess = self._appetite.excess(self._limits.memory_bytes)
        if excess is not None:
            end_process(self._child, 0.0)
            raise SandboxFaultError(*excess)

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return self._channel.send(data)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            raise self._ended() from None

    def _read(self) -> None:
        try:
            data = self._channel.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            raise self._ended()
        self._frames.add(data)

    def _ended(self) -> SandboxFaultError:
        return ended_early(self._child, met_strategy=self.met_strategy)

    def _has_answered(self) -> bool:
        """Whether a whole message is there that is no further question."""
        kind = self._frames.kind
        return kind is not None and kind not in _QUESTIONS

    def _timed_out(self, limit: float, code: str, what: str) -> SandboxFaultError:
        place = place_in_stack(self._child.pid, self._child.stacks, self.folder)
        end_process(self._child, 0.0)
        return SandboxFaultError(code, f"{what} did not come back within {limit:g} seconds and was ended", place)

    def _overdue(self, place: wire.Place | None = None) -> SandboxFaultError:
        end_process(self._child, 0.0)
        return SandboxFaultError("RUN_TIMEOUT", "the run took longer than allowed and was ended", place)
