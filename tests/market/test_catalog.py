"""The catalog from outside: what is written comes back, in the window, in the sessions, and nothing else does."""

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.futures import future_instrument
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import UnknownExchangeError
from periscope.market.bar_files import LARGEST, read_bar_file, write_bar_file
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from periscope.market.coverage import Coverage
from tests.market.catalog_data import FAR, MINUTE, SECOND, SPY, Row, at, columns, minutes, read, rows_of
from tests.sizes import examples

DAY = BarTimeSpan.DAY


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


def test_what_is_written_comes_back(catalog: Catalog) -> None:
    bars = minutes("2024-05-14T09:30", 30)
    report = catalog.write_bars(SPY, BarTimeSpan.MINUTE, bars, source="a test")
    assert (report.added, report.unchanged, report.replaced) == (30, 0, 0)
    assert read(catalog) == rows_of(bars)
    assert read(Catalog.open(catalog.root)) == rows_of(bars)


def test_other_tools_see_exact_decimals(catalog: Catalog) -> None:
    start = at("2024-05-14T09:30")
    catalog.write_bars(
        SPY, BarTimeSpan.MINUTE, columns([(start, start + MINUTE, 10, 25, -5, 1, UNKNOWN_VOLUME)]), source="a test"
    )
    [entry] = catalog.fingerprint(SPY, BarTimeSpan.MINUTE)
    frame = pl.read_parquet(catalog.root / str(entry["file"]))
    assert frame.schema == {
        "start": pl.Datetime("us", "UTC"),
        "end": pl.Datetime("us", "UTC"),
        **dict.fromkeys(("open", "high", "low", "close"), pl.Decimal(18, 2)),
        "volume": pl.Decimal(18, 0),
    }
    assert frame.row(0)[2:] == (Decimal("0.10"), Decimal("0.25"), Decimal("-0.05"), Decimal("0.01"), None)


PRICE = st.integers(-LARGEST, LARGEST)


@settings(max_examples=examples(15, 40), deadline=None)
@given(
    gaps=st.lists(st.integers(1, 400 * 24 * 3600 * SECOND), max_size=30),
    prices=st.data(),
    price_scale=st.integers(0, 12),
    volume_scale=st.integers(0, 8),
)
def test_any_integers_survive_the_file(
    gaps: list[int],
    prices: st.DataObject,
    price_scale: int,
    volume_scale: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows: list[Row] = []
    start = 0
    for gap in gaps:
        four = [prices.draw(PRICE) for _ in range(4)]
        volume = prices.draw(st.integers(UNKNOWN_VOLUME, LARGEST))
        rows.append((start, start + gap, four[0], four[1], four[2], four[3], volume))
        start += gap
    path = tmp_path_factory.mktemp("file") / "bars.parquet"
    write_bar_file(path, columns(rows), price_scale=price_scale, volume_scale=volume_scale)
    assert rows_of(read_bar_file(BarColumns, path)) == rows
    written = pl.read_parquet(path).get_column("high").to_list()
    assert written == [Decimal(row[3]).scaleb(-price_scale) for row in rows]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2024-05-14T09:00", "2024-05-14T17:00", [0, 1, 2, 3]),
        ("2024-05-14T09:31", "2024-05-14T09:33", [1, 2]),  # a bar that starts at start, one that ends at end
        ("2024-05-14T09:30:01", "2024-05-14T09:32:59", [1]),  # incomplete ones at both edges are out
        ("2024-05-14T09:31", "2024-05-14T09:31", []),
        ("2024-05-14T09:32", "2024-05-14T09:31", []),
        ("2024-05-13T09:30", "2024-05-14T09:30", []),
        ("2024-05-14T09:34", "2024-05-15T09:30", []),
    ],
)
def test_the_window(catalog: Catalog, start: str, end: str, found: list[int]) -> None:
    bars = minutes("2024-05-14T09:30", 4)
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, bars, source="a test")
    expected = [rows_of(bars)[index] for index in found]
    assert read(catalog, start=at(start), end=at(end)) == expected


def test_a_long_bar_that_ends_after_the_window_is_out_though_a_later_short_one_is_in(catalog: Catalog) -> None:
    t = at("2024-05-14T09:30")
    bars = columns([(t, t + 9 * MINUTE, 1, 1, 1, 1, 1), (t + MINUTE, t + 2 * MINUTE, 1, 1, 1, 1, 1)])
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, bars, source="a test")
    assert read(catalog, start=t, end=t + 5 * MINUTE) == rows_of(bars)[1:]


