"""Margin in the ledger under LEAN's rules: for each open contract the initial margin of LEAN's table."""

from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from periscope.engine.settings import AccountName
from tests.differential.adapter import BlockEngine
from tests.fidelity.cases import Case, read_cases
from tests.fidelity.catalogs import Catalogs
from tests.fidelity.lean import SHARED, run_case
from tests.fidelity.naive.data import Margins
from tests.naive.rules.margins import BY_DATE
from tests.naive.rules.script import ESH4, Rule, entries, expected_entries, market_of, settings_of, source_of

CASES_FILE = SHARED / "fidelity" / "cases.json"
TABLE = SHARED / "data" / "lean" / "future" / "cme" / "margins" / "ES.csv"
NAMES = ("BasicTemplateFutureRolloverAlgorithm", "FutureStopMarketOrderOnExtendedHoursRegressionAlgorithm")
LEAN: dict[str, Any] = {"account": AccountName.LEAN}
HELD = """
    start   1: SELL 2 on ESH4             | 09:30 1 WORKING
                                          | 16:58 1 FILLED 2 @ 4800
"""

RULES = [
    Rule(
        name="the initial margin of the trading day, where margins by date are known",
        settings=LEAN,
        instruments=(BY_DATE,),
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4801 4799 4800
        """,
        steps=HELD,
        ledger="""
            16:58   cash -2000, margin:ESH4 2000
            17:00   cash -1000, margin:ESH4 1000
        """,
        end="17:00",
    ),
    Rule(
        name="none where no margins by date are known, whatever the contract asks for elsewhere",
        settings=LEAN,
        instruments=(ESH4,),
        bars="ESH4 16:58 4800 4801 4799 4800",
        steps=HELD,
        ledger="16:58",
        end="17:00",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule(rule: Rule, tmp_path: Path) -> None:
    """The account `lean`, in the engine alone: the plain one does not know it."""
    trace = BlockEngine(tmp_path, source_of(rule), market_of(rule)).run(settings_of(rule), None, None)
    assert entries(trace, rule) == expected_entries(rule)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(not (CASES_FILE.is_file() and TABLE.is_file()), reason="needs LEAN's cases and data beside us")
def test_published_cases_deposit_what_the_table_asks_for(name: str, tmp_path: Path) -> None:
    """After each fill, as many times the margin of the day as the fills so far have left contracts open."""
    case = next(case for case in read_cases(CASES_FILE) if isinstance(case, Case) and case.name == name)
    assert run_case(case, "trace", Catalogs(SHARED, tmp_path / "catalogs"), tmp_path, in_process=True)["passes"]
    ledger, fills = (pl.read_parquet(next(tmp_path.rglob(f"{table}.parquet"))) for table in ("ledger", "fills"))
    margins, deposited = Margins(TABLE), Decimal(0)
    changes = ledger.filter(pl.col("account") == "margin")
    assert changes["entry"].n_unique() >= fills.height > 0
    for time, rows in groupby(changes.iter_rows(named=True), key=lambda row: row["time"]):
        deposited += sum(row["amount"] for row in rows)
        assert deposited == _held(fills, time) * margins.of(time.astimezone(ZoneInfo("America/New_York")).date())[0]


def _held(fills: pl.DataFrame, time: datetime) -> Decimal:
    """Contracts that are open after all fills until then."""
    held: dict[str, Decimal] = {}
    for fill in fills.iter_rows(named=True):
        if fill["filled_at"] <= time:
            held[fill["symbol"]] = fill["position_after"]
    return sum((abs(quantity) for quantity in held.values()), Decimal(0))
