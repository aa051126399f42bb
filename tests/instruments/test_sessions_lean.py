"""Sessions against a source that did not make our table: LEAN's market-hours file. Every difference has its reason."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from periscope.instruments.sessions import ExchangeSessions, sessions_for

FILE = Path(__file__).parents[3] / "shared" / "data" / "lean" / "market-hours" / "market-hours-database.json"
NEW_YORK = ZoneInfo("America/New_York")

EXPLAINED_US = {
    date(1998, 11, 27): "LEAN's early closes begin in 1999; the day after Thanksgiving closes at 13:00",
    date(1998, 12, 24): "LEAN's early closes begin in 1999; Christmas Eve closes at 13:00",
}

EXPLAINED_CME = {
    # LEAN has no entry, CME's notices have: see scripts/session_overrides.csv and the CME holiday calendar.
    date(2012, 10, 29): "Hurricane Sandy",
    date(2012, 10, 30): "Hurricane Sandy",
    date(2018, 12, 5): "mourning of President Bush",
    date(2025, 1, 9): "mourning of President Carter",
    date(2023, 7, 3): "LEAN lacks the early close before Independence Day",
    date(2024, 7, 3): "LEAN lacks the early close before Independence Day",
    date(2024, 11, 29): "LEAN lacks the early close after Thanksgiving",
}

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the fidelity data are not here")


def lean_dates(values: Any) -> dict[date, str]:
    """Dates as LEAN writes them, with what it says about each."""
    pairs = values.items() if isinstance(values, dict) else ((value, "") for value in values)
    return {datetime.strptime(text, "%m/%d/%Y").date(): at for text, at in pairs}  # noqa: DTZ007 - a date


def local_close(sessions: ExchangeSessions, day: date) -> time | None:
    session = sessions.session_of_day(day)
    return None if session is None else datetime.fromtimestamp(session.close // 1_000_000, NEW_YORK).time()


def weekdays(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def test_us_equities() -> None:
    lean = json.loads(FILE.read_text())["entries"]["Equity-usa-[*]"]
    holidays, early = lean_dates(lean["holidays"]), lean_dates(lean["earlyCloses"])
    sessions = sessions_for("US")
    differences = []
    for day in weekdays(date(1998, 1, 2), date(2026, 12, 31)):
        if day in EXPLAINED_US:
            continue
        expected = None if day in holidays else time.fromisoformat(early.get(day, "16:00:00"))
        if local_close(sessions, day) != expected:
            differences.append((day, expected, local_close(sessions, day)))
    assert differences == []


def test_cme_equity_index() -> None:
    entries = json.loads(FILE.read_text())["entries"]
    lean, whole_exchange = entries["Future-cme-ES"], entries["Future-cme-[*]"]
    early = lean_dates(lean["earlyCloses"])
    holidays = lean_dates(whole_exchange["holidays"] + lean["holidays"] + lean["bankHolidays"])
    sessions = sessions_for("CME")
    differences = []
    for day in weekdays(date(2009, 1, 2), date(2026, 12, 31)):
        ours = local_close(sessions, day)
        if day in EXPLAINED_CME or (ours is None and day in holidays):
            continue
        # LEAN has one close, 17:00 New York, for all years.
        regular = time(16, 15) if day < date(2012, 11, 19) else time(17, 15) if day < date(2015, 9, 21) else time(17)
        expected = time.fromisoformat(early[day]) if day in early else regular
        if ours != min(expected, regular):
            differences.append((day, expected, ours))
    assert differences == []
