"""Importing Parquet files: the column types that other tools write, floats, dates, broken files."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import detect_format, import_path
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.parquet_bars import import_parquet
from periscope.market.importers.storing import ImportSummary

MINUTE = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start")
AT = datetime(2020, 1, 2, 14, 30, tzinfo=UTC)
US = int(AT.timestamp()) * 1_000_000

type Load = Callable[..., ImportSummary]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Load:
    def run(frame: pl.DataFrame, options: ImportOptions = MINUTE) -> ImportSummary:
        path = tmp_path / "spy.parquet"
        frame.write_parquet(path)
        return import_parquet(path, catalog, options)

    return run


def _frame(times: pl.Series, **columns: object) -> pl.DataFrame:
    prices = {"open": [100.1], "high": [101.0], "low": [99.5], "close": [100.25], "volume": [500]} | columns
    return pl.DataFrame({"timestamp": times, **prices})


def _bars(catalog: Catalog, span: BarTimeSpan = BarTimeSpan.MINUTE) -> BarColumns:
    instrument = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert instrument is not None
    return joined(list(catalog.all_bars(instrument, span, -(2**62), 2**62)))


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([AT]),
        pl.Series([AT]).dt.cast_time_unit("ns"),
        pl.Series([AT]).dt.convert_time_zone("America/New_York").dt.cast_time_unit("ms"),
        pl.Series([datetime(2020, 1, 2, 9, 30)]),  # noqa: DTZ001 - a wall-clock time on purpose
        pl.Series(["2020-01-02T14:30:00Z"]),
        pl.Series([US * 1000]),
        pl.Series([US // 1_000_000]),
    ],
    ids=["utc", "ns", "zone", "naive", "text", "epoch ns", "epoch s"],
)
def test_how_tools_write_times(times: pl.Series, load: Load, catalog: Catalog) -> None:
    load(_frame(times))
    bars = _bars(catalog)
    assert bars.start.tolist() == [US]
    assert [bars.open[0], bars.high[0], bars.low[0], bars.close[0]] == [10010, 10100, 9950, 10025]


def test_floats_become_their_shortest_decimals_and_it_is_said(load: Load, catalog: Catalog) -> None:
    summary = load(_frame(pl.Series([AT]), open=[0.1], high=[1.00001], low=[0.07], close=[0.29]))
    bars = _bars(catalog)
    prices = [column[0] for column in (bars.open, bars.high, bars.low, bars.close)]
    assert prices == [10_000, 100_001, 7_000, 29_000]
    said = [each.message for each in summary.findings.examples if each.code == "FLOAT_PRICES"]
    assert [text[:33] for text in said] == ["open, high, low, close are floats"]


def test_too_many_digits_are_refused_not_rounded(load: Load) -> None:
    with pytest.raises(ImportProblem) as caught:
        load(_frame(pl.Series([AT]), open=[1 / 3], low=[0.1]))
    assert caught.value.code == "BAD_PRICE"
    assert "spy.parquet:1" in caught.value.message
    assert "at most 12 decimals" in caught.value.message


def test_decimals_and_whole_numbers(load: Load, catalog: Catalog) -> None:
    exact = {name: [Decimal("100.1230")] for name in ("open", "high", "low", "close")}
    summary = load(_frame(pl.Series([AT]), **exact))
    assert _bars(catalog).open.tolist() == [100123]
    assert "FLOAT_PRICES" not in summary.findings.counts


def test_dates_are_day_bars(load: Load, catalog: Catalog) -> None:
    load(_frame(pl.Series([date(2020, 1, 2)])), ImportOptions(symbol="SPY"))
    assert _bars(catalog, BarTimeSpan.DAY).start.tolist() == [US]


def test_missing_values(load: Load, catalog: Catalog) -> None:
    with pytest.raises(ImportProblem) as caught:
        load(_frame(pl.Series([AT]), open=pl.Series([None], dtype=pl.Float64)))
    assert caught.value.code == "BAD_PRICE"
    summary = load(_frame(pl.Series([AT]), volume=pl.Series([None], dtype=pl.Int64)))
    assert dict(summary.findings.counts) == {"UNKNOWN_VOLUME": 1, "FLOAT_PRICES": 1}
    assert _bars(catalog).volume.tolist() == [-1]


def test_nan_is_no_price(load: Load) -> None:
    with pytest.raises(ImportProblem, match="NaN"):
        load(_frame(pl.Series([AT]), close=[float("nan")]))


def _day_of_minutes(count: int) -> pl.DataFrame:
    times = pl.Series([AT + timedelta(minutes=n) for n in range(count)])
    prices = {name: [Decimal(n).scaleb(-3) for n in range(10_000, 10_000 + count)] for name in ("open", "high", "low")}
    return pl.DataFrame({"timestamp": times, **prices, "close": prices["low"], "volume": list(range(count))})


@pytest.mark.parametrize("kind", ["Parquet", "Arrow"])
@pytest.mark.parametrize("group", [7, 100_000])
def test_files_are_read_batch_by_batch(
    kind: str, group: int, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row numbers, order and values hold across batches, whether a file has many groups of rows or one."""
    monkeypatch.setattr("periscope.market.importers.parquet_bars._ROWS_AT_ONCE", 16)
    frame = _day_of_minutes(300)
    path = tmp_path / "spy.data"
    if kind == "Parquet":
        frame.write_parquet(path, row_group_size=group)
    else:
        frame.write_ipc(path, record_batch_size=group)
    summary = import_path(path, catalog, MINUTE)
    assert summary.format == kind
    assert _bars(catalog).open.tolist() == list(range(10_000, 10_300))
    spoiled = frame.with_columns(open=pl.when(pl.col("volume") == 250).then(None).otherwise(pl.col("open")))
    if kind == "Parquet":
        spoiled.write_parquet(path, row_group_size=group)
    else:
        spoiled.write_ipc(path, record_batch_size=group)
    with pytest.raises(ImportProblem, match=r"spy\.data:251: can't use ''"):
        import_path(path, catalog, MINUTE)


