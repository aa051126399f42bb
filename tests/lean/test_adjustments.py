"""Apple's dividend of May and split of June 2014 in each adjustment mode, from LEAN's own files.

The data is not part of the project; without it these tests are skipped. Figures are worked out from the zips' rows.
"""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from periscope.market.catalog import Catalog
from periscope.market.corporate_actions import corporate_actions_of
from tests.lean.test_backtests import LEAN
from tests.runs.lab import Lab, Ran

pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

HOLD = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register("AAPL", EQUITY, Span.DAY), cash(1_000_000)]
    async def on_bar(self, event):
        bar = event.bar
        self.bars += 1
        say(f"{bar.timestamp:%Y%m%d}", bar.open, bar.close, bar.volume)
        return [order("BUY", 100, "AAPL", EQUITY)] if self.bars == 1 else []
"""


@pytest.fixture(scope="module")
def traded() -> dict[str, tuple[Decimal, Decimal, int]]:
    """Open, close and volume as traded by day, out of the zip."""
    with zipfile.ZipFile(LEAN / "equity" / "usa" / "daily" / "aapl.zip") as folder:
        rows = list(csv.reader(io.StringIO(folder.read(folder.namelist()[0]).decode())))
    return {row[0][:8]: (Decimal(row[1]) / 10_000, Decimal(row[4]) / 10_000, int(float(row[5]))) for row in rows}


def run(folder: Path, catalog: Catalog, mode: str, *, in_process: bool = False) -> Ran:
    """From 6 May to 12 June 2014, one purchase on the second day."""
    lab = Lab(folder)
    lab.catalog = catalog
    core = {"adjustment": mode, "execution_span": "day"}
    return lab.run(HOLD, start="2014-05-06", end="2014-06-13", core=core, in_process=in_process)


def seen(ran: Ran) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Open, close and volume by day as the strategy was told."""
    rows = [line.split() for line in ran.said]
    return {day: (Decimal(o), Decimal(c), Decimal(v)) for day, o, c, v in rows}


def booked(ran: Ran) -> list[dict[str, Any]]:
    """What the result says was booked."""
    found: list[dict[str, Any]] = ran.document["corporate_actions"]
    return found


def test_the_factor_file_tells_a_split_of_seven_for_one(lean_catalog: Catalog) -> None:
    """The factors have seven digits: 0.1428572 old shares for a new one."""
    (instrument,) = (each for each in lean_catalog.instruments.all() if each.symbol == "AAPL")
    known = corporate_actions_of(lean_catalog.files, instrument)
    assert {split.ex_date: str(split.ratio) for split in known.splits}[date(2014, 6, 9)] == "7"
    paid = {dividend.ex_date: dividend for dividend in known.dividends}
    assert paid[date(2014, 5, 8)].amount == Decimal("3.29")


def test_split_keeps_the_share_of_the_start(
    tmp_path: Path, lean_catalog: Catalog, traded: dict[str, tuple[Decimal, Decimal, int]]
) -> None:
    ran = run(tmp_path, lean_catalog, "split")
    for day, (opened, close, volume) in seen(ran).items():
        factor = 7 if day >= "20140609" else 1
        assert (opened, close) == (traded[day][0] * factor, traded[day][1] * factor)
        assert abs(volume - Decimal(traded[day][2]) / factor) <= Decimal("0.0000005")
    assert booked(ran) == [
        {
            "kind": "dividend",
            "time": "2014-05-08T04:00:00Z",
            "symbol": "AAPL",
            "shares": "100",
            "per_share": "3.29",
            "amount": "329",
        }
    ]
    bought, last = traded["20140507"][0], traded["20140612"][1]
    assert Decimal(ran.document["final_value"]) == 1_000_000 - 100 * bought + 329 + 700 * last
    assert "1 dividend booked, 329 in all" in ran.issue("CORPORATE_ACTIONS")["message"]


def test_raw_splits_the_position(
    tmp_path: Path, lean_catalog: Catalog, traded: dict[str, tuple[Decimal, Decimal, int]]
) -> None:
    ran = run(tmp_path, lean_catalog, "raw")
    assert {day: row[:2] for day, row in seen(ran).items()} == {day: traded[day][:2] for day in seen(ran)}
    split = booked(ran)[1]
    assert (split["kind"], split["ratio"], split["quantity"]) == ("split", "7:1", "700")
    (position,) = ran.document["positions"]
    assert position["quantity"] == "700"
    bought, last = traded["20140507"][0], traded["20140612"][1]
    assert Decimal(ran.document["final_value"]) == 1_000_000 - 100 * bought + 329 + 700 * last


def test_total_return_scales_what_was_before(
    tmp_path: Path, lean_catalog: Catalog, traded: dict[str, tuple[Decimal, Decimal, int]]
) -> None:
    """Before 8 May for the dividend too, which is 3.29 after a close of 592.33; nothing is paid."""
    ran = run(tmp_path, lean_catalog, "total_return")
    kept = 1 - Decimal("3.29") / traded["20140507"][1]
    for day, (_, close, _) in seen(ran).items():
        factor = (1 if day >= "20140609" else Decimal(1) / 7) * (1 if day >= "20140508" else kept)
        assert abs(close - traded[day][1] * factor) < Decimal("0.000001")
    assert booked(ran) == []
    assert any("knows the future by a constant" in note for note in ran.document["models"]["notes"])


@pytest.mark.parametrize("mode", ["split", "raw", "total_return"])
def test_the_wire_changes_nothing(tmp_path: Path, lean_catalog: Catalog, mode: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    hosted = run(tmp_path / "a", lean_catalog, mode)
    inside = run(tmp_path / "b", lean_catalog, mode, in_process=True)
    assert hosted.document["hash"] == inside.document["hash"]
    assert hosted.said == [line for line in hosted.said if line]
