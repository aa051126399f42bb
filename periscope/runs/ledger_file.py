"""The ledger of a run as a table: a line for each posting, and the trial balance that comes of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from periscope.portfolio.exact import plain
from periscope.portfolio.ledger import Account, Entry, parted
from periscope.runs.table_file import TIME

LEDGER = "ledger.parquet"
LEDGER_COLUMNS = {
    "entry": pl.Int64,
    "time": TIME,
    "reason": pl.String,
    "account": pl.String,
    "symbol": pl.String,
    "amount": pl.Decimal,
}
"""`entry` numbers the entries from 1; `amount` is a debit where it is positive and a credit where it is negative."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One line of a trial balance: what was debited and credited in all, and what is left, a debit if positive."""

    account: str
    symbol: str | None
    entries: int
    debit: Decimal
    credit: Decimal
    balance: Decimal


def ledger_rows(entry: Entry, number: int) -> Iterator[tuple[Any, ...]]:
    """The postings of entry `number`; one that moves no money, as a split, has one line without an account."""
    for name, amount in entry.postings:
        account, symbol = parted(name)
        yield number, entry.time, entry.reason, str(account), symbol or None, plain(amount)
    if not entry.postings:
        yield number, entry.time, entry.reason, None, None, None


def read_ledger(folder: Path) -> pl.DataFrame | None:
    """The ledger of a run's folder, None where it has none. Polars' errors where the file is damaged."""
    path = folder / LEDGER
    return pl.read_parquet(path, columns=list(LEDGER_COLUMNS)) if path.exists() else None


def total_line(lines: Iterable[Balance]) -> Balance:
    """The last line of a trial balance: all debits, all credits, and what is left, which is nothing."""
    lines = list(lines)
    return Balance(
        "total",
        None,
        sum(line.entries for line in lines),
        plain(sum((line.debit for line in lines), Decimal(0))),
        plain(sum((line.credit for line in lines), Decimal(0))),
        plain(sum((line.balance for line in lines), Decimal(0))),
    )


_BRIDGE = (
    ("Contributions", (Account.CONTRIBUTIONS,)),
    ("Realised result", (Account.REALISED,)),
    ("Result of open futures, settled", (Account.UNREALISED,)),
    ("Dividends", (Account.DIVIDENDS_RECEIVED, Account.DIVIDENDS_PAID)),
    ("Interest", (Account.INTEREST_RECEIVED, Account.INTEREST_PAID)),
    ("Borrow fees", (Account.BORROW_FEES,)),
    ("Fees", (Account.FEES,)),
)


def bridge(lines: Iterable[Balance], final_value: Decimal) -> list[tuple[str, Decimal]]:
    """How the books lead to the portfolio's final value: what came in and was earned (plus) or spent (minus), which is
    the book value (cash, margin, and positions at cost), and the result of open positions at their last prices."""
    balances = list(lines)
    steps = [
        (title, -sum((line.balance for line in balances if line.account in accounts), Decimal(0)))
        for title, accounts in _BRIDGE
    ]
    book_value = sum((amount for _, amount in steps), Decimal(0))
    used = [(title, plain(amount)) for title, amount in steps if amount != 0]
    open_result = plain(final_value - book_value)
    return [
        *used,
        ("Book value: cash, margin, and positions at cost", plain(book_value)),
        ("Result of open positions at the last prices", open_result),
        ("Final value", plain(final_value)),
    ]


def trial_balance(ledger: pl.DataFrame | pl.LazyFrame) -> list[Balance]:
    """Every account with its sums, in the order of the chart of accounts."""
    amount = pl.col("amount")
    sums = (
        ledger.lazy()
        .filter(pl.col("account").is_not_null())
        .group_by("account", "symbol")
        .agg(
            entries=pl.len(),
            debit=amount.filter(amount > 0).sum(),
            credit=-amount.filter(amount < 0).sum(),
        )
        .collect(engine="streaming")
    )
    order = [str(account) for account in Account]
    lines = [
        Balance(account, symbol, entries, plain(debit), plain(credit), plain(debit - credit))
        for account, symbol, entries, debit, credit in sums.iter_rows()
    ]
    return sorted(lines, key=lambda line: (order.index(line.account), line.symbol or ""))
