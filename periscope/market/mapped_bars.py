"""More bars than memory should hold: columns in a file without a name, mapped into memory page by page."""

import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from periscope.market.columns import Columns, IntColumn


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
        # Space is taken at once: a mapped page that finds the disk full would kill the process.
        os.posix_fallocate(self._file.fileno(), 0, rows * columns * 8)
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
        self._map.madvise(mmap.MADV_DONTNEED)

    def rows(self, begin: int = 0) -> C:
        """What was put in from that row on; the columns are views of the file."""
        return self._kind(*(column[begin : self._filled] for column in self._table))


def let_go(rows: Columns) -> None:
    """Give back the memory of mapped columns that are not needed for now; they are read again from the file."""
    pages = _mapping(rows.start)
    if pages is not None:
        pages.madvise(mmap.MADV_DONTNEED)


def _mapping(column: IntColumn) -> mmap.mmap | None:
    base: object = column
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None
