"""Which days are business days of an exchange, as the rules for expiries count them.

A business day is one on which every named session table has a session that is no holiday stub: on Thanksgiving futures
trade for some hours, but nothing is settled, and the exchange does not count the day. The table `CME` has the hours of
equity index futures; days on which these alone stopped early are business days of everything else.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for

EQUITY_INDEX_STUBS = {
    date(2012, 10, 29): "Hurricane Sandy",
    date(2012, 10, 30): "Hurricane Sandy",
    date(2018, 12, 5): "mourning of President Bush",
    date(2025, 1, 9): "mourning of President Carter",
}
"""Days on which CME's equity index futures stopped early and its other products traded: see data/sessions.csv."""

WEEKDAYS_BEYOND = frozenset({"US"})
"""Tables beyond whose range every weekday counts, so that far contracts of equity indices have an expiry too."""


class NoCalendarError(LookupError):
    """Business days can't be counted: there is no session table, or it does not reach that far. Says which."""


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """The days that are business days in each of the named session tables.

    Every method raises `NoCalendarError` for an unknown table and for days that it does not cover.
    """

    calendars: tuple[str, ...]

    def is_business_day(self, day: date) -> bool:
        """Whether a calendar day is one."""
        return day.weekday() < 5 and all(_trades(calendar, day) for calendar in self.calendars)

    def covers(self, day: date) -> bool:
        """Whether holidays are known on that day; where they are not, weekdays may stand in for business days."""
        return all(_covers(calendar, day) for calendar in self.calendars)

    def on_or_before(self, day: date) -> date:
        """The day itself, else the last business day before it."""
        while not self.is_business_day(day):
            day -= timedelta(days=1)
        return day

    def on_or_after(self, day: date) -> date:
        """The day itself, else the next business day."""
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def before(self, day: date, count: int) -> date:
        """The `count`-th business day before a day, which need not be one itself."""
        for _ in range(count):
            day = self.on_or_before(day - timedelta(days=1))
        return day

    def from_day(self, day: date, count: int) -> date:
        """The `count`-th business day from a day on, which counts if it is one."""
        day = self.on_or_after(day)
        for _ in range(count - 1):
            day = self.on_or_after(day + timedelta(days=1))
        return day


def _trades(calendar: str, day: date) -> bool:
    try:
        sessions = sessions_for(calendar)
        if sessions.session_of_day(day) is None:
            return False
    except UnknownExchangeError:
        raise NoCalendarError(f"no calendar for {calendar}") from None
    except SessionRangeError as error:
        if calendar in WEEKDAYS_BEYOND:
            return day.weekday() < 5
        raise NoCalendarError(str(error)) from None
    return not sessions.is_holiday_stub(day) or day in EQUITY_INDEX_STUBS


def _covers(calendar: str, day: date) -> bool:
    try:
        sessions_for(calendar).session_of_day(day)
    except (UnknownExchangeError, SessionRangeError):
        return False
    return True
