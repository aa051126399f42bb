"""When an exchange trades: sessions and trading days, daylight saving, holidays and half days included.

All times are microseconds since 1970-01-01 UTC. A session is [open, close), and may have breaks in which nothing
trades. A trading day may begin on the evening before: Sunday evening at CME belongs to Monday.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from periscope.instruments.hours import EXCHANGES, TABLES, ExchangeHours, HoursRule
from periscope.instruments.session_table import (
    EPOCH_ORDINAL,
    MICROSECONDS_PER_SECOND,
    ExceptionKind,
    Ints,
    SessionException,
    SessionTable,
    build_table,
    exceptions_of,
)

__all__ = [
    "MICROSECONDS_PER_SECOND",
    "ExceptionKind",
    "ExchangeSessions",
    "Ints",
    "Session",
    "SessionException",
    "SessionRangeError",
    "UnknownExchangeError",
    "day_of_number",
    "sessions_for",
]


def day_of_number(number: int) -> date:
    """The date of a trading day number, days since 1970-01-01."""
    return date.fromordinal(number + EPOCH_ORDINAL)


class UnknownExchangeError(KeyError):
    """No session table has this exchange code; `near` are codes that may be meant."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange)
        self.exchange = exchange
        self.near = _near_codes(exchange)

    def __str__(self) -> str:
        return f"no session table for exchange {self.exchange!r}; known codes: {', '.join(sorted(EXCHANGES))}"


class SessionRangeError(LookupError):
    """A time or a day outside the range that the session table covers."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day's session, [open, close) in microseconds since 1970-01-01 UTC, with the breaks inside it.

    A break is [start, end) and belongs to the trading day, but not to the times at which bars exist.
    """

    day: date
    open: int
    close: int
    breaks: tuple[tuple[int, int], ...] = ()

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """The stretches in which there is trading, each [start, end): the whole session where it has no break."""
        edges = [self.open, *(edge for pause in self.breaks for edge in pause), self.close]
        return tuple(pairwise(edges))[::2]


