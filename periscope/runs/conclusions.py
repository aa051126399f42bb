"""What the end of a run says about it, as issues: why it failed, why it saw nothing, where its data is thin."""

from collections.abc import Mapping
from decimal import localcontext

from libs.common_types.src.types import JSONValue
from periscope.engine.backtest import Outcome
from periscope.engine.port import Location
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.portfolio.exact import EXACT
from periscope.runs.analyses.all import findings
from periscope.runs.analyses.ended import EndedRun
from periscope.runs.corporate_findings import corporate_findings
from periscope.runs.feed import CatalogFeed
from periscope.runs.issues import Location as IssueLocation
from periscope.runs.recorder import Recorder

_HOLE = 5 * 86_400_000_000
"""Execution bars that begin or end this much inside the window's other bars (microseconds) are worth a word."""


def conclude(
    outcome: Outcome,
    recorder: Recorder,
    feed: CatalogFeed,
    parameters: Mapping[str, JSONValue],
    *,
    timed_out: bool,
) -> None:
    """Add the issues that are only known at the end. `parameters` are the values of the strategy's own."""
    issues, now = recorder.issues, outcome.state.now
    failure = outcome.failure
    if failure is not None:
        issues.add(failure.code, now, failure.message, location=_place(failure.location))
    elif timed_out:
        issues.add("RUN_TIMEOUT", now, f"the run was ended at {time_text(now)}: it took longer than allowed")
    elif outcome.bars == 0 and not outcome.stopped:
        issues.add("NO_BARS_DELIVERED", now, _why_no_bars(outcome, feed))
    for (symbol, _, wished), source in feed.resampled.items():
        text = f"the catalog has no {wished} bars of {symbol} in the window; they were made of its {source} bars"
        issues.add("BARS_RESAMPLED", now, text, subject=symbol)
    for symbol, text in corporate_findings(outcome.state.settings, feed, recorder):
        issues.add("CORPORATE_ACTIONS", now, text, subject=symbol)
    for symbol, text in feed.not_applied():
        issues.add("CORPORATE_ACTION_NOT_APPLIED", now, f"{symbol}: {text}", subject=symbol)
    wanted = outcome.state.settings.execution_span
    for instrument in recorder.traces.accepted.values():
        span = outcome.markets.execution_spans.get(instrument.key)
        if wanted is not None and span is not None and span is not wanted:
            text = f"there are no {wanted} bars of {instrument.symbol}, so its orders meet {span} bars"
            issues.add("EXECUTION_DATA_PARTIAL", now, text, subject=instrument.symbol)
            continue
        hole = _hole(outcome, feed, instrument)
        if hole is not None:
            issues.add("EXECUTION_DATA_PARTIAL", now, hole, subject=instrument.symbol)
    if failure is None and not timed_out:
        with localcontext(EXACT):
            for finding in findings(EndedRun(outcome, recorder, feed, parameters)):
                issues.add(finding.code, now, finding.message, subject=finding.subject)


def _place(location: Location | None) -> IssueLocation | None:
    """The engine's word for a place as the issue log's."""
    return None if location is None else IssueLocation(location.file, location.line, location.function)


def _why_no_bars(outcome: Outcome, feed: CatalogFeed) -> str:
    window = f"between {time_text(feed.start)} and {time_text(feed.end)}"
    live = outcome.state.registrations
    if not live:
        return f"no bar was delivered {window}: no registration was in force at the end"
    (symbol, _, span), registration = next(iter(live.items()))
    stored = feed.stored(registration.instrument, span)
    if stored is None:
        return f"no bar of {symbol} {span} was delivered {window}: the catalog has none"
    first, last = (time_text(time) for time in stored)
    return f"no bar of {symbol} {span} was delivered {window}; the catalog has {first} to {last}"


def _hole(outcome: Outcome, feed: CatalogFeed, instrument: Instrument) -> str | None:
    """A sentence where an instrument's execution bars cover less of the window than coarser bars do."""
    span = outcome.markets.execution_spans.get(instrument.key)
    own = None if span is None else feed.stored(instrument, span)
    if own is None:
        return None
    for other in feed.spans(instrument):
        stored = feed.stored(instrument, other)
        if stored is None:
            continue
        late = own[0] - max(stored[0], feed.start) > _HOLE
        early = min(stored[1], feed.end) - own[1] > _HOLE
        if late or early:
            begins = f"begin {time_text(own[0])}" if late else f"end {time_text(own[1])}"
            edge = f"since {time_text(stored[0])}" if late else f"until {time_text(stored[1])}"
            return (
                f"orders in {instrument.symbol} meet {span} bars, which {begins}; there are {other} bars {edge}: "
                f"orders wait where there are no {span} bars, or set core.execution_span to {other}"
            )
    return None
