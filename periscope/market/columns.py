"""Bars as columns of integers, the one form in which market data moves inside the platform."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type IntColumn = npt.NDArray[np.int64]

UNKNOWN_VOLUME = -1
"""Stands in a volume column where the source does not tell the volume."""


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Consecutive bars of one instrument at one span, ascending by start; all columns have the same length.

    `start` and `end` are microseconds since 1970-01-01 UTC. Prices are scaled by the instrument's `price_scale`,
    volume by its `volume_scale`.
    """

    start: IntColumn
    end: IntColumn
    open: IntColumn
    high: IntColumn
    low: IntColumn
    close: IntColumn
    volume: IntColumn

    def __len__(self) -> int:
        return len(self.start)
