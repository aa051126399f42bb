"""LEAN's hours as sessions: regular and extended, early closes, late opens, holidays, lunch breaks, midnights."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from periscope.instruments.lean_hours import LeanSessions, read_entry


def part(start: str, end: str, state: str) -> dict[str, str]:
    """One stretch as the database writes it."""
    return {"start": f"{start}:00", "end": "1.00:00:00" if end == "24:00" else f"{end}:00", "state": state}


DAY = [part("00:00", "09:30", "premarket"), part("09:30", "17:00", "market"), part("18:00", "24:00", "postmarket")]
FUTURE: dict[str, Any] = {
    "exchangeTimeZone": "America/New_York",
    "dataTimeZone": "UTC",
    "sunday": [part("18:00", "24:00", "premarket")],
    **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday"), DAY),
    "friday": DAY[:2],
    "saturday": [],
    "holidays": ["12/25/2013"],
    "earlyCloses": {"11/28/2013": "11:30:00", "11/29/2013": "13:15:00"},
    "lateOpens": {"11/28/2013": "18:00:00"},
}
MORNING_AND_AFTERNOON = [part("09:15", "12:00", "market"), part("13:00", "16:30", "market")]
LUNCH: dict[str, Any] = {
    "exchangeTimeZone": "Asia/Hong_Kong",
    "dataTimeZone": "Asia/Hong_Kong",
    **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), MORNING_AND_AFTERNOON),
}


def at(text: str, zone: str = "America/New_York") -> int:
    """A local time as microseconds UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def told(entry: dict[str, Any], first: str, last: str, *, extended: bool) -> list[str]:
    """The sessions of some dates, in local time."""
    days = date.fromisoformat(first), date.fromisoformat(last)
    sessions = LeanSessions(read_entry(entry), *days, extended=extended)
    low, high = sessions.day_bounds(days[0])[0], sessions.day_bounds(days[1])[1]
    return [
        f"{session.day:%d}: "
        + ", ".join(f"{_local(a, sessions.zone)}-{_local(b, sessions.zone)}" for a, b in session.parts)
        for session in sessions.sessions_between(low, high)
    ]


def _local(moment: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(zone):%d %H:%M}"


def test_regular_sessions_are_those_of_a_date() -> None:
    assert told(FUTURE, "2013-11-27", "2013-12-02", extended=False) == [
        "27: 27 09:30-27 17:00",
        "28: 28 09:30-28 11:30",
        "29: 29 09:30-29 13:15",
        "02: 02 09:30-02 17:00",
    ]


def test_extended_sessions_last_over_midnight_and_belong_to_the_date_on_which_they_end() -> None:
    assert told(FUTURE, "2013-11-26", "2013-12-02", extended=True)[1:] == [
        "27: 26 18:00-27 17:00",
        "28: 27 18:00-28 11:30",
        "29: 28 18:00-29 13:15",
        "02: 01 18:00-02 17:00",
        "02: 02 18:00-03 00:00",
    ]


def test_nothing_trades_on_a_holiday() -> None:
    assert told(FUTURE, "2013-12-24", "2013-12-26", extended=False) == [
        "24: 24 09:30-24 17:00",
        "26: 26 09:30-26 17:00",
    ]


def test_lunch_is_a_break_of_one_session() -> None:
    assert told(LUNCH, "2013-10-07", "2013-10-07", extended=False) == ["07: 07 09:15-07 12:00, 07 13:00-07 16:30"]


def test_bars_belong_to_the_hours_where_they_overlap_them() -> None:
    sessions = LeanSessions(read_entry(FUTURE), date(2013, 11, 25), date(2013, 12, 2), extended=False)
    rows = {
        ("2013-11-27 09:00", "2013-11-27 10:00"): True,
        ("2013-11-27 08:00", "2013-11-27 09:30"): False,
        ("2013-11-27 17:00", "2013-11-27 18:00"): False,
        ("2013-11-28 11:00", "2013-11-28 12:00"): True,
    }
    starts = np.array([at(start) for start, _ in rows], dtype=np.int64)
    ends = np.array([at(end) for _, end in rows], dtype=np.int64)
    assert sessions.overlap_mask(starts, ends).tolist() == list(rows.values())


@pytest.mark.parametrize("broken", [{}, {"exchangeTimeZone": "Mars"}, FUTURE | {"monday": [{"start": "x"}]}])
def test_an_entry_that_is_not_of_the_form_raises(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        read_entry(broken)
