"""A strategy has its bars where the exchange had them: over changed clocks, half days, holidays and halts.

The market of these tests has a bar for every minute round the clock, holidays and weekends included: what reaches the
strategy is what the sessions let through. Expectations are UTC.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from periscope.market.columns import BarColumns
from tests.runs.lab import AAA, MINUTE, SECOND, Lab, future

XXZ13 = future("XXZ13", None)

TELL = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("{symbol}", {kind}, Span.{span})]
    async def on_bar(self, event):
        say(event.bar.timestamp.isoformat(), event.simulation_time.isoformat())
        return []
"""


def micros(text: str) -> int:
    """UTC to microseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def every_minute(first: str, last: str) -> BarColumns:
    """A bar for each minute from one UTC time to another."""
    start = np.arange(micros(first), micros(last), MINUTE, dtype=np.int64)
    price = 10_000 + 25 * (np.arange(len(start), dtype=np.int64) % 40)
    return BarColumns(start, start + MINUTE, price, price + 25, price - 25, price, np.full(len(start), 100))


def delivered(lab: Lab, symbol: str, span: str, start: str, end: str, hours: str = "regular") -> list[str]:
    """The bars that the strategy got, those that follow each other without a gap in one line."""
    source = TELL.format(symbol=symbol, kind="FUTURE" if symbol == "XXZ13" else "EQUITY", span=span)
    ran = lab.run(source, start=start, end=end, core={"hours": hours})
    assert ran.document["status"] == "complete", ran.document["issues"]
    stretches: list[list[datetime]] = []
    for line in ran.said:
        begin, finish = map(datetime.fromisoformat, line.split())
        if span == "MINUTE" and stretches and stretches[-1][1] == begin:
            stretches[-1][1] = finish
        else:
            stretches.append([begin, finish])
    return [f"{begin:%a %d %H:%M} - {finish:%a %d %H:%M}" for begin, finish in stretches]


@pytest.mark.parametrize(
    ("start", "end", "hours", "expected"),
    [
        ("2024-03-08", "2024-03-12", "regular", ["Fri 08 14:30 - Fri 08 21:00", "Mon 11 13:30 - Mon 11 20:00"]),
        ("2024-03-08", "2024-03-12", "extended", ["Fri 08 09:00 - Sat 09 01:00", "Mon 11 08:00 - Tue 12 00:00"]),
        ("2024-11-01", "2024-11-05", "regular", ["Fri 01 13:30 - Fri 01 20:00", "Mon 04 14:30 - Mon 04 21:00"]),
        (
            "2024-11-27",
            "2024-12-03",
            "regular",
            ["Wed 27 14:30 - Wed 27 21:00", "Fri 29 14:30 - Fri 29 18:00", "Mon 02 14:30 - Mon 02 21:00"],
        ),
        (
            "2024-11-27",
            "2024-11-30",
            "extended",
            ["Wed 27 09:00 - Thu 28 01:00", "Fri 29 09:00 - Fri 29 22:00"],
        ),
    ],
)
def test_us_equities(tmp_path: Path, start: str, end: str, hours: str, expected: list[str]) -> None:
    lab = Lab(tmp_path).add(AAA, minute=every_minute(start, end))
    assert delivered(lab, "AAA", "MINUTE", start, end, hours) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (  # clocks go back on Sunday, 3 November 2013: the session begins at 17:00 Chicago all the same
            "2013-10-31",
            "2013-11-05",
            [
                "Thu 31 04:00 - Thu 31 20:15",
                "Thu 31 20:30 - Thu 31 21:15",
                "Thu 31 22:00 - Fri 01 20:15",
                "Fri 01 20:30 - Fri 01 21:15",
                "Sun 03 23:00 - Mon 04 21:15",
                "Mon 04 21:30 - Mon 04 22:15",
                "Mon 04 23:00 - Tue 05 05:00",
            ],
        ),
        (  # Thanksgiving until 10:30 and the day after until 12:15 Chicago
            "2013-11-27",
            "2013-12-02",
            [
                "Wed 27 05:00 - Wed 27 21:15",
                "Wed 27 21:30 - Wed 27 22:15",
                "Wed 27 23:00 - Thu 28 16:30",
                "Thu 28 23:00 - Fri 29 18:15",
                "Sun 01 23:00 - Mon 02 05:00",
            ],
        ),
        (  # the halt of 15:15 ended with June 2021
            "2021-06-25",
            "2021-06-29",
            [
                "Fri 25 04:00 - Fri 25 20:15",
                "Fri 25 20:30 - Fri 25 21:00",
                "Sun 27 22:00 - Mon 28 21:00",
                "Mon 28 22:00 - Tue 29 04:00",
            ],
        ),
    ],
)
def test_cme_equity_index(tmp_path: Path, start: str, end: str, expected: list[str]) -> None:
    lab = Lab(tmp_path).add(XXZ13, minute=every_minute(start, f"{end}T06:00"))
    assert delivered(lab, "XXZ13", "MINUTE", f"{start}T00:00", f"{end}T00:00") == expected


def test_hours_and_days_made_of_minutes_keep_the_session(tmp_path: Path) -> None:
    start, end = "2024-11-29", "2024-11-30"
    lab = Lab(tmp_path).add(AAA, minute=every_minute(start, end))
    assert delivered(lab, "AAA", "HOUR", start, end) == [
        "Fri 29 14:30 - Fri 29 15:00",
        "Fri 29 15:00 - Fri 29 16:00",
        "Fri 29 16:00 - Fri 29 17:00",
        "Fri 29 17:00 - Fri 29 18:00",
    ]
    assert delivered(lab, "AAA", "DAY", start, end) == ["Fri 29 14:30 - Fri 29 18:00"]


def test_an_hour_and_a_day_go_on_over_the_halt(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(XXZ13, minute=every_minute("2013-11-26T20:00", "2013-11-28T00:00"))
    window = ("2013-11-26T18:00", "2013-11-27T18:00")
    hours = delivered(lab, "XXZ13", "HOUR", *window)
    assert hours[:2] == ["Tue 26 23:00 - Wed 27 00:00", "Wed 27 00:00 - Wed 27 01:00"]
    assert hours[-3:] == [
        "Wed 27 20:00 - Wed 27 21:00",
        "Wed 27 21:00 - Wed 27 22:00",
        "Wed 27 22:00 - Wed 27 22:15",
    ]
    assert delivered(lab, "XXZ13", "DAY", *window) == ["Tue 26 23:00 - Wed 27 22:15"]


def test_the_hour_after_the_night_of_grains_is_not_lost(tmp_path: Path) -> None:
    """08:00 in Chicago lies in the break of 07:45 to 08:30; the bar of that hour has the trades from 08:30 on."""
    corn = future("XXZ13", None, exchange="CBOT_GRAINS")
    start = np.arange(micros("2024-01-08T12:00"), micros("2024-01-08T21:00"), 60 * MINUTE, dtype=np.int64)
    price = np.full(len(start), 10_000)
    stored = BarColumns(start, start + 60 * MINUTE, price, price, price, price, np.full(len(start), 100))
    expected = [f"Mon 08 {hour}:00 - Mon 08 {hour + 1}:00" for hour in range(12, 20)]
    lab = Lab(tmp_path).add(corn, hour=stored)
    assert delivered(lab, "XXZ13", "HOUR", "2024-01-08", "2024-01-09") == expected
    made = Lab(tmp_path / "minutes").add(corn, minute=every_minute("2024-01-08T12:00", "2024-01-08T21:00"))
    assert delivered(made, "XXZ13", "HOUR", "2024-01-08", "2024-01-09")[:-1] == expected[:-1]


def test_orders_wait_for_the_end_of_the_halt_and_end_with_the_day(tmp_path: Path) -> None:
    lab = Lab(tmp_path).add(XXZ13, minute=every_minute("2013-11-27T20:00", "2013-11-28T00:00"))
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [cash(100_000), register("XXZ13", FUTURE)]
    async def on_bar(self, event):
        if f"{event.simulation_time:%H:%M}" != "21:15":
            return []
        low = D(50)
        day = limit("BUY", 1, low, "XXZ13", FUTURE, time_in_force=TimeInForce.DAY)
        return [order("BUY", 1, "XXZ13", FUTURE), day]
    async def on_order_update(self, event):
        say(f"{event.simulation_time:%H:%M}", event.order_state.value)
        return []
"""
    ran = lab.run(source, start="2013-11-27T15:30", end="2013-11-27T18:00")
    assert ran.document["status"] == "complete", ran.document["issues"]
    assert ran.said == ["21:15 WORKING", "21:15 WORKING", "21:30 FILLED", "22:15 EXPIRED"]
    assert ran.table("fills")["price"].to_list() == [Decimal("102.5")]  # the open of the bar of 21:30
