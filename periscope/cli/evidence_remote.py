"""What a server says of its runs beyond lists: explanations, comparisons, books, verifications."""

import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document
from periscope.cli.keeper_remote import asking, is_the_servers
from periscope.cli.output import fail, remark
from periscope.client.group import at

if TYPE_CHECKING:
    import polars as pl

_LOOK_SECONDS = 0.5
_SAY_SECONDS = 10.0


def remote_explanation(url: str, run: Path, order: str, catalog: str | None) -> Document:
    """Why an order of a run came to what it came to."""
    is_the_servers("--catalog", catalog)
    with asking(url) as client:
        found: Document = client.call("GET", at("runs", _number(run), "orders", order, "explanation"))
        return found


def remote_comparison(url: str, first: Path, second: Path) -> Document:
    """In what two runs differ."""
    with asking(url) as client:
        wanted = {"left": _number(first), "right": _number(second)}
        found: Document = client.call("GET", "runs/compare", parameters=wanted)
        return found


def remote_ledger(url: str, run: Path) -> "pl.DataFrame":
    """The books of a run, as the file of its ledger has them."""
    import polars as pl

    from periscope.runs.ledger_file import LEDGER_COLUMNS

    with asking(url) as client:
        rows = []
        for line in client.runs.postings(_number(run)):
            account, _, symbol = (line.account or "").partition(":")
            amount = line.debit if line.debit is not None else None if line.credit is None else -line.credit
            rows.append((line.entry, line.time, line.reason, account or None, symbol or None, amount))
    digits = max((_digits(row[-1]) for row in rows if row[-1] is not None), default=0)
    schema: dict[str, Any] = {**LEDGER_COLUMNS, "amount": pl.Decimal(38, digits)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def remote_verdict(url: str, run: Path, *, strict: bool, catalog: str | None, quiet: bool) -> Document:
    """What came of running a run again on the server. Ctrl-C leaves the server at it."""
    is_the_servers("--catalog", catalog)
    with asking(url) as client:
        number = _number(run)
        begun = client.call("POST", at("runs", number, "verifications"), json={"strict": strict})
        path = at("runs", number, "verifications", begun["verification"])
        due = time.monotonic() + _SAY_SECONDS
        while (found := client.call("GET", path))["status"] == "running":
            if time.monotonic() >= due and not quiet:
                due += _SAY_SECONDS
                remark(f"verifying run {number}: {found['progress'] or 0:.0%}")
            time.sleep(_LOOK_SECONDS)
    if found["verdict"] is None:
        problem = found["problem"]
        fail(problem["code"], problem["message"], exit_code=ExitCode.OUR_FAULT)
    verdict: Document = found["verdict"]
    return verdict


def _number(run: Path) -> int:
    text = str(run)
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        hint = "`periscope runs list` with the same --server shows them; without --server, a folder is looked at here"
        fail("USAGE", f"a server knows its runs by their numbers, not {text!r}", exit_code=ExitCode.USAGE, hint=hint)
    return int(text)


def _digits(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
