"""Bars without volume among bars with volume."""

import numpy as np

from periscope.instruments.times import time_text
from periscope.market.bar_files import take
from periscope.market.columns import BarColumns
from periscope.market.importers.intervals import DAY
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series

LONGEST_HOLE = {True: DAY // 2, False: 30 * DAY}
"""How far apart the two bars with volume may be, for intraday bars and for DAY bars."""


class VolumeRule:
    """VOLUME_HOLE: bars with zero or unknown volume between bars with volume, half a day apart at most (DAY bars: 30
    days). UNKNOWN_VOLUME, a note, if no bar of the series has a volume."""

    def __init__(self, series: Series, log: FindingLog) -> None:
        self._series = series
        self._log = log
        self._last: BarColumns | None = None
        self._bars_since = 0
        self._first_since = 0
        self._first = 0
        self._bars = 0

    def feed(self, bars: BarColumns) -> None:
        """Look for bars without volume between the bars that have one."""
        if self._bars == 0:
            self._first = int(bars.start[0])
        self._bars += len(bars)
        known = np.flatnonzero(bars.volume > 0)
        if len(known) == 0:
            if self._bars_since == 0:
                self._first_since = int(bars.start[0])
            self._bars_since += len(bars)
            return
        if self._last is not None:
            lead, first = int(known[0]), self._first_since if self._bars_since > 0 else int(bars.start[0])
            self._hole(first, int(self._last.start[0]), int(bars.start[known[0]]), self._bars_since + lead)
        holes = np.flatnonzero(np.diff(known) > 1)
        for hole in holes.tolist():
            row, until = int(known[hole]), int(known[hole + 1])
            self._hole(int(bars.start[row + 1]), int(bars.start[row]), int(bars.start[until]), until - row - 1)
        last = int(known[-1])
        self._last = take(bars, slice(last, last + 1))
        self._bars_since = len(bars) - last - 1
        self._first_since = int(bars.start[last + 1]) if self._bars_since > 0 else 0

    def finish(self) -> None:
        """Say so if there was no volume at all."""
        if self._last is None and self._bars > 0:
            self._log.add(
                "UNKNOWN_VOLUME",
                np.array([self._first], dtype=np.int64),
                lambda _: "no bar has a volume above zero",
                count=self._bars,
            )

    def _hole(self, first: int, before: int, after: int, bars: int) -> None:
        if bars == 0 or after - before > LONGEST_HOLE[self._series.intraday]:
            return
        words = f"{bars} bar{'' if bars == 1 else 's'} without volume"
        self._log.add(
            "VOLUME_HOLE",
            np.array([first], dtype=np.int64),
            lambda _: f"{words} between {time_text(before)} and {time_text(after)}",
            count=bars,
        )
