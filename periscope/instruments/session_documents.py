"""Exchanges and their days as JSON documents: those of `--json`, which are also those of the API."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from periscope.instruments.hours import EXCHANGES, ExchangeHours, HoursRule
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, ExceptionKind, ExchangeSessions
from periscope.instruments.times import time_text

_KINDS: tuple[ExceptionKind, ...] = ("closed", "holiday_stub", "early_close", "late_open")
"""What a day is called first if it is more than one of them."""


def table_document(hours: ExchangeHours) -> dict[str, Any]:
    """Which codes a table answers to, its zone and the trading days that it covers."""
    return {
        "codes": sorted(code for code, each in EXCHANGES.items() if each is hours),
        "name": hours.name,
        "zone": hours.zone,
        "first_day": str(hours.first_day),
        "last_day": str(hours.last_day),
        "extended": hours.extended is not None,
    }


def rule_document(rule: HoursRule) -> dict[str, Any]:
    """One dated rule: times on the exchange's clock."""
    closure = rule.opens_after_closure
    return {
        "since": str(rule.since),
        "opens": f"{rule.opens:%H:%M}",
        "opens_day_before": rule.opens_day_before,
        "opens_after_closure": None if closure is None else f"{closure:%H:%M}",
        "opens_in_standard_time": rule.opens_in_standard_time,
        "closes": f"{rule.closes:%H:%M}",
        "breaks": [
            {"starts": f"{each.starts:%H:%M}", "ends": f"{each.ends:%H:%M}", "day_before": each.day_before}
            for each in rule.breaks
        ],
        "source": rule.source,
    }


def exchange_document(code: str, sessions: ExchangeSessions) -> dict[str, Any]:
    """An exchange with the rules of its hours, each from its date on."""
    rules = [rule_document(rule) for rule in sessions.rules]
    return table_document(sessions.hours) | {"exchange": code, "hours": hours_kind(sessions), "rules": rules}


def days_document(code: str, sessions: ExchangeSessions, days: Iterable[date]) -> dict[str, Any]:
    """Calendar days of an exchange. Raises `SessionRangeError` for a day outside the table."""
    documents = [day_document(sessions, day) for day in days]
    about = {"exchange": code, "name": sessions.hours.name, "zone": sessions.zone.key, "hours": hours_kind(sessions)}
    return about | {"days": documents}


def hours_kind(sessions: ExchangeSessions) -> str:
    """Whether these are regular or extended hours."""
    return "extended" if sessions.extended else "regular"


def day_document(sessions: ExchangeSessions, day: date) -> dict[str, Any]:
    """One calendar day: its kind and reason, and its session in exchange time and in UTC.

    Raises `SessionRangeError` for a day outside the table.
    """
    session = sessions.session_of_day(day)
    document: dict[str, Any] = {
        "day": str(day),
        "weekday": f"{day:%A}",
        "kind": day_kind(sessions, day),
        "reason": "; ".join(day_reasons(sessions, day)) or None,
        "open": None,
        "close": None,
        "open_utc": None,
        "close_utc": None,
        "breaks": [],
    }
    if session is None:
        return document
    return (
        document
        | _ends(sessions, "open", session.open)
        | _ends(sessions, "close", session.close)
        | {"breaks": [_ends(sessions, "start", start) | _ends(sessions, "end", end) for start, end in session.breaks]}
    )


def day_kind(sessions: ExchangeSessions, day: date) -> str:
    """weekend, closed, holiday_stub, early_close, late_open or regular."""
    if day.weekday() >= 5:
        return "weekend"
    kinds = {row.kind for row in sessions.exceptions_of_day(day)}
    return next((kind for kind in _KINDS if kind in kinds), "regular")


def day_reasons(sessions: ExchangeSessions, day: date) -> list[str]:
    """Why a calendar day is not as usual, a text each."""
    return [row.reason for row in sessions.exceptions_of_day(day)]


def _ends(sessions: ExchangeSessions, name: str, moment: int) -> dict[str, str]:
    return {name: local_time(sessions, moment).isoformat(), f"{name}_utc": time_text(moment)}


def local_time(sessions: ExchangeSessions, moment: int) -> datetime:
    """A moment, in microseconds since 1970-01-01 UTC, on the exchange's clock."""
    return datetime.fromtimestamp(moment // MICROSECONDS_PER_SECOND, sessions.zone)
