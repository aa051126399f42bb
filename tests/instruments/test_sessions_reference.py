"""Sessions against exchange_calendars, which had no part in making these tables. Every difference has its reason.

The comparison is with what exchange_calendars said, written down by scripts/session_reference.py; where the library is
installed, the file is compared with what it says now.
"""

import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from periscope.instruments.hours import EXCHANGES
from periscope.instruments.sessions import SessionRangeError, sessions_for
from tests.instruments.session_sources import (
    EXCHANGE_CALENDARS,
    Difference,
    calendar_days,
    ours_in_utc,
    ours_in_words,
    reviewed_of,
    weekdays,
)

FIRST, LAST = date(2000, 1, 3), date(2035, 12, 31)
ROOT = Path(__file__).parents[2]
SOURCE = "exchange_calendars"


@pytest.mark.parametrize(("calendar", "table"), [("XNYS", "US"), ("XLON", "XLON"), ("XEUR", "EUREX")])
def test_every_session_opens_and_closes_when_they_say(calendar: str, table: str) -> None:
    theirs, hours = calendar_days(calendar), EXCHANGES[table]
    differences: list[Difference] = []
    for day in weekdays(max(FIRST, hours.first_day), hours.last_day):
        said, ours = theirs.get(day, "closed"), ours_in_utc(table, day)
        if said != ours:
            differences.append((SOURCE, table, day, said, ours))
    assert differences == reviewed_of(SOURCE, table)


def test_cme_is_closed_and_short_on_the_days_that_they_say() -> None:
    """Their CMES has the hours of today and 12:00 on every holiday, in all years: only the kinds of days compare."""
    theirs, hours = calendar_days("CMES"), EXCHANGES["CME"]
    differences: list[Difference] = []
    for day in weekdays(FIRST, hours.last_day):
        said = theirs.get(day, "closed")
        word = said if said == "closed" else "full" if said in {"23:00-23:00", "22:00-22:00"} else "short"
        ours = ours_in_words("CME", day)
        if word != ours:
            differences.append((SOURCE, "CME", day, word, ours))
    assert differences == reviewed_of(SOURCE, "CME")


def test_the_weeks_of_changing_clocks_and_the_half_days_are_among_them() -> None:
    """The rows hold what the test above is for: clocks of 29 years on two continents, and short days."""
    for calendar in ("XNYS", "XLON", "XEUR"):
        opens = [hours[:5] for day, hours in sorted(calendar_days(calendar).items()) if day.year < 2029]
        assert sum(before != after for before, after in pairwise(opens)) == 2 * 29
    short = [hours for hours in calendar_days("XNYS").values() if hours.endswith(("-18:00", "-17:00"))]
    assert len(short) > 60


@pytest.mark.parametrize("code", sorted({hours.code for hours in EXCHANGES.values()}))
def test_nothing_is_claimed_beyond_the_table(code: str) -> None:
    sessions, last = sessions_for(code), EXCHANGES[code].last_day
    assert last <= date(2028, 12, 31)
    for day in weekdays(date.fromordinal(last.toordinal() + 1), LAST):
        with pytest.raises(SessionRangeError, match=f"to {last}"):
            sessions.session_of_day(day)


@pytest.mark.full  # making the file anew takes seconds
@pytest.mark.skipif(find_spec("exchange_calendars") is None, reason="exchange_calendars is not installed")
def test_they_still_say_so() -> None:
    script = ROOT / "scripts" / "session_reference.py"
    done = subprocess.run([sys.executable, script, "--check"], check=False)
    assert done.returncode == 0, f"{EXCHANGE_CALENDARS.name} is not what exchange_calendars says"
