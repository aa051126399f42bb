"""The run's books in the report: the trial balance, and the first and last lines of the journal."""

from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from periscope.instruments.times import time_text
from periscope.instruments.words import counted
from periscope.portfolio.ledger import MEANING, Account
from periscope.report.markup import Markup, element, join, moment
from periscope.report.run_files import BOOK_ENDS, RunFiles
from periscope.report.text import count, decimal
from periscope.runs.ledger_file import Balance, bridge, total_line

_BALANCE_TITLES = ("Account", "Entries", "Debit", "Credit", "Balance")
_ENTRY_TITLES = ("Entry", "Time", "Account", "Debit", "Credit", "Reason")


def books(run: RunFiles) -> Markup:
    """The trial balance and the journal's ends; a sentence for a run that moved no money."""
    ledger = run.ledger
    if ledger.count == 0:
        return element("p", "Nothing was booked.", class_="quiet")
    balances = [_balance(line) for line in ledger.balances]
    parts = [_table(_BALANCE_TITLES, [*balances, _balance(total_line(ledger.balances), total=True)])]
    if ledger.count <= 2 * BOOK_ENDS:
        parts.append(_journal(f"The journal: {counted(ledger.count, 'line')}", _rows(ledger.first)))
    else:
        first = _rows(ledger.first.head(BOOK_ENDS))
        parts.append(_journal(f"The first {BOOK_ENDS} of {ledger.count:,} lines of the journal", first))
        parts.append(_journal(f"The last {BOOK_ENDS}", _rows(ledger.last)))
    note = (
        "A plus is a debit. The tab Ledger above lists the postings and saves them as CSV; the command "
        "periscope ledger --csv prints all of them. Cash and margin together are the portfolio's cash."
    )
    return join([*parts, element("p", note, class_="quiet"), _bridge(run)])


def _bridge(run: RunFiles) -> Markup:
    """From the books to the final value that stands at the top of the page."""
    try:
        final = Decimal(str(run.result.get("final_value")))
    except InvalidOperation:
        return Markup("")
    steps = bridge(run.ledger.balances, final)
    rows = [
        element(
            "tr",
            element("th", title, scope="row"),
            element("td", decimal(amount, at_least=2)),
            class_="total" if title.startswith(("Book value", "Final value")) else None,
        )
        for title, amount in steps
    ]
    table = element("table", element("tbody", join(rows)), class_="plain bridge")
    return join([element("h3", "From the books to the final value"), table])


def _rows(postings: pl.DataFrame) -> list[dict[str, Any]]:
    return postings.with_columns(pl.col("time").cast(pl.Int64)).to_dicts()


def _journal(title: str, rows: list[dict[str, Any]]) -> Markup:
    table = _table(_ENTRY_TITLES, [_entry(row) for row in rows])
    return element("details", element("summary", title), table)


def _table(titles: tuple[str, ...], rows: list[Markup]) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in titles))
    table = element("table", element("thead", head), element("tbody", join(rows)), class_="plain")
    return element("div", table, class_="scroll", tabindex=0)


def _balance(line: Balance, *, total: bool = False) -> Markup:
    name = _name(line.account, line.symbol)
    amounts = (element("td", decimal(value, at_least=2)) for value in (line.debit, line.credit, line.balance))
    return element(
        "tr",
        element("th", "Total" if total else name, scope="row", title=None if total else MEANING[Account(line.account)]),
        element("td", count(line.entries)),
        *amounts,
        class_="total" if total else None,
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
