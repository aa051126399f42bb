"""Processes that speak too slowly, too much, too early, twice or out of turn: ended in time, at hardly any cost.

What the engine keeps is measured too: never more than a few frames' worth, however much is said.
"""

import os
import select
import socket
import struct
import time
import tracemalloc
from typing import Any

import msgspec
import pytest

from periscope.sandbox.frames import ProtocolViolationError, SandboxFaultError
from periscope.sandbox.inside import wire
from tests.sandbox.fake_child import END, LIMIT, ORDER, Behaviour, deaf, fake_session, frame, hear, in_turn, raw, talk

PATIENCE = LIMIT + 20.0
"""The limit, what a kill may take, and a busy machine: whoever speaks here without end does so for hours."""
VIOLATION = "PROTOCOL_VIOLATION"
TIMEOUT = "HANDLER_TIMEOUT"
EXITED = "STRATEGY_EXITED"
MOST = wire.MOST_BYTES

SILENT = {
    "a header of zero bytes, and nothing": b"",
    "a part of the header": b"\x05\x00",
    "the header alone": struct.pack("<IB", MOST, ord("a")),
    "half a frame": frame("a", [0, 1, True, [ORDER]])[:40],
    "all but a byte of a full frame": raw("a", bytes(MOST))[:-1],
}


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize("ends", [False, True])
def test_half_a_frame(name: str, ends: bool) -> None:
    """Then silence, which is timed out, or the end."""
    heard = hear(in_turn([SILENT[name]], stays=not ends), limit=20.0 if ends else 0.3)
    assert heard.found == (EXITED if ends else TIMEOUT)
    assert heard.seconds < PATIENCE


def test_one_byte_after_the_other() -> None:
    def drip(channel: socket.socket) -> None:
        channel.recv(1 << 16)
        for byte in raw("a", bytes(MOST)):
            channel.sendall(bytes([byte]))
            time.sleep(0.05)

    heard = hear(drip, limit=0.4)
    assert heard.found == TIMEOUT
    assert 0.4 <= heard.seconds < PATIENCE


FLOODS = {
    "of right answers": frame("d", [3, END]),
    "of questions": frame("q", [0, 0, False, "XX", None]),
    "of empty frames": raw("?", b""),
    "of zeros": bytes(5_000),
    "of full frames": raw("a", bytes(MOST)),
    "of noise": b"\xff\xff\x0f\x00a" + os.urandom(5_000),
}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("state", ["launch", "start", "go", "stop"])
def test_a_flood(name: str, state: str) -> None:
    """The process writes without end and reads nothing; the engine ends it and has kept about a frame."""
    said = FLOODS[name]
    piece = said * max(1, 100_000 // len(said))

    def flood(channel: socket.socket) -> None:
        channel.recv(1 << 16)
        while True:
            channel.sendall(piece)

    tracemalloc.start()
    try:
        heard = hear(flood, state, limit=20.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert heard.found == VIOLATION, heard
    assert heard.seconds < PATIENCE
    assert peak < 8 * MOST


def ask_without_end(question: bytes) -> Behaviour:
    """Asks, takes the answer, asks again."""

    def behave(channel: socket.socket) -> None:
        channel.recv(1 << 16)
        while True:
            channel.sendall(question)
            if not channel.recv(1 << 16):
                return

    return behave


@pytest.mark.parametrize(
    "question",
    [frame("q", [0, 0, False, "XX", None]), frame("q", [0, 0, False, "X" * 1_000_000, None]), raw("v", b"{}")],
    ids=["short", "long", "config"],
)
def test_questions_without_end(question: bytes) -> None:
    """They end with the handler's time, whatever the engine takes to answer."""
    session = fake_session(ask_without_end(question), limit=0.2)
    began = time.monotonic()
    with pytest.raises(SandboxFaultError) as caught:
        talk(session, "go")
    seconds = time.monotonic() - began
    session.close()
    assert caught.value.code == TIMEOUT
    assert seconds < PATIENCE


def test_an_answer_that_takes_the_engine_long_does_not_make_the_time_endless() -> None:
    def answer(config: dict[str, Any]) -> list[str]:
        time.sleep(0.05)
        return []

    session = fake_session(ask_without_end(raw("v", b"{}")), limit=0.2, validate=answer)
    began = time.monotonic()
    with pytest.raises(SandboxFaultError) as caught:
        talk(session, "go")
    seconds = time.monotonic() - began
    session.close()
    assert caught.value.code == TIMEOUT
    assert seconds < PATIENCE


def test_a_replay_of_an_earlier_answer() -> None:
    """A right answer, and the same once more: with it, before the next task, and as the answer to that."""
    right = frame("a", [0, 1, True, [ORDER]])
    assert hear(right + right, limit=20.0).found == VIOLATION
    session = fake_session(in_turn([right, right], stays=True), limit=20.0)
    try:
        talk(session, "go")
        with pytest.raises(ProtocolViolationError):
            talk(session, "go")
    finally:
        session.close()


@pytest.mark.parametrize("state", ["start", "go", "stop"])
def test_an_answer_before_it_is_asked_for(state: str) -> None:
    said = {"start": frame("a", [0, 0, False, []]), "go": frame("d", [3, END]), "stop": wire.frame(wire.FINISHED, b"")}
    spoken = select.poll()

    def behave(channel: socket.socket) -> None:
        channel.sendall(said[state])
        deaf(channel)

    session = fake_session(behave, limit=20.0)
    spoken.register(session._child.channel, select.POLLIN)
    assert spoken.poll(5_000)
    try:
        with pytest.raises(ProtocolViolationError):
            talk(session, state)
    finally:
        session.close()


LETTERS = {"launch": "rev", "start": "aqve", "go": "adqve", "stop": "qvfe"}
"""What a process may say in each state, as ARCHITECTURE.md has it."""
BODIES: dict[str, bytes] = {
    "r": b"",
    "f": b"",
    "a": msgspec.msgpack.encode([0, 0, False, []]),
    "d": msgspec.msgpack.encode([0, 0]),
    "q": msgspec.msgpack.encode([0, 0, False, "XX", None]),
    "v": b"{}",
    "e": msgspec.msgpack.encode([0, 0, False, "STRATEGY_EXCEPTION", "x", None, ""]),
}


@pytest.mark.parametrize("state", LETTERS)
@pytest.mark.parametrize("letter", [*BODIES, *"LSBGAZ"])
def test_each_kind_in_each_state(state: str, letter: str) -> None:
    """A kind that the state does not allow is a violation; one that it allows is heard, or its counts are wrong."""
    body = BODIES.get(letter, b"")
    said = wire.frame(ord(letter), body)
    if state == "go":
        right = {"a": [0, 1, True, [ORDER]], "d": [3, END]}
        said = frame(letter, right[letter]) if letter in right else said
    heard = hear(in_turn([said], stays=False) if letter in "qv" else said, state, limit=20.0)
    if letter not in LETTERS[state]:
        assert heard.found == VIOLATION, heard
    elif letter in "qv":
        assert heard.found == EXITED, "the question is answered, and then the process ends"
    else:
        assert not isinstance(heard.found, str), heard
