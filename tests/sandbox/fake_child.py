"""A process in place of the strategy's that says what a test has prepared, whatever it is asked."""

import contextlib
import mmap
import os
import pickle
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child
from periscope.sandbox.session import Session, SessionLimits

LIMIT = 0.1
ITEMS = [(2, "T", 120, (), ("time_step",)), (2, "T", 121, (), ("time_step",)), (5, "T", 300, (), ("time_step",))]
AAA_STREAM = (1, "AAA", "EQUITY", (2, "1", "1", None), (0, "1", "1", None))
"""A row of the table of streams: prices with two decimals, whole volumes."""
END = 7
ORDER = {
    "type": "PLACE_ORDER",
    "symbol": "AAA",
    "asset_type": "EQUITY",
    "intent": "BUY",
    "order_type": "LIMIT",
    "contract_quantity": "10",
    "limit_price": "1.25",
    "stop_price": None,
    "time_in_force": "GTC",
}
VALUES: list[Any] = [
    *("1", "1.25", "NaN", "Infinity", "1e999999999", "1_000", "٣", "-0", "9" * 29, "9" * 44, "0." + "1" * 13, "", " 1"),
    *("BUY", "EQUITY", "minute", None, 5, -1.5, [], {}, "\x00", "A" * 5000, 10**18, True),
]
REGISTER = {
    "type": "REGISTER_SECURITY",
    "request": {"type": "BAR", "symbol": "AAA", "asset_type": "EQUITY", "bar_time_span": "minute"},
}


type Behaviour = Callable[[socket.socket], None]
"""What is done at the process's end of the channel, until it returns or the engine has gone."""


MOST_BUSY_SECONDS = 0.25


def stalled(busy_seconds: float) -> bool:
    """Whether the engine has spent more processor time on a conversation than may show."""
    return busy_seconds > MOST_BUSY_SECONDS


