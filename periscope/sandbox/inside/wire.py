"""The messages between the engine's process and the strategy's, and their frames.

A frame is a little-endian u32 length, then one byte for the kind of message, then the body. Bodies are MessagePack of
plain arrays; a block's columns follow its header as raw little-endian 64-bit integers. Nothing is ever pickled, and
everything that comes from the strategy's process is decoded into the types below or refused.
"""

import struct
from typing import Any

import msgspec

MOST_BYTES = 1 << 20
"""The largest frame that the strategy's process may send."""

MOST_ACTION_BYTES = 2_048
"""The largest action: what an order names is kept for the whole run, and long names would fill the engine's memory."""

OUR_FAULT_STATUS = 70
"""Exit status of a process that failed in Periscope's own code, not in the strategy's (EX_SOFTWARE of sysexits.h)."""

NO_MEMORY_STATUS = 71
"""Exit status of a process that found no memory outside of the strategy's code (EX_OSERR of sysexits.h)."""

SPIN_WORD = 2
"""Word of the shared page in which the host says for how many microseconds to look for a message before sleeping."""

HEADER = struct.Struct("<IB")

LAUNCH, START, BLOCK, GO, ANSWER, STOP = b"LSBGAZ"
READY, ACTED, DONE, QUERY, ERROR, FINISHED, VALIDATE = b"radqefv"


class Launch(msgspec.Struct, array_like=True, frozen=True):
    """The bundle's folder, the schema and the config as JSON, the seed of `random` (None: leave it alone), and how many
    actions a handler may return."""

    folder: str
    schema: bytes
    config: bytes
    seed: int | None
    most_actions: int


class Start(msgspec.Struct, array_like=True, frozen=True):
    """Run `on_start` (`on_stop`, where it is the body of `STOP`) at `time` (microseconds UTC)."""

    time: int


class ScalingRow(msgspec.Struct, array_like=True, frozen=True):
    """An integer v stands for v / 10**digits x numerator / denominator, rounded half-even to `places` decimals if set.

    Numerator and denominator are text, as they may have more than 64 bits.
    """

    digits: int
    numerator: str
    denominator: str
    places: int | None


class StreamRow(msgspec.Struct, array_like=True, frozen=True):
    """What the rows of one stream mean: its number, symbol and asset type, and what its integers stand for."""

    number: int
    symbol: str
    asset_type: str
    price: ScalingRow
    volume: ScalingRow


def stream_row(
    number: int,
    symbol: str,
    asset_type: str,
    price: tuple[int, str, str, int | None],
    volume: tuple[int, str, str, int | None],
) -> StreamRow:
    """The row of plain values."""
    return StreamRow(number, symbol, asset_type, ScalingRow(*price), ScalingRow(*volume))


class BlockHead(msgspec.Struct, array_like=True, frozen=True):
    """The number of rows and the stream table of a block; eight columns of int64 follow."""

    rows: int
    streams: list[StreamRow]


class Item(msgspec.Struct, array_like=True, frozen=True):
    """One entry of a script: the row before which it comes, its kind, its time, position changes, payload.

    Kinds: `U` order update, `T` timer, `X` expiration, `P` a position change without an event.
    """

    row: int
    kind: str
    time: int
    changes: list[tuple[str, str, str, str]]
    payload: list[Any]


class Go(msgspec.Struct, array_like=True, frozen=True):
    """Deliver the items and the bars between them, and stop before row `end`; `dropped` streams have ended."""

    items: list[Item]
    end: int
    dropped: list[int]


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """The front month, or None and the reason; the answer holds in [valid_from, valid_until)."""

    symbol: str | None
    reason: str
    valid_from: int
    valid_until: int


class Verdict(msgspec.Struct, array_like=True, frozen=True):
    """What is wrong with a config, a sentence each; the answer to `VALIDATE`, whose body is the config as JSON."""

    problems: list[str]


class Acted(msgspec.Struct, array_like=True, frozen=True):
    """A handler returned actions (each in the SDK's wire form). The counts include the event that it was given."""

    items_done: int
    bars_done: int
    was_bar: bool
    actions: list[msgspec.Raw]


class Done(msgspec.Struct, array_like=True, frozen=True):
    """The whole script was delivered and nobody acted."""

    items_done: int
    bars_done: int


class Query(msgspec.Struct, array_like=True, frozen=True):
    """The handler in hand asks for a front month; `as_of` None means now."""

    items_done: int
    bars_done: int
    was_bar: bool
    root: str
    as_of: int | None


class Place(msgspec.Struct, array_like=True, frozen=True):
    """A line of the user's own files."""

    file: str
    line: int
    function: str


FAULT_CODES = frozenset(
    {
        "BUNDLE_INVALID",
        "INVALID_ACTIONS",
        "MEMORY_LIMIT",
        "STRATEGY_EXCEPTION",
        "STRATEGY_EXITED",
        "STRATEGY_IMPORT_FAILED",
        "THREAD_LIMIT",
        "TOO_MANY_ACTIONS",
    }
)
"""What a strategy's process may say of itself. Everything else is for the engine's side to find."""


class Fault(msgspec.Struct, array_like=True, frozen=True):
    """The user's code failed: the issue's code, a sentence, the user's line, and the traceback for the log."""

    items_done: int
    bars_done: int
    was_bar: bool
    code: str
    message: str
    place: Place | None
    trace: str


encode = msgspec.msgpack.Encoder().encode


def frame(kind: int, body: bytes) -> bytes:
    """One message, ready to be sent."""
    return HEADER.pack(len(body), kind) + body


def block_frame(head: BlockHead, columns: bytes) -> bytes:
    """A block, ready to be sent: the length of its head, the head, the columns."""
    packed = encode(head)
    return frame(BLOCK, struct.pack("<I", len(packed)) + packed + columns)


_block_head = msgspec.msgpack.Decoder(BlockHead).decode


def open_block(body: bytes) -> tuple[BlockHead, memoryview]:
    """The head and the raw columns of a block."""
    view = memoryview(body)
    size = struct.unpack_from("<I", body)[0]
    return _block_head(view[4 : 4 + size]), view[4 + size :]
