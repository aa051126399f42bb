"""Single fields of a case: read however a number, a time or a word is written, and refused in a sentence."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

MOST_DIGITS = 40
"""More than any engine reckons with."""
_SHOWN = 60
_TRUE = frozenset({"true", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "none", ""})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class FieldError(ValueError):
    """What is wrong with a field, in a sentence that names it."""


def shown(value: Any) -> str:
    """A value as a sentence can hold it."""
    text = repr(str(value)) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def needed(entry: Mapping[str, Any], name: str) -> Any:
    """A field that has to be there."""
    if name not in entry:
        raise FieldError(f"{name!r} is missing")
    return entry[name]


def text_of(entry: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A word or more; with a default, null and a missing field are that."""
    value = needed(entry, name) if default is None else entry.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise FieldError(f"{name} is {shown(value)}; expected text")
    return value.strip()


def choice_of(entry: Mapping[str, Any], name: str, choices: Mapping[str, str], default: str | None = None) -> str:
    """One of some words, in whatever case: `choices` says what each of them means."""
    text = text_of(entry, name, default).lower()
    if text not in choices:
        raise FieldError(
            f"{name} is {shown(entry[name])}; expected one of {', '.join(dict.fromkeys(choices.values()))}"
        )
    return choices[text]


def flag_of(entry: Mapping[str, Any], name: str) -> bool:
    """True or false, as such or as a word; false where it is missing or null."""
    value = entry.get(name)
    word = str("" if value is None else value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise FieldError(f"{name} is {shown(value)}; expected true or false")
    return word in _TRUE


def number_of(value: Any, name: str) -> Decimal:
    """A finite number, as such or as text: `100,000` and `$3.44` and `1.692%` are numbers too."""
    text = "" if isinstance(value, bool) or value is None else str(value).strip()
    try:
        number = Decimal(text.replace(",", "").replace("_", "").strip("$% "))
    except InvalidOperation:
        raise FieldError(f"{name} is {shown(value)}; expected a number") from None
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise FieldError(f"{name} is {shown(value)}; expected a finite number of at most {MOST_DIGITS} digits")
    return number


def moment_of(value: Any, name: str, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A time; without an offset it is the zone's. A date alone is its midnight, or with `last` its last second."""
    try:
        text = str(value).strip()
        if _DATE.fullmatch(text):
            edge = time(23, 59, 59) if last else time(0)
            return datetime.combine(date.fromisoformat(text), edge, zone)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError(f"{name} is {shown(value)}; expected a time like 2013-10-07T09:31:00-04:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def zone_of(entry: Mapping[str, Any], name: str) -> ZoneInfo:
    """A time zone by its name; New York where it is missing."""
    text = text_of(entry, name, "America/New_York")
    try:
        return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise FieldError(f"{name} is {shown(text)}; expected a time zone like America/New_York") from None


def texts_of(entry: Mapping[str, Any], name: str) -> list[str]:
    """A list of at least one word; one alone is a list too."""
    value = needed(entry, name)
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each.strip() for each in found):
        raise FieldError(f"{name} is {shown(value)}; expected a list of text")
    return [each.strip() for each in found]


def object_of(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object; empty where it is missing or null."""
    value = entry.get(name)
    if value is not None and not isinstance(value, dict):
        raise FieldError(f"{name} is {shown(value)}; expected an object")
    return dict(value or {})
