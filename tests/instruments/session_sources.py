"""What others say about sessions, and the reviewed list of where we differ from them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from periscope.instruments.sessions import sessions_for

DATA = Path(__file__).parent / "data"
EXCHANGE_CALENDARS = DATA / "exchange_calendars.csv"
DIFFERENCES = DATA / "session_differences.csv"
LEAN = Path(__file__).parents[3] / "shared" / "data" / "lean" / "market-hours" / "market-hours-database.json"

type Difference = tuple[str, str, date, str, str]
"""Source, our table, day, what the source says, what we say."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """A CSV file without its comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def reviewed() -> dict[Difference, str]:
    """Every known difference with its reason."""
    return {
        (row["source"], row["table"], date.fromisoformat(row["day"]), row["theirs"], row["ours"]): row["reason"]
        for row in rows_of(DIFFERENCES)
    }


def reviewed_of(source: str, table: str) -> list[Difference]:
    """The known differences between one source and one table, ascending."""
    return sorted(difference for difference in reviewed() if difference[:2] == (source, table))


def weekdays(first: date, last: date) -> Iterator[date]:
    """Monday to Friday, both ends included."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() < 5:
            yield day


def in_zone(moment: int, zone: Any) -> datetime:
    """Microseconds UTC on a zone's clock."""
    return datetime.fromtimestamp(moment // 1_000_000, zone)


@cache
def calendar_days(calendar: str) -> dict[date, str]:
    """What exchange_calendars says: 'HH:MM-HH:MM' UTC of each trading day; other weekdays are closed."""
    found: dict[date, str] = {}
    for row in rows_of(EXCHANGE_CALENDARS):
        if row["calendar"] == calendar:
            for day in weekdays(date.fromisoformat(row["first"]), date.fromisoformat(row["last"])):
                found[day] = f"{row['open']}-{row['close']}"
    return found


def ours_in_utc(table: str, day: date) -> str:
    """Our session as 'HH:MM-HH:MM' UTC, or closed."""
    session = sessions_for(table).session_of_day(day)
    if session is None:
        return "closed"
    return "-".join(f"{in_zone(moment, UTC):%H:%M}" for moment in (session.open, session.close))


def ours_in_words(table: str, day: date) -> str:
    """closed, short or full."""
    sessions = sessions_for(table)
    if sessions.session_of_day(day) is None:
        return "closed"
    short = any(row.kind in {"early_close", "holiday_stub"} for row in sessions.exceptions_of_day(day))
    return "short" if short else "full"


@dataclass(frozen=True, slots=True)
class LeanHours:
    """One entry of LEAN's market-hours file: exceptions by day, times local to `zone`."""

    zone: ZoneInfo
    holidays: frozenset[date]
    early_closes: dict[date, time]
    late_opens: dict[date, time]

    def close_on(self, day: date, regular: time) -> str:
        """The close as LEAN has it, HH:MM, never after the regular one; or closed.

        LEAN keeps calendar days: a day that only opens in the evening has no trading day of its own.
        """
        late, early = self.late_opens.get(day), self.early_closes.get(day)
        if early is None and (day in self.holidays or (late is not None and late >= regular)):
            return "closed"
        return f"{regular if early is None else min(early, regular):%H:%M}"

    def late_open_on(self, day: date, regular: time) -> str:
        """The opening that delays the trading day of the same date, HH:MM; empty if there is none."""
        late = self.late_opens.get(day)
        return f"{late:%H:%M}" if late is not None and late < regular else ""


@cache
def lean_hours(key: str) -> LeanHours:
    """An entry such as Future-cme-ES together with the exchange's own holidays."""
    entries = json.loads(LEAN.read_text())["entries"]
    entry, whole = entries[key], entries[key.rpartition("-")[0] + "-[*]"]

    def days(values: Any) -> list[date]:
        return [datetime.strptime(text, "%m/%d/%Y").date() for text in values]  # noqa: DTZ007 - a date

    def times(values: dict[str, str]) -> dict[date, time]:
        return dict(zip(days(values), map(time.fromisoformat, values.values()), strict=True))

    return LeanHours(
        ZoneInfo(entry["exchangeTimeZone"]),
        frozenset(days([*whole["holidays"], *entry["holidays"]])),
        times(entry.get("earlyCloses", {})),
        times(entry.get("lateOpens", {})),
    )


def ours_in_lean_words(table: str, day: date, zone: ZoneInfo) -> tuple[str, str]:
    """Our close, and our late open if the trading day opens on its own date and later than usual."""
    sessions = sessions_for(table)
    session = sessions.session_of_day(day)
    if session is None:
        return "closed", ""
    late = any(row.kind == "late_open" for row in sessions.exceptions_of_day(day))
    return f"{in_zone(session.close, zone):%H:%M}", f"{in_zone(session.open, zone):%H:%M}" if late else ""


def regular_close(table: str, day: date, zone: ZoneInfo) -> time:
    """The close of our rules on a day, on another zone's clock."""
    sessions = sessions_for(table)
    local = datetime.combine(day, sessions.rule_of_day(day).closes, sessions.zone)
    return local.astimezone(zone).time()
