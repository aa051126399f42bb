"""The run's books in the report: the trial balance, and the first and last lines of the journal."""

from typing import Any

import polars as pl

from periscope.instruments.times import time_text
from periscope.portfolio.ledger import MEANING, Account
from periscope.report.markup import Markup, element, join, moment
from periscope.report.run_files import BOOK_ENDS, RunFiles
from periscope.report.text import count, decimal
from periscope.runs.ledger_file import Balance

_BALANCE_TITLES = ("Account", "Entries", "Debit", "Credit", "Balance")
_ENTRY_TITLES = ("Entry", "Time", "Account", "Debit", "Credit", "Reason")


def books(run: RunFiles) -> Markup:
    """The trial balance and the journal's ends; a sentence for a run that moved no money."""
    ledger = run.ledger
    if ledger.count == 0:
        return element("p", "Nothing was booked.", class_="quiet")
    parts = [_table(_BALANCE_TITLES, [_balance(line) for line in ledger.balances])]
    if ledger.count <= 2 * BOOK_ENDS:
        parts.append(_journal(f"The journal: {ledger.count} lines", _rows(ledger.first)))
    else:
        first = _rows(ledger.first.head(BOOK_ENDS))
        parts.append(_journal(f"The first {BOOK_ENDS} of {ledger.count:,} lines of the journal", first))
        parts.append(_journal(f"The last {BOOK_ENDS}", _rows(ledger.last)))
    note = "A plus is a debit. All balances together are zero. The command periscope ledger shows every entry."
    return join([*parts, element("p", note, class_="quiet")])


def _rows(postings: pl.DataFrame) -> list[dict[str, Any]]:
    return postings.with_columns(pl.col("time").cast(pl.Int64)).to_dicts()


def _journal(title: str, rows: list[dict[str, Any]]) -> Markup:
    table = _table(_ENTRY_TITLES, [_entry(row) for row in rows])
    return element("details", element("summary", title), table)


def _table(titles: tuple[str, ...], rows: list[Markup]) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in titles))
    table = element("table", element("thead", head), element("tbody", join(rows)), class_="plain")
    return element("div", table, class_="scroll", tabindex=0)


def _balance(line: Balance) -> Markup:
    name = _name(line.account, line.symbol)
    amounts = (element("td", decimal(value, at_least=2)) for value in (line.debit, line.credit, line.balance))
    return element(
        "tr",
        element("th", name, scope="row", title=MEANING[Account(line.account)]),
        element("td", count(line.entries)),
        *amounts,
    )


def _entry(row: dict[str, Any]) -> Markup:
    money = row["amount"]
    debit = decimal(money, at_least=2) if money is not None and money > 0 else ""
    credit = decimal(-money, at_least=2) if money is not None and money < 0 else ""
    account = "" if row["account"] is None else _name(row["account"], row["symbol"])
    return element(
        "tr",
        element("th", str(row["entry"]), scope="row"),
        element("td", moment(time_text(row["time"]))),
        element("td", account),
        element("td", debit),
        element("td", credit),
        element("td", row["reason"], class_="words"),
    )


def _name(account: str, symbol: str | None) -> str:
    return account if symbol is None else f"{account}:{symbol}"