class FakeSession(Session):
    """A session whose process is played by a thread, and which measures what the conversation costs the engine."""

    def __init__(
        self, behave: Behaviour, limits: SessionLimits, validate: Callable[[dict[str, Any]], list[str]]
    ) -> None:
        self.busy_seconds = 0.0
        self._behave = behave
        self._threads: list[threading.Thread] = []
        super().__init__(limits, lambda *_: None, validate, self._start_fake)

    def _start_fake(self) -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pipes = [os.pipe() for _ in range(3)]
        process = subprocess.Popen(
            ["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        for ours_end, theirs_end in pipes:
            os.set_blocking(ours_end, False)
            os.close(theirs_end)
        thread = threading.Thread(target=self._play, args=(theirs, process.stdin))
        self._threads.append(thread)
        thread.start()
        return Child(process, ours, mmap.mmap(-1, mmap.PAGESIZE), pipes[0][0], pipes[1][0], pipes[2][0])

    def _play(self, channel: socket.socket, life: IO[bytes]) -> None:
        with life, channel, contextlib.suppress(OSError):
            self._behave(channel)

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Adds to `busy_seconds` the processor time that the engine's thread takes; waiting takes none."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.busy_seconds += time.thread_time() - began

    def close(self) -> None:
        """End the process and the thread."""
        super().close()
        for thread in self._threads:
            thread.join()


def fake_session(
    said: bytes | Behaviour,
    *,
    stays: bool = False,
    limit: float = LIMIT,
    validate: Callable[[dict[str, Any]], list[str]] = lambda config: [str(config)],
) -> FakeSession:
    """A session with a process that says some bytes once it is asked something, and then ends or `stays`."""
    limits = SessionLimits(handler_seconds=limit, start_seconds=limit, output_bytes=1_000, actions_per_reply=5)
    return FakeSession(in_turn([said], stays=stays) if isinstance(said, bytes) else said, limits, validate)


def in_turn(pieces: Sequence[bytes], *, stays: bool) -> Behaviour:
    """Says one piece at each message that it gets."""

    def behave(channel: socket.socket) -> None:
        for piece in pieces:
            if not channel.recv(1 << 16):
                return
            channel.sendall(piece)
        while stays and channel.recv(1 << 16):
            pass

    return behave


def deaf(channel: socket.socket) -> None:
    """Reads nothing and says nothing until the engine has gone."""
    gone = select.poll()
    gone.register(channel, 0)
    gone.poll()


def frame(kind: str, body: object) -> bytes:
    """One message as the strategy's process would send it."""
    return wire.frame(ord(kind), msgspec.msgpack.encode(body))


def talk(session: Session, state: str) -> object:
    """Ask what belongs to a state of the conversation; returns the answer."""
    match state:
        case "launch":
            return session.launch(Path("/bundle"), b"{}", b"{}", 0)
        case "start":
            return session.start(0, lambda *_: (None, "no", 0, 0))
        case "stop":
            session._answer = lambda *_: ("XXH4", "", 0, 10)
            return session.stop(5)
        case _:
            session._started = True
            session._answer = lambda *_: ("XXH4", "", 0, 10)
            return session.go(ITEMS, END, [], lambda: None)


@dataclass(frozen=True)
class Heard:
    """What came of a conversation: the answer or the fault's code, its text, and wall seconds."""

    found: Any
    text: str
    seconds: float


def hear(said: bytes | Behaviour, state: str = "go", *, limit: float = LIMIT, **more: Any) -> Heard:
    """Ask what belongs to a state and hear some bytes; never a stall, never another exception than a fault."""
    session = fake_session(said, stays=True, limit=limit, **more)
    began = time.monotonic()
    try:
        with session.measured():
            found, text = talk(session, state), ""
    except SandboxFaultError as error:
        found, text = error.code, error.message
    finally:
        seconds = time.monotonic() - began
        session.close()
    assert len(text) < 2_000
    assert not stalled(session.busy_seconds), (found, text)
    return Heard(found, text, seconds)


def raw(kind: str, body: bytes) -> bytes:
    """A frame of bytes that no encoder would make."""
    return wire.frame(ord(kind), body)


class Frames:
    """Random frames, from nearly right to mere noise."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def number(self) -> Any:
        """A count, mostly a possible one."""
        odd: list[Any] = [-1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1, 1.5, None, "3", True, [], float("nan"), 10**6]
        return self.dice.choice(odd) if self.dice.random() < 0.2 else self.dice.randrange(9)

    def text(self) -> Any:
        """A number or a name, mostly a wrong one."""
        return self.dice.choice(VALUES)

    def action(self) -> Any:
        """An action with some of its fields changed."""
        if self.dice.random() < 0.1:
            return self.dice.choice([5, None, "x", [], {}, {"type": 5}, {"type": "NOPE"}, {5: 6}])
        action: dict[Any, Any] = dict(self.dice.choice([ORDER, REGISTER]))
        for _ in range(self.dice.choice([0, 1, 2])):
            action[self.dice.choice([*action, "extra", "type"])] = self.text()
        return action

    def body(self) -> Any:
        """A body that may belong to one of the kinds."""
        counts = [self.number(), self.number()]
        flag = self.dice.choice([True, False, True, False, None, 1, "yes"])
        if self.dice.random() < 0.6:
            *counts, flag = self.dice.choice([(3, 7, True), (0, 1, True), (1, 2, False), (2, 5, True), (0, 0, False)])
        place = self.dice.choice([None, ["strategy.py", 5, "f"], ["x" * 3000, -5, ""], [1, 2, 3], 7])
        return self.dice.choice(
            [
                counts,
                [*counts, flag, [self.action() for _ in range(self.dice.choice([0, 1, 3, 6]))]],
                [*counts, flag, "XX", self.dice.choice([None, 5, -5, 2**63 - 1, "x"])],
                [*counts, flag, self.dice.choice(["STRATEGY_EXCEPTION", "NOPE", "", 5]), self.text(), place, "trace"],
                {"items": counts},
                self.nest(self.dice.choice([3, 600, 5_000])),
                None,
            ]
        )

    def weight(self) -> bytes:
        """A frame that is large, deep, or of another format altogether."""
        kind = self.dice.choice(b"aeqdv")
        size = self.dice.choice([1_000, 100_000, wire.MOST_BYTES - 32])
        filled = self.dice.choice([b"\x90", b"\x80", b"\x91", b"\xc0", b"\xd6\xff\0\0\0\0", b"\xa1A", b"\xc4\x01A"])
        count = size // len(filled)
        packed = b"\xdd" + struct.pack(">I", count) + filled * count
        return wire.frame(
            kind,
            self.dice.choice(
                [
                    packed,
                    b"\x94\x00\x01\xc3" + packed,
                    b"\x94\x00\x01\xc3\x91" + packed,
                    b"\x94\x00\x01\xc3\x91\x81\xa4type" + packed,
                    b'{"a":' * (size // 5),
                    b'{"a":[' + b"{}," * (size // 3 - 5) + b"0]}",
                    pickle.dumps({"type": "PLACE_ORDER", "symbol": "A" * (size // 2)}),
                ]
            ),
        )

    def conversation(self) -> list[bytes]:
        """Frames said one at each message from the engine: questions as a rule, replays, then whatever comes."""
        said = [self.one() for _ in range(self.dice.choice([1, 1, 1, 2, 4]))]
        if len(said) > 1 and self.dice.random() < 0.7:
            asked = [self.dice.choice([0, 0, 1]), self.dice.choice([0, 0, 2]), False, "XX", None]
            said[:-1] = [self.dice.choice([frame("q", asked), wire.frame(wire.VALIDATE, b"{}")]) for _ in said[:-1]]
        if self.dice.random() < 0.1:
            said.append(said[0])
        return said

    def nest(self, depth: int) -> Any:
        """Something deep."""
        found: Any = msgspec.Raw(b"\x91" * depth + b"\x90")
        return [1, 2, True, [found]] if self.dice.random() < 0.5 else found

    def one(self) -> bytes:
        """A frame, or what is left of one."""
        draw = self.dice.random()
        if draw < 0.02:
            return self.weight()
        if draw < 0.1:
            return self.dice.randbytes(self.dice.choice([0, 1, 4, 5, 6, 64, 3000]))
        if draw < 0.15:
            size = self.dice.choice([0, 1, wire.MOST_BYTES, wire.MOST_BYTES + 1, 2**31, 2**32 - 1])
            return struct.pack("<IB", size, self.dice.choice(b"radqefv"))
        data = bytearray(frame(self.dice.choice("aaaaddqqqeervf?Az\x00"), self.body()))
        for _ in range(self.dice.choice([0, 0, 0, 1, 3])):
            self.spoil(data)
        return bytes(data)

    def spoil(self, data: bytearray) -> None:
        """Change, cut, or double a part."""
        if not data:
            return
        at = self.dice.randrange(len(data))
        match self.dice.randrange(4):
            case 0:
                data[at] ^= 1 << self.dice.randrange(8)
            case 1:
                del data[at:]
            case 2:
                data[at:at] = self.dice.randbytes(3)
            case _:
                data += data[:at]
