"""Days without bars while a position was held: its value stood still there, and no stop could be met."""

from collections.abc import Iterator

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Session, SessionRangeError, UnknownExchangeError
from periscope.runs.analyses.ended import EndedRun, Finding
from periscope.runs.traces import InstrumentTrace, Rows

_MOST_SYMBOLS = 20
"""Bars are read again to see their days; a portfolio of more symbols is looked at by its first ones."""


def holes(run: EndedRun) -> Iterator[Finding]:
    """Sessions inside a holding of which the execution stream has no bar."""
    for trace in list(run.traces.filled.values())[:_MOST_SYMBOLS]:
        missing = _without_bars(run, trace.instrument, _spells(run, trace))
        if missing:
            symbol, days = trace.instrument.symbol, ", ".join(str(session.day) for session in missing[:3])
            more = "" if len(missing) <= 3 else f" and {len(missing) - 3} more"
            text = (
                f"{symbol} has no bar on {days}{more}, sessions in which a position was held: its value "
                "stood still, and no order could be filled"
            )
            yield Finding("HOLE_IN_HOLDING", text, symbol)


def _spells(run: EndedRun, trace: InstrumentTrace) -> Rows:
    """First fill and last moment of every position, also of one that is still held."""
    if trace.held_since is None:
        return trace.spells
    end, expires_at = run.outcome.state.now, trace.instrument.expires_at
    last = [trace.held_since, end if expires_at is None else min(end, expires_at)]
    return np.concatenate([trace.spells, [last]])


def _without_bars(run: EndedRun, instrument: Instrument, spells: Rows) -> list[Session]:
    """The sessions that lie wholly inside a spell and have no execution bar."""
    span = run.outcome.markets.execution_spans.get(instrument.key)
    if span is None or len(spells) == 0:
        return []
    try:
        sessions = run.feed.sessions(instrument).sessions_between(int(spells[0, 0]), int(spells[-1, 1]))
    except (SessionRangeError, UnknownExchangeError):
        return []
    opens = np.array([session.open for session in sessions], dtype=np.int64)
    closes = np.array([session.close for session in sessions], dtype=np.int64)
    held = spells[:, 0].searchsorted(opens, side="right") - 1
    inside = (held >= 0) & (closes <= spells[held, 1])
    found = np.zeros(len(sessions), dtype=np.bool_)
    for starts in run.feed.starts(instrument, span):
        found |= starts.searchsorted(opens) < starts.searchsorted(closes)
    return [session for session, wanted in zip(sessions, inside & ~found, strict=True) if wanted]
