"""Importing delimited text: vendors' files, time stamps, exactness, and every way in which a row can be wrong."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.csv_bars import import_csv
from periscope.market.importers.exact import numbers
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary
from tests.sizes import examples

SPY_MINUTE = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start")
HEADER = "timestamp,open,high,low,close,volume\n"
ROW = "2020-01-02 09:30:00,100.00,101.00,99.50,100.25,500\n"
FOREVER = 2**62


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def load(tmp_path: Path, catalog: Catalog) -> Callable[..., ImportSummary]:
    def run(content: str | bytes, options: ImportOptions = SPY_MINUTE, name: str = "spy.csv") -> ImportSummary:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_csv(path, catalog, options)

    return run


type Load = Callable[..., ImportSummary]


def _us(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _bars(catalog: Catalog, symbol: str = "SPY", span: BarTimeSpan = BarTimeSpan.MINUTE) -> BarColumns:
    instrument = next(each for each in catalog.instruments.all() if each.symbol == symbol)
    return joined(list(catalog.all_bars(instrument, span, -FOREVER, FOREVER)))


def test_a_plain_file(load: Load, catalog: Catalog) -> None:
    summary = load(HEADER + ROW + ROW.replace("09:30", "09:31").replace("100.25", "100.5"))
    bars = _bars(catalog)
    assert bars.start.tolist() == [_us("2020-01-02T14:30"), _us("2020-01-02T14:31")]
    assert bars.end.tolist() == [_us("2020-01-02T14:31"), _us("2020-01-02T14:32")]
    assert bars.close.tolist() == [10025, 10050]
    assert bars.volume.tolist() == [500, 500]
    assert [(item.rows, item.added, item.volume) for item in summary.series] == [(2, 2, Decimal(1000))]
    assert any("read as America/New_York" in note for note in summary.notes)
    assert sum(summary.findings.counts.values()) == 0


@pytest.mark.parametrize(
    "text",
    [
        "t,o,h,l,c,v\n2020-01-02T14:30:00Z,100.00,101.00,99.50,100.25,500\n",
        "timestamp;open;high;low;close;vol\n2020-01-02T09:30:00-05:00;100.00;101.00;99.50;100.25;500\n",
        "Date\tTime\tOpen\tHigh\tLow\tLast\tVolume\n01/13/2020\t09:30\t100.00\t101.00\t99.50\t100.25\t500\n",
        "window_start,open,close,high,low,volume\n1577975400000000000,100.00,100.25,101.00,99.50,500\n",
        "ts_event,open,high,low,close,volume\n1577975400000000000,100.00,101.00,99.50,100.25,500\n",
        "time,open,high,low,close,volume\n1577975400,100.00,101.00,99.50,100.25,500\n",
        "unix|open|high|low|close|volume\n1577975400000|100.00|101.00|99.50|100.25|500\n",
        "<TICKER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nSPY,20200102,093000,100,101,99.5,100.25,500\n",
        "datetime,open,high,low,close,volume\n20200102 09:30:00,100.00,101.00,99.50,100.25,500\n",
        "datetime,open,high,low,close,volume\n2020.01.02 09:30,100.00,101.00,99.50,100.25,500\n",
        "datetime,open,high,low,close,volume\n2020-01-02 09:30:00.000000,100,101,9.95e1,100.250,5E2\n",
        "\ufeffDate,Open,High,Low,Close,Adj Close,Volume\n2020-01-02T09:30,100,101,99.50,100.25,55,500\n",
        '"timestamp","open","high","low","close","volume"\n"2020-01-02 09:30:00","100","101","99.5","100.25","500"\n',
        "# made by hand\n\ntimestamp,open,high,low,close,volume\n\n2020-01-02 09:30:00,100,101,99.5,100.25,500\n\n",
        "timestamp,open,high,low,close,volume\r\n2020-01-02 09:30:00,100,101,99.5,100.25,500\r\n",
        "timestamp,open,high,low,close,volume\r2020-01-02 09:30:00,100,101,99.5,100.25,500\r",
        "timestamp,open,high,low,close,volume\n 2020-01-02 09:30:00 , 100 ,+101, 99.5,100.25, 500 ",
    ],
    ids=lambda text: text.split("\n")[0][:28],
)
def test_how_vendors_write_the_same_bar(text: str, load: Load, catalog: Catalog) -> None:
    load(text)
    bars = _bars(catalog)
    day = "13" if text.startswith("Date\t") else "02"
    assert bars.start.tolist() == [_us(f"2020-01-{day}T14:30")]
    prices = [bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]]
    assert prices == [10000, 10100, 9950, 10025, 500]


def test_a_gzipped_file(load: Load, catalog: Catalog) -> None:
    load(gzip.compress((HEADER + ROW).encode()), name="spy.csv.gz")
    assert len(_bars(catalog)) == 1
    with pytest.raises(ImportProblem, match="can't be read") as caught:
        load(gzip.compress((HEADER + ROW * 50).encode())[:-12], name="cut.csv.gz")
    assert caught.value.code == "BAD_FILE"


def test_stamps_at_the_end(load: Load, catalog: Catalog) -> None:
    load(HEADER + ROW.replace("09:30", "09:31"), ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="end"))
    assert _bars(catalog).start.tolist() == [_us("2020-01-02T14:30")]


def test_intraday_stamps_need_to_be_told_unless_the_vendor_is_known(load: Load, catalog: Catalog) -> None:
    with pytest.raises(ImportProblem, match="--stamp start or --stamp end") as caught:
        load(HEADER + ROW, ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE))
    assert (caught.value.code, caught.value.exit_code) == ("STAMP_REQUIRED", 2)
    load("t,o,h,l,c,v\n2020-01-02T14:30:00Z,100,101,99,100,5\n", ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE))
    assert len(_bars(catalog)) == 1


def test_another_time_zone(load: Load, catalog: Catalog) -> None:
    options = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", tz="Europe/Berlin")
    load(HEADER + ROW.replace("09:30", "15:30"), options)
    assert _bars(catalog).start.tolist() == [_us("2020-01-02T14:30")]
    with pytest.raises(ImportProblem, match="no time zone 'Mars'"):
        load(HEADER + ROW, ImportOptions(symbol="SPY", stamp="start", span=BarTimeSpan.MINUTE, tz="Mars"))


def test_a_clock_time_that_occurs_twice_or_never_is_not_guessed(load: Load) -> None:
    for stamp in ("2020-11-01 01:30:00", "2020-03-08 02:30:00"):
        with pytest.raises(ImportProblem, match="never or twice") as caught:
            load(HEADER + ROW.replace("2020-01-02 09:30:00", stamp))
        assert caught.value.code == "BAD_TIME"


def test_day_bars_cover_the_session(load: Load, catalog: Catalog) -> None:
    """Yahoo's file, with a half day and the adjusted close left alone."""
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2019-11-27,1,1,1,1,0.9,5\n2019-11-29,1,2,1,1.5,0.9,6\n"
    summary = load(text, ImportOptions(symbol="SPY", exchange="ARCX"))
    bars = _bars(catalog, span=BarTimeSpan.DAY)
    assert bars.start.tolist() == [_us("2019-11-27T14:30"), _us("2019-11-29T14:30")]
    assert bars.end.tolist() == [_us("2019-11-27T21:00"), _us("2019-11-29T18:00")]
    assert dict(summary.findings.counts) == {"ADJUSTED_IGNORED": 1, "ADJUSTED_PRICES": 1}
    assert "Adj Close" in summary.findings.examples[0].message


