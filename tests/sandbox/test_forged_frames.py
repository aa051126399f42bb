"""A strategy that takes hold of its own channel and speaks for its process: it ends its own run, or changes nothing."""

import pytest

from tests.runs.lab import Lab, Ran
from tests.sandbox.sources import handler

FIND = """\
import sys, struct, threading, time

def channel():
    frame = sys._getframe()
    while frame is not None:
        found = getattr(frame.f_locals.get("self"), "_channel", None)
        if found is not None:
            return found
        frame = frame.f_back
    raise AssertionError("no channel in any frame")

def frame(kind, body):
    return struct.pack("<IB", len(body), ord(kind)) + body

def say(there, data):
    import os
    os.write(there._descriptor, data)

"""
CORE = {"limits": {"handler_seconds": 2, "start_seconds": 20}}
BRIEF = {"limits": {"handler_seconds": 0.5, "start_seconds": 1}}
"""For what may also end by the time, because the engine goes on waiting for the rest."""

FORGED = {
    "ready": 'frame("r", b"")',
    "finished": 'frame("f", b"")',
    "done": 'frame("d", b"\\x92\\x00\\x01")',
    "a fault of its own": 'frame("e", b"\\x97\\x00\\x01\\xc3\\xb2STRATEGY_EXCEPTION\\xa1x\\xc0\\xa0")',
    "an action that is none": 'frame("a", b"\\x94\\x00\\x01\\xc3\\x91\\xc0")',
    "a question that it does not wait for": 'frame("q", b"\\x95\\x00\\x01\\xc3\\xa2XX\\xc0")',
    "a config that it does not wait for": 'frame("v", b"{}")',
    "a pickle": 'frame("a", __import__("pickle").dumps({"type": "PLACE_ORDER"}))',
    "the engine's own words": 'frame("G", b"\\x93\\x90\\x00\\x90")',
    "four gigabytes": 'b"\\xff\\xff\\xff\\xffa"',
    "noise": "bytes(range(256)) * 4",
    "half a frame": 'struct.pack("<IB", 100, ord("a")) + b"\\x94"',
    "one byte": 'b"\\x00"',
}
FAULTS = {"PROTOCOL_VIOLATION", "STRATEGY_EXCEPTION", "HANDLER_TIMEOUT", "START_TIMEOUT", "STRATEGY_EXITED"}


def check(ran: Ran) -> None:
    """The run has ended in an error of a known kind, which is the strategy's own."""
    assert ran.document["status"] == "error"
    assert ran.codes[0] in FAULTS, ran.document["issues"]
    assert ran.exit_code == 4


@pytest.mark.parametrize("name", FORGED)
def test_from_a_handler(lab: Lab, name: str) -> None:
    """The forged frame comes before the handler's own answer; nothing can make both of them right."""
    ran = lab.run(FIND + handler("on_bar", f"say(channel(), {FORGED[name]})\nreturn [cash('1')]"), core=BRIEF)
    check(ran)


ELSEWHERE = [
    pytest.param(name, marks=() if name in ("ready", "done", "noise", "half a frame") else pytest.mark.full)
    for name in FORGED
]
"""One of each kind: right elsewhere, right here, no frame, a part of one. `test_hostile_conversations` says every kind
of frame in every state."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_while_it_is_imported(lab: Lab, name: str) -> None:
    source = FIND + f"say(channel(), {FORGED[name]})\n" + handler("on_bar", "return []")
    ran = lab.run(source, core=BRIEF)
    check(ran)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_from_a_thread_at_any_time(lab: Lab, name: str) -> None:
    """It speaks again and again, while handlers run and while none does."""
    body = f"""\
if not self.bars:
    self.bars = 1
    there = channel()
    def speak():
        while True:
            say(there, {FORGED[name]})
            time.sleep(0.002)
    threading.Thread(target=speak, daemon=True).start()
time.sleep(0.001)
return []"""
    ran = lab.run(FIND + handler("on_bar", body), core=BRIEF)
    check(ran)


def test_a_flood_from_a_thread(lab: Lab) -> None:
    body = """\
there = channel()
def speak():
    while True:
        say(there, bytes(1 << 20))
threading.Thread(target=speak, daemon=True).start()
time.sleep(0.5)
return []"""
    ran = lab.run(FIND + handler("on_bar", body), core=CORE)
    assert (ran.exit_code, ran.codes[0]) == (4, "PROTOCOL_VIOLATION")


def test_a_thread_that_takes_the_engines_messages(lab: Lab) -> None:
    """The process then waits for what has been taken from it, and the time of its handler ends it."""
    body = """\
import os
there = channel()
def take():
    while True:
        os.read(there._descriptor, 1 << 16)
for _ in range(4):
    threading.Thread(target=take, daemon=True).start()
time.sleep(0.1)
return [cash('1')]"""
    ran = lab.run(FIND + handler("on_bar", body), core=BRIEF)
    check(ran)


def test_a_closed_channel(lab: Lab) -> None:
    ran = lab.run(FIND + handler("on_bar", "import os\nos.close(channel()._descriptor)\nreturn []"), core=CORE)
    check(ran)


def test_counts_that_lie(lab: Lab) -> None:
    """The shared page says what the process likes; it tells of progress, and is believed in nothing else."""
    body = """\
words = channel().counter
for value in (-1, -2**63, 2**63 - 1, 10**6):
    for index in range(len(words)):
        words[index] = value
while True: pass"""
    ran = lab.run(FIND + handler("on_bar", body), core=BRIEF)
    assert (ran.exit_code, ran.codes[0]) == (4, "HANDLER_TIMEOUT"), ran.document["issues"]
