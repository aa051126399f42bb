"""LEAN's own hours of an instrument, as its market-hours database has them, and the sessions that follow from them.

LEAN's hours are not those of our tables everywhere: a future's *regular* hours are 09:30 to 17:00 in New York, and what
trades before and after them, from the evening before, is *extended*. Whoever wants LEAN's figures needs LEAN's hours.

Format: Data/market-hours/market-hours-database.json of https://github.com/QuantConnect/Lean.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from periscope.instruments.session_table import EPOCH_ORDINAL, MICROSECONDS_PER_SECOND, SECONDS_PER_DAY, Ints
from periscope.instruments.sessions import ExchangeSessions, Session
from periscope.instruments.zones import local_to_utc

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Stretch(msgspec.Struct, frozen=True):
    """Trading from `start` to `end`, seconds of a local day; `regular` or in extended hours only."""

    start: int
    end: int
    regular: bool


class LeanHours(msgspec.Struct, frozen=True):
    """One entry of the database.

    `zone` is the exchange's clock, `data_zone` that of the time stamps in the files. `week` has the stretches of each
    weekday, Monday first. On a date of `early_closes` nothing trades from that second of the day on, on one of
    `late_opens` nothing before it; a date of both is closed in between.
    """

    zone: str
    data_zone: str
    week: tuple[tuple[Stretch, ...], ...]
    holidays: frozenset[date] = frozenset()
    early_closes: dict[date, int] = {}
    late_opens: dict[date, int] = {}

    def stretches(self, day: date, *, extended: bool) -> list[tuple[int, int]]:
        """When there is trading on a date, in local seconds of that date; pieces that touch are one."""
        if day in self.holidays:
            return []
        found = [(each.start, each.end) for each in self.week[day.weekday()] if extended or each.regular]
        close, open_ = self.early_closes.get(day), self.late_opens.get(day)
        allowed = [(0, SECONDS_PER_DAY)]
        if close is not None and open_ is not None:
            allowed = [(0, close), (open_, SECONDS_PER_DAY)] if close <= open_ else [(open_, close)]
        elif close is not None:
            allowed = [(0, close)]
        elif open_ is not None:
            allowed = [(open_, SECONDS_PER_DAY)]
        cut = [(max(start, low), min(end, high)) for low, high in allowed for start, end in found]
        return _merged(sorted((start, end) for start, end in cut if start < end))


def read_entry(entry: Mapping[str, Any]) -> LeanHours:
    """One entry of the database's JSON. Raises KeyError, TypeError or ValueError where it is not of its form."""
    return LeanHours(
        zone=ZoneInfo(entry["exchangeTimeZone"]).key,
        data_zone=ZoneInfo(entry["dataTimeZone"]).key,
        week=tuple(tuple(_stretch(part) for part in entry.get(name, ())) for name in _WEEK),
        holidays=frozenset(_date(text) for text in entry.get("holidays", ())),
        early_closes={_date(day): _seconds(at) for day, at in entry.get("earlyCloses", {}).items()},
        late_opens={_date(day): _seconds(at) for day, at in entry.get("lateOpens", {}).items()},
    )


class LeanSessions(ExchangeSessions):
    """The sessions of LEAN's hours over a range of dates.

    A regular session is a date's, from its first open to its last close, with what is closed in between as breaks. An
    extended session lasts until trading stops, over midnight too, and belongs to the date on which it ends.
    """

    def __init__(self, hours: LeanHours, first: date, last: date, *, extended: bool) -> None:
        self.exchange = f"LEAN {hours.zone}"
        self.zone = ZoneInfo(hours.zone)
        self.extended = extended
        self.sessions_per_year = 252
        self._exceptions = {}
        pieces = list(_pieces(hours, first, last, extended=extended))
        grouped = [[piece] for piece in _merged(pieces)] if extended else _by_day(pieces)
        edges = [(group[0][0], group[-1][1]) for group in grouped]
        pauses = [(end, start) for group in grouped for (_, end), (start, _) in pairwise(group)]
        self._opens, self._closes = _utc(edges, self.zone)
        self._break_starts, self._break_ends = _utc(pauses, self.zone)
        self._days = np.array([(close - 1) // SECONDS_PER_DAY for _, close in edges], dtype=np.int32)
        self._day_list = self._days.tolist()
        self._open_list, self._close_list = self._opens.tolist(), self._closes.tolist()
        self._break_start_list, self._break_end_list = self._break_starts.tolist(), self._break_ends.tolist()
        self._covered_from = self._day_start(first)
        self._covered_until = self._day_start(last + timedelta(days=1))

    def session_of_day(self, day: date) -> Session | None:
        """The session of a date, None where it has none."""
        number = day.toordinal() - EPOCH_ORDINAL
        index = bisect_left(self._day_list, number)
        return self._session(index) if index < len(self._day_list) and self._day_list[index] == number else None

    def day_bounds(self, day: date) -> tuple[int, int]:
        """Midnight to midnight."""
        return self._day_start(day), self._day_start(day + timedelta(days=1))

    def _day_start(self, day: date) -> int:
        return round(datetime.combine(day, time(0), self.zone).timestamp()) * MICROSECONDS_PER_SECOND

    def _range_text(self) -> str:
        return f"the range for which {self.exchange} hours were made"


def _pieces(hours: LeanHours, first: date, last: date, *, extended: bool) -> Iterator[tuple[int, int]]:
    """Stretches of all dates in local seconds since 1970-01-01."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        midnight = (ordinal - EPOCH_ORDINAL) * SECONDS_PER_DAY
        for start, end in hours.stretches(date.fromordinal(ordinal), extended=extended):
            yield midnight + start, midnight + end


def _by_day(pieces: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    grouped: dict[int, list[tuple[int, int]]] = {}
    for piece in pieces:
        grouped.setdefault(piece[0] // SECONDS_PER_DAY, []).append(piece)
    return list(grouped.values())


def _merged(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending pieces with those that touch made one."""
    merged: list[tuple[int, int]] = []
    for start, end in pieces:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _utc(edges: list[tuple[int, int]], zone: ZoneInfo) -> tuple[Ints, Ints]:
    local = np.array(edges, dtype=np.int64).reshape(-1, 2)
    utc = local_to_utc(local.reshape(-1), zone).reshape(-1, 2) * MICROSECONDS_PER_SECOND
    return np.ascontiguousarray(utc[:, 0]), np.ascontiguousarray(utc[:, 1])


def _stretch(part: Mapping[str, str]) -> Stretch:
    return Stretch(_seconds(part["start"]), _seconds(part["end"]), part["state"] == "market")


def _seconds(text: str) -> int:
    """A time of day in seconds; "1.00:00:00" is the day's end."""
    days, _, clock = text.rpartition(".")
    hour, minute, second = (int(part) for part in clock.split(":"))
    return int(days or 0) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second


def _date(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a date, no moment
