"""The rules by which exchanges name the last trading day and the first notice day of a contract.

Each rule is a function of the first day of a month, the business days that count, and the numbers of a `DayRule`; its
docstring is the rule in words. Which product follows which rule, and the source of that, is in `data/futures.toml`.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import get_args

from periscope.instruments.business_days import BusinessDays
from periscope.instruments.products import DayRule, RuleName, WeekdayName

type _Rule = Callable[[date, BusinessDays, DayRule], date]

_WEEKDAYS: tuple[WeekdayName, ...] = get_args(WeekdayName.__value__)


class UnknownRuleError(LookupError):
    """No rule is known for so old a contract."""


def month_start(year: int, month: int, later: int = 0) -> date:
    """The first day of a month, or of the one so many months later (before, if negative)."""
    count = year * 12 + month - 1 + later
    return date(count // 12, count % 12 + 1, 1)


def day_of_rule(rule: DayRule, year: int, month: int, business_days: BusinessDays) -> date:
    """The day that a rule names for the contract of a month.

    Raises `NoCalendarError` where business days can't be counted, `UnknownRuleError` for contracts older than the rule.
    """
    if f"{year:04d}-{month:02d}" < rule.from_contract:
        raise UnknownRuleError(f"no rule is known for contracts before {rule.from_contract}")
    return _RULES[rule.rule](month_start(year, month, rule.month), business_days, rule)


def _nth_weekday(first: date, rule: DayRule) -> date:
    return first + timedelta(days=(_WEEKDAYS.index(rule.weekday) - first.weekday()) % 7 + 7 * (rule.n - 1))


def _last_day(first: date) -> date:
    return month_start(first.year, first.month, 1) - timedelta(days=1)


def _weekday_or_before(first: date, days: BusinessDays, rule: DayRule) -> date:
    """The n-th such weekday of the month, else the business day before it."""
    return days.on_or_before(_nth_weekday(first, rule))


def _last_weekday_or_before(first: date, days: BusinessDays, rule: DayRule) -> date:
    """The last such weekday of the month, else the business day before it."""
    last = _last_day(first)
    return days.on_or_before(last - timedelta(days=(last.weekday() - _WEEKDAYS.index(rule.weekday)) % 7))


def _before_weekday(first: date, days: BusinessDays, rule: DayRule) -> date:
    """So many business days before the n-th such weekday of the month."""
    return days.before(_nth_weekday(first, rule), rule.days)


def _before_day(first: date, days: BusinessDays, rule: DayRule) -> date:
    """So many business days before that day of the month, whether or not it is a business day."""
    return days.before(first.replace(day=rule.day), rule.days)


def _before_business_day(first: date, days: BusinessDays, rule: DayRule) -> date:
    """So many business days before that day of the month, or before the last business day up to it."""
    return days.before(days.on_or_before(first.replace(day=rule.day)), rule.days)


def _before_delivery_day(first: date, days: BusinessDays, rule: DayRule) -> date:
    """So many business days before the delivery day: that day of the month, else the next business day."""
    return days.before(days.on_or_after(first.replace(day=rule.day)), rule.days)


def _business_day(first: date, days: BusinessDays, rule: DayRule) -> date:
    """The n-th business day of the month."""
    return days.from_day(first, rule.n)


def _last_business_day(first: date, days: BusinessDays, rule: DayRule) -> date:
    """The n-th business day of the month, counted from its end."""
    return days.before(_last_day(first) + timedelta(days=1), rule.n)


def _brent(first: date, days: BusinessDays, _rule: DayRule) -> date:
    """The last business day of the second month before the contract's; the one before that business day if it is the
    last one before Christmas Day or New Year's Day."""
    last = days.before(month_start(first.year, first.month, -1), 1)
    return days.before(last, 1) if last.month == 12 else last


_RULES: dict[RuleName, _Rule] = {
    "weekday_or_before": _weekday_or_before,
    "last_weekday_or_before": _last_weekday_or_before,
    "before_weekday": _before_weekday,
    "before_day": _before_day,
    "before_business_day": _before_business_day,
    "before_delivery_day": _before_delivery_day,
    "business_day": _business_day,
    "last_business_day": _last_business_day,
    "brent": _brent,
}


def rule_text(rule: DayRule) -> str:
    """A rule in words, for people."""
    month = {0: "the contract month", -1: "the month before", -2: "the second month before"}.get(
        rule.month, f"the month {rule.month} months later"
    )
    weekday = rule.weekday.capitalize()
    days = f"{rule.days} business day{'s' if rule.days > 1 else ''}"
    words = {
        "weekday_or_before": f"{_ordinal(rule.n)} {weekday} of {month}, or the business day before",
        "last_weekday_or_before": f"last {weekday} of {month}, or the business day before",
        "before_weekday": f"{days} before the {_ordinal(rule.n)} {weekday} of {month}",
        "before_day": f"{days} before day {rule.day} of {month}",
        "before_business_day": f"{days} before day {rule.day} of {month}, or before the last business day up to it",
        "before_delivery_day": f"{days} before the first business day from day {rule.day} of {month} on",
        "business_day": f"{_ordinal(rule.n)} business day of {month}",
        "last_business_day": f"{_ordinal(rule.n)} last business day of {month}"
        if rule.n > 1
        else f"last business day of {month}",
        "brent": "last business day of the second month before, not that before Christmas or New Year's Day",
    }[rule.rule]
    return words if rule.at is None else f"{words}, {rule.at:%H:%M} {rule.zone or 'exchange time'}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
