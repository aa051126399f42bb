"""The double-entry ledger: its accounts, its entries, and the one rule that an entry must keep.

A plus is a debit and a minus a credit, so what the portfolio owns (cash, margin, positions) and what it has spent
(fees, interest paid) are positive, what it was given (contributions) and what it has earned are negative, and all
balances together are zero.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from periscope.portfolio.exact import ZERO


class BooksUnbalancedError(AssertionError):
    """The ledger's accounts no longer add up. A bug of ours: the run must stop."""


class Account(StrEnum):
    """What an amount is booked on. Those that say so are kept per instrument, as `realised:SPY`."""

    CASH = "cash"
    MARGIN = "margin"
    POSITION = "position"
    UNREALISED = "unrealised"
    REALISED = "realised"
    FEES = "fees"
    DIVIDENDS_RECEIVED = "dividends_received"
    DIVIDENDS_PAID = "dividends_paid"
    INTEREST_RECEIVED = "interest_received"
    INTEREST_PAID = "interest_paid"
    BORROW_FEES = "borrow_fees"
    CONTRIBUTIONS = "contributions"


MEANING: Mapping[Account, str] = {
    Account.CASH: "Money in the account that is not deposited as margin; negative where it is borrowed.",
    Account.MARGIN: "Per future: money of the account that is deposited for the open position, its initial margin.",
    Account.POSITION: "Per instrument: what is held of it, at cost; short positions are negative. Not for futures.",
    Account.UNREALISED: "Per future: result of the open position that daily settlement has moved to or from cash.",
    Account.REALISED: "Per instrument: result of what was closed, against average cost, before fees.",
    Account.FEES: "Fees of fills.",
    Account.DIVIDENDS_RECEIVED: "Per instrument: dividends on long positions.",
    Account.DIVIDENDS_PAID: "Per instrument: dividends that short positions owe.",
    Account.INTEREST_RECEIVED: "Interest on cash.",
    Account.INTEREST_PAID: "Interest on what is borrowed.",
    Account.BORROW_FEES: "Per instrument: what borrowing the shares of a short position costs.",
    Account.CONTRIBUTIONS: "What was inserted, less what was withdrawn.",
}
"""Every account in the words of the docs."""

type Posting = tuple[str, Decimal]
"""The name of an account and an amount in the run's currency: plus is a debit, minus a credit."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One balanced set of postings: the amounts add up to zero. `time` is in microseconds since 1970-01-01 UTC."""

    time: int
    reason: str
    postings: tuple[Posting, ...]


def named(account: Account, symbol: str) -> str:
    """The name of an instrument's own account."""
    return f"{account}:{symbol}"


def parted(name: str) -> tuple[Account, str]:
    """The account and the symbol (or "") of a posting's name."""
    account, _, symbol = name.partition(":")
    return Account(account), symbol


def balanced(time: int, reason: str, postings: Iterable[Posting]) -> Entry:
    """An entry of the postings that move something; raises BooksUnbalancedError where they do not add up to zero."""
    kept, total = [], ZERO
    for posting in postings:
        if posting[1] != 0:
            kept.append(posting)
            total += posting[1]
    if total != 0:
        raise BooksUnbalancedError(f"postings of {reason!r} at {time} do not add up to zero: {kept}")
    return Entry(time, reason, tuple(kept))
