"""Upcoming bars of all live streams, merged in delivery order, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scalings
from periscope.market.series import BarSeries

COLUMNS = ("start", "end", "stream", "open", "high", "low", "close", "volume")
_SPAN_RANK = {span: rank for rank, span in enumerate(BarTimeSpan)}


@dataclass(slots=True)
class Stream:
    """A registered stream of bars: where it stands and what its rows mean. Numbers are never reused."""

    number: int
    symbol: str
    asset_type: AssetType
    span: BarTimeSpan
    instrument: Instrument
    series: BarSeries
    next_row: int

    @property
    def rank(self) -> int:
        """Finer spans are delivered first."""
        return _SPAN_RANK[self.span]

    @property
    def scalings(self) -> Scalings:
        """What the integers of its next row stand for, and of all its rows in one block."""
        return self.series.scalings(self.next_row)


@dataclass(frozen=True, slots=True)
class Block:
    """Bars in delivery order. `columns` has shape (8, n), named by COLUMNS; `ends` is the column of ends as integers.

    `complete` says that no live stream has a bar after this block.
    """

    columns: npt.NDArray[np.int64]
    complete: bool
    ends: list[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", self.columns[1].tolist())

    def __len__(self) -> int:
        return len(self.ends)


def build_block(streams: Sequence[Stream], rows: int) -> Block:
    """The next bars of `streams`, about `rows` of them.

    An instant is never split between two blocks, and a block ends where the integers of a stream change their meaning.
    """
    each = max(1, rows if len(streams) == 1 else 2 * rows // max(1, len(streams)))
    windows = [_window(stream, each) for stream in streams]
    limit = min((int(window[1][-1]) for window, more in windows if more), default=None)
    complete = limit is None
    if len(windows) == 1:
        return Block(np.ascontiguousarray(windows[0][0]), complete)
    parts = []
    for window, _ in windows:
        stop = window.shape[1] if limit is None else int(window[1].searchsorted(limit, "right"))
        parts.append(window[:, :stop])
    if not parts:
        return Block(np.empty((len(COLUMNS), 0), dtype=np.int64), complete)
    merged = np.concatenate(parts, axis=1)
    ranks = np.concatenate(
        [np.full(part.shape[1], stream.rank, dtype=np.int64) for part, stream in zip(parts, streams, strict=True)]
    )
    order = np.lexsort((merged[2], ranks, merged[1]))
    return Block(np.ascontiguousarray(merged[:, order]), complete)


def _window(stream: Stream, rows: int) -> tuple[npt.NDArray[np.int64], bool]:
    """Up to `rows` next bars of one stream as columns, and whether there are more after them."""
    series = stream.series
    series.reach_row(stream.next_row + rows)
    low = stream.next_row - series.first
    high = min(low + rows, series.stop - series.first)
    if high > low:
        high = min(high, series.scaling_stop(stream.next_row) - series.first)
    window = np.empty((len(COLUMNS), high - low), dtype=np.int64)
    window[0] = series.start[low:high]
    window[1] = series.end[low:high]
    window[2] = stream.number
    window[3] = series.open[low:high]
    window[4] = series.high[low:high]
    window[5] = series.low[low:high]
    window[6] = series.close[low:high]
    window[7] = series.volume[low:high]
    return window, series.first + high < series.stop
