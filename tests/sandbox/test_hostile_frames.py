"""Bytes made to crash or to stall the engine, each by name: refused in time, at a cost that hardly shows.

The processor time that the engine spends in the conversation is measured; waiting for the process takes none.
"""

import os
import pickle
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from periscope.sandbox.frames import Frames, ProtocolViolationError
from periscope.sandbox.inside import wire
from tests.sandbox.fake_child import ORDER, frame, hear, raw

VIOLATION = "PROTOCOL_VIOLATION"
MOST = wire.MOST_BYTES


class Bomb:
    """Pickled, it would make whoever unpickles it write a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self._path}",)


def acted(action: bytes) -> bytes:
    """A handler's answer with one action of such bytes."""
    return raw("a", b"\x94\x00\x01\xc3\x91" + action)


def order(**fields: object) -> bytes:
    """A handler's answer with an order, some of its fields changed."""
    return frame("a", [0, 1, True, [{**ORDER, **fields}]])


def many(entry: bytes, count: int) -> bytes:
    """A MessagePack array of the same entry again and again."""
    return b"\xdd" + struct.pack(">I", count) + entry * count


PICKLE = pickle.dumps(Bomb("/nonexistent/periscope"))
FULL = MOST - 16
"""Entries of one byte that fill a frame."""

