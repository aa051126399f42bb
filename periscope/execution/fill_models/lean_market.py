"""What the `lean` fill model reads of a market: trade bars and the two sides of quote bars, as rows of prices."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.execution.meeting import IntColumn, Market, Meeting, Rule, Search, Sessions, When, Window
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, SessionRangeError

_FIRST_CHUNK = 64
_LAST_CHUNK = 8192
_LEAST_PRICE = -(1 << 62)
"""Prices below are none: a side that a quote bar lacks."""


class Row(NamedTuple):
    """One row of a side: its number in its own stream, the execution bar that had ended then, interval and prices."""

    number: int
    bar: int
    start: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    def meeting(self, time: int, when: When, price: Decimal, rule: Rule) -> Meeting:
        """What a fill by this row comes to."""
        return Meeting(time, self.bar, when, price, rule, self.start)


class Side:
    """Trade bars, or the asks or the bids of quote bars."""

    def __init__(self, window: Window, prefix: str, bars: Window | None) -> None:
        self._window = window
        self._prefix = prefix
        self._bars = bars

    def latest(self, now: int) -> Row | None:
        """The last row that has ended at `now` and has this side."""
        number = self._window.row_ended_by(now)
        return (
            None
            if number < 0 or self._column("close")[number - self._window.first] < _LEAST_PRICE
            else self._row(number)
        )

    def rows(self, search: Search, horizon: int) -> Iterator[Row]:
        """The rows that end after the search began, one by one; the search goes on where this leaves off."""
        for number in range(self._from(search), self._until(horizon)):
            search.cursor = number
            yield self._row(number)
            search.cursor = number + 1

    def first_beyond(
        self, price: Decimal, sign: int, search: Search, horizon: int, *, touch: bool = False
    ) -> Row | None:
        """The first row whose high is above `price` (`sign` -1: whose low is below it), or, with `touch`, at it."""
        number = self._find("high" if sign > 0 else "low", price, sign, self._from(search), horizon, touch=touch)
        if number is None:
            search.cursor = max(search.cursor, self._until(horizon))
            return None
        search.cursor = number
        return self._row(number)

    def first_close_beyond(self, price: Decimal, sign: int, number: int, horizon: int) -> Row | None:
        """The first row from `number` on whose close is above `price` (`sign` -1: below it)."""
        found = self._find("close", price, sign, number, horizon, touch=False)
        return None if found is None else self._row(found)

    def _find(self, name: str, price: Decimal, sign: int, low: int, horizon: int, *, touch: bool) -> int | None:
        window, until, size = self._window, self._until(horizon), _FIRST_CHUNK
        while low < until:
            high = min(low + size, until, window.scaling_stop(low))
            scaling = window.scaling(low)
            column = self._column(name)[low - window.first : high - window.first]
            if sign > 0:
                hits = column >= (scaling.at_or_above(price) if touch else scaling.above(price))
            else:
                hits = column < (scaling.above(price) if touch else scaling.at_or_above(price))
                hits &= column >= _LEAST_PRICE
            place = int(hits.argmax())
            if hits[place]:
                return low + place
            low, size = high, min(size * 4, _LAST_CHUNK)
        return None

    def _from(self, search: Search) -> int:
        window = self._window
        return max(search.cursor, window.first + int(window.end.searchsorted(search.since, "right")))

    def _until(self, horizon: int) -> int:
        window = self._window
        window.reach(horizon)
        return window.first + int(window.start.searchsorted(horizon, "right"))

    def _column(self, name: str) -> IntColumn:
        column: IntColumn = getattr(self._window, f"{self._prefix}{name}")
        return column

    def _row(self, number: int) -> Row:
        window = self._window
        place, scaling = number - window.first, window.scaling(number)
        end = int(window.end[place])
        bar = number if self._bars is window or self._bars is None else self._bars.row_ended_by(end)
        prices = (scaling.price(int(self._column(name)[place])) for name in ("open", "high", "low", "close"))
        return Row(number, bar, int(window.start[place]), end, *prices)


class LeanMarket:
    """One market as LEAN sees it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        bars, quotes = market.bars, market.quotes
        self._streams = [stream for stream in (bars, quotes) if stream is not None]
        self.trades = None if bars is None else Side(bars, "", bars)
        self._asks = None if quotes is None else Side(quotes, "ask_", bars)
        self._bids = None if quotes is None else Side(quotes, "bid_", bars)

    @property
    def regular(self) -> Sessions:
        """The regular sessions, whatever hours the run has."""
        return self.market.regular_sessions

    def side(self, sign: int, *, quotes: bool) -> Side | None:
        """The asks for a buy, the bids for a sell, where there are quote bars; otherwise trades."""
        side = self._asks if sign > 0 else self._bids
        return self.trades if side is None or not quotes else side

    def quote(self, sign: int, now: int) -> Row | None:
        """The last ask for a buy, the last bid for a sell."""
        side = self._asks if sign > 0 else self._bids
        return None if side is None else side.latest(now)

    def trade(self, now: int) -> Row | None:
        """The last trade bar."""
        return None if self.trades is None else self.trades.latest(now)

    def reach(self, horizon: int) -> None:
        """Bring the rows up to `horizon` into the windows."""
        for stream in self._streams:
            stream.reach(horizon)

    def moments(self, after: int, until: int) -> Iterator[int]:
        """When rows of any kind end, in (after, until], ascending."""
        while True:
            ends, limit = [], until
            for stream in self._streams:
                low = int(stream.end.searchsorted(after, "right"))
                few = stream.end[low : low + _FIRST_CHUNK]
                ends.append(few)
                limit = min(limit, int(few[-1])) if len(few) == _FIRST_CHUNK else limit
            found = np.unique(np.concatenate(ends)) if ends else np.empty(0, dtype=np.int64)
            yield from found[: found.searchsorted(limit, "right")].tolist()
            if limit == until:
                return
            after = limit

    def has_price(self, now: int) -> bool:
        """Whether there has been a price: of an equity a trade, of a future a quote or a trade."""
        if self.trade(now) is not None:
            return True
        return self.market.instrument.is_future and self.quote(1, now) is not None

    def is_open(self, now: int, *, extended: bool) -> bool:
        """Whether orders can fill now: in a session, or at the end of a bar that overlaps one.

        A daily bar counts for the whole date on which it ends.
        """
        sessions = self.market.extended_sessions if extended else self.regular
        if sessions.session_at(now) is not None:
            return True
        last = self._newest(now)
        if last is None or not _overlaps(sessions, *last):
            return False
        return self.date_of(now) == self.date_of(last[1]) if self.market.span is BarTimeSpan.DAY else now <= last[1]

    def starts_regularly(self, row: Row) -> bool:
        """Whether a bar belongs to the regular session by its start; bars of an hour or a day always do."""
        return self.market.span in (BarTimeSpan.HOUR, BarTimeSpan.DAY) or self.regular.session_at(row.start) is not None

    def is_regular_at(self, row: Row) -> bool:
        """Whether the regular session is open when the bar ends, or was at some time during it."""
        return self.regular.session_at(row.end) is not None or _overlaps(self.regular, row.start, row.end)

    def date_of(self, at: int) -> date:
        """The date on the exchange's clock."""
        return datetime.fromtimestamp(at // MICROSECONDS_PER_SECOND, self.regular.zone).date()

    def renamed_after(self, now: int) -> int | None:
        """The midnight that begins the first session under the next new ticker, None if none is known."""
        for before, after in pairwise(self.market.instrument.names):
            if after.first_day is None or after.ticker == before.ticker:
                continue
            try:
                session = self.regular.session_from(self._midnight(after.first_day))
            except SessionRangeError:
                continue
            midnight = self._midnight(session.day)
            if midnight > now:
                return midnight
        return None

    def _midnight(self, day: date) -> int:
        """When a date begins on the exchange's clock."""
        return round(datetime.combine(day, time(0), self.regular.zone).timestamp()) * MICROSECONDS_PER_SECOND

    def _newest(self, now: int) -> tuple[int, int] | None:
        """Start and end of the row that ended last."""
        found = []
        for stream in self._streams:
            number = stream.row_ended_by(now)
            if number >= 0:
                found.append((int(stream.end[number - stream.first]), int(stream.start[number - stream.first])))
        return max(found)[::-1] if found else None


def _overlaps(sessions: Sessions, start: int, end: int) -> bool:
    return any(
        start < until and since < end
        for session in sessions.sessions_between(start, end)
        for since, until in session.parts
    )
