"""Write down what exchange_calendars says about sessions, for tests that compare our table with it.

    uv run --group calendars python scripts/session_reference.py [--check]

exchange_calendars had no part in making the table of the exchanges that are compared. The file has one row for each run
of weekdays with the same open and close in UTC; a weekday in no run is closed. `--check` writes nothing and fails if
the file is not what this script would write.
"""

import argparse
import csv
import io
import sys
from pathlib import Path

import exchange_calendars
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "instruments" / "data" / "exchange_calendars.csv"
CALENDARS = ("CMES", "XEUR", "XLON", "XNYS")
FIRST, LAST = "2000-01-03", "2035-12-31"


def runs_of(calendar: str) -> list[list[str]]:
    """Rows of calendar, first day, last day, open, close."""
    schedule = exchange_calendars.get_calendar(calendar, start=FIRST, end=LAST).schedule
    hours = {day: (row.open, row.close) for day, row in zip(schedule.index, schedule.itertuples(), strict=True)}
    runs: list[list[str]] = []
    running = False
    for day in pd.bdate_range(FIRST, LAST):
        if day not in hours:
            running = False
            continue
        opens, closes = (at.strftime("%H:%M") for at in hours[day])
        if running and runs[-1][3:] == [opens, closes]:
            runs[-1][2] = f"{day:%Y-%m-%d}"
        else:
            runs.append([calendar, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", opens, closes])
        running = True
    return runs


def render() -> str:
    """The file's text."""
    text = io.StringIO()
    text.write(f"# Made by scripts/session_reference.py from exchange_calendars {exchange_calendars.__version__}. ")
    text.write(f"Times are UTC. {FIRST} to {LAST}.\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["calendar", "first", "last", "open", "close"])
    writer.writerows(row for calendar in CALENDARS for row in runs_of(calendar))
    return text.getvalue()


def main() -> int:
    """Write the file, or with --check compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    text = render()
    if bool(parser.parse_args().check):
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {len(text.splitlines()) - 2} runs\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
