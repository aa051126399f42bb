"""The strategy's process: reads messages, lets the host act on them, answers. One request is outstanding at a time."""

import faulthandler
import gc
import mmap
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from os import read, write
from typing import Any

import msgspec

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.protocol import Action
from libs.shared_ipc.src.protocol.wire import action_to_wire

from . import wire
from .arrival import be_confined, read_plan
from .faults import sayable
from .host import Outcome, StrategyHost
from .output import LineWriter

_decode_launch = msgspec.msgpack.Decoder(wire.Launch).decode
_decode_start = msgspec.msgpack.Decoder(wire.Start).decode
_decode_go = msgspec.msgpack.Decoder(wire.Go).decode
_decode_verdict = msgspec.msgpack.Decoder(wire.Verdict).decode
_decode_answer = msgspec.msgpack.Decoder(wire.Answer).decode


_COLLECT_EVERY = 50_000
"""Events come and go by the thousand and hold no cycles, so the default of 2,000 would collect for nothing."""


_MOST_AT_ONCE = 1 << 18


def _nothing_to_do() -> bool:
    return False


class Channel:
    """The socket to the engine's process, by its number: the module `socket` would cost each start two milliseconds."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.counter: Any = (0, 0, 0)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._buffer = b""

    def send(self, kind: int, body: bytes) -> None:
        """Send one message."""
        data = memoryview(wire.frame(kind, body))
        while data:
            data = data[write(self._descriptor, data) :]

    def receive(self, idle: Callable[[], bool] = _nothing_to_do) -> tuple[int, bytes]:
        """Wait for one message. Raises EOFError when the engine's process is gone.

        `idle` is called again and again while looking for the message, as long as it says that it had something to do.
        """
        if not self._buffer:
            data = self._more(idle)
            if len(data) >= wire.HEADER.size:
                size, kind = wire.HEADER.unpack_from(data)
                if len(data) == wire.HEADER.size + size:
                    return kind, data[wire.HEADER.size :]
            self._buffer = data
        size, kind = wire.HEADER.unpack(self._take(wire.HEADER.size, idle))
        return kind, self._take(size, idle)

    def _take(self, size: int, idle: Callable[[], bool]) -> bytes:
        parts = [self._buffer]
        have = len(self._buffer)
        while have < size:
            part = self._more(idle)
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]

    def _more(self, idle: Callable[[], bool]) -> bytes:
        """Some more bytes; looks for them for a moment before going to sleep, where the host wants that."""
        spin = self.counter[wire.SPIN_WORD]
        if spin:
            until = time.perf_counter() + spin / 1_000_000
            while not self._poll.poll(0) and (idle() or time.perf_counter() < until):
                pass
        data = read(self._descriptor, _MOST_AT_ONCE)
        if not data:
            raise EOFError
        return data


class Process:
    """Serves one engine until it says stop."""

    def __init__(self, channel: Channel, counter: Any, files: str | None) -> None:
        self._channel = channel
        self._files = files
        self._host = StrategyHost(self._ask, self._validate, counter)
        sys.stdout = LineWriter(1, self._host)
        sys.stderr = LineWriter(2, self._host)

    def awaiting(self) -> wire.Place | None:
        """The line of the user's own files that awaits something."""
        return self._host.awaiting()

    def serve(self) -> None:
        """Answer until the engine stops or goes away."""
        while True:
            kind, body = self._channel.receive(self._host.prepare)
            match kind:
                case wire.LAUNCH:
                    fault = self._host.load(_decode_launch(body), self._files)
                    gc.freeze()
                    gc.set_threshold(_COLLECT_EVERY, 20, 20)
                    self._say_fault(fault) if fault is not None else self._channel.send(wire.READY, b"")
                case wire.START:
                    self._say(self._host.start(_decode_start(body).time))
                case wire.BLOCK:
                    self._host.block(*wire.open_block(body))
                case wire.GO:
                    self._say(self._host.go(_decode_go(body)))
                case wire.STOP:
                    fault = self._host.stop(_decode_start(body).time)
                    self._flush()
                    self._say_fault(fault) if fault is not None else self._channel.send(wire.FINISHED, b"")
                    return
                case _:
                    raise AssertionError(f"unknown message {kind}")

    def _say(self, outcome: Outcome) -> None:
        if outcome.fault is not None:
            self._say_fault(outcome.fault)
        elif outcome.actions is None:
            self._channel.send(wire.DONE, wire.encode(wire.Done(outcome.items_done, outcome.bars_done)))
        else:
            try:
                actions = [msgspec.Raw(_packed(action)) for action in outcome.actions]
                acted = wire.Acted(outcome.items_done, outcome.bars_done, outcome.was_bar, actions)
                body = _bounded(wire.encode(acted))
            except ValueError as error:
                self._say_fault(self._host.unsendable(outcome, error))
                return
            self._channel.send(wire.ACTED, body)

    def _say_fault(self, fault: wire.Fault) -> None:
        if fault.trace:
            sys.stderr.write(fault.trace)
        self._flush()
        said = msgspec.structs.replace(fault, message=sayable(fault.message), trace="")
        self._channel.send(wire.ERROR, wire.encode(said))

    def _ask(self, query: wire.Query) -> wire.Answer:
        self._channel.send(wire.QUERY, _bounded(wire.encode(query)))
        kind, body = self._channel.receive()
        assert kind == wire.ANSWER, "a query is answered before anything else is asked"
        return _decode_answer(body)

    def _validate(self, config: dict[str, JSONValue]) -> list[str]:
        self._channel.send(wire.VALIDATE, _bounded(msgspec.json.encode(config)))
        kind, body = self._channel.receive()
        assert kind == wire.ANSWER, "a question is answered before anything else is asked"
        return _decode_verdict(body).problems

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:  # noqa: SIM105  # contextlib would be imported for this alone
                stream.flush()
            except Exception:  # noqa: S110  # user code may have put anything there
                pass


def _packed(action: Action) -> bytes:
    return _bounded(wire.encode(action_to_wire(action)), wire.MOST_ACTION_BYTES)


def _bounded(body: bytes, most: int = wire.MOST_BYTES) -> bytes:
    """The body of a message, or an action in it, if the engine's process takes one of that size."""
    if len(body) > most:
        raise ValueError(f"it takes {len(body):,} bytes; {most:,} are allowed")
    return body


def _show_place(place: wire.Place | None, descriptor: int) -> None:
    """Write a place as faulthandler writes it."""
    if place is not None:
        os.write(descriptor, f'  File "{place.file}", line {place.line} in {place.function}\n'.encode())


def main(descriptor: int) -> None:
    """Run the process on its channel: be confined, then serve."""
    channel = Channel(descriptor)
    try:
        plan = read_plan(channel)
        _, counter, stacks = plan.descriptors
        faulthandler.register(signal.SIGUSR1, file=stacks, all_threads=False, chain=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        page = mmap.mmap(counter, mmap.PAGESIZE)
        os.close(counter)
        # Everything trusted is imported, and no user code has been seen yet.
        sys.dont_write_bytecode = True
        be_confined(plan, channel)
        channel.counter = memoryview(page).cast("q")
        process = Process(channel, channel.counter, plan.folder)
        signal.signal(signal.SIGUSR2, lambda *_: _show_place(process.awaiting(), stacks))
        gc.freeze()
        gc.enable()
        process.serve()
    except (EOFError, OSError):
        os._exit(1)
    except MemoryError:
        os._exit(wire.NO_MEMORY_STATUS)
    except Exception:
        import traceback

        traceback.print_exc()
        os._exit(wire.OUR_FAULT_STATUS)
    os._exit(0)
