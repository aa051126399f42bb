"""More bars than memory should hold: columns in a file without a name, mapped into memory page by page."""

import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from periscope.market.columns import BarColumns, IntColumn

_COLUMNS = 7


class MappedBars:
    """Room for so many bars, filled piece by piece.

    The file has no name and vanishes with the process, however that ends. `folder` should be on the disk that the
    bars go to anyway. Raises OSError if there is no room.
    """

    def __init__(self, rows: int, folder: Path) -> None:
        assert rows > 0
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as this object
        # Space is taken at once: a mapped page that finds the disk full would kill the process.
        os.posix_fallocate(self._file.fileno(), 0, rows * _COLUMNS * 8)
        self._map = mmap.mmap(self._file.fileno(), 0)
        self._table = np.frombuffer(self._map, dtype=np.int64).reshape(_COLUMNS, rows)
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def append(self, bars: BarColumns) -> None:
        """Put bars behind those already there."""
        until = self._filled + len(bars)
        columns = (bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, bars.volume)
        for row, column in zip(self._table, columns, strict=True):
            row[self._filled : until] = column
        self._filled = until
        self._map.madvise(mmap.MADV_DONTNEED)

    def bars(self, begin: int = 0) -> BarColumns:
        """What was put in from that row on; the columns are views of the file."""
        return BarColumns(*(row[begin : self._filled] for row in self._table))


def let_go(bars: BarColumns) -> None:
    """Give back the memory of mapped columns that are not needed for now; they are read again from the file."""
    pages = _mapping(bars.start)
    if pages is not None:
        pages.madvise(mmap.MADV_DONTNEED)


def _mapping(column: IntColumn) -> mmap.mmap | None:
    base: object = column
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None
