"""Days without bars while a position was held: its value stood still there, and no stop could be met."""

from collections.abc import Iterator

import numpy as np

from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import Session, SessionRangeError, UnknownExchangeError
from periscope.runs.analyses.ended import EndedRun, Finding

_MOST_SYMBOLS = 20
"""Bars are read again to see their days; a portfolio of more symbols is looked at by its first ones."""


def holes(run: EndedRun) -> Iterator[Finding]:
    """Sessions inside a holding of which the execution stream has no bar."""
    held: dict[Instrument, list[tuple[int, int]]] = {}
    for instrument, since, until in _holdings(run):
        held.setdefault(instrument, []).append((since, until))
    for instrument, spells in list(held.items())[:_MOST_SYMBOLS]:
        missing = _without_bars(run, instrument, spells)
        if missing:
            days = ", ".join(str(session.day) for session in missing[:3])
            more = "" if len(missing) <= 3 else f" and {len(missing) - 3} more"
            text = (
                f"{instrument.symbol} has no bar on {days}{more}, sessions in which a position was held: its value "
                "stood still, and no order could be filled"
            )
            yield Finding("HOLE_IN_HOLDING", text, instrument.symbol)


def _holdings(run: EndedRun) -> Iterator[tuple[Instrument, int, int]]:
    """Instrument, first fill and last moment of each spell of a position, in order of the fills."""
    since: dict[Instrument, int] = {}
    for fill in run.recorder.fills:
        instrument = fill.order.instrument
        if fill.position_after == 0:
            begun = since.pop(instrument, None)
            if begun is not None:
                yield instrument, begun, fill.time
        else:
            since.setdefault(instrument, fill.time)
    for instrument, begun in since.items():
        end = run.outcome.state.now
        yield instrument, begun, end if instrument.expires_at is None else min(end, instrument.expires_at)


def _without_bars(run: EndedRun, instrument: Instrument, spells: list[tuple[int, int]]) -> list[Session]:
    """The sessions that lie wholly inside a spell and have no execution bar."""
    span = run.outcome.markets.execution_spans.get(instrument.key)
    if span is None:
        return []
    try:
        sessions = run.feed.sessions(instrument)
        whole = [
            session
            for since, until in spells
            for session in sessions.sessions_between(since, until)
            if since <= session.open and session.close <= until
        ]
    except (SessionRangeError, UnknownExchangeError):
        return []
    opens = np.array([session.open for session in whole], dtype=np.int64)
    closes = np.array([session.close for session in whole], dtype=np.int64)
    found = np.zeros(len(whole), dtype=np.bool_)
    for starts in run.feed.starts(instrument, span):
        found |= starts.searchsorted(opens) < starts.searchsorted(closes)
    return [session for session, seen in zip(whole, found, strict=True) if not seen]
