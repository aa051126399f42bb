"""Sessions with breaks: what hour bars around a break cover, and which bars are remarked as outside."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.importers.formats import import_path
from periscope.market.importers.intervals import HOUR, hour_intervals, session_grid
from periscope.market.importers.options import ImportOptions

CHICAGO = ZoneInfo("America/Chicago")
MINUTE = 60_000_000
HEADER = "timestamp,open,high,low,close,volume\n"


def _at(local: str) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=CHICAGO).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("exchange", "local", "covers"),
    [
        ("CBOT_GRAINS", "2024-05-14 06:00", (0, 60)),
        ("CBOT_GRAINS", "2024-05-14 07:00", (0, 45)),
        ("CBOT_GRAINS", "2024-05-14 08:00", (30, 60)),
        ("CBOT_GRAINS", "2024-05-14 09:00", (0, 60)),
        ("CBOT_GRAINS", "2024-05-14 13:00", (0, 20)),
        ("CME", "2019-05-14 15:00", (0, 60)),
    ],
)
def test_hour_bars_around_a_break(exchange: str, local: str, covers: tuple[int, int]) -> None:
    """A break at an hour's end or start cuts the bar; one in its middle is inside of it."""
    marks = np.array([_at(local) - HOUR, _at(local)], dtype=np.int64)
    start, end = hour_intervals(marks, session_grid(exchange, int(marks[0]), int(marks[1])))
    assert ((int(start[1]) - int(marks[1])) // MINUTE, (int(end[1]) - int(marks[1])) // MINUTE) == covers
    assert bool(np.all(end > start))


def test_bars_in_a_break_are_remarked_and_those_that_outlast_it_are_not(tmp_path: Path) -> None:
    rows = "".join(f"2024-05-14 {clock},1,1,1,1,1\n" for clock in ("07:44", "07:45", "08:29", "08:30"))
    path = tmp_path / "zc.csv"
    path.write_text(HEADER + rows)
    options = ImportOptions(
        symbol="ZCN24", asset_type=AssetType.FUTURE, span=BarTimeSpan.MINUTE, stamp="start", tz="America/Chicago"
    )
    summary = import_path(path, Catalog.create(tmp_path / "catalog"), options)
    assert summary.series[0].rows == 4
    assert summary.findings.counts["OUTSIDE_SESSIONS"] == 2
