"""How stored rows are read: of each file only what a window needs, in pieces, so that memory is bounded."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import ExchangeSessions, sessions_for
from periscope.market.bar_files import in_pieces, read_bar_file, read_starts, rescaled, take
from periscope.market.columns import Columns
from periscope.market.errors import CatalogDamagedError
from periscope.market.manifest import BarFile

CHUNK_ROWS = 131_072
"""How many rows are read at once by who reads one series."""

_LEAST_ROWS = 1_024
"""Fewer rows cost as much to read as these."""

type ChunkRows = int | Callable[[], int]
"""How many rows to read at once; asked anew before each reading where it is a function."""


def rows_of_file[C: Columns](
    kind: type[C], path: Path, file: BarFile, start: int, end: int, chunk_rows: ChunkRows
) -> Iterator[C]:
    """A file's rows with start >= `start` and end <= `end`, at the scales of the file.

    What was given out is not held here while the reader works with it: with many series that would double the memory.
    """
    at, stop = _range(path, file, start, end)
    while at < stop:
        wanted = chunk_rows if isinstance(chunk_rows, int) else chunk_rows()
        count = min(max(wanted, _LEAST_ROWS), stop - at)
        if count <= wanted:
            yield _complete(_read(kind, path, at, count), end)
        else:
            yield from in_pieces(_complete(_read(kind, path, at, count), end), wanted)
        at += count


def at_scales[C: Columns](rows: Iterable[C], file: BarFile, instrument: Instrument) -> Iterator[C]:
    """Rows of a file at the instrument's present scales, without empty pieces."""
    price, volume = instrument.price_scale - file.price_scale, instrument.volume_scale - file.volume_scale
    return filter(len, map(partial(rescaled, price_steps=price, volume_steps=volume), rows))


def in_sessions[C: Columns](
    chunks: Iterable[C], instrument: Instrument, span: BarTimeSpan, *, extended: bool
) -> Iterator[C]:
    """The rows inside the exchange's sessions; those of DAY pass whatever the hours."""
    if span is BarTimeSpan.DAY:
        yield from chunks
    else:
        sessions = sessions_for(instrument.exchange, extended=extended)
        yield from filter(len, map(partial(_inside, sessions), chunks))


def _range(path: Path, file: BarFile, start: int, end: int) -> tuple[int, int]:
    """Numbers of the first row that starts at or after `start`, and of the first that starts at or after `end`."""
    first = max(bisect_right(file.groups, start) - 1, 0)
    until = bisect_left(file.groups, end)
    if file.last < start or first >= until:
        return 0, 0
    at, stop = first * file.group_rows, min(until * file.group_rows, file.rows)
    if file.groups[first] < start:
        at += int(np.searchsorted(_starts(path, at, file.group_rows), start))
    if file.last >= end:
        last = (until - 1) * file.group_rows
        stop = last + int(np.searchsorted(_starts(path, last, file.group_rows), end))
    return at, stop


def _read[C: Columns](kind: type[C], path: Path, offset: int, rows: int) -> C:
    from polars.exceptions import PolarsError

    try:
        return read_bar_file(kind, path, offset, rows)
    except (OSError, PolarsError) as error:
        raise _unreadable(path, error) from None


def _starts(path: Path, offset: int, rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    from polars.exceptions import PolarsError

    try:
        return read_starts(path, offset, rows)
    except (OSError, PolarsError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> CatalogDamagedError:
    return CatalogDamagedError(f"{path} can't be read: {error}. Restore it from a backup or import again")


def _complete[C: Columns](rows: C, end: int) -> C:
    complete = rows.end <= end
    return rows if bool(complete.all()) else take(rows, complete)


def _inside[C: Columns](sessions: ExchangeSessions, rows: C) -> C:
    inside = sessions.is_open_mask(rows.start, rows.end)
    return rows if bool(inside.all()) else take(rows, inside)
