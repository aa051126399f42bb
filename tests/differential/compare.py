"""Finds the first thing that two runs do not agree on."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest

from tests.naive.trace import Row, Trace

LISTS = (
    "events",
    "actions",
    "fills",
    "cash",
    "ledger",
    "settlements",
    "registrations",
    "issues",
    "orders",
    "positions",
    "observations",
)
"""Compared in this order: the first that differs is most likely the cause, the later ones its consequences."""
SINGLES = ("status", "error", "final_cash", "final_value")
CONTEXT = 4


def compare(first: Trace, second: Trace, names: tuple[str, str] = ("naive", "blocks")) -> str | None:
    """The first difference of two traces in words, None if there is none.

    A list of observations that one side does not have (None) is not compared.
    """
    for field in LISTS:
        left, right = getattr(first, field), getattr(second, field)
        if left is None or right is None:
            continue
        found = _first_difference(left, right)
        if found is not None:
            return _describe(field, found, left, right, names)
    for field in SINGLES:
        left, right = getattr(first, field), getattr(second, field)
        if left != right:
            return f"{field} differs: {names[0]} has {left}, {names[1]} has {right}"
    return None


def _first_difference(left: list[Row], right: list[Row]) -> int | None:
    for index, (one, other) in enumerate(zip_longest(left, right)):
        if one != other and _comparable(one) != _comparable(other):
            return index
    return None


def _comparable(value: object) -> object:
    """The value with its NaNs as text: a NaN is unequal to itself."""
    if isinstance(value, Decimal | float) and value != value:  # noqa: PLR0124
        return "NaN"
    if isinstance(value, tuple):
        return tuple(_comparable(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(_comparable(getattr(value, field.name)) for field in fields(value)))
    return value


def _describe(field: str, index: int, left: list[Row], right: list[Row], names: tuple[str, str]) -> str:
    lines = [f"{field}[{index}] differs ({names[0]} has {len(left)} of them, {names[1]} has {len(right)})"]
    lines += [f"  both  {_show(row)}" for row in left[max(0, index - CONTEXT) : index]]
    for name, rows in zip(names, (left, right), strict=True):
        shown = [_show(row) for row in rows[index : index + 2]] or ["nothing more"]
        lines += [f"  {name}: {text}" for text in shown]
    return "\n".join(lines)


def _show(row: Row) -> str:
    return " ".join(_value(value) for value in row)


def _value(value: object) -> str:
    """Times in microseconds are shown as such; everything else as it prints."""
    if isinstance(value, int) and value > 10**14:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value):%Y-%m-%dT%H:%M:%S.%fZ}"
    return str(value)
