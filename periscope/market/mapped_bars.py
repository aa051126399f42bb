"""More bars than memory should hold: columns in a file without a name, mapped into memory page by page."""

import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from periscope.market.columns import Columns, IntColumn

_ZEROS_AT_ONCE = 1 << 20


class MappedBars[C: Columns]:
    """Room for so many rows of one kind, filled piece by piece.

    The file has no name and vanishes with the process, however that ends. `folder` should be on the disk that the
    bars go to anyway. Raises OSError if there is no room.
    """

    def __init__(self, kind: type[C], rows: int, folder: Path) -> None:
        assert rows > 0
        self._kind = kind
        columns = len(kind.NAMES)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as this object
        _take_space(self._file.fileno(), rows * columns * 8)
        self._map = mmap.mmap(self._file.fileno(), 0)
        self._table = np.frombuffer(self._map, dtype=np.int64).reshape(columns, rows)
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def append(self, rows: C) -> None:
        """Put rows behind those already there."""
        until = self._filled + len(rows)
        for column, name in zip(self._table, self._kind.NAMES, strict=True):
            column[self._filled : until] = getattr(rows, name)
        self._filled = until
        _forget(self._map)

    def rows(self, begin: int = 0) -> C:
        """What was put in from that row on; the columns are views of the file."""
        return self._kind(*(column[begin : self._filled] for column in self._table))


def let_go(rows: Columns) -> None:
    """Give back the memory of mapped columns that are not needed for now; they are read again from the file."""
    pages = _mapping(rows.start)
    if pages is not None:
        _forget(pages)


def _take_space(descriptor: int, size: int) -> None:
    """Make a file that long at once: a mapped page that finds the disk full would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    for first in range(0, size, _ZEROS_AT_ONCE):
        os.write(descriptor, bytes(min(_ZEROS_AT_ONCE, size - first)))


def _forget(pages: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


def _mapping(column: IntColumn) -> mmap.mmap | None:
    base: object = column
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None
