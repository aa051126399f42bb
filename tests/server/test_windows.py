"""Windows of bars and of equity, over HTTP and against a plain recomputation."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.adjustment import Adjustment
from periscope.market.catalog import Catalog
from periscope.report.bars import DataEntry
from periscope.report.catalog_bars import CatalogBars
from periscope.runs.kept import laid_out
from periscope.runs.store.run_rows import Run
from periscope.server.bar_windows import ReadBars, bar_window
from tests.report.made import Market, make_market
from tests.runs.lab import AAA, walk
from tests.server.reading import read_columns
from tests.server.results import TALKER, finished_run
from tests.server.serving import Served
from tests.server.test_basics import problem

STREAM = "AAA:EQUITY:minute"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market("SPY", AssetType.EQUITY, "ARCX", bars=2_500, first_price=400, tick="0.01", seed=3)


@pytest.fixture(scope="module")
def read(market: Market, tmp_path_factory: pytest.TempPathFactory) -> ReadBars:
    """Seven days of minute bars, as a run read them."""
    root = tmp_path_factory.mktemp("market") / "catalog"
    instrument = Instrument(symbol="SPY", asset_type=AssetType.EQUITY, exchange="ARCX")
    Catalog.create(root).write_bars(instrument, BarTimeSpan.MINUTE, market.bars, source="test")
    source = CatalogBars(root, (0, 0), adjustment=Adjustment.RAW, extended=False)
    return ReadBars(source, {"SPY:EQUITY:minute": market.entry}, as_read=True)


def text(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).isoformat()


def bars_of(served: Served, run: Run, **query: Any) -> tuple[dict[str, Any], dict[str, list[int]]]:
    answer = served.client.get(f"runs/{run.id}/bars", params={"stream": STREAM, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.periscope.columns"
    return read_columns(answer.content)


def test_the_streams_are_listed(ended: tuple[Served, Run]) -> None:
    served, run = ended
    (line,) = served.client.get(f"runs/{run.id}/streams").json()["items"]
    assert (line["stream"], line["bars"], line["resampled_from"]) == (STREAM, 390, None)


def test_all_bars_come_as_they_are_stored(ended: tuple[Served, Run]) -> None:
    served, run = ended
    header, columns = bars_of(served, run)
    stored = walk("09:30", 390)
    assert {name: getattr(stored, name).tolist() for name in columns} == columns
    assert (header["rows"], header["stored"], header["seconds"], header["as_read"]) == (390, 390, 60, True)
    kinds = {column["name"]: (column["type"], column.get("scale"), column["missing"]) for column in header["columns"]}
    assert kinds["start"] == ("time", None, None)
    assert kinds["close"] == ("number", AAA.price_scale, -(2**63))
    assert kinds["volume"] == ("number", AAA.volume_scale, -1)


def test_the_same_in_json_is_exact_text(ended: tuple[Served, Run]) -> None:
    served, run = ended
    header, columns = bars_of(served, run, max_points=7)
    answer = served.client.get(f"runs/{run.id}/bars", params={"stream": STREAM, "max_points": 7, "format": "json"})
    document = answer.json()
    assert document["rows"] == header["rows"] == len(document["columns"]["open"])
    for name in ("open", "volume"):
        scale = next(column["scale"] for column in header["columns"] if column["name"] == name)
        assert [Decimal(each) for each in document["columns"][name]] == [
            Decimal(value).scaleb(-scale) for value in columns[name]
        ]
    assert document["columns"]["start"][0].endswith("Z")


def test_a_window_has_the_bars_that_start_in_it(ended: tuple[Served, Run]) -> None:
    served, run = ended
    stored = walk("09:30", 390)
    first, last = int(stored.start[10]), int(stored.start[20])
    _, columns = bars_of(served, run, start=text(first), end=text(last))
    assert columns["start"] == stored.start[10:20].tolist()
    _, columns = bars_of(served, run, start=text(first + 1), end=text(last + 1))
    assert columns["start"] == stored.start[11:21].tolist()
    header, columns = bars_of(served, run, start="1990-01-01T00:00:00Z", end="1991-01-01T00:00:00+05:00")
    assert (header["rows"], columns["start"]) == (0, [])


def plain_candles(market: Market, seconds: int, days: list[int]) -> list[tuple[int, ...]]:
    """Candles of that length, one bar after the other."""
    bars = market.bars
    columns: list[list[int]] = [getattr(bars, name).tolist() for name in bars.NAMES]
    rows = list(zip(*columns, days, strict=True))

    def mark(row: tuple[int, ...]) -> tuple[int, int]:
        if seconds < 86_400:
            return row[0] // (seconds * 1_000_000), row[7]
        return (row[7], 0) if seconds == 86_400 else ((row[7] + 3) // (seconds // 86_400), 0)

    found: list[tuple[int, ...]] = []
    for _, group in groupby(rows, mark):
        part = list(group)
        highs, lows, volumes = ([row[place] for row in part] for place in (3, 4, 6))
        volume = -1 if -1 in volumes else sum(volumes)
        found.append((part[0][0], part[-1][1], part[0][2], max(highs), min(lows), part[-1][5], volume))
    return found


@pytest.mark.parametrize("most", [1, 2, 3, 6, 7, 20, 100, 499, 500, 2_499, 2_500])
@pytest.mark.parametrize(("first", "last"), [(0, 2_500), (3, 2_400), (391, 395), (400, 1_203), (1_170, 1_171)])
def test_every_candle_is_whole_whatever_the_window(
    read: ReadBars, market: Market, most: int, first: int, last: int
) -> None:
    starts = market.bars.start
    stop = int(starts[last]) if last < len(starts) else int(starts[-1]) + 1
    entry: DataEntry = market.entry
    window = bar_window(read, entry, int(starts[first]), stop, most)
    assert window is not None
    assert len(window.bars) <= most
    assert window.stored == last - first
    series = read.source(entry)
    assert series is not None
    rows = list(zip(*(getattr(window.bars, name).tolist() for name in window.bars.NAMES), strict=True))
    if window.seconds == 60:
        assert rows == plain_candles(market, 1, [0] * len(starts))[first:last]
        return
    days = series.day_numbers(starts).tolist()
    whole = plain_candles(market, window.seconds, days)
    expected = [row for row in whole if row[1] > starts[first] and row[0] < stop]
    assert rows == expected


def test_a_volume_that_is_unknown_makes_the_candle_s_unknown(read: ReadBars, market: Market) -> None:
    from periscope.market.candles import merged

    bars = market.bars
    volume = bars.volume.copy()
    volume[5] = -1
    found = merged(
        type(bars)(bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, volume), np.array([0, 5])
    )
    assert found.volume.tolist() == [int(volume[:5].sum()), -1]


@pytest.mark.parametrize(
    "query",
    [
        {"stream": ""}, {"max_points": 0}, {"max_points": -1}, {"max_points": 100_001}, {"max_points": "x"},
        {"start": "soon"}, {"start": "2024-01-22T14:30:00"}, {"start": "2024-01-22"}, {"end": "9999-12-31T00:00:00Z"},
        {"start": "0001-01-01T00:00:00+14:00"}, {"start": "2024-01-22T15:00:00Z", "end": "2024-01-22T15:00:00Z"},
        {"start": "2024-01-22T16:00:00Z", "end": "2024-01-22T15:00:00Z"}, {"start": "\0"}, {"format": "csv"},
        {"start": "x" * 51},
    ],
)  # fmt: skip
def test_a_bad_window_is_refused(ended: tuple[Served, Run], query: dict[str, Any]) -> None:
    served, run = ended
    asked = {"stream": STREAM, **query}
    assert problem(served.client.get(f"runs/{run.id}/bars", params=asked))["code"] == "INVALID"
    if "stream" not in query:
        assert problem(served.client.get(f"runs/{run.id}/equity", params=query))["code"] == "INVALID"


@pytest.mark.parametrize("stream", ["AAA", "AAA:EQUITY:hour", "aaa:equity:minute", "../../etc/passwd", ":::", "%2e%2e"])
def test_an_unknown_stream_is_said_to_be_unknown(ended: tuple[Served, Run], stream: str) -> None:
    served, run = ended
    found = problem(served.client.get(f"runs/{run.id}/bars", params={"stream": stream}))
    assert (found["code"], found["hint"]) == ("STREAM_NOT_FOUND", f"the run read {STREAM}")


def test_a_stream_made_of_finer_bars_is_shown(served: Served) -> None:
    source = TALKER.replace("[register(),", "[register('AAA', EQUITY, Span.HOUR),").replace("% 20", "% 2")
    run = finished_run(served, source, "hours")
    (line,) = [line for line in served.client.get(f"runs/{run.id}/streams").json()["items"] if line["span"] == "hour"]
    assert (line["resampled_from"], line["bars"]) == ("minute", 7)
    answer = served.client.get(f"runs/{run.id}/bars", params={"stream": line["stream"]})
    _, columns = read_columns(answer.content)
    stored = walk("09:30", 390)
    assert columns["start"][0] == int(stored.start[0])
    assert len(columns["start"]) == 7
    assert columns["close"][-1] == int(stored.close[-1])


def test_bars_are_those_that_the_run_read_though_the_data_was_mended(served: Served) -> None:
    run = finished_run(served)
    mended = walk("09:30", 390, first=5_000_000)
    Catalog(served.lab.folder / "catalog").write_bars(AAA, BarTimeSpan.MINUTE, mended, source="mended", replace=True)
    header, columns = bars_of(served, run)
    assert (header["as_read"], columns["close"]) == (True, walk("09:30", 390).close.tolist())


def test_bars_that_are_gone_are_said_to_be_gone(served: Served) -> None:
    run = finished_run(served)
    catalog = served.lab.folder / "catalog"
    catalog.rename(served.lab.folder / "elsewhere")
    assert problem(served.client.get(f"runs/{run.id}/bars", params={"stream": STREAM}))["code"] == "NO_CATALOG"
    Catalog.create(catalog)
    assert problem(served.client.get(f"runs/{run.id}/bars", params={"stream": STREAM}))["code"] == "BARS_GONE"


def test_equity_is_exact_and_its_extremes_stay(ended: tuple[Served, Run]) -> None:
    served, run = ended
    with laid_out(served.store, run) as folder:
        stored = pl.read_parquet(folder / "equity.parquet")
    values = [int(value.scaleb(6)) for value in stored["portfolio_value"]]
    header, columns = read_columns(served.client.get(f"runs/{run.id}/equity").content)
    assert columns["portfolio_value"] == values
    assert columns["cash"] == [int(value.scaleb(6)) for value in stored["cash"]]
    assert header["stored"] == len(values)
    for most in (4, 5, 10, 100, len(values) - 1):
        answer = served.client.get(f"runs/{run.id}/equity", params={"max_points": most})
        _, thin = read_columns(answer.content)
        assert len(thin["time"]) <= most
        assert (max(thin["portfolio_value"]), min(thin["portfolio_value"])) == (max(values), min(values))
        assert (thin["time"][0], thin["time"][-1]) == (columns["time"][0], columns["time"][-1])
        assert set(zip(thin["time"], thin["portfolio_value"], strict=True)) <= set(
            zip(columns["time"], columns["portfolio_value"], strict=True)
        )
    inside = {"start": text(columns["time"][5]), "end": text(columns["time"][9])}
    _, part = read_columns(served.client.get(f"runs/{run.id}/equity", params=inside).content)
    low, high = columns["time"].index(columns["time"][5]), columns["time"][9]
    assert part["time"] == [time for time in columns["time"][low:] if time <= high]


def test_a_run_without_results_has_no_window(served: Served) -> None:
    run = served.new_run()
    for path in ("streams", "equity", "bars?stream=x"):
        assert problem(served.client.get(f"runs/{run.id}/{path}"))["code"] == "NO_RESULTS"


def test_many_windows_of_a_long_curve_stay_small(tmp_path: Path) -> None:
    from periscope.server import equity_windows

    count = 30_000
    times = pl.int_range(0, count, eager=True) * 60_000_000
    money = pl.Series(np.arange(count) % 777).cast(pl.Decimal(18, 6))
    frame = pl.DataFrame({"time": times.cast(pl.Datetime("us", "UTC")), "portfolio_value": money, "cash": money})
    frame.write_parquet(tmp_path / "equity.parquet", row_group_size=1_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equity_windows, "_BATCH_ROWS", 1_000)
        for most in (4, 50, 1_000, 29_999, 30_000):
            columns, stored = equity_windows.equity_window(tmp_path / "equity.parquet", 0, 1 << 50, most)
            assert (stored, len(columns["time"]) <= most) == (count, True), most
            assert columns["portfolio_value"].max() == 776_000_000
