"""What `periscope sessions` says about a table and a day, as rows for people."""

from datetime import date
from typing import Any

from periscope.instruments.hours import Break, HoursRule
from periscope.instruments.session_documents import day_kind, day_reasons, local_time
from periscope.instruments.sessions import ExchangeSessions
from periscope.instruments.times import time_text


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


def day_row(sessions: ExchangeSessions, day: date) -> dict[str, Any]:
    """One calendar day for people; `breaks` and `reason` are lists of texts."""
    session = sessions.session_of_day(day)
    row: dict[str, Any] = {
        "day": f"{day} {day:%a}",
        "kind": day_kind(sessions, day).replace("_", " "),
        "opens": "",
        "closes": "",
        "breaks": [],
        "opens (UTC)": "",
        "closes (UTC)": "",
        "reason": day_reasons(sessions, day),
    }
    if session is None:
        return row
    breaks = [f"{local_time(sessions, start):%H:%M}-{local_time(sessions, end):%H:%M}" for start, end in session.breaks]
    return row | {
        "opens": f"{local_time(sessions, session.open):%a %H:%M}",
        "closes": f"{local_time(sessions, session.close):%a %H:%M}",
        "breaks": breaks,
        "opens (UTC)": time_text(session.open),
        "closes (UTC)": time_text(session.close),
    }


def _break_text(pause: Break) -> str:
    return f"{pause.starts:%H:%M}-{pause.ends:%H:%M}" + (" the day before" if pause.day_before else "")
