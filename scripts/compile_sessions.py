"""Compile periscope/instruments/data/sessions.csv from pandas_market_calendars and the reviewed overrides.

    uv run --group calendars python scripts/compile_sessions.py [--check]

The file holds only what differs from the regular hours of `periscope/instruments/hours.py`: one row per weekday that is
closed, closes early or opens late. `--check` writes nothing and fails if the file is not what this script would write.
"""

import argparse
import csv
import io
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pandas_market_calendars as calendars

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from periscope.instruments.hours import CME_EQUITY_INDEX, US_EQUITIES, ExchangeHours, HoursRule  # noqa: E402

TARGET = ROOT / "periscope" / "instruments" / "data" / "sessions.csv"
OVERRIDES = ROOT / "scripts" / "session_overrides.csv"
SOURCES = ((US_EQUITIES, "NYSE"), (CME_EQUITY_INDEX, "CME Globex Equity"))


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
    schedule = source.schedule(str(hours.first_day), str(hours.last_day))
    table = {
        stamp.date(): (
            f"{row.market_open.tz_convert(hours.zone):%H:%M}",
            f"{row.market_close.tz_convert(hours.zone):%H:%M}",
        )
        for stamp, row in schedule.iterrows()
    }
    rows: list[Row] = []
    for stamp in pd.bdate_range(hours.first_day, hours.last_day):
        day = stamp.date()
        if day not in table:
            rows.append(Row(hours.code, day, "closed", "", calendar))
            continue
        opens, closes = table[day]
        # Against the library's own regular times: its CME close is 16:00 throughout, its NYSE open 10:00 or 9:30.
        if not hours.regular[0].opens_day_before and opens not in {"09:30", "10:00"}:
            rows.append(Row(hours.code, day, "late_open", opens, calendar))
        if closes != "16:00":
            rows.append(Row(hours.code, day, "early_close", closes, calendar))
    return rows


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
    rows = [row for row in rows if (row.exchange, row.day) not in corrected]
    rows += [row for row in reviewed if row.kind != "regular"]
    no_cash_market = {row.day for row in rows if row.exchange == US_EQUITIES.code and row.kind == "closed"}
    return sorted(
        (
            Row(row.exchange, row.day, "holiday_stub", row.at, row.reason)
            if row.exchange != US_EQUITIES.code and row.kind == "early_close" and row.day in no_cash_market
            else row
            for row in rows
        ),
        key=lambda row: (row.exchange, row.day, row.kind),
    )


def regular_close(rules: tuple[HoursRule, ...], day: date) -> str:
    """The regular close on a day, local HH:MM."""
    return f"{next(rule for rule in reversed(rules) if rule.since <= day).closes:%H:%M}"


def check_rows(rows: list[Row]) -> None:
    """Every early close is before the regular close of our own rules."""
    rules = {hours.code: hours.regular for hours, _ in SOURCES}
    for row in rows:
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
