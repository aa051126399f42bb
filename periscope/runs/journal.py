"""The journal of a run: every event but bars, every action and every ledger entry, in order, on disk.

`journal.jsonl.zst` holds the lines that the run's hash covers, as they are hashed (see `digest`). Bars are there by
reference: a line says how many had been delivered before it, and `bars.jsonl` has the hash of all rows so far at every
`CHECKPOINT` of them and at the end. Two runs that differ can so be compared event by event, and the first difference
among their bars be placed.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["BARS", "JOURNAL", "Checkpoint", "JournalDamagedError", "JournalFile", "JournalSink", "kept_hash"]
__all__ += ["read_lines", "zstd"]

JOURNAL = "journal.jsonl.zst"
BARS = "bars.jsonl"
CHECKPOINT = 4096
"""Rows of bars between two hashes."""
_LONGEST_LINE = 16 << 20
_PIECE = 1 << 20


class JournalDamagedError(Exception):
    """A journal can't be read; the message names the file and says why."""


class Checkpoint(msgspec.Struct, frozen=True):
    """The SHA-256 of the first `bars` rows of delivered bars."""

    bars: int
    sha256: str


class JournalSink(Protocol):
    """Who keeps what the run's hash covers."""

    def lines(self, text: bytes) -> None:
        """Take whole lines."""

    def rows(self, rows: npt.NDArray[np.int64]) -> None:
        """Take delivered bars, shape (n, 8)."""

    def note(self, line: bytes) -> None:
        """Take a line that stands between the bars: what a stream's integers stand for from here on."""


class JournalFile:
    """Writes the two files into a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._lines = zstd.open(folder / JOURNAL, "wb", level=3)
        self._checkpoints = (folder / BARS).open("wb")
        self._hash = hashlib.sha256()
        self._rows = 0

    def lines(self, text: bytes) -> None:
        """Take whole lines."""
        self._lines.write(text)

    def rows(self, rows: npt.NDArray[np.int64]) -> None:
        """Take delivered bars, shape (n, 8), little-endian."""
        done = 0
        while done < len(rows):
            size = min(CHECKPOINT - self._rows % CHECKPOINT, len(rows) - done)
            self._hash.update(rows[done : done + size].data)
            self._rows += size
            done += size
            if self._rows % CHECKPOINT == 0:
                self._write_checkpoint()

    def note(self, line: bytes) -> None:
        """Take a line that stands between the bars."""
        self._hash.update(line)

    def close(self) -> None:
        """Finish both files."""
        if self._rows % CHECKPOINT:
            self._write_checkpoint()
        self._lines.close()
        self._checkpoints.close()

    def _write_checkpoint(self) -> None:
        self._checkpoints.write(msgspec.json.encode(Checkpoint(self._rows, self._hash.hexdigest())) + b"\n")


def read_lines(folder: Path) -> Iterator[list[object]]:
    """The lines of a run's journal, one after the other. Raises `JournalDamagedError`."""
    path = folder / JOURNAL
    try:
        with zstd.open(path, "rb") as file:
            while line := file.readline(_LONGEST_LINE):
                yield msgspec.json.decode(line, type=list[object])
    except (OSError, EOFError, zstd.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalDamagedError(f"{path} can't be read: {error}") from None


def read_checkpoints(folder: Path) -> list[Checkpoint]:
    """The hashes of a run's delivered bars. Raises `JournalDamagedError`."""
    path = folder / BARS
    try:
        return msgspec.json.Decoder(Checkpoint).decode_lines(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise JournalDamagedError(f"{path} can't be read: {error}") from None


def kept_hash(folder: Path) -> str:
    """The hash that a run with these files has, see `digest`. Raises `JournalDamagedError`."""
    path, lines = folder / JOURNAL, hashlib.sha256()
    try:
        with zstd.open(path, "rb") as file:
            while piece := file.read(_PIECE):
                lines.update(piece)
    except (OSError, EOFError, zstd.ZstdError) as error:
        raise JournalDamagedError(f"{path} can't be read: {error}") from None
    checkpoints = read_checkpoints(folder)
    bars = checkpoints[-1].sha256 if checkpoints else hashlib.sha256().hexdigest()
    try:
        return hashlib.sha256(bytes.fromhex(bars) + lines.digest()).hexdigest()
    except ValueError:
        raise JournalDamagedError(f"{folder / BARS} can't be read: {bars!r} is no hash") from None
