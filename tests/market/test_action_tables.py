"""Tables of corporate actions: what is stored, what is refused with its line, and that it comes back."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from periscope.market.catalog import Catalog
from periscope.market.corporate_actions import corporate_actions_of
from periscope.market.importers.action_tables import import_actions
from periscope.market.importers.findings import ImportProblem
from tests.runs.lab import AAA, BBB

GOOD = """symbol,ex_date,kind,ratio,amount,ticker
AAA,2024-06-10,split,10:1,,
AAA,2024-06-11,dividend,,0.25,
bbb,2024-03-01,ticker,,,BBX
BBB,2024-08-30,delisting,,,
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog that knows two shares."""
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.add_instruments([AAA, BBB])
    return catalog


def written(folder: Path, text: str, name: str = "actions.csv") -> Path:
    """A file with that text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_table_tells_is_kept(tmp_path: Path, catalog: Catalog) -> None:
    path = written(tmp_path, GOOD)
    done = import_actions(path, catalog)
    assert (done.rows, done.added, done.replaced, done.symbols) == (4, 4, 0, ("AAA", "BBB"))
    known = corporate_actions_of(catalog.files, AAA)
    assert [(one.ex_date, one.ratio, one.source) for one in known.splits] == [
        (date(2024, 6, 10), Fraction(10), "actions.csv")
    ]
    assert [(one.ex_date, one.amount) for one in known.dividends] == [(date(2024, 6, 11), Decimal("0.25"))]
    other = Catalog(catalog.root).instruments.get(*BBB.key)
    assert other is not None
    assert [(name.ticker, name.first_day, name.last_day) for name in other.names] == [
        ("BBB", None, date(2024, 2, 29)),
        ("BBX", date(2024, 3, 1), None),
    ]
    assert (other.expires_at, other.valid_until) == (1_725_048_000_000_000, date(2024, 8, 30))
    again = import_actions(path, catalog)
    assert (again.added, again.replaced) == (0, 0)


def test_json_says_the_same(tmp_path: Path, catalog: Catalog) -> None:
    rows = [
        {"symbol": "AAA", "ex_date": "2024-06-10", "kind": "split", "ratio": "3/2"},
        {"symbol": "AAA", "ex_date": "2024-06-11", "kind": "dividend", "amount": 0.1},
    ]
    import_actions(written(tmp_path, json.dumps(rows), "actions.json"), catalog)
    known = corporate_actions_of(catalog.files, AAA)
    assert known.splits[0].ratio == Fraction(3, 2)
    assert known.dividends[0].amount == Decimal("0.1")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("AAA,2024-06-10,split,,,", "a split needs ratio"),
        ("AAA,2024-06-10,split,0:1,,", "no ratio of shares"),
        ("AAA,2024-06-10,split,7:0,,", "no ratio of shares"),
        ("AAA,2024-06-10,split,1:1,,", "changes nothing"),
        ("AAA,2024-06-10,split,seven,,", "no ratio of shares"),
        ("AAA,2024-06-10,split,1e9:1,,", "at most 1,000,000"),
        ("AAA,2024-06-10,split,2:1,5,", "takes no amount"),
        ("AAA,2024-06-10,dividend,,-1,", "above zero"),
        ("AAA,2024-06-10,dividend,,NaN,", "above zero"),
        ("AAA,10.06.2024,dividend,,1,", "write it like 2014-06-09"),
        ("AAA,2024-06-10,spinoff,,1,", "must be one of split, dividend, ticker, delisting"),
        ("AAB,2024-06-10,dividend,,1,", "did you mean"),
        (",2024-06-10,dividend,,1,", "symbol is missing"),
        ("AAA,2024-06-09,delisting,,,", "no trading day of XNYS"),
        ("AAA,2024-06-09,split,2:1,,", "no trading day of XNYS: give the ex-date"),
        ("AAA,2024-06-09,dividend,,1,", "no trading day of XNYS: give the ex-date"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, catalog: Catalog, row: str, says: str) -> None:
    """And nothing of the file is stored."""
    with pytest.raises(ImportProblem, match=says) as refused:
        import_actions(written(tmp_path, f"{GOOD}{row}\n"), catalog)
    assert "actions.csv:6" in refused.value.message
    assert corporate_actions_of(catalog.files, AAA).is_empty
    assert Catalog(catalog.root).instruments.get(*BBB.key) == BBB


def test_another_value_for_a_day_needs_replace(tmp_path: Path, catalog: Catalog) -> None:
    import_actions(written(tmp_path, GOOD), catalog)
    other = written(tmp_path, GOOD.replace("10:1", "5:1"))
    with pytest.raises(ImportProblem, match="AAA has a split of 10:1 on 2024-06-10, not of 5:1") as refused:
        import_actions(other, catalog)
    assert refused.value.code == "CONFLICT"
    assert import_actions(other, catalog, replace_known=True).replaced == 1
    assert corporate_actions_of(catalog.files, AAA).splits[0].ratio == 5


@pytest.mark.parametrize(
    "text", ["", "a,b,c\n1,2,3\n", "symbol,ex_date,kind\nAAA,2024-01-02\n", "[1, 2]", "{", '[{"sym": 1}]', GOOD[:40]]
)
def test_what_is_no_table_is_refused(tmp_path: Path, catalog: Catalog, text: str) -> None:
    with pytest.raises(ImportProblem):
        import_actions(written(tmp_path, text), catalog)


def test_damaged_tables_never_end_in_a_traceback(tmp_path: Path, catalog: Catalog, cases: Callable[..., int]) -> None:
    """A refusal, or rows that were understood."""
    dice = random.Random(5)
    documents = [GOOD, json.dumps([{"symbol": "AAA", "ex_date": "2024-06-10", "kind": "split", "ratio": "2:1"}])]
    for _ in range(cases(150, full=2_000)):
        text = bytearray(dice.choice(documents).encode())
        for _ in range(dice.randint(1, 5)):
            place = dice.randrange(len(text))
            text[place : place + dice.randrange(3)] = bytes(dice.randrange(256) for _ in range(dice.randrange(3)))
        path = tmp_path / "damaged"
        path.write_bytes(bytes(text))
        try:
            import_actions(path, catalog, replace_known=True)
        except ImportProblem as refused:
            assert refused.message


def test_an_index_has_no_corporate_actions(tmp_path: Path, catalog: Catalog) -> None:
    future = replace(AAA, symbol="FFF", asset_type=type(AAA.asset_type).FUTURE)
    catalog.add_instruments([future])
    with pytest.raises(ImportProblem, match="exists as FUTURE"):
        import_actions(written(tmp_path, "symbol,ex_date,kind,ratio\nFFF,2024-01-02,split,2:1\n"), catalog)
