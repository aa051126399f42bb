"""Opening a file whatever it is wrapped in: gzip, zip or zstd, UTF-8 or UTF-16; always read in bounded pieces."""

import codecs
import gzip
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from periscope.market.importers.findings import ImportProblem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_EXPANSION = 200
"""A compressed file that grows by more than this is no table of bars but an attempt to fill memory or time."""

EXPANSION_FREE = 64 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)


class _Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Unpacked:
    """The bytes of a file, or of the only file in an archive, read from front to back.

    `position` is how far the file itself was read, for the progress. Damaged files, and those that grow beyond all
    measure, raise `ImportProblem` BAD_FILE.
    """

    def __init__(self, content: _Readable, raw: IO[bytes], path: Path) -> None:
        self._content = content
        self._raw = raw
        self._path = path
        self._total = 0
        self._ahead = b""

    @property
    def position(self) -> int:
        """How many bytes of the file were read so far."""
        return self._raw.tell()

    def peek(self, count: int) -> bytes:
        """The next bytes, which stay there to be read."""
        if len(self._ahead) < count:
            self._ahead += self._more(count - len(self._ahead))
        return self._ahead[:count]

    def read(self, count: int) -> bytes:
        """So many bytes; fewer only at the end."""
        ahead, self._ahead = self._ahead[:count], self._ahead[count:]
        return ahead + self._more(count - len(ahead)) if len(ahead) < count else ahead

    def _more(self, count: int) -> bytes:
        try:
            data = self._content.read(count)
        except _UNREADABLE as error:
            raise ImportProblem("BAD_FILE", f"{self._path} can't be read: {error}") from None
        self._total += len(data)
        packed = self._content is not self._raw
        if packed and self._total > EXPANSION_FREE and self._total > MOST_EXPANSION * max(self.position, 1):
            raise ImportProblem(
                "BAD_FILE",
                f"{self._path} grows by more than {MOST_EXPANSION} times when it is unpacked: no table of bars does",
            )
        return data


class Text:
    """A text as UTF-8 bytes, whether the file has it in UTF-8 or UTF-16."""

    def __init__(self, content: Unpacked) -> None:
        self._content = content
        encoding = _wide_encoding(content.peek(4096))
        self._decoder = None if encoding is None else codecs.getincrementaldecoder(encoding)(errors="replace")

    @property
    def position(self) -> int:
        """How many bytes of the file were read so far."""
        return self._content.position

    def read(self, count: int) -> bytes:
        """About so many bytes; nothing only at the end."""
        if self._decoder is None:
            return self._content.read(count)
        while True:
            data = self._content.read(count)
            text = self._decoder.decode(data, final=not data).encode("utf-8", errors="replace")
            if text or not data:
                return text


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """The content of a file, or of the only file in a gzip, zstd or zip archive.

    Raises `ImportProblem` BAD_FILE for a damaged one, MANY_FILES for an archive of several (exit code 2).
    """
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            with gzip.open(raw) as content:
                yield Unpacked(content, raw, path)
        elif magic == _ZSTD_MAGIC:
            with zstd.open(raw) as content:
                yield Unpacked(content, raw, path)
        elif magic in _ZIP_MAGICS:
            with _zipped(raw, path) as content:
                yield Unpacked(content, raw, path)
        else:
            yield Unpacked(raw, raw, path)


@contextmanager
def opened(path: Path) -> Iterator[Text]:
    """The text of a file, unpacked as `unpacked` does."""
    with unpacked(path) as content:
        yield Text(content)


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
        except (*_UNREADABLE, UnicodeDecodeError, ValueError) as error:
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
