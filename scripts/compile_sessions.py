"""Compile periscope/instruments/data/sessions.csv from pandas_market_calendars and the reviewed overrides.

    uv run --group calendars python scripts/compile_sessions.py [--check]

The file holds only what differs from the regular hours of `periscope/instruments/hours.py`: one row per weekday that is
closed, closes early or opens late, with the name of the holiday where the library has one. `--check` writes nothing and
fails if the file is not what this script would write.
"""

import argparse
import csv
import io
import re
import sys
from dataclasses import dataclass, replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pandas as pd
import pandas_market_calendars as calendars

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from periscope.instruments.hours import (  # noqa: E402
    CBOT_GRAINS,
    CME_CURRENCIES,
    CME_EQUITY_INDEX,
    CME_INTEREST_RATES,
    EUREX,
    LONDON,
    NYMEX_COMEX,
    TABLES,
    US_EQUITIES,
    ExchangeHours,
    HoursRule,
)

TARGET = ROOT / "periscope" / "instruments" / "data" / "sessions.csv"
OVERRIDES = ROOT / "scripts" / "session_overrides.csv"
SOURCES = (
    (US_EQUITIES, "NYSE"),
    (CME_EQUITY_INDEX, "CME Globex Equity"),
    (CME_INTEREST_RATES, "CME Globex Fixed Income"),
    (CME_CURRENCIES, "CMEGlobex_FX"),
    (NYMEX_COMEX, "CMEGlobex_EnergyAndMetals"),
    (CBOT_GRAINS, "CME_Agriculture"),
    # The calendar EUREX has UK bank holidays and trades on 24 and 31 December, which Eurex does not.
    (EUREX, "EUREX_Bond"),
    (LONDON, "LSE"),
)
assert {hours.code for hours, _ in SOURCES} == {hours.code for hours in TABLES}


@dataclass(frozen=True, slots=True)
class Row:
    """One difference from the regular hours; `at` is local HH:MM or empty."""

    exchange: str
    day: date
    kind: str
    at: str
    reason: str


def rows_of(hours: ExchangeHours, calendar: str) -> list[Row]:
    """What the calendar says about each weekday of the range, where it differs from its own regular hours."""
    source = calendars.get_calendar(calendar)
    first, last = str(hours.first_day), str(hours.last_day)
    schedule = source.schedule(first, last)
    names = {
        "closed": holiday_names([source.regular_holidays], first, last),
        "early_close": holiday_names([rules for _, rules in source.special_closes], first, last),
        "late_open": holiday_names([rules for _, rules in source.special_opens], first, last),
    }
    local = {
        event: {stamp.date(): at.time() for stamp, at in schedule[event].dt.tz_convert(source.tz).items()}
        for event in ("market_open", "market_close")
    }
    rows: list[Row] = []

    def found(day: date, kind: str, at: str) -> None:
        name = names[kind].get(day)
        rows.append(Row(hours.code, day, kind, at, f"{name} ({calendar})" if name else calendar))

    for stamp in pd.bdate_range(hours.first_day, hours.last_day):
        day = stamp.date()
        if day not in local["market_open"]:
            found(day, "closed", "")
            continue
        # Against the library's own regular times, which are not ours: its CME close is 16:00 in all years.
        for kind, event in (("late_open", "market_open"), ("early_close", "market_close")):
            at = local[event][day]
            if at != regular_time(source, event, day):
                found(day, kind, f"{at:%H:%M}")
    return rows


def regular_time(source: calendars.MarketCalendar, event: str, day: date) -> time:
    """The library's regular local time of an event on a day."""
    changes = source.regular_market_times[event]
    return next(change[1] for change in reversed(changes) if change[0] is None or pd.Timestamp(change[0]).date() <= day)


def holiday_names(rule_sets: list[Any], first: str, last: str) -> dict[date, str]:
    """The names that the library's rules give to days; days that it lists one by one have none."""
    names: dict[date, str] = {}
    for rules in rule_sets:
        if isinstance(rules, int) or not getattr(rules, "rules", None):
            continue
        for stamp, name in rules.holidays(first, last, return_name=True).items():
            names[stamp.date()] = re.sub(r"(?<=Thanksgiving)Friday$| 1908\+| Starting at \d+", "", name)
    return names