@pytest.mark.parametrize(
    "stamp",
    [
        "2020-01-02",
        "20200102",
        "2020-01-02T05:00:00Z",
        "2020-01-02T00:00:00Z",
        "2020-01-02 00:00:00-05:00",
        "2020-01-02 16:00:00",
        "1577923200",
    ],
)
def test_how_vendors_stamp_a_day(stamp: str, load: Load, catalog: Catalog) -> None:
    load(f"date,open,high,low,close,volume\n{stamp},1,1,1,1,1\n", ImportOptions(symbol="SPY", span=BarTimeSpan.DAY))
    assert _bars(catalog, span=BarTimeSpan.DAY).start.tolist() == [_us("2020-01-02T14:30")]


def test_a_futures_day_is_its_session_from_the_evening_before(load: Load, catalog: Catalog) -> None:
    options = ImportOptions(symbol="ESH20", asset_type=AssetType.FUTURE, span=BarTimeSpan.DAY)
    load("date,open,high,low,close,volume\n2020-01-06,3200,3210.25,3190,3200.5,9\n", options)
    bars = _bars(catalog, "ESH20", BarTimeSpan.DAY)
    assert (bars.start[0], bars.end[0]) == (_us("2020-01-05T23:00"), _us("2020-01-06T22:00"))
    contract = catalog.instruments.get("ESH20", AssetType.FUTURE)
    assert contract is not None
    assert (contract.exchange, contract.multiplier, contract.root) == ("CME", Decimal(50), "ES")


