"""The journal of a run: every event but bars, every action and every ledger entry, in order, on disk.

`journal.jsonl.zst` holds the lines that the run's hash covers, as they are hashed (see `digest`), in frames of about
`FRAME_BYTES` of text that can each be unpacked alone: a page in the middle costs no more than the first. Bars are there
by reference: a line says how many had been delivered before it, and `bars.jsonl` has the hash of all rows so far at
every `CHECKPOINT` of them and at the end. Two runs that differ can so be compared event by event, and the first
difference among their bars be placed.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["BARS", "JOURNAL", "Checkpoint", "JournalDamagedError", "JournalFile", "JournalSink", "kept_hash"]
__all__ += ["read_checkpoints", "read_line", "read_lines", "read_texts", "zstd"]

JOURNAL = "journal.jsonl.zst"
BARS = "bars.jsonl"
CHECKPOINT = 4096
"""Rows of bars between two hashes."""
FRAME_BYTES = 1 << 20
"""After so much text, at the end of a line, a new frame begins."""
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

    def checkpoint(self, bars: int, sha256: str) -> None:
        """Take the hash of the bars so far, that of the first `bars` rows."""


class JournalFile:
    """Writes the two files into a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._lines = zstd.ZstdFile(folder / JOURNAL, "wb", level=3)
        self._in_frame = 0
        self._checkpoints = (folder / BARS).open("wb")

    def lines(self, text: bytes) -> None:
        """Take whole lines."""
        self._lines.write(text)
        self._in_frame += len(text)
        if self._in_frame >= FRAME_BYTES:
            self._lines.flush(zstd.ZstdCompressor.FLUSH_FRAME)
            self._in_frame = 0

    def checkpoint(self, bars: int, sha256: str) -> None:
        """Take the hash of the first `bars` rows of delivered bars."""
        self._checkpoints.write(msgspec.json.encode(Checkpoint(bars, sha256)) + b"\n")

    def close(self) -> None:
        """Finish both files."""
        self._lines.close()
        self._checkpoints.close()


def read_texts(folder: Path) -> Iterator[bytes]:
    """The lines of a run's journal as they stand there, one after the other. Raises `JournalDamagedError`."""
    path = folder / JOURNAL
    try:
        with zstd.open(path, "rb") as file:
            while line := file.readline(_LONGEST_LINE):
                yield line
    except (OSError, EOFError, zstd.ZstdError) as error:
        raise JournalDamagedError(f"{path} can't be read: {error}") from None


def read_line(text: bytes) -> list[object]:
    """One line of a journal. Raises `JournalDamagedError`."""
    try:
        return msgspec.json.decode(text, type=list[object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalDamagedError(f"a line of {JOURNAL} can't be read: {error}") from None


def read_lines(folder: Path) -> Iterator[list[object]]:
    """The lines of a run's journal, one after the other. Raises `JournalDamagedError`."""
    return map(read_line, read_texts(folder))


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
