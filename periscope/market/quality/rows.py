"""The rules that look at single bars. Those that an import knows too are the import's own: one place for each rule."""

from collections.abc import Callable, Iterable

import numpy as np

from periscope.instruments.instrument import TRADES_AS_EQUITY
from periscope.instruments.times import time_text
from periscope.market.bar_files import take
from periscope.market.columns import Columns, IntColumn, Mask, Side, sides
from periscope.market.importers.checks import (
    Batch,
    in_order,
    remark_closed,
    remark_off_tick,
    remark_quotes,
    usable_prices,
)
from periscope.market.importers.findings import Findings
from periscope.market.quality.findings import FindingLog
from periscope.market.quality.series import Series


class RowRules:
    """Refuses bars that cannot be, and remarks on the others; what is refused is not shown to the other rules."""

    def __init__(self, series: Series, log: FindingLog) -> None:
        self._series = series
        self._log = log
        self._after: tuple[int, int] | None = None

    def accept[C: Columns](self, bars: C) -> C:
        """The bars that go on forward in time and have possible prices."""
        instrument = self._series.instrument
        bars = self._ordered(bars)
        findings, batch = _Timed(bars, self._log), _batch(bars)
        possible = usable_prices(
            batch,
            scale=instrument.price_scale,
            positive=instrument.asset_type in TRADES_AS_EQUITY,
            findings=findings,
        )
        remark_off_tick(batch, instrument, findings)
        remark_quotes(batch, instrument.price_scale, findings)
        self._negative(bars)
        self._closed(bars)
        return bars if bool(possible.all()) else take(bars, possible)

    def _ordered[C: Columns](self, bars: C) -> C:
        ordered = in_order(_batch(bars), self._after, _Timed(bars, self._log))
        kept = bars if bool(ordered.all()) else take(bars, ordered)
        if len(kept) > 0:
            self._after = (int(kept.start[-1]), int(kept.end[-1]))
        return kept

    def _negative(self, bars: Columns) -> None:
        if self._series.instrument.asset_type in TRADES_AS_EQUITY:
            return
        for side in sides(bars):
            below = np.flatnonzero(side.present & (side.low <= 0))
            self._log.add("NEGATIVE_PRICE", bars.start[below], self._low(side, below))

    def _low(self, side: Side, rows: IntColumn) -> Callable[[int], str]:
        what = f"a low {side.name}" if side.name else "a low"
        return lambda i: f"{what} of {self._series.price(int(side.low[rows[i]]))}"

    def _closed(self, bars: Columns) -> None:
        """Bars beside the regular sessions, where these are known."""
        grid = self._series.grid
        covered: Mask = np.zeros(len(bars), dtype=np.bool_)
        if grid is not None:
            first, last = min(grid.opens[0], grid.extended_opens[0]), max(grid.closes[-1], grid.extended_closes[-1])
            covered = np.asarray((bars.start >= first) & (bars.start < last))
            inside = take(bars, covered)
            remark_closed(_batch(inside), grid, _Timed(inside, self._log))
        beyond = bars.start[~covered]
        exchange = self._series.instrument.exchange
        self._log.add(
            "NO_SESSIONS",
            beyond,
            lambda i: f"the sessions of {exchange!r} at {time_text(int(beyond[i]))} are not known here",
        )


class _Timed(Findings):
    """Takes what the import's rules find, by row, and hands it on by time."""

    def __init__(self, bars: Columns, log: FindingLog) -> None:
        super().__init__()
        self._starts = bars.start
        self._log = log

    def add_rows(
        self, code: str, _file: str, lines: Iterable[int | None] | IntColumn, describe: Callable[[int], str]
    ) -> None:
        """Log the rows of the bars."""
        rows = lines if isinstance(lines, np.ndarray) else np.array(list(lines), dtype=np.int64)
        self._log.add(code, self._starts[rows], describe)


def _batch(bars: Columns) -> Batch:
    """The bars with their row numbers in the place of lines."""
    return Batch(bars, np.arange(len(bars), dtype=np.int64), "")