def test_exact_columns_and_their_text_give_the_same(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _day_of_minutes(50).with_columns(volume=pl.col("volume").cast(pl.Decimal(20, 4)) / 8)
    load(frame)
    monkeypatch.setattr("periscope.market.importers.parquet_bars._exact_rows", lambda *_: None)
    again = load(frame)
    assert (again.series[0].unchanged, again.series[0].added) == (50, 0)


def test_times_beyond_every_calendar_are_findings(load: Load) -> None:
    times = pl.Series([US, 2**62]).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"timestamp": times, **{name: [1, 1] for name in ("open", "high", "low", "close", "volume")}})
    with pytest.raises(ImportProblem) as caught:
        load(frame)
    assert (caught.value.code, "spy.parquet:2" in caught.value.message) == ("BAD_TIME", True)


def test_what_is_no_parquet_file_of_bars(tmp_path: Path, catalog: Catalog, load: Load) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    assert detect_format(broken) == "parquet"
    with pytest.raises(ImportProblem, match="can't be read as Parquet"):
        import_path(broken, catalog, MINUTE)
    with pytest.raises(ImportProblem, match="expected columns"):
        load(pl.DataFrame({"a": [1]}))
    with pytest.raises(ImportProblem, match="has no rows"):
        load(_frame(pl.Series([AT])).clear())


def test_formats_are_seen_by_content(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "a.parquet").write_text("timestamp,open\n")
    assert detect_format(tmp_path / "a.parquet") == "csv"
    with pytest.raises(ImportProblem, match="no LEAN data folder"):
        detect_format(tmp_path)
    with pytest.raises(ImportProblem, match="does not exist"):
        import_path(tmp_path / "nothing", catalog, MINUTE)
