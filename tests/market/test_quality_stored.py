"""Checks of what a catalog holds: windows, known splits, and what an import brought."""

from datetime import date
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.corporate_actions import corporate_actions_name
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.formats import import_path
from periscope.market.importers.options import ImportOptions
from periscope.market.quality.check import check_imported, check_stored
from periscope.market.quality.known_splits import split_days
from tests.market.quality_data import SPY, found, minutes, multiplied, without

MINUTE, DAY = BarTimeSpan.MINUTE, 390
BARS = minutes()


SPLIT = multiplied(BARS, 7 * DAY, 1, 2)


def _catalog(root: Path, bars: BarColumns = SPLIT) -> Catalog:
    catalog = Catalog.create(root / "catalog")
    catalog.write_bars(SPY, MINUTE, bars, source="a test")
    return catalog


def _write_actions(catalog: Catalog, content: str) -> None:
    path = catalog.root / corporate_actions_name("SPY")
    path.parent.mkdir(parents=True)
    path.write_text(content)


def test_a_split_that_the_catalog_knows_is_no_finding(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path)
    before = check_stored(catalog, SPY, MINUTE)
    assert before is not None
    assert found(before) == {"SPLIT_LIKE_JUMP": 1}
    _write_actions(catalog, '{"splits": [{"last_day_before": "2024-05-14", "factor": "0.5"}]}')
    assert split_days(catalog.files, SPY) == {date(2024, 5, 15)}
    after = check_stored(catalog, SPY, MINUTE)
    assert after is not None
    assert found(after) == {}


def test_a_split_before_a_weekend_takes_effect_after_it(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path)
    _write_actions(catalog, '{"splits": [{"last_day_before": "2024-05-10", "factor": "0.5"}]}')
    assert split_days(catalog.files, SPY) == {date(2024, 5, 13)}


def test_damaged_corporate_actions_are_said(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path)
    _write_actions(catalog, '{"splits": [{}]}')
    with pytest.raises(CatalogDamagedError, match=r"SPY\.json can't be read"):
        check_stored(catalog, SPY, MINUTE)


def test_a_window_in_a_hole_is_no_clean_window(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path, without(BARS, 3 * DAY, 7 * DAY))
    inside = check_stored(catalog, SPY, MINUTE, start=int(BARS.start[4 * DAY]), end=int(BARS.end[6 * DAY - 1]))
    assert inside is not None
    assert (inside.bars, found(inside)) == (0, {"MISSING_DAYS": 2})


def test_beside_the_stored_bars_there_is_nothing_to_check(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path)
    assert check_stored(catalog, SPY, BarTimeSpan.DAY) is None
    assert check_stored(catalog, SPY, MINUTE, end=int(BARS.start[0])) is None
    assert check_stored(catalog, SPY, MINUTE, start=int(BARS.start[-1]) + 1) is None


def test_what_an_import_brought_is_checked_and_nothing_else(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path)
    rows = [f"2024-07-{day:02d},100,101,99,100.{day:02d},{1000 + day}" for day in (1, 2, 3, 8, 9)]
    (tmp_path / "spy.csv").write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows]) + "\n")
    summary = import_path(tmp_path / "spy.csv", catalog, ImportOptions(exchange="ARCX"))
    findings = check_imported(catalog, summary.series)
    assert [(each.span, each.code, each.count, each.example) for each in findings] == [
        (BarTimeSpan.DAY, "MISSING_DAYS", 1, "no bar on 2024-07-05")
    ]