@pytest.mark.parametrize(
    ("local", "regular", "extended"),
    [
        ("2024-05-14T03:59", False, False),
        ("2024-05-14T04:00", False, True),
        ("2024-05-14T09:29", False, True),
        ("2024-05-14T09:30", True, True),
        ("2024-05-14T15:59", True, True),
        ("2024-05-14T16:00", False, True),
        ("2024-05-14T20:00", False, False),
        ("2024-05-18T12:00", False, False),  # Saturday
        ("2013-07-03T12:59", True, True),  # half day
        ("2013-07-03T13:00", False, True),
        ("2013-07-03T17:00", False, False),
        ("2024-03-11T09:30", True, True),  # first day of daylight saving time
    ],
)
def test_intraday_bars_outside_the_sessions_are_left_out(
    catalog: Catalog, local: str, regular: bool, extended: bool
) -> None:
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, minutes(local, 1), source="a test")
    assert (len(read(catalog)) == 1) is regular
    assert (len(read(catalog, extended=True)) == 1) is extended
    assert sum(len(bars) for bars in catalog.all_bars(SPY, BarTimeSpan.MINUTE, 0, FAR)) == 1


def test_day_bars_pass_whatever_their_stamp(catalog: Catalog) -> None:
    sunday, friday = at("2013-12-15T00:00"), at("2013-12-13T00:00")
    day = 24 * 3600 * SECOND
    bars = columns([(t, t + day, 1, 1, 1, 1, 1) for t in (friday, sunday)])
    catalog.write_bars(SPY, DAY, bars, source="a test")
    assert read(catalog, span=DAY) == rows_of(bars)


def test_an_exchange_without_a_session_table_is_named(catalog: Catalog) -> None:
    abroad = replace(SPY, exchange="XPAR")
    catalog.write_bars(abroad, BarTimeSpan.MINUTE, minutes("2024-05-14T09:30", 1), source="a test")
    with pytest.raises(UnknownExchangeError, match="XPAR"):
        read(catalog, abroad)


@settings(max_examples=examples(10, 25), deadline=None)
@given(
    steps=st.lists(st.integers(1, 700), min_size=1, max_size=80),
    chunk_rows=st.sampled_from([1, 7, 4096]),
    window=st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)),
    extended=st.booleans(),
)
def test_chunks_equal_a_row_by_row_filter(
    steps: list[int], chunk_rows: int, window: tuple[int, int], extended: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from periscope.instruments.sessions import sessions_for

    catalog = Catalog.create(tmp_path_factory.mktemp("catalog"))
    first = at("2013-07-02T00:00")  # before a half day and a holiday
    starts = first + np.cumsum(np.array(steps, dtype=np.int64)) * MINUTE
    rows: list[Row] = [(t, t + MINUTE, 1, 2, 0, 1, n) for n, t in enumerate(starts.tolist())]
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, columns(rows), source="a test")
    start, end = (first + offset * MINUTE for offset in window)
    sessions = sessions_for("ARCX", extended=extended)
    expected = [row for row in rows if row[0] >= start and row[1] <= end and sessions.session_at(row[0]) is not None]
    assert read(catalog, start=start, end=end, extended=extended, chunk_rows=chunk_rows) == expected


@pytest.mark.parametrize("chunk_rows", [1, 50_000, 131_072, 400_000])
def test_chunks_of_any_size_cover_all_row_groups(catalog: Catalog, chunk_rows: int) -> None:
    count = 300_000
    start = at("2023-01-03T00:00") + np.arange(count, dtype=np.int64) * 60 * SECOND
    rising = np.arange(count, dtype=np.int64)
    bars = BarColumns(start, start + MINUTE, rising, rising, rising, rising, rising)
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, bars, source="a test")
    begin = int(start[131_000])
    until = int(start[131_200]) if chunk_rows == 1 else int(start[262_300])
    parts = list(catalog.all_bars(SPY, BarTimeSpan.MINUTE, begin, until, chunk_rows=chunk_rows))
    assert max(len(part) for part in parts) <= chunk_rows
    found = np.concatenate([part.open for part in parts])
    assert found.tolist() == list(range(131_000, 131_200 if chunk_rows == 1 else 262_300))


