"""Opening a text file whatever it is wrapped in: gzip or zip, UTF-8 or UTF-16; always read in bounded pieces."""

import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from periscope.market.importers.findings import ImportProblem

MOST_EXPANSION = 200
"""A compressed file that grows by more than this is no table of bars but an attempt to fill memory or time."""

_EXPANSION_FREE = 64 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class Text:
    """A text as UTF-8 bytes, read from front to back.

    `position` is how far the file itself was read, for the progress. Damaged files raise `ImportProblem` BAD_FILE.
    """

    def __init__(self, content: IO[bytes], raw: IO[bytes], path: Path) -> None:
        self._content = content
        self._raw = raw
        self._path = path
        self._total = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._ahead = b""
        head = self._bytes(4096)
        encoding = _wide_encoding(head)
        if encoding is not None:
            self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            head = self._as_utf8(head)
        self._ahead = head

    @property
    def position(self) -> int:
        """How many bytes of the file were read so far."""
        return self._raw.tell()

    def peek(self) -> bytes:
        """The first characters, which stay there to be read."""
        return self._ahead

    def read(self, count: int) -> bytes:
        """About so many bytes; nothing only at the end."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead + (self.read(count - len(ahead)) if count > len(ahead) else b"")
        data = self._bytes(count)
        return data if self._decoder is None else self._as_utf8(data)

    def _bytes(self, count: int) -> bytes:
        try:
            data = self._content.read(count)
        except _UNREADABLE as error:
            raise ImportProblem("BAD_FILE", f"{self._path} can't be read: {error}") from None
        self._total += len(data)
        compressed = self._content is not self._raw
        if compressed and self._total > _EXPANSION_FREE and self._total > MOST_EXPANSION * max(self.position, 1):
            raise ImportProblem(
                "BAD_FILE",
                f"{self._path} grows by more than {MOST_EXPANSION} times when it is unpacked: no table of bars does",
            )
        return data

    def _as_utf8(self, data: bytes) -> bytes:
        assert self._decoder is not None
        return self._decoder.decode(data, final=not data).encode("utf-8", errors="replace")


@contextmanager
def opened(path: Path) -> Iterator[Text]:
    """The text of a file, or of the only file in a gzip or zip archive.

    Raises `ImportProblem` BAD_FILE for a damaged one, MANY_FILES for an archive of several (exit code 2).
    """
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            with gzip.open(raw) as content:
                yield Text(content, raw, path)  # type: ignore[arg-type]
        elif magic in {_ZIP_MAGIC, _EMPTY_ZIP_MAGIC}:
            with _zipped(raw, path) as content:
                yield Text(content, raw, path)
        else:
            yield Text(raw, raw, path)


@contextmanager
def _zipped(raw: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    try:
        archive = zipfile.ZipFile(raw)
        files = [
            entry
            for entry in archive.infolist()
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/") and entry.filename[:1] != "."
        ]
    except (*_UNREADABLE, UnicodeDecodeError, ValueError) as error:
        raise ImportProblem("BAD_FILE", f"{path} can't be read as zip: {error}") from None
    with archive:
        if len(files) != 1:
            names = ", ".join(repr(entry.filename[:40]) for entry in files[:5])
            what = f"{path} holds {len(files)} files ({names}); unpack it and import them one by one"
            raise ImportProblem("MANY_FILES", what, exit_code=2)
        try:
            content = archive.open(files[0])
        except _UNREADABLE as error:
            raise ImportProblem("BAD_FILE", f"{path} can't be read as zip: {error}") from None
        with content:
            yield content


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by the zeros in every other byte; None for anything else."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[:200:2], head[1:200:2]
    if len(odd) >= 8 and b"\x00" not in even and odd.count(0) == len(odd):
        return "utf-16-le"
    if len(even) >= 8 and b"\x00" not in odd and even.count(0) == len(even):
        return "utf-16-be"
    return None
