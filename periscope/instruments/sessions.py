"""When an exchange trades: sessions and trading days, daylight saving, holidays and half days included.

All times are microseconds since 1970-01-01 UTC. A session is [open, close). A trading day may begin on the evening
before: Sunday evening at CME belongs to Monday.
"""

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from periscope.instruments.hours import EXCHANGES, ExchangeHours, HoursRule
from periscope.instruments.zones import local_to_utc

type Ints = npt.NDArray[np.int64]

MICROSECONDS_PER_SECOND = 1_000_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SECONDS_PER_DAY = 86_400


def day_of_number(number: int) -> date:
    """The date of a trading day number, days since 1970-01-01."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


class UnknownExchangeError(KeyError):
    """No session table has this exchange code."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange)
        self.exchange = exchange

    def __str__(self) -> str:
        return f"no session table for exchange {self.exchange!r}; known codes: {', '.join(sorted(EXCHANGES))}"


class SessionRangeError(LookupError):
    """A time or a day outside the range that the session table covers."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day's session, [open, close) in microseconds since 1970-01-01 UTC."""

    day: date
    open: int
    close: int


@dataclass(frozen=True, slots=True)
class _Exception:
    """One row of the compiled table: how a weekday differs from the regular hours."""

    day: date
    kind: str
    at: time | None


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
        self._hours = hours
        exceptions = _exceptions(hours.code)
        self._stubs = frozenset(
            row.day.toordinal() - _EPOCH_ORDINAL for row in exceptions if row.kind == "holiday_stub"
        )
        self._days, self._opens, self._closes = _build(hours, exceptions, self.zone, extended=self.extended)
        self._day_list: list[int] = self._days.tolist()
        self._open_list: list[int] = self._opens.tolist()
        self._close_list: list[int] = self._closes.tolist()
        self._covered_from = self.day_bounds(hours.first_day)[0]
        self._covered_until = max(self._close_list[-1], self.day_bounds(hours.last_day)[1])

    def session_at(self, t: int) -> Session | None:
        """The session with open <= t < close, None if the exchange is closed at t."""
        self._check(t)
        index = bisect_right(self._open_list, t) - 1
        return self._session(index) if index >= 0 and t < self._close_list[index] else None

    def session_from(self, t: int) -> Session:
        """The session that contains t, else the next one to open."""
        self._check(t)
        index = bisect_right(self._close_list, t)
        if index == len(self._close_list):
            raise self._range_error(t)
        return self._session(index)

    def trading_day(self, t: int) -> date:
        """The trading day that a bar starting at t belongs to: the session's that contains t, else the next one's."""
        return self.session_from(t).day

    def is_open_mask(self, starts: Ints) -> npt.NDArray[np.bool_]:
        """Which of the bar starts lie in a session; `starts` in any order."""
        if len(starts) > 1 and bool(np.all(starts[1:] >= starts[:-1])):
            return self._open_mask_of_ascending(starts)
        index = self._next_session(starts)
        return np.asarray(self._opens[index] <= starts)

    def trading_day_numbers(self, starts: Ints) -> npt.NDArray[np.int32]:
        """The trading day of each bar start as days since 1970-01-01; see `trading_day`."""
        return self._days[self._next_session(starts)]

    def session_of_day(self, day: date) -> Session | None:
        """The session of a trading day, None on a weekend or a holiday."""
        number = day.toordinal() - _EPOCH_ORDINAL
        if not self._hours.first_day <= day <= self._hours.last_day:
            raise SessionRangeError(f"{day} is outside {self._range_text()}")
        index = bisect_left(self._day_list, number)
        found = index < len(self._day_list) and self._day_list[index] == number
        return self._session(index) if found else None

    def sessions_between(self, t0: int, t1: int) -> list[Session]:
        """The sessions that have any time in common with [t0, t1), ascending."""
        self._check(t0)
        self._check(t1)
        return [
            self._session(index)
            for index in range(bisect_right(self._close_list, t0), bisect_left(self._open_list, t1))
        ]

    def is_holiday_stub(self, day: date) -> bool:
        """Whether a futures trading day is cut short because the cash market is closed (a holiday, a mourning)."""
        return day.toordinal() - _EPOCH_ORDINAL in self._stubs

    def day_bounds(self, day: date) -> tuple[int, int]:
        """The whole of a calendar day as this exchange counts it, [start, end), session or not.

        Local midnight to midnight where sessions open in the morning; from the evening before to the evening where they
        open then (CME: 17:00 to 17:00 Chicago), so that a date without a time means the trading day.
        """
        return self._day_start(day), self._day_start(day + timedelta(days=1))

    def _day_start(self, day: date) -> int:
        rule = _rule_on(self._hours.regular, day)
        if rule.opens_day_before:
            at = datetime.combine(day - timedelta(days=1), rule.opens, self.zone)
        else:
            at = datetime.combine(day, time(0), self.zone)
        return round(at.timestamp()) * MICROSECONDS_PER_SECOND

    def _session(self, index: int) -> Session:
        day = day_of_number(self._day_list[index])
        return Session(day, self._open_list[index], self._close_list[index])

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
        steps = np.zeros(len(starts) + 1, dtype=np.int8)
        np.add.at(steps, np.searchsorted(starts, self._opens[near]), 1)
        np.subtract.at(steps, np.searchsorted(starts, self._closes[near]), 1)
        return np.asarray(np.cumsum(steps[:-1], dtype=np.int8) > 0)

    def _check(self, t: int) -> None:
        if not self._covered_from <= t <= self._covered_until:
            raise self._range_error(t)

    def _range_error(self, t: int) -> SessionRangeError:
        at = datetime.fromtimestamp(t // MICROSECONDS_PER_SECOND, ZoneInfo("UTC"))
        return SessionRangeError(f"{at:%Y-%m-%dT%H:%M:%SZ} is outside {self._range_text()}")

    def _range_text(self) -> str:
        hours = self._hours
        return f"the session table of {self.exchange}, trading days {hours.first_day} to {hours.last_day}"


@cache
def _sessions(code: str, *, extended: bool) -> ExchangeSessions:
    hours = next(hours for hours in EXCHANGES.values() if hours.code == code)
    return ExchangeSessions(hours, extended=extended)


def sessions_for(exchange: str, *, extended: bool = False) -> ExchangeSessions:
    """The sessions of an exchange, built once per exchange and kind of hours.

    Codes: US equities `XNYS`, `XNAS`, `ARCX`, `BATS` and `US`; CME equity index futures `CME` (no extended hours: both
    answers are the same). Raises `UnknownExchangeError` for any other.
    """
    hours = EXCHANGES.get(exchange)
    if hours is None:
        raise UnknownExchangeError(exchange)
    return _sessions(hours.code, extended=extended and hours.extended is not None)


@cache
def _all_exceptions() -> dict[str, list[_Exception]]:
    table: dict[str, list[_Exception]] = {}
    text = (files("periscope.instruments") / "data" / "sessions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        at = time.fromisoformat(row["time"]) if row["time"] else None
        table.setdefault(row["exchange"], []).append(_Exception(date.fromisoformat(row["day"]), row["kind"], at))
    return table


def _exceptions(code: str) -> list[_Exception]:
    return _all_exceptions()[code]


def _rule_on(rules: tuple[HoursRule, ...], day: date) -> HoursRule:
    return next((rule for rule in reversed(rules) if rule.since <= day), rules[0])


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


class _Table:
    """The arrays under construction: one element per trading day, times as local seconds since 1970-01-01."""

    def __init__(self, hours: ExchangeHours, closed: Iterable[date]) -> None:
        first, last = (day.toordinal() - _EPOCH_ORDINAL for day in (hours.first_day, hours.last_day))
        days = np.arange(first, last + 1, dtype=np.int64)
        weekday = (days + 3) % 7 < 5
        closed_days = np.array([day.toordinal() - _EPOCH_ORDINAL for day in closed], dtype=np.int64)
        self.days: Ints = days[weekday & ~np.isin(days, closed_days)]
        self.opens: Ints = np.zeros_like(self.days)
        self.closes: Ints = np.zeros_like(self.days)

    def apply(self, rules: tuple[HoursRule, ...], short_days: Iterable[date]) -> Self:
        """Fill in the hours of every rule from its first day on; `short_days` have an early close."""
        midnight = self.days * _SECONDS_PER_DAY
        short = np.array([day.toordinal() - _EPOCH_ORDINAL for day in short_days], dtype=np.int64)
        after_break = ~np.isin(self.days - 1, np.setdiff1d(self.days, short))
        for rule in rules:
            since = self.days >= rule.since.toordinal() - _EPOCH_ORDINAL
            evening = _SECONDS_PER_DAY if rule.opens_day_before else 0
            self.opens[since] = (midnight - evening + _seconds(rule.opens))[since]
            if rule.opens_after_break is not None:
                late = since & after_break
                self.opens[late] = (midnight - evening + _seconds(rule.opens_after_break))[late]
            self.closes[since] = (midnight + _seconds(rule.closes))[since]
        return self

    def index(self, day: date) -> int:
        """Where a trading day stands; an assertion fails if it is none."""
        number = day.toordinal() - _EPOCH_ORDINAL
        index = int(np.searchsorted(self.days, number))
        assert self.days[index] == number, f"{day} has special hours but is no trading day"
        return index


def _build(
    hours: ExchangeHours, exceptions: list[_Exception], zone: ZoneInfo, *, extended: bool
) -> tuple[npt.NDArray[np.int32], Ints, Ints]:
    closed = [row.day for row in exceptions if row.kind == "closed"]
    early = [row for row in exceptions if row.kind in {"early_close", "holiday_stub"}]
    rules = hours.extended if extended and hours.extended is not None else hours.regular
    table = _Table(hours, closed).apply(rules, [row.day for row in early])
    for row in exceptions:
        if row.at is None or (extended and row.kind == "late_open"):
            continue
        index = table.index(row.day)
        at = (row.day.toordinal() - _EPOCH_ORDINAL) * _SECONDS_PER_DAY + _seconds(row.at)
        if row.kind == "late_open":
            table.opens[index] = at
        elif extended:
            table.closes[index] = min(table.closes[index], at + 60 * hours.extended_minutes_after_close)
        else:
            table.closes[index] = at
    both = local_to_utc(np.concatenate([table.opens, table.closes]), zone) * MICROSECONDS_PER_SECOND
    opens, closes = np.split(both, 2)
    assert bool(np.all(opens < closes)), "a session ends before it begins"
    assert bool(np.all(closes[:-1] <= opens[1:])), "two sessions overlap"
    return table.days.astype(np.int32), opens, closes
