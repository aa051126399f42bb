"""Rows that were read, kept on disk until the whole file is known: its scales, its order, its bad rows."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from periscope.market.columns import Columns, IntColumn
from periscope.market.importers.intervals import DAY
from periscope.market.importers.rows import Rows, joined_rows

PIECE_ROWS = 262_144
"""About how many rows are worked on at once."""

_MOST_STEPS = 1_000


class Spool:
    """A file without a name that rows are written to and read from; it vanishes with the process.

    `folder` should be on the disk that the bars go to anyway. Raises OSError if there is no room.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as this object
        self._end = 0

    def write(self, rows: Rows) -> int:
        """Append rows; returns their place."""
        place = self._end
        self._file.seek(place)
        for column in rows.columns():
            self._file.write(np.ascontiguousarray(column).data)
        self._end = self._file.tell()
        return place

    def read(self, place: int, columns: int, rows: int) -> list[IntColumn]:
        """So many columns of so many rows written at a place."""
        self._file.seek(place)
        table = np.fromfile(self._file, dtype=np.int64, count=columns * rows)
        return list(table.reshape(columns, rows))


@dataclass(frozen=True, slots=True)
class _Stored:
    kind: type[Columns]
    file: str
    place: int
    rows: int
    price_scale: int
    volume_scale: int
    order: int


@dataclass(slots=True)
class Gathered:
    """The rows of one series, and what is known of them as a whole.

    `first` and `last` are the least and greatest time. `rising` and `falling`: each row is later, or each is earlier,
    than the one before. `at_midnight`: all times are whole days. `steps` counts the distances between rows that are
    later than the one before, `steps_back` those of the others; the rare ones are forgotten. `largest_price` and
    `largest_volume` are the greatest integers at each scale.
    """

    spool: Spool
    count_steps: bool = False
    rows: int = 0
    first: int = 2**62
    last: int = -(2**62)
    falling: bool = True
    at_midnight: bool = True
    price_scale: int = 0
    volume_scale: int = 0
    largest_price: dict[int, int] = field(default_factory=dict)
    largest_volume: dict[int, int] = field(default_factory=dict)
    steps: Counter[int] = field(default_factory=Counter)
    steps_back: Counter[int] = field(default_factory=Counter)
    _blocks: list[_Stored] = field(default_factory=list)
    _latest: int | None = None

    def add(self, rows: Rows, file: str = "", order: int = 0) -> None:
        """Take some more rows; those that ask for `blocks` get them by `order`, with the `file` that they come from."""
        if len(rows) == 0:
            return
        times = rows.times
        steps = np.diff(times) if self._latest is None else np.diff(times, prepend=self._latest)
        self.falling = self.falling and not bool(np.any(steps >= 0))
        self.at_midnight = self.at_midnight and not bool(np.any(times % DAY))
        if self.count_steps:
            self._count(steps)
        self._latest = int(times[-1])
        self.first, self.last = min(self.first, int(times.min())), max(self.last, int(times.max()))
        self.price_scale = max(self.price_scale, rows.price_scale)
        self.volume_scale = max(self.volume_scale, rows.volume_scale)
        price = rows.largest(rows.kind.PRICES)
        self.largest_price[rows.price_scale] = max(self.largest_price.get(rows.price_scale, 0), price)
        volume = rows.largest(rows.kind.SIZES)
        self.largest_volume[rows.volume_scale] = max(self.largest_volume.get(rows.volume_scale, 0), volume)
        place = self.spool.write(rows)
        self._blocks.append(_Stored(rows.kind, file, place, len(rows), rows.price_scale, rows.volume_scale, order))
        self.rows += len(rows)

    def pieces(self, price_scale: int, volume_scale: int, *, at_once: int = PIECE_ROWS) -> Iterator[Rows]:
        """All rows in pieces of about `at_once`, at these scales; ascending if the file is newest first."""
        parts: list[Rows] = []
        turned = self.falling and self.rows > 1
        for block in reversed(self._blocks) if turned else self._blocks:
            rows = self._read(block, price_scale, volume_scale)
            parts.append(rows.backwards() if turned else rows)
            if sum(len(part) for part in parts) >= at_once:
                yield joined_rows(parts)
                parts = []
        if parts:
            yield joined_rows(parts)

    def blocks(self, price_scale: int, volume_scale: int) -> Iterator[tuple[str, Rows]]:
        """All rows with what was named as their file, at these scales: by order, and as they were added."""
        for block in sorted(self._blocks, key=lambda each: each.order):
            yield block.file, self._read(block, price_scale, volume_scale)

    def _read(self, block: _Stored, price_scale: int, volume_scale: int) -> Rows:
        columns = self.spool.read(block.place, len(block.kind.NAMES), block.rows)
        rows = Rows.of(block.kind, columns, block.price_scale, block.volume_scale)
        return rows.at_scales(price_scale, volume_scale)

    def _count(self, steps: IntColumn) -> None:
        for counter, some in ((self.steps, steps[steps > 0]), (self.steps_back, -steps[steps < 0])):
            values, counts = np.unique(some, return_counts=True)
            counter.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
            if len(counter) > 2 * _MOST_STEPS:
                usual = counter.most_common(_MOST_STEPS)
                counter.clear()
                counter.update(dict(usual))
