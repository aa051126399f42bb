"""What `periscope sessions` says about a table and a day, as JSON documents and as rows for people."""

from datetime import date, datetime
from typing import Any

from periscope.instruments.hours import EXCHANGES, Break, ExchangeHours, HoursRule
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


def rules_row(rule: HoursRule) -> dict[str, Any]:
    """One dated rule in words."""
    opens = f"{rule.opens:%H:%M}" + (" the day before" if rule.opens_day_before else "")
    if rule.opens_after_closure is not None:
        opens += f", {rule.opens_after_closure:%H:%M} after a closure"
    if rule.opens_in_standard_time:
        opens += " in winter, an hour later in summer"
    return {
        "since": rule.since,
        "opens": opens,
        "closes": f"{rule.closes:%H:%M}",
        "breaks": ", ".join(_break_text(each) for each in rule.breaks),
        "source": rule.source,
    }


def day_document(sessions: ExchangeSessions, day: date) -> dict[str, Any]:
    """One calendar day: its kind and reason, and its session in exchange time and in UTC.

    Raises `SessionRangeError` for a day outside the table.
    """
    session = sessions.session_of_day(day)
    document: dict[str, Any] = {
        "day": str(day),
        "weekday": f"{day:%A}",
        "kind": _kind(sessions, day),
        "reason": "; ".join(_reasons(sessions, day)) or None,
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


def day_row(sessions: ExchangeSessions, day: date) -> dict[str, Any]:
    """One calendar day for people; `breaks` and `reason` are lists of texts."""
    session = sessions.session_of_day(day)
    row: dict[str, Any] = {
        "day": f"{day} {day:%a}",
        "kind": _kind(sessions, day).replace("_", " "),
        "opens": "",
        "closes": "",
        "breaks": [],
        "opens (UTC)": "",
        "closes (UTC)": "",
        "reason": _reasons(sessions, day),
    }
    if session is None:
        return row
    breaks = [f"{_local(sessions, start):%H:%M}-{_local(sessions, end):%H:%M}" for start, end in session.breaks]
    return row | {
        "opens": f"{_local(sessions, session.open):%a %H:%M}",
        "closes": f"{_local(sessions, session.close):%a %H:%M}",
        "breaks": breaks,
        "opens (UTC)": time_text(session.open),
        "closes (UTC)": time_text(session.close),
    }


def _kind(sessions: ExchangeSessions, day: date) -> str:
    """weekend, closed, holiday_stub, early_close, late_open or regular."""
    if day.weekday() >= 5:
        return "weekend"
    kinds = {row.kind for row in sessions.exceptions_of_day(day)}
    return next((kind for kind in _KINDS if kind in kinds), "regular")


def _reasons(sessions: ExchangeSessions, day: date) -> list[str]:
    return [row.reason for row in sessions.exceptions_of_day(day)]


def _ends(sessions: ExchangeSessions, name: str, moment: int) -> dict[str, str]:
    return {name: _local(sessions, moment).isoformat(), f"{name}_utc": time_text(moment)}


def _local(sessions: ExchangeSessions, moment: int) -> datetime:
    return datetime.fromtimestamp(moment // MICROSECONDS_PER_SECOND, sessions.zone)


def _break_text(pause: Break) -> str:
    return f"{pause.starts:%H:%M}-{pause.ends:%H:%M}" + (" the day before" if pause.day_before else "")
