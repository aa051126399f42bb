"""Reads a run's equity table, of which a long run has more rows than a curve can show."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs

type Positions = npt.NDArray[np.int64]

MOST_ROWS = 1_000_000
_BATCH_ROWS = 500_000


def read_equity(path: Path, flow_times: list[int]) -> pl.DataFrame:
    """The table (`time`, `portfolio_value`, `cash`) with money as floats, which is enough for a curve.

    Of more than about a million rows it keeps what decides the curve: the lowest and the highest value of each short
    stretch, the last sample of each month (UTC), and the samples around the times at which cash came in or went out
    (microseconds since 1970-01-01 UTC). Memory does not grow with the number of rows.
    """
    table = pl.scan_parquet(path).with_columns(cs.decimal().cast(pl.Float64))
    rows = int(table.select(pl.len()).collect().item())
    if rows <= MOST_ROWS:
        return table.collect()
    stretch = -(-2 * rows // MOST_ROWS)
    batches = (table.slice(offset, _BATCH_ROWS).collect() for offset in range(0, rows, _BATCH_ROWS))
    return pl.concat([batch[_deciding(batch, stretch, flow_times)] for batch in batches])


def extremes(values: npt.NDArray[np.float64] | npt.NDArray[np.int64], stretch: int) -> Positions:
    """Positions of the lowest and the highest of each `stretch` values, ascending."""
    padded = np.pad(values, (0, -len(values) % stretch), mode="edge").reshape(-1, stretch)
    begins = np.arange(len(padded)) * stretch
    picked = np.concatenate([begins + padded.argmin(axis=1), begins + padded.argmax(axis=1)])
    return np.unique(np.minimum(picked, len(values) - 1))


def _deciding(batch: pl.DataFrame, stretch: int, flow_times: list[int]) -> Positions:
    times = batch["time"].dt.epoch("us").to_numpy()
    months = (times - 1).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    around = [
        np.arange(max(0, int(times.searchsorted(time)) - 1), int(times.searchsorted(time, side="right")) + 1)
        for time in flow_times
    ]
    values = batch["portfolio_value"].to_numpy()
    ends = np.array([0, len(values) - 1])
    kept = np.concatenate([ends, extremes(values, stretch), np.flatnonzero(np.diff(months)), *around])
    return np.unique(np.minimum(kept, len(times) - 1))
