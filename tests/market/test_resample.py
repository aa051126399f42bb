"""Coarser bars made of finer ones: the marks, the sessions' edges, exact sums, and pieces of any size."""

import random
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.sessions import ExchangeSessions, sessions_for
from periscope.market.bar_files import take
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from periscope.market.resample import resampled
from tests.market.catalog_data import FAR, MINUTE, Row, at, columns, minutes, rows_of

US = sessions_for("XNYS")
CME = sessions_for("CME")
HOUR, DAY = BarTimeSpan.HOUR, BarTimeSpan.DAY


def made(bars: BarColumns, span: BarTimeSpan, sessions: ExchangeSessions = US, piece: int = 10_000) -> list[Row]:
    pieces = (take(bars, slice(first, first + piece)) for first in range(0, len(bars), piece))
    return [row for chunk in resampled(pieces, span, sessions, 0, FAR) for row in rows_of(chunk)]


def frames(rows: list[Row]) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in rows]


def test_hours_start_at_the_mark_or_at_the_open_and_end_with_the_session() -> None:
    rows = made(minutes("2024-01-22 09:30", 390), HOUR)
    marks = [at(f"2024-01-22 {time}") for time in ("09:30", *(f"{hour}:00" for hour in range(10, 17)))]
    assert frames(rows) == list(pairwise(marks))
    first = rows[0]
    assert first[2:] == (10_000, 10_029 + 5, 10_000 - 5, 10_030, sum(100 + n for n in range(30)))


def test_a_day_is_its_session_also_when_it_closes_early() -> None:
    (row,) = made(minutes("2024-07-03 09:30", 210), DAY)
    assert frames([row]) == [(at("2024-07-03 09:30"), at("2024-07-03 13:00"))]
    (hour, *_, last) = made(minutes("2024-07-03 09:30", 210), HOUR)
    assert (hour[0], last[1]) == (at("2024-07-03 09:30"), at("2024-07-03 13:00"))


@pytest.mark.parametrize("day", ["2024-03-08", "2024-03-11", "2024-11-01", "2024-11-04"])
def test_marks_are_those_of_the_exchanges_clock_before_and_after_it_is_changed(day: str) -> None:
    rows = made(minutes(f"{day} 09:30", 390), HOUR)
    assert [row[0] for row in rows][:2] == [at(f"{day} 09:30"), at(f"{day} 10:00")]
    assert len(rows) == 7


def test_a_futures_day_begins_on_the_evening_before() -> None:
    bars = columns([*rows_of(minutes("2024-01-21 18:00", 120)), *rows_of(minutes("2024-01-22 09:00", 60))])
    (row,) = made(bars, DAY, CME)
    assert frames([row]) == [(at("2024-01-21 18:00"), at("2024-01-22 17:00"))]
    assert [row[0] for row in made(bars, HOUR, CME)] == [
        at("2024-01-21 18:00"),
        at("2024-01-21 19:00"),
        at("2024-01-22 09:00"),
    ]


def test_a_bar_off_the_marks_belongs_to_the_hour_in_which_it_ends() -> None:
    half = 30_000_000
    start = at("2024-01-22 09:59") + half
    bars = columns([(start, start + MINUTE, 5, 6, 4, 5, 1), (start + MINUTE, start + 2 * MINUTE, 7, 8, 6, 7, 2)])
    (row,) = made(bars, HOUR)
    assert row == (at("2024-01-22 10:00"), at("2024-01-22 11:00"), 5, 8, 4, 7, 3)


def test_unknown_volume_stays_unknown() -> None:
    bars = minutes("2024-01-22 09:30", 60)
    bars.volume[3] = UNKNOWN_VOLUME
    assert [row[6] for row in made(bars, HOUR)] == [UNKNOWN_VOLUME, sum(100 + n for n in range(30, 60))]


def test_a_window_that_cuts_a_bar_leaves_it_out() -> None:
    start, end = at("2024-01-22 10:15"), at("2024-01-22 12:30")
    bars = take(minutes("2024-01-22 09:30", 390), slice(45, 180))
    rows = [row for chunk in resampled([bars], HOUR, US, start, end) for row in rows_of(chunk)]
    assert frames(rows) == [(at("2024-01-22 11:00"), at("2024-01-22 12:00"))]


def naive(rows: list[Row], length: int) -> Iterator[Row]:
    """Bars of `length` microseconds by the clock, row by row, for days whose clock is whole hours from UTC."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0] // length, []).append(row)
    for mark, group in groups.items():
        session = US.session_from(group[0][0])
        yield (
            max(mark * length, session.open),
            min((mark + 1) * length, session.close),
            group[0][2],
            max(row[3] for row in group),
            min(row[4] for row in group),
            group[-1][5],
            sum(row[6] for row in group),
        )


@pytest.mark.parametrize("seed", range(10))
def test_any_bars_in_any_pieces(seed: int) -> None:
    chance = random.Random(seed)
    days = [
        minutes(f"2024-{day} 09:30", 390, price=chance.randrange(1_000, 90_000)) for day in ("03-08", "03-11", "07-02")
    ]
    rows = [row for day in days for row in rows_of(day) if chance.random() < 0.4]
    expected = list(naive(rows, 60 * MINUTE))
    for piece in (1, 7, 100, 10_000):
        assert made(columns(rows), HOUR, piece=piece) == expected
    assert made(columns(rows), BarTimeSpan.MINUTE) == rows


def test_nothing_of_nothing() -> None:
    assert made(columns([]), HOUR) == []
    empty = np.empty(0, dtype=np.int64)
    assert list(resampled([BarColumns(*[empty] * 7)], DAY, US, 0, FAR)) == []
