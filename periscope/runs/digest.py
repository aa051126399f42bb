"""The hash of a run: of its ordered events, actions and ledger, over canonical columns.

Two streams are hashed with SHA-256. The first is the delivered bars, row by row, as eight little-endian 64-bit
integers: start, end, stream, open, high, low, close, volume (prices and volume scaled as the stream's line says). The
second is one JSON array a line, in order: `["stream", number, symbol, asset type, span, price scale, volume scale]`
(where prices are adjusted, with a numerator, a denominator and the decimals rounded to, for prices and for volumes),
`["event", bars, time, kind, payload]`, `["action", bars, time, name, fields]`, `["entry", bars, time, reason,
postings]`, where `bars` is the number of bars delivered before it. Where a split changes what a stream's integers
stand for, its line stands among the bars, before the first one that it is about. The run's hash is the SHA-256 of both
digests.
Block sizes, time zones, locales and hash seeds have no place in it.
"""

import hashlib
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from periscope.engine.blocks import Stream
from periscope.engine.records import ActionTaken, Booked, Delivered
from periscope.instruments.scaling import Scalings
from periscope.runs.journal import CHECKPOINT, JournalSink

_encode_lines = msgspec.json.Encoder(decimal_format="string").encode_lines


class Digest:
    """Takes what happened, block by block, and passes on to the journal what it hashes."""

    def __init__(self, journal: JournalSink | None = None) -> None:
        self._journal = journal
        self._bars = hashlib.sha256()
        self._hashed = 0
        self._lines = hashlib.sha256()
        self._streams: dict[int, Scalings] = {}
        self._changed: dict[int, bytes] = {}
        self._waiting: list[ActionTaken | Delivered | Booked] = []
        self._count = 0

    def streams(self, streams: Iterable[tuple[Stream, Scalings]]) -> None:
        """These streams may have rows in the block that follows, whose integers stand for that."""
        for stream, scalings in streams:
            known = self._streams.get(stream.number)
            if known is scalings:
                continue
            self._streams[stream.number] = scalings
            line = _encode_lines([_stream_line(stream, scalings)])
            if known is None:
                self._write(line)
            else:
                self._changed[stream.number] = line

    def note(self, record: ActionTaken | Delivered | Booked) -> None:
        """An event, an action or an entry of the present block."""
        self._waiting.append(record)

    def close_block(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_]) -> None:
        """The block is over: hash its delivered bars and what was noted between them."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            before = (self._count + np.concatenate(([0], np.cumsum(delivered)))).tolist()
            self._write(_encode_lines([_line(record, before[record.row]) for record in waiting]))
        rows = columns if delivered.all() else columns[:, delivered]
        start = 0
        for stop, number in self._first_rows(rows[2]):
            self._hash_bars(rows[:, start:stop])
            self._bars.update(self._changed.pop(number))
            start = stop
        self._hash_bars(rows[:, start:])
        self._count += rows.shape[1]

    def _first_rows(self, numbers: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Where the streams whose integers have changed their meaning have their first row here, if they have one."""
        found = [(int((numbers == number).argmax()), number) for number in self._changed if number in numbers]
        return sorted(found)

    def _hash_bars(self, rows: npt.NDArray[np.int64]) -> None:
        whole = np.ascontiguousarray(rows.T).astype("<i8", copy=False)
        first = CHECKPOINT - self._hashed % CHECKPOINT
        for piece in np.split(whole, range(first, len(whole), CHECKPOINT)):
            self._bars.update(piece.data)
            self._hashed += len(piece)
            if len(piece) and self._hashed % CHECKPOINT == 0:
                self._tell_checkpoint()

    def close(self) -> None:
        """No more bars come: the journal gets the hash of the last ones too."""
        if self._hashed % CHECKPOINT:
            self._tell_checkpoint()

    def _tell_checkpoint(self) -> None:
        if self._journal is not None:
            self._journal.checkpoint(self._hashed, self._bars.hexdigest())

    def _write(self, lines: bytes) -> None:
        self._lines.update(lines)
        if self._journal is not None:
            self._journal.lines(lines)

    def hexdigest(self) -> str:
        """The run's hash."""
        return hashlib.sha256(self._bars.digest() + self._lines.digest()).hexdigest()


def _stream_line(stream: Stream, scalings: Scalings) -> tuple[object, ...]:
    instrument = stream.instrument
    line = (
        "stream",
        stream.number,
        stream.symbol,
        stream.asset_type,
        stream.span,
        instrument.price_scale,
        instrument.volume_scale,
    )
    if scalings.price.is_plain and scalings.volume.is_plain:
        return line
    factors = [(str(each.numerator), str(each.denominator), each.places) for each in scalings[1:]]
    return (*line, *factors)


def _line(record: ActionTaken | Delivered | Booked, bars: int) -> tuple[object, ...]:
    if isinstance(record, Delivered):
        return ("event", bars, record.time, record.kind, record.payload)
    if isinstance(record, ActionTaken):
        return ("action", bars, record.time, type(record.action).__name__, record.action)
    return ("entry", bars, record.entry.time, record.entry.reason, record.entry.postings)