def test_coverage_spans_and_the_finest_of_them(catalog: Catalog) -> None:
    minute, day = minutes("2024-05-14T09:30", 10), minutes("2020-01-02T00:00", 1)
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, minute, source="a test")
    catalog.write_bars(SPY, DAY, day, source="a test")
    spans = catalog.spans(SPY)
    assert list(spans) == [BarTimeSpan.MINUTE, DAY]
    [sha256] = [str(entry["sha256"]) for entry in catalog.fingerprint(SPY, BarTimeSpan.MINUTE)]
    assert spans[BarTimeSpan.MINUTE] == Coverage(
        first=at("2024-05-14T09:30"),
        last=at("2024-05-14T09:39"),
        until=at("2024-05-14T09:40"),
        rows=10,
        sha256s=(sha256,),
    )
    assert catalog.finest_span(SPY, 0, FAR) is BarTimeSpan.MINUTE
    assert catalog.finest_span(SPY, 0, at("2024-05-14T09:31")) is BarTimeSpan.MINUTE
    assert catalog.finest_span(SPY, 0, at("2024-05-14T09:30")) is DAY
    assert catalog.finest_span(SPY, at("2024-05-14T09:40"), FAR) is None


def test_the_finest_span_is_one_with_bars_inside_the_hours(catalog: Catalog) -> None:
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, minutes("2024-05-14T08:00", 3), source="a test")
    catalog.write_bars(SPY, DAY, minutes("2024-05-14T00:00", 1), source="a test")
    assert catalog.finest_span(SPY, 0, FAR) is DAY
    assert catalog.finest_span(SPY, 0, FAR, extended=True) is BarTimeSpan.MINUTE


def test_what_is_missing_is_answered_with_what_is_there(catalog: Catalog) -> None:
    assert catalog.unavailable_reason(SPY, BarTimeSpan.SECOND) == "the catalog has no bars of SPY (ETF) at all"
    catalog.write_bars(SPY, BarTimeSpan.MINUTE, minutes("2024-05-14T09:30", 10), source="a test")
    catalog.write_bars(SPY, DAY, minutes("2020-01-02T00:00", 1), source="a test")
    assert catalog.unavailable_reason(SPY, BarTimeSpan.SECOND) == (
        "the catalog has no second bars of SPY (ETF) there;"
        " it has minute bars 2024-05-14 to 2024-05-14, day bars 2020-01-02 to 2020-01-02"
    )


def test_a_fingerprint_lists_the_files_of_the_window(catalog: Catalog) -> None:
    catalog.write_bars(SPY, DAY, columns([*rows_of(minutes("2023-06-01T00:00", 2))]), source="a test")
    catalog.write_bars(SPY, DAY, minutes("2024-06-03T00:00", 3), source="a test")
    [first, second] = catalog.fingerprint(SPY, DAY)
    assert (first["rows"], second["rows"]) == (2, 3)
    assert str(first["file"]).startswith("bars/ETF/SPY/day/2023-")
    assert catalog.fingerprint(SPY, DAY, at("2024-01-02T00:00"), FAR) == [second]
    assert catalog.fingerprint(SPY, BarTimeSpan.HOUR) == []


def test_instruments_keep_every_fact(catalog: Catalog) -> None:
    future = future_instrument("ES", 2013, 12, source="a test")
    crypto = Instrument(
        symbol="BTC/USD",
        asset_type=AssetType.RIGHT,
        exchange="US",
        price_scale=8,
        volume_scale=6,
        tick=Decimal("0.00000001"),
        quantity_step=Decimal("0.000001"),
        listed_at=1,
    )
    catalog.add_instruments([SPY, future, crypto])
    again = Catalog.open(catalog.root).instruments
    assert again.all() == [crypto, future, SPY]
    assert again.chain("ES") == [future]


STREAM = """
import sys
from pathlib import Path
from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.catalog import Catalog
catalog = Catalog.open(Path(sys.argv[1]))
[instrument] = catalog.instruments.all()
rows = sum(len(bars) for bars in catalog.chunks(instrument, BarTimeSpan.SECOND, 0, 2**62, extended=False))
# Not getrusage: its peak includes the process that started this one.
[peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(rows, int(peak.split()[1]) // 1024)
"""


def test_streaming_takes_constant_memory(catalog: Catalog) -> None:
    future = future_instrument("ES", 2026, 12, source="a test")
    per_year, years = 500_000, 6
    price = np.arange(per_year, dtype=np.int64)
    for year in range(2018, 2018 + years):
        start = at(f"{year}-01-02T18:00") + np.arange(per_year, dtype=np.int64) * SECOND
        bars = BarColumns(start, start + SECOND, price, price, price, price, price)
        catalog.write_bars(future, BarTimeSpan.SECOND, bars, source="a test")
    done = subprocess.run(
        [sys.executable, "-c", STREAM, str(catalog.root)], capture_output=True, text=True, check=True, timeout=60
    )
    rows, megabytes = (int(word) for word in done.stdout.split())
    # In memory at once, all columns would take 168 MB on top of what Python and Polars need.
    assert 1_500_000 < rows < per_year * years
    assert megabytes < 220, f"{megabytes} MB for {rows} rows"
