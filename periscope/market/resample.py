"""Coarser bars made of finer ones, session by session, exactly.

A coarse bar starts at the mark in exchange time (the full hour, the full minute) or at the session's open, whichever is
later, and ends at the next mark or at the session's close, whichever is earlier. A DAY bar is the whole session of a
trading day. A fine bar belongs to the coarse bar in which it ends, so nothing is known before its time, also where the
fine bars do not lie on the marks. Where no fine bar traded there is no coarse bar.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, ExchangeSessions, Session, day_of_number
from periscope.market.bar_files import joined, take
from periscope.market.candles import merged
from periscope.market.columns import BarColumns, IntColumn

_SECONDS = {BarTimeSpan.SECOND: 1, BarTimeSpan.MINUTE: 60, BarTimeSpan.HOUR: 3_600}


def resampled(
    chunks: Iterable[BarColumns], span: BarTimeSpan, sessions: ExchangeSessions, start: int, end: int
) -> Iterator[BarColumns]:
    """The bars of `span` that finer bars in sessions make up, with start >= `start` and end <= `end`, ascending.

    The finer bars must ascend. Only one chunk and the bars of one coarse bar are in memory.
    """
    rest: BarColumns | None = None
    for chunk in chunks:
        if len(chunk) == 0:
            continue
        bars = chunk if rest is None else joined([rest, chunk])
        opens, closes = _frames(bars, span, sessions)
        last = int(np.searchsorted(opens, opens[-1]))
        rest = take(bars, slice(last, None))
        if last:
            yield from _within(_merged(take(bars, slice(0, last)), opens[:last], closes[:last]), start, end)
    if rest is not None:
        yield from _within(_merged(rest, *_frames(rest, span, sessions)), start, end)


def _within(bars: BarColumns, start: int, end: int) -> Iterator[BarColumns]:
    kept = (bars.start >= start) & (bars.end <= end)
    if bool(kept.any()):
        yield bars if bool(kept.all()) else take(bars, kept)


def _frames(bars: BarColumns, span: BarTimeSpan, sessions: ExchangeSessions) -> tuple[IntColumn, IntColumn]:
    """Start and end of the coarse bar that each fine bar belongs to."""
    found, index = np.unique(sessions.trading_day_numbers(bars.start), return_inverse=True)
    of_days = [_session(sessions, int(number)) for number in found]
    opens = np.array([session.open for session in of_days], dtype=np.int64)[index]
    closes = np.maximum(np.array([session.close for session in of_days], dtype=np.int64)[index], bars.end)
    if span is BarTimeSpan.DAY:
        return opens, closes
    step = _SECONDS[span] * MICROSECONDS_PER_SECOND
    offsets = np.array([_offset(sessions, session.open) for session in of_days], dtype=np.int64)[index]
    marks = (bars.end - 1 + offsets) // step * step - offsets
    return np.maximum(marks, opens), np.minimum(marks + step, closes)


def _session(sessions: ExchangeSessions, number: int) -> Session:
    session = sessions.session_of_day(day_of_number(number))
    assert session is not None, "a bar in a session belongs to a trading day"
    return session


def _offset(sessions: ExchangeSessions, at: int) -> int:
    """How far the exchange's clock is ahead of UTC in a session, in microseconds: clocks change while it is closed."""
    shift = datetime.fromtimestamp(at // MICROSECONDS_PER_SECOND, UTC).astimezone(sessions.zone).utcoffset()
    assert shift is not None
    return round(shift.total_seconds()) * MICROSECONDS_PER_SECOND


def _merged(bars: BarColumns, opens: IntColumn, closes: IntColumn) -> BarColumns:
    """One bar for each group of bars with the same start."""
    first = np.flatnonzero(np.concatenate(([True], opens[1:] != opens[:-1])))
    return replace(merged(bars, first), start=opens[first], end=np.maximum.reduceat(closes, first))
