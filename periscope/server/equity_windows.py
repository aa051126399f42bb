"""Windows of a run's equity curve, thinned where they are long: the lowest and the highest of each stretch stay."""

from pathlib import Path

import numpy as np
import polars as pl

from periscope.market.columns import IntColumn
from periscope.report.equity_file import extremes
from periscope.runs.table_file import TIME

_BATCH_ROWS = 500_000
_ENDS = 2
"""The first and the last sample of a window stay too."""
FEWEST = 2 * _ENDS
"""Fewer samples can't be asked for."""


def equity_window(path: Path, start: int, end: int, most: int) -> tuple[dict[str, IntColumn], int]:
    """The samples from `start` to `end` (microseconds UTC, both included), at most `most`, and how many there are.

    `most` is `FEWEST` or more. Each that is kept is a real sample: `time`, and the money in millionths. Memory does not
    grow with the window.
    """
    table = pl.scan_parquet(path, glob=False, cache=False)
    time = pl.col("time")
    edges = table.select(
        before=(time < pl.lit(start).cast(TIME)).sum(), until=(time <= pl.lit(end).cast(TIME)).sum()
    ).collect()
    first, stop = int(edges["before"].item()), int(edges["until"].item())
    count = max(0, stop - first)
    if count <= most:
        return _columns([_integers(table.slice(first, count).collect())]), count
    stretch = -(-count // ((most - _ENDS) // 2))
    batch_rows = -(-_BATCH_ROWS // stretch) * stretch
    pieces = []
    for at in range(first, stop, batch_rows):
        rows = min(batch_rows, stop - at)
        batch = _integers(table.slice(at, rows).collect())
        kept = extremes(batch["portfolio_value"], stretch)
        ends = [place - at for place in (first, stop - 1) if at <= place < at + rows]
        kept = np.unique(np.concatenate([kept, np.array(ends, dtype=np.int64)]))
        pieces.append({name: column[kept] for name, column in batch.items()})
    return _columns(pieces), count


def _integers(frame: pl.DataFrame) -> dict[str, IntColumn]:
    return {name: frame[name].to_physical().cast(pl.Int64).to_numpy() for name in frame.columns}


def _columns(pieces: list[dict[str, IntColumn]]) -> dict[str, IntColumn]:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
