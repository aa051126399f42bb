"""The equity curve and the headline figures as QuantConnect LEAN samples and reckons them.

LEAN does not look at the portfolio at every bar. It samples it at each midnight, after each step that is more than a
period later than the step it sampled last, and at the end. A step is a moment at which any of the strategy's streams
has a bar, or would have one: LEAN repeats the last bar while the session lasts.

Source: QuantConnect/Lean (Apache-2.0), Engine/Results/BacktestingResultHandler.cs, BaseResultsHandler.cs and
Common/Statistics/.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.blocks import Stream
from periscope.engine.markets import Markets
from periscope.engine.records import Booked
from periscope.engine.settings import Profile, Settings
from periscope.execution.meeting import Market, Sessions
from periscope.instruments.sessions import SessionRangeError
from periscope.portfolio.exact import ZERO, scaled
from periscope.runs.holdings import Holdings
from periscope.runs.valuation import MONEY_DIGITS, Flow, IntColumn, Samples, Sampling

_SECOND = 1_000_000
_LENGTHS = {BarTimeSpan.SECOND: _SECOND, BarTimeSpan.MINUTE: 60 * _SECOND, BarTimeSpan.HOUR: 3600 * _SECOND}
_LEAST_PERIOD = 4 * 60 * _SECOND
_MOST_SAMPLES = 4000
_SAMPLE_STEP = Decimal("0.0001")
_PLACES = Decimal("0.001")
_LEAST_DAYS = 3
_NEVER = 1 << 62
_TWENTY_EIGHT = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one stream: ends of its bars, from the first of trades or quotes on, while its session lasts."""

    span: BarTimeSpan
    sessions: Sessions
    regular: Sessions
    since: int

    def after(self, t: int) -> int:
        """The first step later than `t`; never where the sessions are not known that far."""
        try:
            if self.span is BarTimeSpan.DAY:
                close = self.regular.session_from(t).close
                return close if close >= self.since else self.regular.session_from(self.since - 1).close
            return self._in_session(max(t, self.since - 1))
        except SessionRangeError:
            return _NEVER

    def _in_session(self, t: int) -> int:
        length = _LENGTHS[self.span]
        session = self.sessions.session_from(t)
        while True:
            for start, end in session.parts:
                step = max(t, start) // length * length + length
                if step <= end:
                    return step
            session = self.sessions.session_from(session.close)


@dataclass(frozen=True, slots=True)
class LeanFigures:
    """Equity figures as LEAN prints them; `end_equity` is not rounded. Percentages have three decimals.

    The net profit is that of the curve's last sample, which has four decimals.
    """

    start_equity: Decimal
    end_equity: Decimal
    net_profit_pct: Decimal
    drawdown_pct: Decimal