def test_hours_begin_at_the_mark_or_the_open(load: Load, catalog: Catalog) -> None:
    hours = ("09:00", "10:00", "15:00")
    rows = "".join(ROW.replace("09:30", hour) for hour in hours)
    load(HEADER + rows, ImportOptions(symbol="SPY", span=BarTimeSpan.HOUR, stamp="start"))
    bars = _bars(catalog, span=BarTimeSpan.HOUR)
    expected = [("14:30", "15:00"), ("15:00", "16:00"), ("20:00", "21:00")]
    found = list(zip(bars.start.tolist(), bars.end.tolist(), strict=True))
    assert found == [(_us(f"2020-01-02T{start}"), _us(f"2020-01-02T{end}")) for start, end in expected]


def test_hours_counted_from_the_open(load: Load, catalog: Catalog) -> None:
    rows = "".join(ROW.replace("09:30", hour) for hour in ("09:30", "10:30", "15:30"))
    load(HEADER + rows, ImportOptions(symbol="SPY", span=BarTimeSpan.HOUR, stamp="start"))
    bars = _bars(catalog, span=BarTimeSpan.HOUR)
    expected = [("14:30", "15:30"), ("15:30", "16:30"), ("20:30", "21:00")]
    found = list(zip(bars.start.tolist(), bars.end.tolist(), strict=True))
    assert found == [(_us(f"2020-01-02T{start}"), _us(f"2020-01-02T{end}")) for start, end in expected]


def test_dates_that_may_be_month_or_day_first_are_not_guessed(load: Load, catalog: Catalog) -> None:
    text = "date,open,high,low,close\n01/02/2020,1,1,1,1\n01/03/2020,1,1,1,1\n"
    with pytest.raises(ImportProblem, match="--date-format") as caught:
        load(text, ImportOptions(symbol="SPY"))
    assert (caught.value.code, caught.value.exit_code) == ("AMBIGUOUS_DATES", 2)
    summary = load(text, ImportOptions(symbol="SPY", date_format="%m/%d/%Y"))
    assert _bars(catalog, span=BarTimeSpan.DAY).start.tolist() == [_us("2020-01-02T14:30"), _us("2020-01-03T14:30")]
    assert summary.findings.counts["UNKNOWN_VOLUME"] == 2


def test_day_first_dates_are_seen_when_a_day_is_above_twelve(load: Load, catalog: Catalog) -> None:
    load("date,open,high,low,close,volume\n3/1/2020,1,1,1,1,1\n13/1/2020,1,1,1,1,1\n", ImportOptions(symbol="SPY"))
    assert _bars(catalog, span=BarTimeSpan.DAY).start.tolist() == [_us("2020-01-03T14:30"), _us("2020-01-13T14:30")]


def test_no_digit_is_lost(load: Load, catalog: Catalog) -> None:
    load(HEADER + "2020-01-02 09:30:00,0.30000001192,1.1,0.3,0.7,1234567890.125\n")
    instrument = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert instrument is not None
    bars = _bars(catalog)
    assert Decimal(int(bars.open[0])).scaleb(-instrument.price_scale) == Decimal("0.30000001192")
    assert Decimal(int(bars.volume[0])).scaleb(-instrument.volume_scale) == Decimal("1234567890.125")


def test_a_finer_file_later_refines_the_instrument(load: Load, catalog: Catalog) -> None:
    load(HEADER + ROW)
    load(HEADER + ROW.replace("09:30", "09:31").replace("100.25", "100.2575"))
    assert _bars(catalog).close.tolist() == [1002500, 1002575]


def test_newest_first_files_are_turned_round(load: Load, catalog: Catalog) -> None:
    summary = load(HEADER + ROW.replace("09:30", "09:32") + ROW.replace("09:30", "09:31") + ROW)
    assert np.all(np.diff(_bars(catalog).start) > 0)
    assert any("newest first" in note for note in summary.notes)


def test_importing_twice_changes_nothing_and_other_values_are_refused(load: Load, catalog: Catalog) -> None:
    load(HEADER + ROW)
    again = load(HEADER + ROW)
    assert (again.series[0].added, again.series[0].unchanged) == (0, 1)
    with pytest.raises(ImportProblem, match="--replace") as caught:
        load(HEADER + ROW.replace("100.25", "100.50"))
    assert caught.value.code == "CATALOG_CONFLICT"
    options = ImportOptions(symbol="SPY", span=BarTimeSpan.MINUTE, stamp="start", replace=True)
    assert load(HEADER + ROW.replace("100.25", "100.50"), options).series[0].replaced == 1


def test_one_symbol_of_many(load: Load, catalog: Catalog) -> None:
    text = "date,symbol,open,high,low,close,volume\n2020-01-02,A,1,1,1,1,1\n2020-01-02,B,2,2,2,2,2\n"
    summary = load(text, ImportOptions(symbol="b"))
    assert _bars(catalog, "B", BarTimeSpan.DAY).open.tolist() == [200]
    assert "left alone: 1 row of other symbols" in summary.notes


