"""What every bar must satisfy before it may enter a catalog, checked in columns; what does not is a finding."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, Columns, IntColumn, Mask, QuoteColumns, Side, sides
from periscope.market.importers.findings import Findings
from periscope.market.importers.intervals import SessionGrid


@dataclass(frozen=True, slots=True)
class Batch:
    """Bars, or quote bars, with the line that each came from, and the file's name for messages."""

    bars: Columns
    lines: IntColumn
    file: str


def usable_prices(batch: Batch, *, scale: int, positive: bool, findings: Findings) -> Mask:
    """Which bars have possible prices; BAD_PRICE and BAD_OHLC findings for the others.

    `positive` refuses prices of zero and below (equities; futures have gone negative).
    """
    ok = np.ones(len(batch.bars), dtype=np.bool_)
    for side in sides(batch.bars):
        if positive:
            lowest = np.minimum(np.minimum(side.open, side.high), np.minimum(side.low, side.close))
            bad = ok & (lowest <= 0) & side.present
            _report(batch, bad, "BAD_PRICE", findings, _not_above_zero(side, lowest, scale))
            ok &= ~bad
        bad = ok & (
            (side.high < np.maximum(np.maximum(side.open, side.close), side.low))
            | (side.low > np.minimum(side.open, side.close))
        )
        _report(batch, bad, "BAD_OHLC", findings, _impossible(side, scale))
        ok &= ~bad
    return ok


def _not_above_zero(side: Side, lowest: IntColumn, scale: int) -> Callable[[int], str]:
    what = f"a {side.name} price" if side.name else "a price"
    return lambda row: f"{what} of {_text(lowest[row], scale)}, not above zero"


def _impossible(side: Side, scale: int) -> Callable[[int], str]:
    return lambda row: f"impossible: {_ohlc(side, row, scale)}"


def remark_quotes(batch: Batch, scale: int, findings: Findings) -> None:
    """Count the quote bars without a bid or an ask, and those that end with the bid above the ask."""
    if not isinstance(batch.bars, QuoteColumns):
        return
    bid, ask = sides(batch.bars)
    for side in (bid, ask):
        _report(batch, ~side.present, "MISSING_SIDE", findings, _lacks(batch, side))
    crossed = bid.present & ask.present & (bid.close > ask.close)
    _report(
        batch,
        crossed,
        "CROSSED_QUOTE",
        findings,
        lambda row: f"bid {_text(bid.close[row], scale)} above ask {_text(ask.close[row], scale)} at the close",
    )


def _lacks(batch: Batch, side: Side) -> Callable[[int], str]:
    return lambda row: f"the quote bar of {time_text(int(batch.bars.start[row]))} has no {side.name}"


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
    """Count the bars outside of the regular sessions, and those that begin and end in a break."""
    start, (part, trading) = batch.bars.start, grid.part_at(batch.bars.start)
    outside = ~trading
    if bool(outside.any()) and len(grid.part_opens) > 0:
        outside &= ~(grid.index_at(start)[1] & (grid.part_opens[part] < batch.bars.end))
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
    for side in sides(bars):
        for column in (side.open, side.high, side.low, side.close):
            off |= side.present & (column % tick != 0)
    _report(batch, off, "OFF_TICK", findings, _off_tick(batch, instrument))


def _off_tick(batch: Batch, instrument: Instrument) -> Callable[[int], str]:
    def describe(row: int) -> str:
        told = [_ohlc(side, row, instrument.price_scale) for side in sides(batch.bars) if side.present[row]]
        return f"{'; '.join(told)}; the tick is {instrument.tick}"

    return describe


def remark_unknown_volume(batch: Batch, findings: Findings) -> None:
    """Count the bars without a volume."""
    if isinstance(batch.bars, BarColumns):
        _report(batch, batch.bars.volume == UNKNOWN_VOLUME, "UNKNOWN_VOLUME", findings, lambda _: "no volume")


def _report(batch: Batch, which: Mask, code: str, findings: Findings, describe: Callable[[int], str]) -> None:
    if bool(which.any()):
        rows = np.flatnonzero(which)
        findings.add_rows(code, batch.file, batch.lines[rows], lambda i: describe(int(rows[i])))


def _ohlc(side: Side, row: int, scale: int) -> str:
    open_, high, low, close = (_text(column[row], scale) for column in (side.open, side.high, side.low, side.close))
    return f"{side.name} open {open_}, high {high}, low {low}, close {close}".lstrip()


def _text(value: np.int64, scale: int) -> str:
    sign, digits = "-" if value < 0 else "", str(abs(int(value))).rjust(scale + 1, "0")
    return f"{sign}{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}" if scale > 0 else sign + digits
