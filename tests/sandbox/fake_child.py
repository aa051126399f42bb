"""A process in place of the strategy's that says what a test has prepared, whatever it is asked."""

import mmap
import os
import random
import socket
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child
from periscope.sandbox.session import Session, SessionLimits

LIMIT = 0.1
ITEMS = [(2, "T", 120, (), ("time_step",)), (2, "T", 121, (), ("time_step",)), (5, "T", 300, (), ("time_step",))]
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


def fake_session(said: bytes, *, stays: bool = False, limit: float = LIMIT) -> Session:
    """A session with a process that says some bytes, reads nothing, and then ends or `stays`."""

    def start() -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pipes = [os.pipe() for _ in range(3)]
        with tempfile.TemporaryFile() as prepared:
            prepared.write(said)
            prepared.seek(0)
            command = ["/bin/sh", "-c", "cat; exec sleep 60"] if stays else ["/bin/cat"]
            process = subprocess.Popen(
                command, stdin=prepared, stdout=theirs.fileno(), stderr=subprocess.DEVNULL, start_new_session=True
            )
        theirs.close()
        for ours_end, theirs_end in pipes:
            os.set_blocking(ours_end, False)
            os.close(theirs_end)
        return Child(process, ours, mmap.mmap(-1, mmap.PAGESIZE), pipes[0][0], pipes[1][0], pipes[2][0])

    limits = SessionLimits(handler_seconds=limit, start_seconds=limit, output_bytes=1_000, actions_per_reply=5)
    return Session(limits, lambda *_: None, lambda config: [str(config)], start)


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
            return session.stop(5)
        case _:
            session._started = True
            session._answer = lambda *_: ("XXH4", "", 0, 10)
            session.block([(1, "AAA", "EQUITY", 2, 0)], 9, bytes(9 * 64))
            return session.go(ITEMS, END, [], lambda: None)


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

    def nest(self, depth: int) -> Any:
        """Something deep."""
        found: Any = msgspec.Raw(b"\x91" * depth + b"\x90")
        return [1, 2, True, [found]] if self.dice.random() < 0.5 else found

    def one(self) -> bytes:
        """A frame, or what is left of one."""
        draw = self.dice.random()
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
