"""Columns of integers as compact text that the page's script unpacks.

A column of whole numbers is written as planes of bytes: all lowest bytes, then all second bytes, as many planes as the
largest number needs. Signed numbers are folded first (0, -1, 1, -2 become 0, 1, 2, 3). Neighbouring bars differ by
little, so after differences most planes are nearly constant and gzip makes a minute bar of about six bytes.
"""

import base64
import gzip
from dataclasses import dataclass

import numpy as np

from periscope.market.columns import BarColumns, IntColumn

MICROSECONDS_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns of one length: `text` is base64 of gzip of the planes, `planes` the number of planes of each column."""

    rows: int
    planes: tuple[int, ...]
    text: str

    def header(self) -> dict[str, object]:
        """What the script must know to unpack it."""
        return {"rows": self.rows, "planes": list(self.planes)}


def pack(columns: list[IntColumn]) -> Packed:
    """Pack signed columns of one length."""
    folded = [_fold(column) for column in columns]
    planes = tuple(_planes_needed(column) for column in folded)
    raw = b"".join(_planes(column, count) for column, count in zip(folded, planes, strict=True))
    return Packed(len(columns[0]), planes, compress(raw))


def pack_bars(bars: BarColumns, *, volumes: bool) -> Packed:
    """Pack bars as differences: start in seconds from the last start, open from the last close, close from the open,
    high and low from the body, and the volume as it is (left out unless `volumes`)."""
    upper, lower = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    columns = [
        differences(bars.start // MICROSECONDS_PER_SECOND),
        bars.open - np.concatenate([[0], bars.close[:-1]]),
        bars.close - bars.open,
        bars.high - upper,
        lower - bars.low,
    ]
    return pack([*columns, np.maximum(bars.volume, 0)] if volumes else columns)


def differences(column: IntColumn) -> IntColumn:
    """Each number less the one before it; the first less zero."""
    return np.diff(column, prepend=np.int64(0))


def compress(raw: bytes) -> str:
    """Bytes as base64 of gzip, the same text for the same bytes."""
    return base64.b64encode(gzip.compress(raw, compresslevel=9, mtime=0)).decode("ascii")


def _fold(column: IntColumn) -> IntColumn:
    return (column << 1) ^ (column >> 63)


def _planes_needed(folded: IntColumn) -> int:
    largest = int(folded.max(initial=0))
    return (largest.bit_length() + 7) // 8


def _planes(folded: IntColumn, count: int) -> bytes:
    as_bytes = np.ascontiguousarray(folded.astype("<u8")).view(np.uint8).reshape(-1, 8)
    return as_bytes[:, :count].T.tobytes()
