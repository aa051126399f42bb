"""The arrays behind `ExchangeSessions`: regular hours and compiled exceptions as opens, closes and breaks in UTC."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib.resources import files
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from periscope.instruments.hours import Break, ExchangeHours, HoursRule
from periscope.instruments.zones import local_to_utc, standard_offset

type Ints = npt.NDArray[np.int64]
type ExceptionKind = Literal["closed", "early_close", "holiday_stub", "late_open"]

MICROSECONDS_PER_SECOND = 1_000_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
SECONDS_PER_DAY = 86_400

_SHORT: frozenset[ExceptionKind] = frozenset({"early_close", "holiday_stub"})


@dataclass(frozen=True, slots=True)
class SessionException:
    """One row of the compiled table: how a weekday differs from the regular hours; `at` is local, None if closed."""

    day: date
    kind: ExceptionKind
    at: time | None
    reason: str


@dataclass(frozen=True, slots=True)
class SessionTable:
    """One element per trading day, ascending, and the breaks inside them; times in microseconds UTC.

    `days` counts from 1970-01-01. Every break lies inside one session; no two touch.
    """

    days: npt.NDArray[np.int32]
    opens: Ints
    closes: Ints
    break_starts: Ints
    break_ends: Ints


@cache
def _all_exceptions() -> dict[str, tuple[SessionException, ...]]:
    kinds: dict[str, ExceptionKind] = {kind: kind for kind in get_args(ExceptionKind.__value__)}
    table: dict[str, list[SessionException]] = {}
    text = (files("periscope.instruments") / "data" / "sessions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        at = time.fromisoformat(row["time"]) if row["time"] else None
        exception = SessionException(date.fromisoformat(row["day"]), kinds[row["kind"]], at, row["reason"])
        table.setdefault(row["exchange"], []).append(exception)
    return {code: tuple(rows) for code, rows in table.items()}


def exceptions_of(code: str) -> tuple[SessionException, ...]:
    """The exceptions of one table, ascending by day."""
    return _all_exceptions()[code]


def build_table(hours: ExchangeHours, *, extended: bool) -> SessionTable:
    """Every session of a table at one kind of hours."""
    zone = ZoneInfo(hours.zone)
    exceptions = exceptions_of(hours.code)
    rules = hours.extended if extended and hours.extended is not None else hours.regular
    draft = _Draft(hours, [row.day for row in exceptions if row.kind == "closed"])
    draft.apply(rules, [row.day for row in exceptions if row.kind in _SHORT])
    for row in exceptions:
        draft.correct(row, extended=extended, minutes_after_close=hours.extended_minutes_after_close)
    opens, closes = draft.in_utc(zone)
    assert bool(np.all(opens < closes)), "a session ends before it begins"
    assert bool(np.all(closes[:-1] <= opens[1:])), "two sessions overlap"
    starts, ends = _clipped(*draft.breaks_in_utc(zone), opens, closes)
    return SessionTable(draft.days.astype(np.int32), opens, closes, starts, ends)


def _clipped(starts: Ints, ends: Ints, opens: Ints, closes: Ints) -> tuple[Ints, Ints]:
    """The breaks that have a session on both sides: on a short day there may be nothing left to pause."""
    index = np.searchsorted(closes, starts, side="right")
    index = np.minimum(index, len(closes) - 1)
    inside = (opens[index] < starts) & (ends < closes[index])
    return starts[inside], ends[inside]


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _day_number(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def _day_numbers(days: Iterable[date]) -> Ints:
    return np.array([_day_number(day) for day in days], dtype=np.int64)


class _Draft:
    """The arrays under construction: one element per trading day, times as local seconds since 1970-01-01."""

    def __init__(self, hours: ExchangeHours, closed: Iterable[date]) -> None:
        days = np.arange(_day_number(hours.first_day), _day_number(hours.last_day) + 1, dtype=np.int64)
        weekday = (days + 3) % 7 < 5
        self.days: Ints = days[weekday & ~np.isin(days, _day_numbers(closed))]
        self.opens: Ints = np.zeros_like(self.days)
        self.closes: Ints = np.zeros_like(self.days)
        self._standard_time = np.zeros(len(self.days), dtype=np.bool_)
        self._breaks: list[tuple[Ints, Ints]] = []

    def apply(self, rules: tuple[HoursRule, ...], short_days: Iterable[date]) -> None:
        """Fill in the hours of every rule for the days on which it is in force; `short_days` have an early close."""
        midnight = self.days * SECONDS_PER_DAY
        after_closure = ~np.isin(self.days - 1, np.setdiff1d(self.days, _day_numbers(short_days)))
        firsts = [_day_number(rule.since) for rule in rules]
        for rule, first, next_first in zip(rules, firsts, [*firsts[1:], 2**40], strict=True):
            in_force = (self.days >= first) & (self.days < next_first)
            evening = SECONDS_PER_DAY if rule.opens_day_before else 0
            self.opens[in_force] = (midnight - evening + _seconds(rule.opens))[in_force]
            if rule.opens_after_closure is not None:
                late = in_force & after_closure
                self.opens[late] = (midnight - evening + _seconds(rule.opens_after_closure))[late]
            self.closes[in_force] = (midnight + _seconds(rule.closes))[in_force]
            self._standard_time |= in_force & rule.opens_in_standard_time
            self._breaks += [_daily(pause, midnight[in_force]) for pause in rule.breaks]

    def correct(self, row: SessionException, *, extended: bool, minutes_after_close: int) -> None:
        """Put in an early close or a late open; extended trading opens as ever."""
        if row.at is None or (extended and row.kind == "late_open"):
            return
        index = self._index(row.day)
        at = _day_number(row.day) * SECONDS_PER_DAY + _seconds(row.at)
        if row.kind == "late_open":
            self.opens[index] = at
        elif extended:
            self.closes[index] = min(self.closes[index], at + 60 * minutes_after_close)
        else:
            self.closes[index] = at

    def in_utc(self, zone: ZoneInfo) -> tuple[Ints, Ints]:
        """Opens and closes in microseconds UTC."""
        opens, closes = np.split(local_to_utc(np.concatenate([self.opens, self.closes]), zone), 2)
        standard = self._standard_time
        opens[standard] = self.opens[standard] - standard_offset(zone)
        return opens * MICROSECONDS_PER_SECOND, closes * MICROSECONDS_PER_SECOND

    def breaks_in_utc(self, zone: ZoneInfo) -> tuple[Ints, Ints]:
        """Starts and ends of all breaks in microseconds UTC, ascending, those of short days too."""
        local = np.concatenate([np.concatenate(pair) for pair in zip(*self._breaks, strict=True)] or [self.opens[:0]])
        starts, ends = np.split(local_to_utc(local, zone) * MICROSECONDS_PER_SECOND, 2)
        return np.sort(starts), np.sort(ends)

    def _index(self, day: date) -> int:
        number = _day_number(day)
        index = int(np.searchsorted(self.days, number))
        assert index < len(self.days), f"{day} has special hours but is outside the table"
        assert self.days[index] == number, f"{day} has special hours but is no trading day"
        return index


def _daily(pause: Break, midnight: Ints) -> tuple[Ints, Ints]:
    evening = SECONDS_PER_DAY if pause.day_before else 0
    return midnight - evening + _seconds(pause.starts), midnight - evening + _seconds(pause.ends)
