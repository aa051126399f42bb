"""What every bar must satisfy before it may enter a catalog, checked in columns; what does not is a finding."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, IntColumn
from periscope.market.importers.exact import Mask
from periscope.market.importers.findings import Findings
from periscope.market.importers.intervals import SessionGrid


@dataclass(frozen=True, slots=True)
class Batch:
    """Bars with the line that each came from, and the file's name for messages."""

    bars: BarColumns
    lines: IntColumn
    file: str


def usable_prices(batch: Batch, *, scale: int, positive: bool, findings: Findings) -> Mask:
    """Which bars have possible prices; BAD_PRICE and BAD_OHLC findings for the others.

    `positive` refuses prices of zero and below (equities; futures have gone negative).
    """
    bars = batch.bars
    ok = np.ones(len(bars), dtype=np.bool_)
    if positive:
        lowest = np.minimum(np.minimum(bars.open, bars.high), np.minimum(bars.low, bars.close))
        bad = lowest <= 0
        _report(
            batch, bad, "BAD_PRICE", findings, lambda row: f"a price of {_text(lowest[row], scale)}, not above zero"
        )
        ok &= ~bad
    bad = ok & (
        (bars.high < np.maximum(np.maximum(bars.open, bars.close), bars.low))
        | (bars.low > np.minimum(bars.open, bars.close))
    )
    _report(batch, bad, "BAD_OHLC", findings, lambda row: f"impossible: {_ohlc(bars, row, scale)}")
    return ok & ~bad


def in_order(batch: Batch, after: tuple[int, int] | None, findings: Findings) -> Mask:
    """Which bars go on forward in time; DUPLICATE_BAR, OUT_OF_ORDER and OVERLAP findings for the others.

    A bar is compared with the latest one before it; `after` is the (start, end) of the last bar of an earlier batch.
    """
    start, end = batch.bars.start, batch.bars.end
    if len(start) == 0:
        return np.ones(0, dtype=np.bool_)
    first = -(2**62) if after is None else after[0]
    latest = np.maximum.accumulate(np.concatenate([[first], start]))[:-1]
    duplicate, older = start == latest, start < latest
    _report(batch, duplicate, "DUPLICATE_BAR", findings, lambda row: f"a second bar of {time_text(int(start[row]))}")
    _report(
        batch,
        older,
        "OUT_OF_ORDER",
        findings,
        lambda row: f"a bar of {time_text(int(start[row]))} after one of {time_text(int(latest[row]))}",
    )
    ok = ~duplicate & ~older
    overlap = _overlapping(start, end, ok, -(2**62) if after is None else after[1])
    _report(
        batch,
        overlap,
        "OVERLAP",
        findings,
        lambda row: f"the bar of {time_text(int(start[row]))} begins before the last one ends",
    )
    return np.asarray(ok & ~overlap)


def _overlapping(start: IntColumn, end: IntColumn, among: Mask, until: int) -> Mask:
    """Which bars `among` those in order begin before the last accepted one has ended; `until` is the first such end."""
    overlap = np.zeros(len(start), dtype=np.bool_)
    kept = np.flatnonzero(among)
    if bool(np.all(start[kept] >= np.concatenate([[until], end[kept][:-1]]))):
        return overlap
    for row, first, last in zip(kept.tolist(), start[kept].tolist(), end[kept].tolist(), strict=True):
        if first < until:
            overlap[row] = True
        else:
            until = last
    return overlap


def remark_closed(batch: Batch, grid: SessionGrid, findings: Findings) -> None:
    """Count the bars outside of the regular sessions."""
    start = batch.bars.start
    outside = ~grid.index_at(start)[1]
    extended = outside & grid.in_extended_hours(start)
    _report(batch, extended, "EXTENDED_HOURS", findings, lambda row: f"the bar of {time_text(int(start[row]))}")
    _report(
        batch,
        outside & ~extended,
        "OUTSIDE_SESSIONS",
        findings,
        lambda row: f"the bar of {time_text(int(start[row]))} starts when {grid.exchange} is closed",
    )


def remark_off_tick(batch: Batch, instrument: Instrument, findings: Findings) -> None:
    """Count the bars with a price between two ticks."""
    bars, tick = batch.bars, int(instrument.tick.scaleb(instrument.price_scale))
    off = np.zeros(len(bars), dtype=np.bool_)
    for column in (bars.open, bars.high, bars.low, bars.close):
        off |= column % tick != 0
    scale = instrument.price_scale
    _report(batch, off, "OFF_TICK", findings, lambda row: f"{_ohlc(bars, row, scale)}; the tick is {instrument.tick}")


def remark_unknown_volume(batch: Batch, findings: Findings) -> None:
    """Count the bars without a volume."""
    _report(batch, batch.bars.volume == UNKNOWN_VOLUME, "UNKNOWN_VOLUME", findings, lambda _: "no volume")


def _report(batch: Batch, which: Mask, code: str, findings: Findings, describe: Callable[[int], str]) -> None:
    if bool(which.any()):
        rows = np.flatnonzero(which)
        findings.add_rows(code, batch.file, batch.lines[rows], lambda i: describe(int(rows[i])))


def _ohlc(bars: BarColumns, row: int, scale: int) -> str:
    open_, high, low, close = (_text(column[row], scale) for column in (bars.open, bars.high, bars.low, bars.close))
    return f"open {open_}, high {high}, low {low}, close {close}"


def _text(value: np.int64, scale: int) -> str:
    sign, digits = "-" if value < 0 else "", str(abs(int(value))).rjust(scale + 1, "0")
    return f"{sign}{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}" if scale > 0 else sign + digits
