"""What is said between the engine's process and a new one before it may see a strategy."""

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from periscope.sandbox.confinement import Attempt, Tier
from periscope.sandbox.inside import plan as words
from periscope.sandbox.inside.plan import Confined, Forked, Plan, Refused
from periscope.sandbox.inside.wire import HEADER, MOST_BYTES, frame
from periscope.sandbox.verification import examine, parent_of

_SECONDS = 20.0


class UnconfinedError(Exception):
    """The process is not confined as it must be; `attempts` says what was tried, the failures included."""

    def __init__(self, *attempts: Attempt) -> None:
        super().__init__(attempts[-1].detail)
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The number of the strategy's process, and everything that was found good about it."""

    number: int
    attempts: tuple[Attempt, ...]


def confirm(process: subprocess.Popen[bytes], channel: socket.socket, plan: Plan) -> Confirmed:
    """Have the process confined as planned and look at it. Raises UnconfinedError; the process must then be ended."""
    channel.settimeout(_SECONDS)
    number = process.pid
    said: Confined | None = None
    waits_for_number = plan.tier == Tier.SEALED
    try:
        channel.sendall(frame(words.CONFINE, words.encode(plan)))
        while said is None or waits_for_number:
            kind, body = _receive(channel)
            if kind == words.MAP_USERS:
                _map_users(process.pid, plan)
                channel.sendall(frame(words.GO_ON, b""))
            elif kind == words.FORKED:
                number, waits_for_number = msgspec.msgpack.decode(body, type=Forked).number, False
            elif kind == words.REFUSED:
                refused = msgspec.msgpack.decode(body, type=Refused)
                raise UnconfinedError(Attempt(refused.step, False, refused.reason))
            elif kind == words.CONFINED:
                said = msgspec.msgpack.decode(body, type=Confined)
            else:
                raise UnconfinedError(Attempt("confinement", False, f"message {kind} before it was done"))
        if number != process.pid and parent_of(number) != process.pid:
            raise UnconfinedError(Attempt("fork", False, f"process {number} is not a child of process {process.pid}"))
        attempts = (
            Attempt("Landlock", said.landlock >= 1, f"version {said.landlock}"),
            *examine(number, plan, said, os.getuid() if plan.user is None else plan.user),
        )
        if not all(attempt.good for attempt in attempts):
            raise UnconfinedError(*attempts)
        channel.sendall(frame(words.GO_ON, b""))
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise UnconfinedError(Attempt("confinement", False, f"{type(error).__name__}: {error}")) from None
    return Confirmed(number, attempts)


def _receive(channel: socket.socket) -> tuple[int, bytes]:
    size, kind = HEADER.unpack(_exactly(channel, HEADER.size))
    if size > MOST_BYTES:
        raise EOFError(f"a message of {size} bytes")
    return kind, _exactly(channel, size)


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = channel.recv(size, socket.MSG_WAITALL) if size else b""
    if len(data) < size:
        raise EOFError("the process ended")
    return data


def _map_users(process: int, plan: Plan) -> None:
    """Make root, for the steps that still need it, and the user to become known in the new namespace."""
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{process}/{name}").write_text(f"0 0 1\n{plan.user} {plan.user} 1\n", encoding="ascii")
