"""Sessions against what the exchanges announced: tables of local times, one line per trading day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periscope.instruments.hours import EXCHANGES
from periscope.instruments.hours import TABLES as ALL_TABLES
from periscope.instruments.sessions import (
    ExchangeSessions,
    SessionRangeError,
    UnknownExchangeError,
    sessions_for,
)

NEW_YORK, CHICAGO, UTC_ZONE = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago"), ZoneInfo("UTC")
MINUTE = 60_000_000
TABLES = [
    (hours.code, extended) for hours in ALL_TABLES for extended in (False, True) if hours.extended or not extended
]


def us(text: str, zone: ZoneInfo) -> int:
    """Local wall time to microseconds UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1_000_000


def shown(sessions: ExchangeSessions, day: str, zone: ZoneInfo) -> str:
    """A session as 'ddd HH:MM - ddd HH:MM' local, or 'closed'."""
    session = sessions.session_of_day(date.fromisoformat(day))
    if session is None:
        return "closed"
    return " - ".join(f"{datetime.fromtimestamp(t // 1_000_000, zone):%a %H:%M}" for t in (session.open, session.close))


def shown_parts(exchange: str, day: str) -> str:
    """A trading day's stretches of trading as 'ddd HH:MM - ddd HH:MM, ...' in exchange time."""
    sessions = sessions_for(exchange)
    session = sessions.session_of_day(date.fromisoformat(day))
    if session is None:
        return "closed"
    local = [[datetime.fromtimestamp(t // 1_000_000, sessions.zone) for t in part] for part in session.parts]
    return ", ".join(f"{begin:%a %H:%M} - {end:%a %H:%M}" for begin, end in local)


@pytest.mark.parametrize(
    ("day", "regular", "extended"),
    [
        ("2013-10-07", "Mon 09:30 - Mon 16:00", "Mon 04:00 - Mon 20:00"),
        ("2013-10-05", "closed", "closed"),  # a Saturday
        ("2013-07-03", "Wed 09:30 - Wed 13:00", "Wed 04:00 - Wed 17:00"),  # eve of Independence Day
        ("2013-07-04", "closed", "closed"),
        ("2013-11-29", "Fri 09:30 - Fri 13:00", "Fri 04:00 - Fri 17:00"),  # after Thanksgiving
        ("2012-10-29", "closed", "closed"),  # Hurricane Sandy
        ("2012-10-30", "closed", "closed"),
        ("2018-12-05", "closed", "closed"),  # mourning of President Bush
        ("2025-01-09", "closed", "closed"),  # mourning of President Carter
        ("2001-09-11", "closed", "closed"),
        ("2001-09-14", "closed", "closed"),
        ("2001-09-17", "Mon 09:33 - Mon 16:00", "Mon 04:00 - Mon 20:00"),  # two minutes of silence, the anthem
        ("2022-06-20", "closed", "closed"),  # Juneteenth, observed for the first time
        ("1985-09-27", "closed", "closed"),  # Hurricane Gloria
        ("1985-09-26", "Thu 10:00 - Thu 16:00", "Thu 04:00 - Thu 20:00"),
        ("1985-09-30", "Mon 09:30 - Mon 16:00", "Mon 04:00 - Mon 20:00"),
    ],
)
def test_us_equity_days(day: str, regular: str, extended: str) -> None:
    assert shown(sessions_for("XNYS"), day, NEW_YORK) == regular
    assert shown(sessions_for("XNYS", extended=True), day, NEW_YORK) == extended


@pytest.mark.parametrize(
    ("day", "local"),
    [
        ("2024-05-14", "Mon 17:00 - Tue 16:00"),
        ("2024-05-13", "Sun 17:00 - Mon 16:00"),
        ("2013-12-13", "Thu 17:00 - Fri 16:15"),
        ("2013-12-16", "Sun 17:00 - Mon 16:15"),
        ("2015-09-18", "Thu 17:00 - Fri 16:15"),  # the last day with the close at 16:15
        ("2015-09-21", "Sun 17:00 - Mon 16:00"),
        ("2012-11-16", "Thu 15:30 - Fri 15:15"),  # the last day with the close at 15:15
        ("2012-11-19", "Sun 17:00 - Mon 16:15"),
        ("2012-09-04", "Mon 17:00 - Tue 15:15"),  # after Labor Day's early close
        ("2012-09-05", "Tue 15:30 - Wed 15:15"),
        ("2012-10-29", "Sun 17:00 - Mon 08:15"),  # Hurricane Sandy
        ("2012-10-30", "Mon 17:00 - Tue 08:15"),
        ("2012-10-31", "Tue 17:00 - Wed 15:15"),
        ("2018-12-05", "Tue 17:00 - Wed 08:30"),  # mourning of President Bush
        ("2025-01-09", "Wed 17:00 - Thu 08:30"),  # mourning of President Carter
        ("2013-11-28", "Wed 17:00 - Thu 10:30"),  # Thanksgiving
        ("2013-11-29", "Thu 17:00 - Fri 12:15"),
        ("2024-07-04", "Wed 17:00 - Thu 12:00"),
        ("2024-03-29", "closed"),  # Good Friday
        ("2023-04-07", "Thu 17:00 - Fri 08:15"),  # Good Friday with an employment report
        ("2024-12-25", "closed"),
        ("2024-12-26", "Wed 17:00 - Thu 16:00"),
        ("2001-09-12", "closed"),
        ("2001-09-17", "Mon 08:15 - Mon 15:15"),
        ("2004-06-11", "Thu 15:30 - Fri 08:00"),  # mourning of President Reagan
        ("2007-01-02", "closed"),  # mourning of President Ford
        ("2003-09-26", "Thu 15:45 - Fri 15:15"),  # the last week of the hours before 29 September 2003
    ],
)
def test_cme_days(day: str, local: str) -> None:
    assert shown(sessions_for("CME"), day, CHICAGO) == local


@pytest.mark.parametrize(
    ("exchange", "day", "parts"),
    [
        # The halt at the end of the cash session, from November 2012 to June 2021.
        ("CME", "2013-10-08", "Mon 17:00 - Tue 15:15, Tue 15:30 - Tue 16:15"),
        ("CME", "2020-01-06", "Sun 17:00 - Mon 15:15, Mon 15:30 - Mon 16:00"),
        ("CME", "2021-06-25", "Thu 17:00 - Fri 15:15, Fri 15:30 - Fri 16:00"),
        ("CME", "2021-06-28", "Sun 17:00 - Mon 16:00"),
        ("CME", "2013-11-28", "Wed 17:00 - Thu 10:30"),  # a short day is over before its halt
        # The maintenance shutdown of the evening, and before September 2003 of the night.
        ("CME", "2012-09-05", "Tue 15:30 - Tue 16:30, Tue 17:00 - Wed 15:15"),
        ("CME", "2012-09-04", "Mon 17:00 - Tue 15:15"),
        ("CME", "1999-05-12", "Tue 15:45 - Tue 22:00, Tue 23:00 - Wed 15:15"),
        # Grains trade at night and by day.
        ("CBOT_GRAINS", "2024-05-14", "Mon 19:00 - Tue 07:45, Tue 08:30 - Tue 13:20"),
        ("CBOT_GRAINS", "2016-11-25", "Fri 08:30 - Fri 12:05"),  # after Thanksgiving: no night session
        ("CBOT_GRAINS", "2018-12-05", "Tue 19:00 - Wed 07:45, Wed 08:30 - Wed 13:20"),  # mourning: financials only
        ("CBOT_GRAINS", "2025-01-09", "Wed 19:00 - Thu 07:45, Thu 08:30 - Thu 12:15"),
        ("CBOT_GRAINS", "2024-07-04", "closed"),
        ("CME_RATES", "2018-12-05", "closed"),
        ("CME_RATES", "2025-01-09", "Wed 17:00 - Thu 12:15"),
        ("NYMEX", "2025-01-09", "Wed 17:00 - Thu 16:00"),
        ("COMEX", "2024-11-28", "Wed 17:00 - Thu 13:30"),
        ("CME_FX", "2024-11-28", "Wed 17:00 - Thu 16:00"),  # currencies trade all day on Thanksgiving
        ("EUREX", "2024-12-24", "closed"),
        ("XEUR", "2024-12-23", "Mon 08:00 - Mon 22:00"),
        ("XLON", "2022-09-19", "closed"),  # the Queen's funeral
        ("XLON", "2024-12-24", "Tue 08:00 - Tue 12:30"),
    ],
)
def test_parts_of_trading_days(exchange: str, day: str, parts: str) -> None:
    assert shown_parts(exchange, day) == parts


def test_a_break_belongs_to_its_trading_day_but_has_no_bars() -> None:
    sessions = sessions_for("CBOT_GRAINS")
    day = sessions.session_of_day(date(2024, 5, 14))
    assert day is not None
    begins, ends = us("2024-05-14T07:45", CHICAGO), us("2024-05-14T08:30", CHICAGO)
    assert day.breaks == ((begins, ends),)
    assert day.parts == ((day.open, begins), (ends, day.close))
    around = np.array([begins - 1, begins, ends - 1, ends])
    assert sessions.is_open_mask(around).tolist() == [True, False, False, True]
    assert sessions.is_open_mask(around[::-1].copy()).tolist() == [True, False, False, True]
    assert sessions.is_open_mask(around, around + 1).tolist() == [True, False, False, True]
    assert sessions.is_open_mask(around, around + 60 * MINUTE).tolist() == [True, True, True, True]
    assert sessions.is_open_mask(around[1:2], np.array([ends])).tolist() == [False]
    assert [sessions.session_at(t) for t in around.tolist()] == [day, None, None, day]
    assert {sessions.session_from(t) for t in around.tolist()} == {day}
    assert set(sessions.trading_day_numbers(around).tolist()) == {(date(2024, 5, 14) - date(1970, 1, 1)).days}
    assert sessions.sessions_between(begins, ends) == [day]


@pytest.mark.parametrize(
    ("day", "regular", "extended"),
    [
        ("2018-12-07", "Fri 08:00 - Fri 22:00", "Fri 08:00 - Fri 22:00"),
        ("2018-12-10", "Mon 08:00 - Mon 22:00", "Mon 01:10 - Mon 22:00"),
        ("2024-03-28", "Thu 08:00 - Thu 22:00", "Thu 01:10 - Thu 22:00"),
        ("2024-04-02", "Tue 08:00 - Tue 22:00", "Tue 02:10 - Tue 22:00"),  # Asia's morning knows no summer time
    ],
)
def test_eurex_opens_early_by_the_clock_of_winter(day: str, regular: str, extended: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert shown(sessions_for("EUREX"), day, berlin) == regular
    assert shown(sessions_for("EUREX", extended=True), day, berlin) == extended


@pytest.mark.parametrize(
    ("exchange", "day", "opens", "closes"),
    [
        # Winter, summer, and the weeks in which only one side of the Atlantic has changed its clocks.
        ("US", "2024-03-08", "2024-03-08T14:30", "2024-03-08T21:00"),
        ("US", "2024-03-11", "2024-03-11T13:30", "2024-03-11T20:00"),
        ("US", "2024-11-01", "2024-11-01T13:30", "2024-11-01T20:00"),
        ("US", "2024-11-04", "2024-11-04T14:30", "2024-11-04T21:00"),
        # Before 2007 daylight saving lasted from April to October.
        ("US", "2006-03-31", "2006-03-31T14:30", "2006-03-31T21:00"),
        ("US", "2006-04-03", "2006-04-03T13:30", "2006-04-03T20:00"),
        ("CME", "2024-03-08", "2024-03-07T23:00", "2024-03-08T22:00"),
        ("CME", "2024-03-11", "2024-03-10T22:00", "2024-03-11T21:00"),
        ("CME", "2024-11-04", "2024-11-03T23:00", "2024-11-04T22:00"),
        ("XLON", "2024-03-28", "2024-03-28T08:00", "2024-03-28T16:30"),
        ("XLON", "2024-04-02", "2024-04-02T07:00", "2024-04-02T15:30"),
        ("EUREX", "2024-10-25", "2024-10-25T06:00", "2024-10-25T20:00"),
        ("EUREX", "2024-10-28", "2024-10-28T07:00", "2024-10-28T21:00"),
    ],
)
def test_daylight_saving(exchange: str, day: str, opens: str, closes: str) -> None:
    session = sessions_for(exchange).session_of_day(date.fromisoformat(day))
    assert session is not None
    assert (session.open, session.close) == (us(opens, UTC_ZONE), us(closes, UTC_ZONE))


def test_a_session_includes_its_open_and_excludes_its_close() -> None:
    sessions = sessions_for("XNAS")
    opens, closes = us("2024-05-14T09:30", NEW_YORK), us("2024-05-14T16:00", NEW_YORK)
    inside = sessions.session_at(opens)
    assert inside is not None
    assert (inside.open, inside.close, inside.day) == (opens, closes, date(2024, 5, 14))
    assert sessions.session_at(closes - 1) == inside
    assert sessions.session_at(closes) is None
    assert sessions.session_at(opens - 1) is None
    assert sessions.session_from(opens - 1) == inside
    assert sessions.session_from(closes).day == date(2024, 5, 15)


def test_sunday_evening_belongs_to_monday() -> None:
    sessions = sessions_for("CME")
    assert sessions.trading_day(us("2013-12-15T18:00", NEW_YORK)) == date(2013, 12, 16)
    assert sessions.trading_day(us("2013-12-15T00:00", NEW_YORK)) == date(2013, 12, 16)
    assert sessions.trading_day(us("2013-12-13T17:14", NEW_YORK)) == date(2013, 12, 13)
    assert sessions.trading_day(us("2013-12-13T17:15", NEW_YORK)) == date(2013, 12, 16)


def test_sessions_between_are_those_that_overlap() -> None:
    sessions = sessions_for("US")
    friday, tuesday = us("2013-10-11T15:59", NEW_YORK), us("2013-10-15T09:31", NEW_YORK)
    assert [session.day.day for session in sessions.sessions_between(friday, tuesday)] == [11, 14, 15]
    assert sessions.sessions_between(us("2013-10-11T16:00", NEW_YORK), us("2013-10-14T09:30", NEW_YORK)) == []


@pytest.mark.parametrize(
    ("day", "stub"),
    [
        ("2013-11-28", True),  # Thanksgiving: stocks closed
        ("2013-11-29", False),  # the day after: stocks have a half day
        ("2010-04-02", True),  # Good Friday with an employment report
        ("2012-10-29", True),
        ("2025-01-09", True),
        ("2013-12-13", False),
    ],
)
def test_holiday_stubs(day: str, stub: bool) -> None:
    assert sessions_for("CME").is_holiday_stub(date.fromisoformat(day)) is stub


@pytest.mark.parametrize(
    ("exchange", "day", "start", "end"),
    [
        ("US", "2024-03-10", "2024-03-10T05:00", "2024-03-11T04:00"),  # clocks go forward: 23 hours
        ("US", "2024-05-14", "2024-05-14T04:00", "2024-05-15T04:00"),
        ("CME", "2013-12-16", "2013-12-15T23:00", "2013-12-16T23:00"),
        ("CME", "2013-12-14", "2013-12-13T23:00", "2013-12-14T23:00"),  # a Saturday
    ],
)
def test_a_whole_day(exchange: str, day: str, start: str, end: str) -> None:
    bounds = sessions_for(exchange).day_bounds(date.fromisoformat(day))
    assert bounds == (us(start, UTC_ZONE), us(end, UTC_ZONE))


@pytest.mark.parametrize("code", ["XNYS", "XNAS", "ARCX", "BATS", "US"])
def test_us_codes_share_one_table(code: str) -> None:
    assert sessions_for(code) is sessions_for("US")


def test_cme_has_no_extended_hours() -> None:
    assert sessions_for("CME", extended=True) is sessions_for("CME")


def test_an_unknown_exchange_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownExchangeError, match=r"'XPAR'; known codes: ARCX, BATS, CBOT_GRAINS, CME, .*, XNYS"):
        sessions_for("XPAR")


@pytest.mark.parametrize(("exchange", "extended"), TABLES)
def test_queries_outside_the_table_name_its_range(exchange: str, extended: bool) -> None:
    sessions, hours = sessions_for(exchange, extended=extended), EXCHANGES[exchange]
    early, late = us("1960-01-01", NEW_YORK), us("2050-01-01", NEW_YORK)
    text = rf"{hours.first_day} to {hours.last_day}"
    for t in (early, late):
        for query in (sessions.session_at, sessions.session_from, sessions.trading_day):
            with pytest.raises(SessionRangeError, match=text):
                query(t)
        with pytest.raises(SessionRangeError, match=text):
            sessions.is_open_mask(np.array([t]))
        with pytest.raises(SessionRangeError, match=text):
            sessions.is_open_mask(np.array([t, t + MINUTE]))
        with pytest.raises(SessionRangeError, match=text):
            sessions.trading_day_numbers(np.array([t]))
    with pytest.raises(SessionRangeError, match=text):
        sessions.session_of_day(date(2050, 1, 3))


def test_no_bars_are_no_problem() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert len(sessions_for("US").is_open_mask(nothing)) == 0
    assert len(sessions_for("US").trading_day_numbers(nothing)) == 0


@pytest.mark.parametrize(("exchange", "extended"), TABLES)
def test_every_session_of_the_table_is_in_order(exchange: str, extended: bool) -> None:
    sessions, hours = sessions_for(exchange, extended=extended), EXCHANGES[exchange]
    start = sessions.day_bounds(hours.first_day)[1]
    end = sessions.day_bounds(hours.last_day)[0]
    found = sessions.sessions_between(start, end)
    whole_days = sum(not sessions.is_holiday_stub(session.day) for session in found)
    assert whole_days / ((hours.last_day - hours.first_day).days / 365.25) == pytest.approx(
        hours.sessions_per_year, abs=1
    )
    for earlier, later in pairwise(found):
        edges = [edge for part in earlier.parts for edge in part]
        assert edges == sorted(set(edges))
        assert earlier.close <= later.open
        assert earlier.day < later.day <= earlier.day + timedelta(days=7)
        assert later.day.weekday() < 5


def naive_session_of(t: int, sessions: ExchangeSessions) -> tuple[bool, date]:
    """Whether there is trading at t, and its trading day, by asking for one calendar day after the other."""
    day = datetime.fromtimestamp(t // 1_000_000, UTC).date() - timedelta(days=1)
    while True:
        session = sessions.session_of_day(day)
        if session is not None and t < session.close:
            return any(begin <= t < end for begin, end in session.parts), session.day
        day += timedelta(days=1)


@settings(max_examples=120, deadline=None)
@given(
    table=st.sampled_from(TABLES),
    place=st.floats(0, 1),
    steps=st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=60),
    ascending=st.booleans(),
)
def test_vectorised_answers_equal_a_loop(
    table: tuple[str, bool], place: float, steps: list[int], ascending: bool
) -> None:
    sessions, hours = sessions_for(table[0], extended=table[1]), EXCHANGES[table[0]]
    first, last = us(f"{hours.first_day}T12:00", NEW_YORK), us(f"{hours.last_day - timedelta(days=200)}", NEW_YORK)
    begin = (first + round(place * (last - first))) // MINUTE + 24 * 60
    starts = (begin + np.cumsum(np.array(steps, dtype=np.int64))) * MINUTE
    if not ascending:
        starts = starts[::-1].copy()
    expected = [naive_session_of(t, sessions) for t in starts.tolist()]
    assert sessions.is_open_mask(starts).tolist() == [is_open for is_open, _ in expected]
    epoch = date(1970, 1, 1)
    assert sessions.trading_day_numbers(starts).tolist() == [(day - epoch).days for _, day in expected]
    for t, (is_open, day) in zip(starts.tolist(), expected, strict=True):
        assert (sessions.session_at(t) is not None) is is_open
        assert sessions.trading_day(t) == day
    until = int(starts.max()) + 40 * 24 * 60 * MINUTE
    listed, columns = (
        sessions.sessions_between(int(starts.min()), until),
        sessions.table_between(int(starts.min()), until),
    )
    assert columns.days.tolist() == [(session.day - epoch).days for session in listed]
    assert list(zip(columns.opens.tolist(), columns.closes.tolist(), strict=True)) == [
        (session.open, session.close) for session in listed
    ]
    pauses = zip(columns.break_starts.tolist(), columns.break_ends.tolist(), strict=True)
    assert list(pauses) == [pause for session in listed for pause in session.breaks]
