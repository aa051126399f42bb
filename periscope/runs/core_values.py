"""How a value of a config is read: each reader turns JSON into its effective JSON value, or says what is wrong."""

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from libs.shared_ipc.src.protocol import BarTimeSpan

type Reader = Callable[[Any], Any]
"""Turns a JSON value (fractions as Decimals) into its effective JSON value, or raises RefusalError."""


class RefusalError(Exception):
    """A value that a key does not take. `code` names the broken rule, the text says expected and found."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path


def shown(value: object) -> str:
    """A value as a message shows it."""
    if isinstance(value, Decimal):
        return str(value)
    text = "null" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def near_names(name: str, known: list[str]) -> str:
    """A sentence that names what `name` may have been meant to be, or everything there is."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"


def plain(value: Decimal) -> str:
    """A decimal as plain digits, without exponent and trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def choice(*names: str, later: tuple[str, ...] = ()) -> Reader:
    """One of some names; those of `later` are refused as not available yet."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise RefusalError("WRONG_TYPE", f"expected one of {', '.join(names)}, found {shown(value)}")
        name = value.strip().lower()
        if name in later:
            raise RefusalError("NOT_AVAILABLE", f"{name!r} is not available yet; this release knows {', '.join(names)}")
        if name not in names:
            raise RefusalError("NOT_ALLOWED", f"found {value!r}; {near_names(name, list(names))}")
        return name

    return read


def integer(least: int, most: int) -> Reader:
    """A whole number in a range."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise RefusalError("WRONG_TYPE", f"expected a whole number, found {shown(value)}")
        if not least <= value <= most:
            raise RefusalError("OUT_OF_RANGE", f"expected {least} to {most}, found {value}")
        return value

    return read


def as_number(value: Any) -> Decimal:
    """A finite number, given as a JSON number or as text. Raises RefusalError."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise RefusalError("WRONG_TYPE", f"expected a number, found {shown(value)}")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise RefusalError("WRONG_TYPE", f"expected a number, found {shown(value)}") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise RefusalError("OUT_OF_RANGE", f"expected an ordinary finite number, found {shown(value)}")
    return number


def decimal(*, least: Decimal, most: Decimal | None = None, least_allowed: bool = True) -> Reader:
    """An exact decimal in a range, kept as text."""

    def read(value: Any) -> str:
        number = as_number(value)
        low = number < least or (number == least and not least_allowed)
        if low or (most is not None and number > most):
            above = f"{'at least' if least_allowed else 'more than'} {plain(least)}"
            up_to = "" if most is None else f" and at most {plain(most)}"
            raise RefusalError("OUT_OF_RANGE", f"expected {above}{up_to}, found {shown(value)}")
        return plain(number)

    return read


def seconds(value: Any) -> float:
    """A duration of more than nothing and at most a year."""
    number = as_number(value)
    if not 0 < number <= 31_536_000:
        raise RefusalError(
            "OUT_OF_RANGE", f"expected more than 0 seconds and at most a year of them, found {shown(value)}"
        )
    return float(number)


def optional(read: Reader) -> Reader:
    """What `read` takes, or null."""
    return lambda value: None if value is None else read(value)


def currency(value: Any) -> str:
    """A currency code, upper-cased."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise RefusalError("WRONG_TYPE", f'expected a currency\'s three letters like "USD", found {shown(value)}')
    return code


def span_name(value: Any) -> str | None:
    """The value of a bar's time span, or null."""
    if value is None:
        return None
    names = [span.value for span in BarTimeSpan]
    if not isinstance(value, str):
        raise RefusalError("WRONG_TYPE", f"expected null or one of {', '.join(names)}, found {shown(value)}")
    if value.lower() not in names:
        raise RefusalError("NOT_ALLOWED", f"found {value!r}; {near_names(value.lower(), names)}")
    return value.lower()


def parts(value: Any, readers: Mapping[str, Reader], later: tuple[str, ...], what: str) -> dict[str, Any]:
    """Read an object whose keys are all optional; a null counts as absent."""
    if not isinstance(value, dict):
        raise RefusalError("WRONG_TYPE", f"expected a name or an object of {', '.join(readers)}, found {shown(value)}")
    found = {}
    for name, part in value.items():
        if name in later:
            raise RefusalError(
                "NOT_AVAILABLE", f"{what} by {name} is not available yet; use {', '.join(readers)}", name
            )
        if name not in readers:
            raise RefusalError("UNKNOWN_KEY", f"unknown key {name!r}; {near_names(name, list(readers))}", name)
        try:
            if part is not None:
                found[name] = readers[name](part)
        except RefusalError as refusal:
            path = f"{name}.{refusal.path}" if refusal.path else name
            raise RefusalError(refusal.code, str(refusal), path) from None
    return found


def zone_name(value: Any) -> str:
    """A name of the time zone database."""
    if not isinstance(value, str):
        raise RefusalError("WRONG_TYPE", f'expected a time zone like "America/New_York", found {shown(value)}')
    try:
        return ZoneInfo(value.strip()).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise RefusalError("NOT_ALLOWED", f"there is no time zone {shown(value)}") from None
