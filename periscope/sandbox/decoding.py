"""What a strategy's process has said, decoded into types and bounded. Bytes that are no such thing are a violation.

Whatever the bytes hold, reading them takes a fraction of a second and a small multiple of their size: types are flat,
lengths are checked before anything is made, and no text from there comes back longer than a line or two.
"""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.protocol import Action
from libs.shared_ipc.src.protocol.wire import action_from_wire
from periscope.sandbox.frames import ProtocolViolationError, SandboxFaultError
from periscope.sandbox.inside import wire

_MOST_MESSAGE = 4_000
_MOST_NAME = 1_000
_MOST_COMPLAINT = 500
_MOST_LINE = (1 << 31) - 1
_MOST_KNOWN = 1_024
_MOST_REMEMBERED = 1_024
_FIRST_TIME, _LAST_TIME = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds since 1970 of the first and the last moment that a datetime can hold."""

type _Value = bool | int | float | str | None


class Acted(msgspec.Struct, array_like=True, frozen=True):
    """A handler acted. The counts include the event that it was given; its actions are still in one piece."""

    items_done: int
    bars_done: int
    was_bar: bool
    packed: msgspec.Raw


_acted = msgspec.msgpack.Decoder(Acted).decode
_actions = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_done = msgspec.msgpack.Decoder(wire.Done).decode
_query = msgspec.msgpack.Decoder(wire.Query).decode
_fault = msgspec.msgpack.Decoder(wire.Fault).decode
_fields = msgspec.msgpack.Decoder(dict[str, _Value | dict[str, _Value]]).decode
_config = msgspec.json.Decoder(dict[str, Any]).decode


def acted(body: bytes) -> Acted:
    """The counts, and the actions as bytes."""
    return _decoded(_acted, body)


def done(body: bytes) -> wire.Done:
    """The counts of a script that was delivered as a whole."""
    return _decoded(_done, body)


def query(body: bytes) -> wire.Query:
    """A question for a front month, as of a moment that a datetime can hold."""
    said = _decoded(_query, body)
    if said.as_of is not None and not _FIRST_TIME <= said.as_of <= _LAST_TIME:
        raise ProtocolViolationError(f"a question as of {said.as_of} microseconds, which is no time")
    return said


def fault(body: bytes) -> wire.Fault:
    """What the process says went wrong in the user's code, texts cut to a length that can be shown."""
    said = _decoded(_fault, body)
    if said.code not in wire.FAULT_CODES:
        raise ProtocolViolationError(f"a fault of an unknown kind, {said.code[:100]!r}")
    place = said.place
    if place is not None:
        line = min(max(0, place.line), _MOST_LINE)
        place = wire.Place(place.file[:_MOST_NAME], line, place.function[:_MOST_NAME])
    message = said.message[:_MOST_MESSAGE]
    return wire.Fault(said.items_done, said.bars_done, said.was_bar, said.code, message, place, "")


def config(body: bytes) -> dict[str, Any]:
    """A config that the strategy made up; nothing in it is checked."""
    return _decoded(_config, body)


class ActionReader:
    """Reads lists of at most `most` actions.

    Strategies repeat themselves, and actions are immutable, so some are remembered.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, Action] = {}

    def read(self, packed: msgspec.Raw) -> list[Action]:
        """The actions in some bytes, counted before any is looked at."""
        count = _entries(packed)
        if count > self._most:
            raise SandboxFaultError("TOO_MANY_ACTIONS", f"a handler returned {count} actions; {self._most} are allowed")
        return [self._action(bytes(raw)) for raw in _decoded(_actions, packed)]

    def _action(self, raw: bytes) -> Action:
        found = self._known.get(raw)
        if found is None:
            if len(raw) > wire.MOST_ACTION_BYTES:
                raise ProtocolViolationError(f"an action of {len(raw)} bytes; {wire.MOST_ACTION_BYTES} are allowed")
            try:
                found = action_from_wire(cast("JSONValue", _decoded(_fields, raw)))
            except (ValueError, TypeError) as error:
                raise ProtocolViolationError(f"an action that is none: {str(error)[:_MOST_COMPLAINT]}") from None
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            if len(raw) <= _MOST_REMEMBERED:
                self._known[raw] = found
        return found


def _entries(packed: msgspec.Raw) -> int:
    """The number of entries that a MessagePack array begins with."""
    head = memoryview(packed)
    if head[0] & 0xF0 == 0x90:
        return head[0] & 0x0F
    size = {0xDC: 2, 0xDD: 4}.get(head[0])
    if size is None:
        raise ProtocolViolationError("actions that are no list")
    return int.from_bytes(head[1 : 1 + size], "big")


def _decoded[T](decode: Callable[[bytes | msgspec.Raw], T], body: bytes | msgspec.Raw) -> T:
    """A typed message, or the finding that the bytes are none."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolViolationError(f"bytes that are no message: {str(error)[:_MOST_COMPLAINT]}") from None