def overrides() -> list[Row]:
    """The reviewed rows."""
    with OVERRIDES.open(encoding="utf-8", newline="") as source:
        lines = csv.DictReader(line for line in source if not line.startswith("#"))
        return [
            Row(row["exchange"], date.fromisoformat(row["day"]), row["kind"], row["time"], row["reason"])
            for row in lines
        ]


def compile_rows() -> list[Row]:
    """All rows in order: the library's, corrected, with holiday stubs told from early closes."""
    rows = [row for hours, calendar in SOURCES for row in rows_of(hours, calendar)]
    reviewed = overrides()
    corrected = {(row.exchange, row.day) for row in reviewed}
    replaced = [row for row in rows if (row.exchange, row.day) in corrected]
    rows = [row for row in rows if (row.exchange, row.day) not in corrected]
    no_cash_market = {row.day for row in rows if row.exchange == US_EQUITIES.code and row.kind == "closed"}
    us_futures = {hours.code for hours, _ in SOURCES if hours.us_futures}
    rows = [
        replace(row, kind="holiday_stub")
        if row.exchange in us_futures and row.kind == "early_close" and row.day in no_cash_market
        else row
        for row in rows
    ]
    check_need(reviewed, replaced)
    rows += [row for row in reviewed if row.kind != "regular"]
    return sorted(rows, key=lambda row: (row.exchange, row.day, row.kind))


def regular_close(rules: tuple[HoursRule, ...], day: date) -> str:
    """The regular close on a day, local HH:MM."""
    return f"{next(rule for rule in reversed(rules) if rule.since <= day).closes:%H:%M}"


def check_need(reviewed: list[Row], replaced: list[Row]) -> None:
    """Every day that is corrected would be another without: the library may have learnt what it lacked."""
    for exchange, day in sorted({(row.exchange, row.day) for row in reviewed}):
        ours = {
            ("early_close" if row.kind == "holiday_stub" else row.kind, row.at)
            for row in reviewed
            if (row.exchange, row.day) == (exchange, day)
        }
        theirs = {(row.kind, row.at) for row in replaced if (row.exchange, row.day) == (exchange, day)}
        if ours - {("regular", "")} == theirs:
            raise SystemExit(f"{exchange} {day}: the library says the same; remove the correction")


def check_rows(rows: list[Row]) -> None:
    """Every early close is before the regular close of our own rules, every row inside its table."""
    rules = {hours.code: hours.regular for hours, _ in SOURCES}
    ranges = {hours.code: (hours.first_day, hours.last_day) for hours, _ in SOURCES}
    for row in rows:
        first, last = ranges[row.exchange]
        if not first <= row.day <= last:
            raise SystemExit(f"{row.exchange} {row.day}: outside the table")
        if row.kind in {"early_close", "holiday_stub"} and row.at >= regular_close(rules[row.exchange], row.day):
            raise SystemExit(f"{row.exchange} {row.day}: an early close at {row.at} is not before the regular close")


def render(rows: list[Row]) -> str:
    """The file's text."""
    text = io.StringIO()
    text.write("# Made by scripts/compile_sessions.py from pandas_market_calendars ")
    text.write(f"{calendars.__version__} and scripts/session_overrides.csv. Do not edit by hand.\n")
    for hours, calendar in SOURCES:
        text.write(f"# {hours.code}: calendar {calendar}, {hours.zone}, {hours.first_day} to {hours.last_day}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["exchange", "day", "kind", "time", "reason"])
    writer.writerows([row.exchange, row.day, row.kind, row.at, row.reason] for row in rows)
    return text.getvalue()


def main() -> int:
    """Write the table, or with --check compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    only_check = bool(parser.parse_args().check)
    rows = compile_rows()
    check_rows(rows)
    text = render(rows)
    if only_check:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {len(rows)} rows\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