VIOLATIONS: dict[str, tuple[str, bytes]] = {
    "no body": ("go", raw("a", b"")),
    "a byte too many": ("go", struct.pack("<IB", MOST + 1, ord("a"))),
    "two gigabytes": ("go", struct.pack("<IB", 1 << 31, ord("a"))),
    "four gigabytes": ("go", struct.pack("<IB", (1 << 32) - 1, ord("a"))),
    "a full frame of zeros": ("go", raw("a", bytes(MOST))),
    "a full frame of a kind that is none": ("go", raw("?", bytes(MOST))),
    "random bytes": ("go", raw("a", os.urandom(5_000))),
    "10,000 arrays in each other": ("go", raw("a", b"\x91" * 10_000 + b"\xc0")),
    "a full frame of arrays in each other": ("go", raw("a", b"\x91" * FULL + b"\xc0")),
    "an action of 9,000 arrays": ("go", acted(b"\x91" * 9_000 + b"\xc0")),
    "an action of 10,000 arrays": ("go", acted(b"\x91" * 10_000 + b"\xc0")),
    "an action of a million arrays": ("go", acted(b"\x91" * 1_000_000 + b"\xc0")),
    "an action of maps in each other": ("go", acted(b"\x81\xa1a" * 300_000 + b"\xc0")),
    "an action with a key of arrays": ("go", acted(b"\x81" + b"\x91" * 9_000 + b"\xc0\xc0")),
    "an action of a million empty arrays": ("go", acted(many(b"\x90", FULL - 10))),
    "an action of 170,000 times": ("go", acted(many(b"\xd6\xff\0\0\0\0", 170_000))),
    "an action of 1 MiB": ("go", order(symbol="A" * (MOST - 300), order_type="NOPE")),
    "an action with 130,000 fields": (
        "go",
        acted(b"\xdf" + struct.pack(">I", 130_000) + b"".join(b"\xa6%06d\xc0" % n for n in range(130_000))),
    ),
    "a field with a name of 1 MiB": ("go", acted(msgspec.msgpack.encode({"type": "CANCEL_LIMITS", "\x00" * 10**6: 1}))),
    "a type of 1 MiB": ("go", order(type="\x00" * 1_000_000)),
    "a body that is a pickle": ("go", raw("a", PICKLE)),
    "an action that is a pickle": ("go", acted(msgspec.msgpack.encode(PICKLE))),
    "a symbol that is a pickle": ("go", order(symbol=PICKLE)),
    "a fault that is a pickle": ("go", raw("e", PICKLE)),
    "a config that is a pickle": ("launch", raw("v", PICKLE)),
    "an array that is longer than the frame": ("go", acted(b"\xdd\xff\xff\xff\xff")),
    "a map that is longer than the frame": ("go", acted(b"\xdf\xff\xff\xff\xff")),
    "a text that is longer than the frame": ("go", acted(b"\x81\xa4type\xdb\xff\xff\xff\xff")),
    "a list of actions that is longer than the frame": ("go", raw("a", b"\x94\x00\x01\xc3\xdd\xff\xff\xff\xff")),
    "actions that are a map": ("go", raw("a", b"\x94\x00\x01\xc3\x80")),
    "actions that are bytes": ("go", raw("a", b"\x94\x00\x01\xc3\xc4\x01\x90")),
    "text that is not UTF-8": ("go", acted(b"\x81\xa4type\xa2\xff\xfe")),
    "a surrogate in UTF-8": ("go", acted(b"\x81\xa4type\xa3\xed\xa0\x80")),
    "a fault whose text is not UTF-8": (
        "go",
        raw("e", b"\x97\x00\x01\xc3" + msgspec.msgpack.encode("STRATEGY_EXCEPTION") + b"\xa1\xff\xc0\xa0"),
    ),
    "an extension type": ("go", acted(b"\x81\xa4type\xd4\x05\xff")),
    "a time": ("go", acted(b"\x81\xa4type\xd6\xff\x00\x00\x00\x00")),
    "a time that is none": ("go", acted(b"\x81\xa4type\xc7\x0c\xff" + b"\xff" * 12)),
    "bytes for text": ("go", acted(b"\x81\xa4type\xc4\x0bPLACE_ORDER")),
    "bytes for a body": ("go", raw("a", b"\xc4\x04abcd")),
    "an unused mark": ("go", acted(b"\xc1")),
    "counts below zero": ("go", frame("a", [-1, -1, True, [ORDER]])),
    "counts of 64 bits": ("go", frame("a", [2**64 - 1, 2**64 - 1, True, [ORDER]])),
    "counts that are fractions": ("go", frame("a", [0.0, 1.0, True, [ORDER]])),
    "counts that are true": ("go", frame("a", [False, True, True, [ORDER]])),
    "done, and nothing was": ("go", frame("d", [0, 0])),
    "a fault of ours": ("go", frame("e", [0, 1, True, "SANDBOX_FAULT", "x", None, ""])),
    "a fault with a code of 1 MiB": ("go", frame("e", [0, 1, True, "\x00" * 1_000_000, "x", None, ""])),
    "a fault before its time": ("go", frame("e", [0, 99, True, "STRATEGY_EXCEPTION", "x", None, ""])),
    "a question as of year 300,000": ("go", frame("q", [0, 1, True, "XX", 2**63 - 1])),
    "a question as of long ago": ("go", frame("q", [0, 1, True, "XX", -(2**63)])),
    "a config of 10,000 arrays": ("launch", raw("v", b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}")),
    "a config of objects without end": ("launch", raw("v", b'{"a":' * 200_000)),
    "a config that is a list": ("launch", raw("v", b"[]")),
    "a config with an endless number": ("launch", raw("v", b'{"a":' + b"9" * 1_000_000 + b"}")),
    "a config with 1e400": ("launch", raw("v", b'{"a":1e400}')),
    "a config with NaN": ("launch", raw("v", b'{"a":NaN}')),
    "a config with half a pair": ("launch", raw("v", b'{"a":"\\ud800"}')),
    "a config that is not UTF-8": ("launch", raw("v", b'{"a":"\xff"}')),
    "our own message back": ("go", wire.frame(wire.GO, b"\x93\x90\x00\x90")),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_what_no_process_may_say(name: str) -> None:
    state, said = VIOLATIONS[name]
    heard = hear(said, state, limit=20.0)
    assert heard.found == VIOLATION, heard


NUMBERS: list[Any] = [
    *(
        "sNaN",
        "Infinity",
        "-Infinity",
        "nan",
        "1e999999999",
        "1E5",
        "1e-5",
        "1_000",
        "٣",
        "１",
        "+1",
        " 1",
        "1 ",
        "1\n",
    ),
    *("", ".", ".5", "5.", "0x10", "01", "--1", "9" * 29, "9" * 44, "1." + "1" * 13, "1" + "0" * 44, "1" * 1_000_000),
    *("-" * 1_000_000, 5, 1.5, True, [], {}, b"1", None),
]


@pytest.mark.parametrize("field", ["contract_quantity", "limit_price"])
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: ascii(number)[:20])
def test_what_is_no_number(field: str, number: object) -> None:
    """None is a right value of both fields; everything else here is none that an action may carry."""
    heard = hear(order(**{field: number}), limit=20.0)
    assert (heard.found == VIOLATION) is (number is not None)


def test_nothing_is_ever_unpickled(tmp_path: Any) -> None:
    bomb = pickle.dumps(Bomb(str(tmp_path / "touched")))
    for said in (raw("a", bomb), acted(msgspec.msgpack.encode(bomb)), raw("e", bomb), raw("q", bomb), raw("v", bomb)):
        assert hear(said, limit=20.0).found == VIOLATION
    assert list(tmp_path.iterdir()) == []
    pickle.loads(bomb)  # the same bytes are one, for whoever does unpickle them
    assert [path.name for path in tmp_path.iterdir()] == ["touched"]


@pytest.mark.parametrize("count", [6, 1_001, 1_000_000])
def test_too_many_actions_are_counted_and_not_read(count: int) -> None:
    heard = hear(raw("a", b"\x94\x00\x01\xc3" + many(b"\xc0", count)), limit=20.0)
    assert heard.found == "TOO_MANY_ACTIONS"
    assert f"{count} actions; 5 are allowed" in heard.text


def test_a_key_that_comes_twice_has_its_last_value() -> None:
    fields = [("type", "CANCEL_LIMITS"), ("symbol", "AAA"), ("asset_type", "EQUITY"), ("symbol", "BBB")]
    packed = b"".join(msgspec.msgpack.encode(text) for field in fields for text in field)
    *_, actions = hear(acted(b"\x84" + packed), limit=20.0).found
    assert [action.symbol for action in actions] == ["BBB"]


def test_what_a_fault_says_is_cut() -> None:
    place = ["../../etc/passwd" * 1_000, 2**63 - 1, "\x1b[31m" * 1_000]
    heard = hear(frame("e", [0, 1, True, "STRATEGY_EXCEPTION", "\n" * 500_000, place, "x" * 400_000]), limit=20.0)
    fault = heard.found
    assert isinstance(fault, wire.Fault)
    assert fault.place is not None
    assert (len(fault.message), len(fault.place.file), len(fault.place.function)) == (4_000, 1_000, 1_000)
    assert fault.place.line == 2**31 - 1
    assert fault.trace == ""


def test_the_buffer_never_holds_more_than_a_frame() -> None:
    frames = Frames()
    frames.add(struct.pack("<IB", MOST + 1, ord("a")))
    with pytest.raises(ProtocolViolationError):
        frames.cut()
    frames = Frames()
    frames.add(raw("a", bytes(MOST)))
    assert frames.cut() == (ord("a"), bytes(MOST))
    frames.add(raw("r", b"") + b"x")
    with pytest.raises(ProtocolViolationError):
        frames.cut()
