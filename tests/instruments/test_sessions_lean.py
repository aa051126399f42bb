"""Sessions against a source that did not make our tables: LEAN's market-hours file. Every difference has its reason."""

from datetime import date

import pytest

from periscope.instruments.hours import EXCHANGES
from tests.instruments.session_sources import (
    LEAN,
    Difference,
    lean_hours,
    ours_in_lean_words,
    regular_close,
    reviewed_of,
    weekdays,
)

pytestmark = pytest.mark.skipif(not LEAN.exists(), reason="the fidelity data are not here")

LAST = date(2026, 12, 31)
"""LEAN's file has no holidays after it but a few of 2027."""


@pytest.mark.parametrize(
    ("key", "table", "first"),
    [
        # The first day is the first on which LEAN tells half days from holidays.
        ("Equity-usa-[*]", "US", date(1998, 1, 2)),
        ("Future-cme-ES", "CME", date(2009, 1, 2)),
        ("Future-cbot-ZN", "CME_RATES", date(2013, 1, 2)),
        ("Future-cme-6E", "CME_FX", date(2016, 1, 4)),
        ("Future-nymex-CL", "NYMEX", date(2015, 9, 21)),
        ("Future-comex-GC", "NYMEX", date(2024, 1, 2)),
        ("Future-cbot-ZC", "CBOT_GRAINS", date(2015, 7, 6)),
        ("Future-eurex-[*]", "EUREX", date(2006, 6, 1)),
    ],
)
def test_closes_and_late_opens(key: str, table: str, first: date) -> None:
    lean, differences = lean_hours(key), list[Difference]()
    for day in weekdays(first, min(LAST, EXCHANGES[table].last_day)):
        # LEAN has one regular close for all years: ours counts, and theirs where it is earlier.
        regular = regular_close(table, day, lean.zone)
        close, late = lean.close_on(day, regular), lean.late_open_on(day, regular)
        ours = ours_in_lean_words(table, day, lean.zone)
        if (close, late if close != "closed" else "") != ours:
            theirs = f"{close} from {late}" if late else close
            differences.append((key, table, day, theirs, f"{ours[0]} from {ours[1]}" if ours[1] else ours[0]))
    assert differences == reviewed_of(key, table)
