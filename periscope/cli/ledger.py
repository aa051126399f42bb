"""`periscope ledger`: what a run's books say, entry by entry, and the balance of every account."""

import csv
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption
from periscope.cli.output import JsonOption, fail, print_long_json, remark, say
from periscope.cli.run_folder import RUN_HELP, find_run_folder
from periscope.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from periscope.runs.ledger_file import Balance

BALANCE_COLUMNS = ("account", "entries", "debit", "credit", "balance")
ENTRY_COLUMNS = ("entry", "time", "account", "debit", "credit", "reason")
ACCOUNT_COLUMNS = ("entry", "time", "debit", "credit", "balance", "reason")
CSV_COLUMNS = ("entry", "date", "time", "account", "symbol", "debit", "credit", "reason")
"""Days and times (UTC) in cells of their own, as spreadsheets read them."""
_NUMBERS = frozenset({"entry", "entries", "debit", "credit", "balance"})


def ledger(
    run: Annotated[Path, typer.Argument(help=RUN_HELP)],
    account: Annotated[
        str | None, typer.Option("--account", help="Only this account: cash, fees, realised, or realised:SPY.")
    ] = None,
    last: Annotated[int, typer.Option("--last", min=0, help="How many lines of the journal to show; 0 for all.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every posting as CSV.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a run's double-entry ledger: the trial balance, and the journal with debits and credits."""
    from periscope.runs.documents import balance_document
    from periscope.runs.ledger_file import total_line, trial_balance

    if server:
        from periscope.cli.evidence_remote import remote_ledger

        postings = remote_ledger(server, run)
    else:
        postings = _read(find_run_folder(run))
    if account is not None:
        postings = _only(postings, account)
    if as_csv:
        _print_csv(postings)
        return ExitCode.DONE
    balances = trial_balance(postings)
    if as_json:
        print_long_json({"accounts": [balance_document(line) for line in balances]}, "postings", _rows(postings))
        return ExitCode.DONE
    listed = [*balances, total_line(balances)] if account is None else balances
    print_table(BALANCE_COLUMNS, [_in_cents(_balance_row(line)) for line in listed], to_right=_NUMBERS)
    shown = [_in_cents(row) for row in _rows(postings, last=last)]
    say()
    print_table(ENTRY_COLUMNS if account is None else ACCOUNT_COLUMNS, shown, to_right=_NUMBERS)
    if len(shown) < postings.height:
        remark(f"the last {len(shown):,} of {postings.height:,} lines; --last 0 shows all, --csv is for spreadsheets")
    return ExitCode.DONE


def _read(folder: Path) -> "pl.DataFrame":
    import polars as pl

    from periscope.runs.ledger_file import read_ledger

    try:
        found = read_ledger(folder)
    except (pl.exceptions.PolarsError, OSError) as error:
        fail(
            "RUN_NOT_READABLE",
            f"the ledger in {folder} can't be read",
            exit_code=ExitCode.DATA,
            why=str(error),
            hint="run the backtest again",
        )
    if found is None:
        fail(
            "RUN_NOT_READABLE",
            f"{folder} holds no ledger",
            exit_code=ExitCode.NOT_FOUND,
            hint="name the folder that `periscope backtest --out` wrote",
        )
    return found


def _only(postings: "pl.DataFrame", name: str) -> "pl.DataFrame":
    """The postings of one account, of all instruments or of one."""
    import polars as pl

    from periscope.runs.documents import account_name

    account, _, symbol = name.partition(":")
    kept = postings.filter(pl.col("account") == account.strip().lower())
    if symbol:
        kept = kept.filter(pl.col("symbol") == symbol.strip().upper())
    if kept.is_empty():
        known = postings.select("account", "symbol").unique().sort("account", "symbol").iter_rows()
        names = [account_name(*pair) for pair in known if pair[0] is not None]
        fail(
            "ACCOUNT_NOT_FOUND",
            f"nothing is booked on {name!r}",
            exit_code=ExitCode.NOT_FOUND,
            hint=f"the accounts are {', '.join(names)}" if names else "the ledger is empty",
        )
    return kept


def _rows(postings: "pl.DataFrame", *, last: int = 0) -> "Iterator[dict[str, Any]]":
    """A line for each posting, or each of the `last` ones, with the sum of what stands above it and itself."""
    from periscope.portfolio.exact import plain
    from periscope.runs.documents import posting_document

    above = max(0, postings.height - last) if last else 0
    total = Decimal(0) + sum(postings.head(above).select("amount").sum().to_series().drop_nulls())
    for row in postings.slice(above).iter_rows(named=True):
        total += row["amount"] or 0
        yield posting_document(row) | {"balance": f"{plain(total):f}"}


def _balance_row(line: "Balance") -> dict[str, Any]:
    from periscope.runs.documents import account_name, balance_document

    return balance_document(line) | {"account": account_name(line.account, line.symbol)}


def _print_csv(postings: "pl.DataFrame") -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(CSV_COLUMNS)
    for row in _rows(postings):
        day, _, time = row["time"].removesuffix("Z").partition("T")
        account, _, symbol = (row["account"] or "").partition(":")
        parts = {"date": day, "time": time, "account": account, "symbol": symbol}
        rows.writerow([(row | parts)[name] for name in CSV_COLUMNS])


def _in_cents(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its amounts exact, but with at least two decimals."""

    def shown(text: str | None) -> str | None:
        return text if text is None or len(text.partition(".")[2]) >= 2 else f"{Decimal(text):.2f}"

    return row | {name: shown(row[name]) for name in ("debit", "credit", "balance")}
