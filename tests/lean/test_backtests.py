"""SPY, AAPL and ES from LEAN's own folders: what a strategy is given equals the zips' rows, read by other means.

The data is not part of the project; without it these tests are skipped.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from periscope.market.catalog import Catalog
from tests.runs.lab import Lab

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

NEW_YORK = ZoneInfo("America/New_York")

WATCH = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        self.out = []
        return [register(SYMBOL, KIND, SPAN), cash(1_000_000)]
    async def on_bar(self, event):
        bar = event.bar
        say(bar.timestamp.isoformat(), bar.open, bar.high, bar.low, bar.close, bar.volume)
        self.bars += 1
        return [order("BUY", 1, SYMBOL, KIND)] if self.bars == 3 else []
    async def on_stop(self):
        say("position", await self.data.get_position_by_symbol(SYMBOL, KIND) is not None)
"""

type Row = tuple[datetime, Decimal, Decimal, Decimal, Decimal, Decimal]


@pytest.fixture
def lab(tmp_path: Path, lean_catalog: Catalog) -> Lab:
    """A lab over the imported catalog."""
    lab = Lab(tmp_path)
    lab.catalog = lean_catalog
    return lab


def rows_of(path: Path, member: str = "") -> Iterator[list[str]]:
    """The rows of the files of a zip whose names contain `member`."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if member in name:
                yield from csv.reader(io.StringIO(archive.read(name).decode("ascii")))


def equity_row(stamp: datetime, row: list[str]) -> Row:
    """LEAN keeps equity prices as integers of 1/10,000 dollar."""
    o, h, low, c = (Decimal(value) / 10_000 for value in row[1:5])
    return (stamp.astimezone(UTC), o, h, low, c, Decimal(row[5]))


def told(lab: Lab, symbol: str, kind: str, span: str, start: str, end: str, **core: Any) -> tuple[list[Row], Any]:
    """The bars that a strategy is given, and the result's document."""
    facts = f"SYMBOL, KIND, SPAN = {symbol!r}, {kind}, Span.{span}\n"
    ran = lab.run(
        facts + WATCH, start=start, end=end, core={"adjustment": "raw", "limits": {"output_bytes": 50_000_000}} | core
    )
    assert ran.document["status"] == "complete", ran.document["issues"]
    *lines, last = ran.said
    assert last.startswith("position")
    rows = []
    for line in lines:
        stamp, *numbers = line.split()
        o, h, low, c, v = map(Decimal, numbers)
        rows.append((datetime.fromisoformat(stamp), o, h, low, c, v))
    assert ran.document["bars"] == len(rows)
    return rows, ran.document


@pytest.mark.parametrize("symbol", [pytest.param("SPY", marks=pytest.mark.full), "AAPL"])
def test_daily_bars_are_the_files(lab: Lab, symbol: str) -> None:
    """Twenty-three years of days; each stands at its session's open."""
    expected = []
    for row in rows_of(LEAN / "equity" / "usa" / "daily" / f"{symbol.lower()}.zip"):
        day = datetime.strptime(row[0], "%Y%m%d %H:%M").replace(tzinfo=NEW_YORK)
        expected.append(equity_row(day.replace(hour=9, minute=30), row))
    rows, document = told(lab, symbol, "EQUITY", "DAY", "1998-01-01", "2021-12-31", execution_span="day")
    assert [(f"{row[0]:%Y-%m-%d}", *row[1:]) for row in rows] == [(f"{row[0]:%Y-%m-%d}", *row[1:]) for row in expected]
    late = [row[0] - usual[0] for row, usual in zip(rows, expected, strict=True) if row[0] != usual[0]]
    assert len(late) < 10, "the exchange opened late on a few days, for some minutes of silence"
    assert all(timedelta(0) < wait <= timedelta(minutes=150) for wait in late)
    assert document["fills"] == 1
    data = next(line for line in document["data"] if line["span"] == "day")
    assert data["bars"] == len(expected)
    assert sum(file["rows"] for file in data["files"]) == len(expected)


def minute_rows(symbol: str, *, extended: bool) -> list[Row]:
    """Minutes of the trade files, inside 09:30 to 16:00 (04:00 to 20:00) New York time; no half day is among them."""
    first, last = ("04:00", "20:00") if extended else ("09:30", "16:00")
    found = []
    for path in sorted((LEAN / "equity" / "usa" / "minute" / symbol.lower()).glob("*_trade.zip")):
        day = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=NEW_YORK)
        for row in rows_of(path):
            stamp = day + timedelta(milliseconds=int(row[0]))
            if first <= f"{stamp:%H:%M}" < last:
                found.append(equity_row(stamp, row))
    return found


@pytest.mark.parametrize(
    ("symbol", "hours"),
    [
        ("SPY", "regular"),
        ("AAPL", "extended"),
        pytest.param("SPY", "extended", marks=pytest.mark.full),
        pytest.param("AAPL", "regular", marks=pytest.mark.full),
    ],
)
def test_minutes_are_the_files_inside_the_session(lab: Lab, symbol: str, hours: str) -> None:
    expected = minute_rows(symbol, extended=hours == "extended")
    start, end = (f"{expected[0][0]:%Y-%m-%d}", f"{expected[-1][0] + timedelta(days=1):%Y-%m-%d}")
    rows, _ = told(lab, symbol, "EQUITY", "MINUTE", start, end, hours=hours)
    assert rows == expected
    assert len({row[0] for row in rows}) == len(rows)


def es_rows(member: str, *, window: tuple[str, str]) -> list[Row]:
    """Minutes of one ES contract: UTC in the files.

    Trading pauses at 17:00 New York time (until September 2015 at 17:15) and goes on at 18:00.
    """
    found = []
    for path in sorted((LEAN / "future" / "cme" / "minute" / "es").glob("*_trade.zip")):
        if not window[0] <= path.name[:8] <= window[1]:
            continue
        day = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=UTC)
        closed = "17:15" if day.year < 2015 else "17:00"
        for row in rows_of(path, member):
            stamp = day + timedelta(milliseconds=int(row[0]))
            if not closed <= f"{stamp.astimezone(NEW_YORK):%H:%M}" < "18:00":
                numbers = [Decimal(value) for value in row[1:6]]
                found.append((stamp.astimezone(UTC), *numbers[:4], numbers[4]))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("symbol", "member", "first", "last"),
    [
        ("ESZ13", "201312", "20131006", "20131011"),
        ("ESH14", "201403", "20131006", "20131011"),
        ("ESH20", "202003", "20200105", "20200106"),
    ],
)
def test_minutes_of_a_future_are_the_files(lab: Lab, symbol: str, member: str, first: str, last: str) -> None:
    expected = es_rows(member, window=(first, last))
    start, end = expected[0][0], expected[-1][0] + timedelta(minutes=1)
    rows, _ = told(lab, symbol, "FUTURE", "MINUTE", _local(start), _local(end))
    assert rows == expected


def _local(moment: datetime) -> str:
    return moment.astimezone(NEW_YORK).replace(tzinfo=None).isoformat(sep=" ")