class LeanSampling(Sampling):
    """Follows the books as `Valuation` does, but looks at them when LEAN does.

    `period` after the last sampled step is four minutes, or the run's length divided by 4,000 where that is longer.
    Midnights are those of `zone`. A midnight's sample is taken before anything happens at that midnight; a step's after
    everything at that moment. So samples lag behind the blocks by one instant.
    """

    def __init__(self, start: int, end: int, zone: ZoneInfo) -> None:
        self._start, self._end, self._zone = start, end, zone
        self._period = max(Decimal(_LEAST_PERIOD), Decimal(end - start) / _MOST_SAMPLES)
        self._steps: dict[int, Steps] = {}
        self._streams: dict[int, Stream] = {}
        self._whole: set[int] = set()
        self._books = Holdings()
        self._changes: list[Booked] = []
        self._midnight = self._midnight_from(start)
        self._sampled = start - int(self._period) - 1
        self._done = start - 1
        self._peak = ZERO
        self._fall = ZERO
        self._first: Decimal | None = None
        self._last = ZERO

    def streams(self, streams: Iterable[Stream]) -> None:
        """These streams may have rows in the blocks that follow."""
        for stream in streams:
            if stream.number not in self._streams:
                self._streams[stream.number] = stream
                if stream.next_row == 0:
                    self._whole.add(stream.number)

    def note(self, change: Booked) -> None:
        """The books changed."""
        self._changes.append(change)

    def close_block(
        self,
        columns: IntColumn,
        delivered: npt.NDArray[np.bool_],  # noqa: ARG002 - a repeated bar is a step too
        markets: Markets,
    ) -> list[Samples | Flow]:
        """The samples and flows before the last instant of a block."""
        if columns.shape[1] == 0:
            return []
        for stream in self._streams.values():
            if stream.number not in self._steps:
                self._begin(stream, columns, markets.market(stream.instrument))
        return list(self._until(int(columns[1][-1]) - 1, markets))

    def _begin(self, stream: Stream, columns: IntColumn, market: Market) -> None:
        """Let a stream's steps begin if its first bar has ended: of a stream that is whole, a quote bar will do."""
        rows = np.flatnonzero(columns[2] == stream.number)
        ends = [int(columns[1][rows[0]])] if len(rows) else []
        if stream.number in self._whole and market.quotes is not None and market.span == stream.span:
            last = int(columns[1][-1])
            market.quotes.reach(last)
            ends += [int(end) for end in market.quotes.end[:1] if end <= last]
        if ends:
            self._steps[stream.number] = Steps(stream.span, market.sessions, market.regular_sessions, min(ends))

    def finish(self, now: int, markets: Markets) -> list[Samples | Flow]:
        """What is left up to the end, and the end itself."""
        pieces = list(self._until(now, markets))
        pieces += self._take(now, markets, inclusive=True)
        value = self._value(now, markets)
        self._sample(value)
        self._last = value
        return [*pieces, self._samples_of(now, value)]

    def figures(self) -> LeanFigures:
        """The figures over all samples so far; both percentages are 0 where the run covers fewer than three days."""
        start, end = self._first or ZERO, self._last
        first, last = (datetime.fromtimestamp(at // _SECOND, self._zone).date() for at in (self._start, self._end))
        if (last - first).days + 1 < _LEAST_DAYS or start == 0:
            return LeanFigures(start, end, ZERO, ZERO)
        profit = _ratio(end.quantize(_SAMPLE_STEP, context=_TWENTY_EIGHT) - start, start) * 100
        return LeanFigures(
            start,
            end,
            profit.quantize(_PLACES, context=_TWENTY_EIGHT),
            self._fall.quantize(_PLACES, context=_TWENTY_EIGHT) * 100,
        )

    def _until(self, limit: int, markets: Markets) -> Iterator[Samples | Flow]:
        """All samples up to `limit`, and the flows among them."""
        while True:
            step = self._next_step()
            at = min(self._midnight, step)
            if at > min(limit, self._end):
                return
            at_midnight = at == self._midnight
            yield from self._take(at, markets, inclusive=not at_midnight or at == self._start)
            value = self._value(at, markets, before=at_midnight)
            self._sample(value)
            yield self._samples_of(at, value)
            if at_midnight:
                self._midnight = self._midnight_from(at + 1)
            else:
                self._sampled = at

    def _next_step(self) -> int:
        after = int(self._sampled + self._period)
        return min((steps.after(after) for steps in self._steps.values()), default=_NEVER)

    def _take(self, at: int, markets: Markets, *, inclusive: bool) -> Iterator[Flow]:
        """Make true the changes before `at`, or up to it."""
        while self._changes:
            change = self._changes[0]
            if change.entry.time > at or (change.entry.time == at and not inclusive):
                return
            self._changes.pop(0)
            if change.flow is not None:
                before = scaled(self._value(change.entry.time, markets), MONEY_DIGITS)
                yield Flow(change.entry.time, before, scaled(change.flow, MONEY_DIGITS))
            self._books.take(change)

    def _value(self, at: int, markets: Markets, *, before: bool = False) -> Decimal:
        """The portfolio's value; with `before` that of shares as they are before a split at that moment."""
        total = self._books.cash
        for held in self._books.positions.values():
            total += markets.worth(held, at - 1 if before and not held.instrument.is_future else at)
        return total

    def _sample(self, value: Decimal) -> None:
        if self._first is None:
            self._first = value
        value = value.quantize(_SAMPLE_STEP, context=_TWENTY_EIGHT)
        self._peak = max(self._peak, value)
        if self._peak > 0:
            self._fall = max(self._fall, 1 - _ratio(value, self._peak))

    def _samples_of(self, at: int, value: Decimal) -> Samples:
        return Samples(
            np.array([at], dtype=np.int64),
            np.array([scaled(value, MONEY_DIGITS)], dtype=np.int64),
            np.array([scaled(self._books.cash, MONEY_DIGITS)], dtype=np.int64),
            int(bool(self._books.positions)),
        )

    def _midnight_from(self, at: int) -> int:
        """The first midnight at `at` or later."""
        day = datetime.fromtimestamp(at // _SECOND, self._zone).date()
        while True:
            midnight = round(datetime.combine(day, time(0), self._zone).timestamp()) * _SECOND
            if midnight >= at:
                return midnight
            day += timedelta(days=1)


def lean_sampling(settings: Settings) -> LeanSampling | None:
    """The sampling of a run that follows the profile `lean`, None for any other."""
    if settings.profile is not Profile.LEAN:
        return None
    return LeanSampling(settings.start, settings.end, settings.lean.zone)


def _ratio(value: Decimal, whole: Decimal) -> Decimal:
    """A quotient to 28 digits, as LEAN's decimals have them."""
    return _TWENTY_EIGHT.divide(value, whole)