class ExchangeSessions:
    """The sessions of one exchange at one kind of hours. Get one from `sessions_for`.

    Every query takes times in microseconds since 1970-01-01 UTC and raises `SessionRangeError` outside the table.
    """

    sessions_per_year: int

    def __init__(self, hours: ExchangeHours, *, extended: bool = False) -> None:
        self.exchange = hours.code
        self.zone = ZoneInfo(hours.zone)
        self.extended = extended and hours.extended is not None
        self.sessions_per_year = hours.sessions_per_year
        self.hours = hours
        self._exceptions: dict[date, list[SessionException]] = {}
        for row in exceptions_of(hours.code):
            self._exceptions.setdefault(row.day, []).append(row)
        table = build_table(hours, extended=self.extended)
        self._days, self._opens, self._closes = table.days, table.opens, table.closes
        self._break_starts, self._break_ends = table.break_starts, table.break_ends
        self._day_list: list[int] = self._days.tolist()
        self._open_list: list[int] = self._opens.tolist()
        self._close_list: list[int] = self._closes.tolist()
        self._break_start_list: list[int] = self._break_starts.tolist()
        self._break_end_list: list[int] = self._break_ends.tolist()
        self._covered_from = self.day_bounds(hours.first_day)[0]
        self._covered_until = max(self._close_list[-1], self.day_bounds(hours.last_day)[1])

    def session_at(self, t: int) -> Session | None:
        """The session with open <= t < close, None if the exchange is closed at t or pauses."""
        self._check(t)
        index = bisect_right(self._open_list, t) - 1
        if index < 0 or t >= self._close_list[index]:
            return None
        pause = bisect_right(self._break_end_list, t)
        paused = pause < len(self._break_start_list) and self._break_start_list[pause] <= t
        return None if paused else self._session(index)

    def session_from(self, t: int) -> Session:
        """The session that contains t, in a break too, else the next one to open."""
        self._check(t)
        index = bisect_right(self._close_list, t)
        if index == len(self._close_list):
            raise self._range_error(t)
        return self._session(index)

    def trading_day(self, t: int) -> date:
        """The trading day that a bar starting at t belongs to: the session's that contains t, else the next one's."""
        return self.session_from(t).day

    def is_open_mask(self, starts: Ints, ends: Ints | None = None) -> npt.NDArray[np.bool_]:
        """Which of the bar starts lie in a session and not in one of its breaks; `starts` in any order.

        With `ends` a bar that starts in a break and ends after it counts too: an hour bar of grains starts at 08:00
        and has the trades from 08:30 on.
        """
        if len(starts) > 1 and bool(np.all(starts[1:] >= starts[:-1])):
            inside = self._open_mask_of_ascending(starts)
        else:
            inside = np.asarray((self._opens[self._next_session(starts)] <= starts) & ~self._in_break(starts))
        if ends is not None and len(self._break_ends) > 0 and not bool(inside.all()):
            outside = np.flatnonzero(~inside)
            inside[outside] = self._outlasts_a_break(starts[outside], ends[outside])
        return inside

    def _in_break(self, starts: Ints) -> npt.NDArray[np.bool_]:
        begun = np.searchsorted(self._break_starts, starts, side="right")
        return np.asarray(begun != np.searchsorted(self._break_ends, starts, side="right"))

    def _outlasts_a_break(self, starts: Ints, ends: Ints) -> npt.NDArray[np.bool_]:
        index = np.searchsorted(self._break_ends, starts, side="right").clip(max=len(self._break_ends) - 1)
        return np.asarray(self._in_break(starts) & (self._break_ends[index] < ends))

    def overlap_mask(self, starts: Ints, ends: Ints) -> npt.NDArray[np.bool_]:
        """Which of the stretches [start, end) have any trading in them."""
        if len(self._closes) == 0:
            return np.zeros(len(starts), dtype=np.bool_)
        index = np.searchsorted(self._closes, starts, side="right").clip(max=len(self._closes) - 1)
        found = (self._opens[index] < ends) & (starts < self._closes[index]) & (starts < ends)
        if len(self._break_ends) > 0:
            pause = np.searchsorted(self._break_ends, starts, side="right").clip(max=len(self._break_ends) - 1)
            found &= ~((self._break_starts[pause] <= starts) & (ends <= self._break_ends[pause]))
        return np.asarray(found)

    def trading_day_numbers(self, starts: Ints) -> npt.NDArray[np.int32]:
        """The trading day of each bar start as days since 1970-01-01; see `trading_day`."""
        return self._days[self._next_session(starts)]

    def session_of_day(self, day: date) -> Session | None:
        """The session of a trading day, None on a weekend or a holiday."""
        number = day.toordinal() - EPOCH_ORDINAL
        if not self.hours.first_day <= day <= self.hours.last_day:
            raise SessionRangeError(f"{day} is outside {self._range_text()}")
        index = bisect_left(self._day_list, number)
        found = index < len(self._day_list) and self._day_list[index] == number
        return self._session(index) if found else None

    def sessions_between(self, t0: int, t1: int) -> list[Session]:
        """The sessions that have any time in common with [t0, t1), ascending; their breaks count as theirs."""
        self._check(t0)
        self._check(t1)
        return [
            self._session(index)
            for index in range(bisect_right(self._close_list, t0), bisect_left(self._open_list, t1))
        ]

    def table_between(self, t0: int, t1: int) -> SessionTable:
        """The same sessions with their breaks as columns, for whoever needs years of them."""
        self._check(t0)
        self._check(t1)
        some = slice(bisect_right(self._close_list, t0), bisect_left(self._open_list, t1))
        opens, closes = self._opens[some], self._closes[some]
        first, last = (int(opens[0]), int(closes[-1])) if len(opens) > 0 else (0, 0)
        breaks = slice(bisect_left(self._break_start_list, first), bisect_left(self._break_start_list, last))
        return SessionTable(self._days[some], opens, closes, self._break_starts[breaks], self._break_ends[breaks])

    def is_holiday_stub(self, day: date) -> bool:
        """Whether a futures trading day is cut short because the cash market is closed (a holiday, a mourning)."""
        return any(row.kind == "holiday_stub" for row in self.exceptions_of_day(day))

    def exceptions_of_day(self, day: date) -> tuple[SessionException, ...]:
        """How a day differs from the regular hours and why, empty if it does not (a weekend is no exception)."""
        return tuple(self._exceptions.get(day, ()))

    def rule_of_day(self, day: date) -> HoursRule:
        """The hours of a day if it is no exception, with their source."""
        return _rule_on(self.rules, day)

    @property
    def rules(self) -> tuple[HoursRule, ...]:
        """The dated rules of the regular or the extended hours, whichever these sessions are of."""
        extended = self.hours.extended if self.extended else None
        return self.hours.regular if extended is None else extended

    def day_bounds(self, day: date) -> tuple[int, int]:
        """The whole of a calendar day as this exchange counts it, [start, end), session or not.

        Local midnight to midnight where sessions open in the morning; from the evening before to the evening where they
        open then (CME: 17:00 to 17:00 Chicago), so that a date without a time means the trading day.
        """
        return self._day_start(day), self._day_start(day + timedelta(days=1))

    def _day_start(self, day: date) -> int:
        rule = _rule_on(self.hours.regular, day)
        if rule.opens_day_before:
            at = datetime.combine(day - timedelta(days=1), rule.opens, self.zone)
        else:
            at = datetime.combine(day, time(0), self.zone)
        return round(at.timestamp()) * MICROSECONDS_PER_SECOND

    def _session(self, index: int) -> Session:
        day = day_of_number(self._day_list[index])
        open_, close = self._open_list[index], self._close_list[index]
        breaks = slice(bisect_left(self._break_start_list, open_), bisect_left(self._break_start_list, close))
        if breaks.start == breaks.stop:
            return Session(day, open_, close)
        pauses = zip(self._break_start_list[breaks], self._break_end_list[breaks], strict=True)
        return Session(day, open_, close, tuple(pauses))

    def _next_session(self, starts: Ints) -> npt.NDArray[np.intp]:
        if len(starts) > 0:
            self._check(int(starts.min()))
            self._check(int(starts.max()))
        index = np.searchsorted(self._closes, starts, side="right")
        if len(index) > 0 and int(index.max()) == len(self._closes):
            raise self._range_error(int(starts.max()))
        return index

    def _open_mask_of_ascending(self, starts: Ints) -> npt.NDArray[np.bool_]:
        """Look for the few sessions in the many starts instead of the other way round: twenty times faster."""
        first, last = int(starts[0]), int(starts[-1])
        self._check(first)
        self._check(last)
        near = slice(bisect_right(self._close_list, first), bisect_right(self._open_list, last))
        pauses = slice(bisect_right(self._break_end_list, first), bisect_right(self._break_start_list, last))
        steps = np.zeros(len(starts) + 1, dtype=np.int8)
        for begins in (self._opens[near], self._break_ends[pauses]):
            np.add.at(steps, np.searchsorted(starts, begins), 1)
        for ends in (self._closes[near], self._break_starts[pauses]):
            np.subtract.at(steps, np.searchsorted(starts, ends), 1)
        return np.asarray(np.cumsum(steps[:-1], dtype=np.int8) > 0)

    def _check(self, t: int) -> None:
        if not self._covered_from <= t <= self._covered_until:
            raise self._range_error(t)

    def _range_error(self, t: int) -> SessionRangeError:
        at = datetime.fromtimestamp(t // MICROSECONDS_PER_SECOND, ZoneInfo("UTC"))
        return SessionRangeError(f"{at:%Y-%m-%dT%H:%M:%SZ} is outside {self._range_text()}")

    def _range_text(self) -> str:
        hours = self.hours
        return f"the session table of {self.exchange}, trading days {hours.first_day} to {hours.last_day}"


@cache
def _sessions(code: str, *, extended: bool) -> ExchangeSessions:
    hours = next(hours for hours in EXCHANGES.values() if hours.code == code)
    return ExchangeSessions(hours, extended=extended)


def sessions_for(exchange: str, *, extended: bool = False) -> ExchangeSessions:
    """The sessions of an exchange, built once per exchange and kind of hours.

    The codes are those of `hours.EXCHANGES`; where a table has no extended hours, both answers are the same. Raises
    `UnknownExchangeError` for any other code.
    """
    hours = EXCHANGES.get(exchange)
    if hours is None:
        raise UnknownExchangeError(exchange)
    return _sessions(hours.code, extended=extended and hours.extended is not None)


def _near_codes(exchange: str) -> tuple[str, ...]:
    """Codes that are spelled alike, and codes of tables whose name has the word: CBOT's products have several."""
    word = exchange.upper()
    alike = get_close_matches(word, sorted(EXCHANGES), n=3, cutoff=0.6)
    named = [hours.code for hours in TABLES if word in hours.name.upper().split()]
    return tuple(dict.fromkeys([*alike, *named]))


def _rule_on(rules: tuple[HoursRule, ...], day: date) -> HoursRule:
    return next((rule for rule in reversed(rules) if rule.since <= day), rules[0])
