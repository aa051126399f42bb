"""The symbols of cases: an equity's ticker, or a contract in one of the ways to write its root and month."""

import re
from datetime import date

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import future_symbol
from periscope.instruments.products import MONTH_CODES
from tests.fidelity.fields import FieldError, shown

_IN_BRACKETS = re.compile(r"\((\d{4})-?(\d{2})\b")
_EXPIRES = re.compile(r"expir\w*\W+(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_BY_NUMBER = re.compile(r"^([A-Z0-9]*[A-Z]|[0-9][A-Z])[ _-]?((?:19|20)\d{2})-?(0[1-9]|1[0-2])$")
_BY_LETTER = re.compile(rf"^([A-Z0-9]+?)([{MONTH_CODES}])(\d{{4}}|\d{{1,2}})$")


def symbol_of(text: str, kind: str, start: date) -> str:
    """Our name of a symbol as the list of symbols has it: `SPY`, `ESZ13 (201312, expires 2013-12-20)`, `ES 201312`.

    `kind` is that of the case; `start` tells which decade a year of one digit means.
    """
    name = text.partition("(")[0].strip().upper()
    if kind == "equity":
        return name.split(maxsplit=1)[0] if name else _unreadable(text)
    month = _IN_BRACKETS.search(text)
    if month is not None:
        short = _BY_LETTER.match(name)
        return _contract(short[1] if short is not None else name, int(month[1]), int(month[2]), text)
    found = contract_of(name, start)
    if found is not None:
        return found
    if kind == "future":
        raise FieldError(f"symbols has {shown(text)}; expected a contract like ESZ13 (201312)")
    return name.split(maxsplit=1)[0] if name else _unreadable(text)


def contract_of(name: str, start: date) -> str | None:
    """Our name of a contract written as ES201312, ES 201312, ESZ13 or ESZ2013; None for anything else."""
    number = _BY_NUMBER.match(name)
    if number is not None:
        return _contract(number[1], int(number[2]), int(number[3]), name)
    letter = _BY_LETTER.match(name)
    if letter is None:
        return None
    digits = len(letter[3])
    year = int(letter[3])
    if digits < 4:
        step = 10**digits
        year += start.year // step * step
        year += step if year < start.year else 0
    return _contract(letter[1], year, MONTH_CODES.index(letter[2]) + 1, name)


def expiry_of(text: str) -> date | None:
    """The expiry date that stands beside a symbol."""
    match = _EXPIRES.search(text)
    try:
        return None if match is None else date.fromisoformat(match[1])
    except ValueError:
        raise FieldError(f"symbols has {shown(text)}; {match[1] if match else ''} is no date") from None


def our_symbol(text: str, ours: dict[str, AssetType], start: date) -> str:
    """A symbol of the trace as the list of symbols has it; one that is not there as it stands.

    `ours` are the case's symbols. LEAN's own identifiers (SPY R735QTJ8XC9X) begin with the ticker or the root.
    """
    name = text.strip().upper()
    contract = contract_of(name, start)
    if contract is not None and ours.get(contract) is AssetType.FUTURE:
        return contract
    if name in ours or not name:
        return name
    first = name.split(maxsplit=1)[0]
    short = contract_of(first, start)
    if short is not None and ours.get(short) is AssetType.FUTURE:
        return short
    if first in ours:
        return first
    rooted = [each for each, kind in ours.items() if kind is AssetType.FUTURE and _BY_LETTER.sub(r"\1", each) == first]
    if len(rooted) == 1:
        return rooted[0]
    return contract if contract is not None and AssetType.FUTURE in ours.values() else first


def asset_type(symbol: str, kind: str) -> AssetType:
    """In a case of both kinds, a contract's month tells it from an equity."""
    if kind == "mixed":
        return AssetType.FUTURE if _BY_LETTER.match(symbol) is not None else AssetType.EQUITY
    return AssetType.FUTURE if kind == "future" else AssetType.EQUITY


def _contract(root: str, year: int, month: int, text: str) -> str:
    if not root or not root.isalnum() or not 1 <= month <= 12:
        _unreadable(text)
    try:
        return future_symbol(root, year, month)
    except ValueError as error:
        raise FieldError(f"the contract {shown(text)} can't be read: {error}") from None


def _unreadable(text: str) -> str:
    raise FieldError(f"symbols has {shown(text)}, which is neither a ticker nor a contract with its month")
