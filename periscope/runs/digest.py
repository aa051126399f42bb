"""The hash of a run: of its ordered events, actions and ledger, over canonical columns.

Two streams are hashed with SHA-256. The first is the delivered bars, row by row, as eight little-endian 64-bit
integers: start, end, stream, open, high, low, close, volume (prices and volume scaled as the stream's line says). The
second is one JSON array a line, in order: `["stream", number, symbol, asset type, span, price scale, volume scale]`,
`["event", bars, time, kind, payload]`, `["action", bars, time, name, fields]`, `["entry", bars, time, reason,
postings]`, where `bars` is the number of bars delivered before it. The run's hash is the SHA-256 of both digests.
Block sizes, time zones, locales and hash seeds have no place in it.
"""

import hashlib
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from periscope.engine.blocks import Stream
from periscope.engine.records import ActionTaken, Booked, Delivered

_encode_lines = msgspec.json.Encoder(decimal_format="string").encode_lines


class Digest:
    """Takes what happened, block by block."""

    def __init__(self) -> None:
        self._bars = hashlib.sha256()
        self._lines = hashlib.sha256()
        self._streams: set[int] = set()
        self._waiting: list[ActionTaken | Delivered | Booked] = []
        self._count = 0

    def streams(self, streams: Iterable[Stream]) -> None:
        """These streams may have rows in what follows."""
        for stream in streams:
            if stream.number not in self._streams:
                self._streams.add(stream.number)
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
                self._lines.update(_encode_lines([line]))

    def note(self, record: ActionTaken | Delivered | Booked) -> None:
        """An event, an action or an entry of the present block."""
        self._waiting.append(record)

    def close_block(self, columns: npt.NDArray[np.int64], delivered: npt.NDArray[np.bool_]) -> None:
        """The block is over: hash its delivered bars and what was noted between them."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            before = (self._count + np.concatenate(([0], np.cumsum(delivered)))).tolist()
            self._lines.update(_encode_lines([_line(record, before[record.row]) for record in waiting]))
        rows = columns if delivered.all() else columns[:, delivered]
        self._bars.update(np.ascontiguousarray(rows.T).astype("<i8", copy=False).data)
        self._count += rows.shape[1]

    def hexdigest(self) -> str:
        """The run's hash."""
        return hashlib.sha256(self._bars.digest() + self._lines.digest()).hexdigest()


def _line(record: ActionTaken | Delivered | Booked, bars: int) -> tuple[object, ...]:
    if isinstance(record, Delivered):
        return ("event", bars, record.time, record.kind, record.payload)
    if isinstance(record, ActionTaken):
        return ("action", bars, record.time, type(record.action).__name__, record.action)
    return ("entry", bars, record.entry.time, record.entry.reason, record.entry.postings)
