"""A run's journal a page at a time.

A place in it is where a frame begins in the file, how far into the frame's text it is, and how many lines came before.
So a page in the middle of a long journal is found without unpacking what comes before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from periscope.instruments.times import time_text
from periscope.runs.comparison import EVENT_KINDS, UPDATE_FIELDS
from periscope.runs.journal import zstd

MOST_BYTES = 4 << 20
"""A page ends after so much text, however few lines that are."""
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins. `parse` reads what `str` gives."""

    frame: int = 0
    within: int = 0
    lines: int = 0

    def __str__(self) -> str:
        return f"{self.frame}.{self.within}.{self.lines}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises NoPlaceError."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 16 for part in parts):
            raise NoPlaceError(text)
        return cls(*(int(part) for part in parts))


class NoPlaceError(Exception):
    """A text or a number is no place in this journal."""


def journal_page(path: Path, place: Place, limit: int) -> tuple[list[dict[str, Any]], Place | None]:
    """At most `limit` lines from a place on, as documents, and the place after them; None at the end.

    Raises NoPlaceError where there is no line at that place.
    """
    found: list[dict[str, Any]] = []
    size = 0
    try:
        with path.open("rb") as file:
            for where, line in _lines(file, place):
                if len(found) == limit or size > MOST_BYTES:
                    return found, where
                found.append(line_document(msgspec.json.decode(line, type=list[Any]), where.lines + 1))
                size += len(line)
    except (zstd.ZstdError, EOFError, OSError, ValueError, TypeError) as error:
        raise NoPlaceError(str(place)) from error
    return found, None


def line_document(line: list[Any], number: int) -> dict[str, Any]:
    """One line of a journal, the `number`th from 1. Times are RFC 3339 UTC, amounts text."""
    kind, *rest = line
    if kind == "stream":
        names = ("stream", "symbol", "asset_type", "span", "price_scale", "volume_scale")
        detail = dict(zip(names, rest, strict=False)) | {"factors": rest[len(names) :]}
        return {"line": number, "kind": kind, "bars": None, "time": None, "name": rest[1], "detail": detail}
    bars, time, name, detail = rest
    if kind == "event":
        detail = dict(zip(UPDATE_FIELDS, detail, strict=False)) if name == "U" else detail
        name = EVENT_KINDS.get(name, name)
    return {"line": number, "kind": kind, "bars": bars, "time": time_text(time), "name": name, "detail": detail}


def _lines(file: BinaryIO, place: Place) -> Iterator[tuple[Place, bytes]]:
    """The lines from a place on, each with its own place."""
    end = file.seek(0, 2)
    frame, skip, number = place.frame, place.within, place.lines
    if frame > end or (frame == end and skip):
        raise NoPlaceError(str(place))
    while frame < end:
        unpacked = _Frame(file, frame)
        within = skip
        for line in unpacked.lines(skip):
            yield Place(frame, within, number), line
            within += len(line)
            number += 1
        frame, skip = unpacked.end, 0


class _Frame:
    """One frame of a file; `end` is where the next one begins, once its lines were read."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        self.end = start

    def lines(self, skip: int) -> Iterator[bytes]:
        """The whole lines after `skip` bytes of text."""
        rest = b""
        for text in self._texts():
            dropped = min(skip, len(text))
            skip -= dropped
            *whole, rest = (rest + text[dropped:]).split(b"\n")
            for line in whole:
                yield line + b"\n"
        if skip or rest:
            raise NoPlaceError("no line begins there")

    def _texts(self) -> Iterator[bytes]:
        unpacker = zstd.ZstdDecompressor()
        self._file.seek(self._start)
        packed = b""
        while not unpacker.eof:
            if unpacker.needs_input:
                packed = self._file.read(_PIECE)
                if not packed:
                    raise EOFError
            yield unpacker.decompress(packed, _PIECE)
            packed = b""
        self.end = self._file.tell() - len(unpacker.unused_data)
