"""`periscope ledger`: the books of a kept run as tables, CSV and JSON, and its words for what is not there."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from periscope.cli.main import main
from periscope.portfolio.ledger import Entry, balanced
from periscope.runs.ledger_file import LEDGER, LEDGER_COLUMNS, bridge, ledger_rows, trial_balance

NOON = int(datetime(2024, 1, 22, 17, tzinfo=UTC).timestamp()) * 1_000_000


def entry(number: int, reason: str, **amounts: str) -> Entry:
    """A balanced entry; in the names of accounts `_of_` stands for the colon."""
    postings = [(name.replace("_of_", ":"), Decimal(amount)) for name, amount in amounts.items()]
    return balanced(NOON + number * 60_000_000, reason, postings)


ENTRIES = [
    entry(0, "insert cash", cash="1000", contributions="-1000"),
    entry(1, "fill of order 1", cash="-501.5", position_of_AAA="500", fees="1.5"),
    Entry(NOON + 120_000_000, "split of AAA 2:1", ()),
    entry(3, "fill of order 2", cash="300", position_of_AAA="-250", realised_of_AAA="-50.25", fees="0.25"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with a small ledger in it."""
    folder = tmp_path / "run"
    folder.mkdir()
    columns: dict[str, Any] = {
        name: pl.Decimal(38, 12) if kind is pl.Decimal else kind for name, kind in LEDGER_COLUMNS.items()
    }
    rows = [row for number, each in enumerate(ENTRIES, start=1) for row in ledger_rows(each, number)]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    frame.write_parquet(folder / LEDGER)
    return folder


def test_the_trial_balance_and_the_journal(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(run)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:7] == [
        "cash 3 1300.00 501.50 798.50",
        "position:AAA 2 500.00 250.00 250.00",
        "realised:AAA 1 0.00 50.25 -50.25",
        "fees 2 1.75 0.00 1.75",
        "contributions 1 0.00 1000.00 -1000.00",
        "total 9 1801.75 1801.75 0.00",
    ]
    assert "3 2024-01-22T17:02:00Z split of AAA 2:1" in lines
    assert lines[-1] == "4 2024-01-22T17:03:00Z fees 0.25 fill of order 2"


def test_one_account_has_a_running_balance(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(run), "--account", "cash", "--last", "2"]) == 0
    seen = capsys.readouterr()
    assert " ".join(seen.out.splitlines()[-1].split()) == "4 2024-01-22T17:03:00Z 300.00 798.50 fill of order 2"
    assert "the last 2 of 3 lines" in seen.err


def test_csv_holds_every_posting(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(run), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0].values())[:5] == ["1", "2024-01-22", "17:00:00", "cash", ""]
    assert (rows[3]["account"], rows[3]["symbol"], rows[3]["debit"]) == ("position", "AAA", "500")
    debits = sum(Decimal(row["debit"] or 0) for row in rows)
    assert debits == sum(Decimal(row["credit"] or 0) for row in rows) == Decimal("1801.75")


def test_json_holds_accounts_and_postings(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(run), "--account", "position:aaa", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [line["balance"] for line in document["accounts"]] == ["250"]
    assert [row["balance"] for row in document["postings"]] == ["500", "250"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [(["--account", "casch"], 6, "the accounts are cash"), (["--account", "realised:BBB"], 6, "realised:AAA")],
)
def test_an_account_that_is_not_there_is_told(
    run: Path, words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", str(run), *words]) == code
    assert says in capsys.readouterr().err


def test_a_folder_without_a_readable_ledger(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / LEDGER).write_bytes(b"no parquet")
    assert main(["ledger", str(run)]) != 0
    assert "run the backtest again" in capsys.readouterr().err
    pl.DataFrame({"entry": [1]}).write_parquet(run / LEDGER)
    assert main(["ledger", str(run)]) != 0
    assert "can't be read" in capsys.readouterr().err
    (run / LEDGER).unlink()
    assert main(["ledger", str(run)]) != 0
    assert "holds no ledger" in capsys.readouterr().err


def test_the_books_lead_to_the_final_value() -> None:
    rows = [row for number, each in enumerate(ENTRIES, start=1) for row in ledger_rows(each, number)]
    columns: dict[str, Any] = {
        name: pl.Decimal(38, 2) if kind is pl.Decimal else kind for name, kind in LEDGER_COLUMNS.items()
    }
    balances = trial_balance(pl.DataFrame(rows, schema=columns, orient="row"))
    steps = {title: str(amount) for title, amount in bridge(balances, Decimal("1070.5"))}
    assert steps == {
        "Contributions": "1000",
        "Realised result": "50.25",
        "Fees": "-1.75",
        "Book value: cash, margin, and positions at cost": "1048.5",
        "Result of open positions at the last prices": "22",
        "Final value": "1070.5",
    }


def test_an_empty_ledger_has_no_balance() -> None:
    columns: dict[str, Any] = {
        name: pl.Decimal(38, 12) if kind is pl.Decimal else kind for name, kind in LEDGER_COLUMNS.items()
    }
    assert trial_balance(pl.DataFrame(schema=columns)) == []
