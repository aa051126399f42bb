"""The spellings of a futures contract: ESZ13, ESZ3, ES Z13, ESZ2013.

Periscope's own is root, month letter, two-digit year. A one-digit year names a contract of each decade; the trade date
tells which one is meant.
"""

import re
from dataclasses import dataclass
from datetime import date

from periscope.instruments.expiry_rules import month_start
from periscope.instruments.futures import FIRST_YEAR, FutureSymbol, contract_dates, future_symbol
from periscope.instruments.products import MONTH_CODES, PRODUCTS

_SPELLING = re.compile(
    rf"(?P<root>[A-Z0-9]{{1,6}}?)[ ._-]?(?P<letter>[{MONTH_CODES}])[ _-]?(?P<year>\d{{1,2}}|\d{{4}})"
)
_YEARS = range(FIRST_YEAR, FIRST_YEAR + 100)
_YEARS_TEXT = f"{_YEARS[0]} to {_YEARS[-1]}"


class AmbiguousContractError(ValueError):
    """A one-digit year without a trade date; the message says which contracts it can mean."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """Both usual spellings of a contract: with two digits of the year (Periscope's symbol), and with one."""

    symbol: str
    short: str


def spellings(root: str, year: int, month: int) -> Spellings:
    """spellings("ES", 2013, 12) are ESZ13 and ESZ3."""
    return Spellings(future_symbol(root, year, month), f"{root}{MONTH_CODES[month - 1]}{year % 10}")


def read_contract(text: str, trade_date: date | None = None) -> FutureSymbol:
    """The contract that a spelling means; case and surrounding space do not matter.

    A one-digit year means the first contract of that letter and digit that still trades on `trade_date` (of a root
    whose rule is not known: whose month has not passed). Raises `AmbiguousContractError` for a one-digit year without a
    trade date, ValueError for what is no spelling of a contract.
    """
    match = _SPELLING.fullmatch(text.strip().upper())
    if match is None or (len(match["year"]) == 4 and int(match["year"]) not in _YEARS):
        raise ValueError(
            f"{text!r} is no futures contract: expected root, month letter ({MONTH_CODES}) and year,"
            f" as ESZ13, ESZ3, ES Z13 or ESZ2013"
        )
    root, month, digits = match["root"], MONTH_CODES.index(match["letter"]) + 1, match["year"]
    if len(digits) == 4:
        return FutureSymbol(root, int(digits), month)
    if len(digits) == 2:
        return FutureSymbol(root, FIRST_YEAR + (int(digits) - FIRST_YEAR) % 100, month)
    if trade_date is None:
        names = [future_symbol(root, year, month) for year in range(2000 + int(digits), 2040, 10)]
        raise AmbiguousContractError(f"{text!r} can mean {', '.join(names)}, …: give the trade date, or two digits")
    for year in _years_of(int(digits), trade_date):
        if year in _YEARS and _trades_on(root, year, month, trade_date):
            return FutureSymbol(root, year, month)
    raise ValueError(f"{text!r} means no contract that trades on {trade_date}: contracts have years {_YEARS_TEXT}")


def contracts_named(text: str) -> list[str]:
    """The symbols of all contracts that a spelling can mean, oldest first; empty for what is no spelling of one."""
    try:
        contract = read_contract(text)
    except AmbiguousContractError:
        contract = read_contract(text, date(FIRST_YEAR, 1, 1))
        years = range(contract.year, FIRST_YEAR + 100, 10)
        return [future_symbol(contract.root, year, contract.month) for year in years]
    except ValueError:
        return []
    return [future_symbol(contract.root, contract.year, contract.month)]


def _years_of(digit: int, trade_date: date) -> range:
    """Years with that last digit, from two before the date on: some contracts trade after the month of their name."""
    first = trade_date.year - 2
    return range(first + (digit - first) % 10, first + 30, 10)


def _trades_on(root: str, year: int, month: int, day: date) -> bool:
    """Whether a contract has not stopped trading before that day."""
    last = contract_dates(PRODUCTS[root], year, month).last_trade_day if root in PRODUCTS else None
    return day < month_start(year, month, 1) if last is None else day <= last