def test_the_symbol_may_come_from_the_file_name(load: Load) -> None:
    text = "date,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n"
    assert load(text, ImportOptions(), name="spy.csv").series[0].symbol == "SPY"
    with pytest.raises(ImportProblem, match="--symbol"):
        load(text, ImportOptions(), name="my_prices_2020.csv")


def test_spans_are_seen_and_others_refused(load: Load) -> None:
    plain = ImportOptions(symbol="SPY", stamp="start")
    assert load(HEADER + ROW + ROW.replace("09:30", "09:31"), plain).series[0].span == "minute"
    with pytest.raises(ImportProblem, match="300 seconds apart") as caught:
        load(HEADER + ROW + ROW.replace("09:30", "09:35"), plain)
    assert caught.value.code == "SPAN_REQUIRED"


def test_an_unknown_future_needs_its_facts(load: Load, catalog: Catalog) -> None:
    text = "date,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n"
    bare = ImportOptions(symbol="XYZH20", asset_type=AssetType.FUTURE)
    with pytest.raises(ImportProblem, match="--exchange, --tick, --multiplier"):
        load(text, bare)
    with pytest.raises(ImportProblem, match="no futures symbol"):
        load(text, ImportOptions(symbol="SOMETHING", asset_type=AssetType.FUTURE))
    full = ImportOptions(
        symbol="XYZH20", asset_type=AssetType.FUTURE, exchange="CME", tick=Decimal("0.5"), multiplier=Decimal(20)
    )
    load(text, full)
    contract = catalog.instruments.get("XYZH20", AssetType.FUTURE)
    assert contract is not None
    assert (contract.tick, contract.multiplier, contract.root) == (Decimal("0.5"), Decimal(20), "XYZ")
    with pytest.raises(ImportProblem, match="no session table for exchange 'MARS'"):
        load(text, ImportOptions(symbol="SPY", exchange="MARS"))


def test_bars_outside_the_regular_hours_are_kept_and_counted(load: Load, catalog: Catalog) -> None:
    rows = "".join(ROW.replace("2020-01-02 09:30", at) for at in ("2020-01-02 08:00", "2020-01-02 21:00"))
    summary = load(HEADER + rows + ROW.replace("02 09:30", "04 12:00"))
    assert dict(summary.findings.counts) == {"EXTENDED_HOURS": 1, "OUTSIDE_SESSIONS": 2}
    assert len(_bars(catalog)) == 3


def test_prices_off_the_tick_are_counted(load: Load) -> None:
    assert dict(load(HEADER + ROW.replace("100.25", "100.253")).findings.counts) == {"OFF_TICK": 1}


def test_a_file_of_many_blocks(load: Load, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line numbers, scales and order hold across blocks."""
    monkeypatch.setattr("periscope.market.importers.csv_bars.BLOCK_BYTES", 100)
    monkeypatch.setattr("periscope.market.importers.csv_bars._LONGEST_LINE", 60)
    rows = [ROW.replace("09:30", f"{10 + minute // 60}:{minute % 60:02d}") for minute in range(200)]
    rows[150] = rows[150].replace("100.25", "100.255")
    load(HEADER + "".join(rows))
    assert _bars(catalog).close.tolist() == [100250] * 150 + [100255] + [100250] * 49
    rows[170] = "oops\n"
    with pytest.raises(ImportProblem, match=r"spy\.csv:172: 1 fields"):
        load(HEADER + "".join(rows))


@given(
    st.lists(
        st.one_of(
            st.decimals(min_value=-(10**5), max_value=10**5, places=6).map(str),
            st.integers(-(10**11), 10**11).map(str),
            st.sampled_from(["1.5", "-0.25", ".5", "7.", "1e-3", "2E3", "+4"]),
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=examples(20, 60), deadline=None)
def test_numbers_are_exact(texts: list[str]) -> None:
    import polars as pl

    found = numbers([pl.Series(texts)])
    assert found.ok[0].all()
    assert [Decimal(value).scaleb(-found.scale) for value in found.values[0].tolist()] == [Decimal(t) for t in texts]


def test_facts_that_the_user_gave_say_so(load: Load, catalog: Catalog) -> None:
    load(HEADER + ROW, replace(SPY_MINUTE, exchange="ARCX", tick=Decimal("0.05")))
    spy = catalog.instruments.get("SPY", AssetType.EQUITY)
    assert spy is not None
    assert (spy.source_of("tick"), spy.source_of("exchange")) == ("given with an import", "given with an import")
    assert spy.source_of("multiplier") == "import"
    before = (catalog.root / "instruments.json").read_bytes()
    load(HEADER + ROW, SPY_MINUTE)
    assert (catalog.root / "instruments.json").read_bytes() == before
