"""What `periscope sessions` says about a table and a day, as rows for people."""

from datetime import datetime
from typing import Any


def rules_row(rule: dict[str, Any]) -> dict[str, Any]:
    """The document of a dated rule in words."""
    opens = rule["opens"] + (" the day before" if rule["opens_day_before"] else "")
    if rule["opens_after_closure"] is not None:
        opens += f", {rule['opens_after_closure']} after a closure"
    if rule["opens_in_standard_time"]:
        opens += " in winter, an hour later in summer"
    return {
        "since": rule["since"],
        "opens": opens,
        "closes": rule["closes"],
        "breaks": ", ".join(_break_text(each) for each in rule["breaks"]),
        "source": rule["source"],
    }


def day_row(day: dict[str, Any]) -> dict[str, Any]:
    """The document of a calendar day for people."""
    return {
        "day": f"{day['day']} {day['weekday'][:3]}",
        "kind": day["kind"].replace("_", " "),
        "opens": _clock(day["open"], "%a %H:%M"),
        "closes": _clock(day["close"], "%a %H:%M"),
        "breaks": ", ".join(f"{_clock(each['start'])}-{_clock(each['end'])}" for each in day["breaks"]),
        "opens (UTC)": day["open_utc"] or "",
        "closes (UTC)": day["close_utc"] or "",
        "reason": day["reason"] or "",
    }


def _clock(moment: str | None, form: str = "%H:%M") -> str:
    return "" if moment is None else f"{datetime.fromisoformat(moment):{form}}"


def _break_text(pause: dict[str, Any]) -> str:
    return f"{pause['starts']}-{pause['ends']}" + (" the day before" if pause["day_before"] else "")
