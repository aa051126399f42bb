"""What happened beside trading, on the page of a run to which everything happens, and of runs kept before that."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from periscope.report.page import write_report
from tests.report.lived import lived_run
from tests.report.reading import Page
from tests.report.test_browser import BROWSER, root_of, shown
from tests.runs.lab import Ran

EVENTS = """
2024-01-10 AAA split: split, 2 new for 1 old; the position is 1,402 from here on
2024-01-12 PAY dividend: dividend of 0.333 a share: 24.98 owed on a short position of 75
2024-01-16 AAA dividend: dividend of 0.55 a share: 771.10 received on 1,402
2024-01-18 PAY split: split, 3 new for 2 old; the position is −112.5 from here on
2024-01-18 PAY settlement: short 0.5 closed in cash at 39.96, result −0.06
2024-01-20 AAA ticker change: the ticker changes from OLD to AAA
2024-01-24 AAA margin call: margin call: the account placed order 6, SELL 1,402
2024-01-24 XXF4 margin call: margin call: the account placed order 7, SELL 1
2024-01-26 XXF4 expiry: last trading moment: long 1 closed in cash at 4,825.00, result 2,000.00
2024-01-30 PAY delisting: delisted: short 112 closed in cash at 40.00, result −17.92
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return lived_run(tmp_path_factory.mktemp("lived"))


def page_of(folder: Path, output: Path) -> dict[str, Any]:
    return Page(write_report(folder, output, catalog_root=None).read_text(encoding="utf-8")).main()


def rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: values[row] for key, values in table["data"].items()} for row in range(table["rows"])]


def lines(table: dict[str, Any]) -> list[str]:
    days = pl.Series(table["data"]["time"]).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d")
    return [f"{day} {row['symbol']} {row['kind']}: {row['text']}" for day, row in zip(days, rows(table), strict=True)]


def test_every_event_is_listed_with_what_it_did_to_the_position(ran: Ran, tmp_path: Path) -> None:
    main = page_of(ran.out, tmp_path / "report.html")
    assert lines(main["tables"]["events"]) == EVENTS.strip().splitlines()
    share = next(series for series in main["series"] if series["symbol"] == "AAA")
    assert [mark["label"] for mark in share["marks"]] == ["split 2:1", "dividend 0.55", "now AAA", "margin call"]


def test_without_its_catalog_a_run_still_tells_what_happened_to_its_positions(ran: Ran, tmp_path: Path) -> None:
    html = write_report(ran.out, tmp_path / "report.html", catalog_root=None, bars_source=lambda entry: None).read_text(
        encoding="utf-8"
    )
    kinds = [row["kind"] for row in rows(Page(html).main()["tables"]["events"])]
    assert kinds.count("settlement") == 3
    assert "ticker change" not in kinds


def test_who_placed_an_order_is_told_where_it_was_not_the_strategy(ran: Ran, tmp_path: Path) -> None:
    tables = page_of(ran.out, tmp_path / "report.html")["tables"]
    assert tables["orders"]["data"]["origin"] == ["strategy"] * 5 + ["margin call"] * 2
    assert tables["fills"]["data"]["origin"] == ["strategy"] * 4 + ["margin call"] * 2
    assert [column["title"] for column in tables["fills"]["columns"]].index("Placed by") == 4


def test_runs_that_were_kept_before_fills_named_their_origin_have_it_from_their_orders(
    ran: Ran, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for path in ran.out.glob("*.*"):
        (earlier / path.name).write_bytes(path.read_bytes())
    ran.table("fills").drop("origin").write_parquet(earlier / "fills.parquet")
    assert page_of(earlier, tmp_path / "a.html")["tables"]["fills"]["data"]["origin"][-1] == "margin call"
    ran.table("orders").drop("origin").write_parquet(earlier / "orders.parquet")
    tables = page_of(earlier, tmp_path / "b.html")["tables"]
    assert "origin" not in tables["fills"]["data"]
    assert "margin call" not in {row["kind"] for row in rows(tables["events"])}


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
def test_the_chart_with_its_marks_draws(ran: Ran, tmp_path: Path) -> None:
    html = shown(write_report(ran.out, tmp_path / "report.html", catalog_root=None), tmp_path / "profile")
    assert 'data-ready="yes"' in root_of(html)
    assert 'data-marks="4"' in html
