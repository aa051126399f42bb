"""Importing LEAN folders: the catalog equals what `zipfile` and `csv` read, and every bar's interval is right.

The data is not part of the project; without it the tests of real files are skipped.
"""

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.front_month import FrontMonths
from periscope.market.importers.corporate_actions import read_factor_rows
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean import import_lean
from periscope.market.importers.lean_facts import read_factor_file
from periscope.market.importers.lean_files import data_root, is_lean
from periscope.market.importers.storing import ImportSummary

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
needs_lean = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

FOREVER = 2**62


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, ImportSummary]:
    catalog = Catalog.create(tmp_path_factory.mktemp("lean") / "catalog")
    return catalog, import_lean(LEAN, catalog)


def _us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def _instrument(catalog: Catalog, symbol: str) -> Instrument:
    kind = AssetType.FUTURE if symbol.startswith("ES") else AssetType.EQUITY
    found = catalog.instruments.get(symbol, kind)
    assert found is not None, symbol
    return found


def _bars(catalog: Catalog, symbol: str, span: BarTimeSpan) -> BarColumns:
    return joined(list(catalog.all_bars(_instrument(catalog, symbol), span, -FOREVER, FOREVER)))


def _intervals(catalog: Catalog, symbol: str, span: BarTimeSpan) -> dict[int, int]:
    bars = _bars(catalog, symbol, span)
    return dict(zip(bars.start.tolist(), bars.end.tolist(), strict=True))


@pytest.fixture(scope="session")
def zips() -> dict[tuple[str, str], list[tuple[int, ...]]]:
    """All trade rows by (symbol, span) as (prices x 10000, volume), by a second, simple reading."""
    rows: dict[tuple[str, str], list[tuple[int, ...]]] = defaultdict(list)
    spans = {"daily": "day"}
    for path in sorted(LEAN.glob("equity/usa/*/**/*.zip")):
        span, ticker = path.relative_to(LEAN).parts[2], path.parent.name if path.stem[0].isdigit() else path.stem
        if not path.stem.endswith("quote"):
            for _, row in _rows_of(path):
                rows[ticker.upper(), spans.get(span, span)].append(tuple(map(int, row[1:])))
    for path in sorted(LEAN.glob("future/cme/*/**/*_trade.zip")):
        span = path.relative_to(LEAN).parts[2]
        for name, row in _rows_of(path):
            symbol = {"03": "ESH", "06": "ESM", "09": "ESU", "12": "ESZ"}[name[-6:-4]] + name[-8:-6]
            prices = (int(Decimal(field) * 10_000) for field in row[1:5])
            rows[symbol, spans.get(span, span)].append((*prices, int(row[5])))
    return rows


def _rows_of(path: Path) -> Iterator[tuple[str, list[str]]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            for row in csv.reader(io.StringIO(archive.read(name).decode())):
                yield name, row


@needs_lean
def test_every_row_of_every_trade_file_is_in_the_catalog_exactly(
    imported: tuple[Catalog, ImportSummary], zips: dict[tuple[str, str], list[tuple[int, ...]]]
) -> None:
    catalog, summary = imported
    assert {(item.symbol, item.span) for item in summary.series} == set(zips)
    for (symbol, span), rows in zips.items():
        instrument, bars = _instrument(catalog, symbol), _bars(catalog, symbol, BarTimeSpan(span))
        unit = 10 ** (4 - instrument.price_scale)
        prices = ((column * unit).tolist() for column in (bars.open, bars.high, bars.low, bars.close))
        assert list(zip(*prices, bars.volume.tolist(), strict=True)) == rows, (symbol, span)


@needs_lean
def test_the_summary_tells_rows_ends_and_volumes(
    imported: tuple[Catalog, ImportSummary], zips: dict[tuple[str, str], list[tuple[int, ...]]]
) -> None:
    _, summary = imported
    for item in summary.series:
        rows = zips[item.symbol, item.span]
        assert (item.rows, int(item.volume)) == (len(rows), sum(row[4] for row in rows))
        assert item.added == item.rows
    assert summary.skipped_files == {"quote files": 47, "openinterest files": 10}
    document = json.loads(json.dumps(summary.to_json()))
    spy = next(item for item in document["series"] if (item["symbol"], item["span"]) == ("SPY", "day"))
    assert (spy["first"], spy["last"]) == ("1998-01-02T14:30:00Z", "2021-03-31T13:30:00Z")
    assert "OUTSIDE_SESSIONS" not in document["finding_counts"]


@needs_lean
def test_importing_again_changes_nothing(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, first = imported
    again = import_lean(LEAN / "equity" / "usa" / "daily" / "spy.zip", catalog)
    assert [(item.rows, item.added, item.unchanged) for item in again.series] == [(5849, 0, 5849)]
    assert len(first.series) > 1


@needs_lean
def test_equity_intervals(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    days = _intervals(catalog, "SPY", BarTimeSpan.DAY)
    assert days[_us("2013-10-07T13:30")] == _us("2013-10-07T20:00")
    assert days[_us("2013-11-29T14:30")] == _us("2013-11-29T18:00"), "a half day"
    hours = _intervals(catalog, "SPY", BarTimeSpan.HOUR)
    assert hours[_us("2013-10-07T13:30")] == _us("2013-10-07T14:00"), "marked 09:00"
    assert hours[_us("2013-10-07T14:00")] == _us("2013-10-07T15:00")
    assert _us("2013-10-07T13:00") not in hours
    minutes = _intervals(catalog, "SPY", BarTimeSpan.MINUTE)
    assert minutes[_us("2013-10-07T13:30")] == _us("2013-10-07T13:31")
    assert _intervals(catalog, "SPY", BarTimeSpan.SECOND)[_us("2013-10-07T13:30")] == _us("2013-10-07T13:30:01")


@needs_lean
def test_equity_hours_and_days_open_and_close_as_the_minutes_of_those_intervals(
    imported: tuple[Catalog, ImportSummary],
) -> None:
    """To within two cents: the resolutions differ by single prints. An interval off by an hour would show."""
    catalog, _ = imported
    minutes = _bars(catalog, "SPY", BarTimeSpan.MINUTE)
    for span in (BarTimeSpan.HOUR, BarTimeSpan.DAY):
        bars = _bars(catalog, "SPY", span)
        window = (bars.start >= _us("2013-10-07T00:00")) & (bars.start < _us("2013-10-12T00:00"))
        for row in window.nonzero()[0].tolist():
            inside = (minutes.start >= bars.start[row]) & (minutes.end <= bars.end[row])
            assert abs(bars.open[row] - minutes.open[inside][0]) <= 200
            assert abs(bars.close[row] - minutes.close[inside][-1]) <= 200


@needs_lean
def test_future_day_intervals(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    days = _intervals(catalog, "ESZ13", BarTimeSpan.DAY)
    assert days[_us("2013-10-07T13:30")] == _us("2013-10-07T21:00"), "09:30 to 17:00 New York"
    assert days[_us("2013-10-06T22:00")] == _us("2013-10-07T00:00"), "a Sunday's row is the evening up to midnight UTC"
    assert days[_us("2013-12-15T23:00")] == _us("2013-12-16T00:00"), "the same in winter"
    assert days[_us("2013-11-28T23:00")] == _us("2013-11-29T00:00"), "Thanksgiving: the evening only"
    assert days[_us("2013-11-29T14:30")] == _us("2013-11-29T18:15"), "an early close"
    expires_at = _instrument(catalog, "ESZ13").expires_at
    assert expires_at == _us("2013-12-20T14:30")
    assert days[_us("2013-12-20T14:29")] == expires_at, "the expiry date's row ends with the contract"


@needs_lean
def test_future_hour_intervals(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    december, march = (_intervals(catalog, symbol, BarTimeSpan.HOUR) for symbol in ("ESZ13", "ESH20"))
    assert december[_us("2013-10-07T13:00")] == _us("2013-10-07T14:00"), "a date with overnight rows: whole hours"
    assert march[_us("2020-01-06T14:30")] == _us("2020-01-06T15:00"), "a date with regular hours only"
    assert _us("2020-01-06T14:00") not in march


@needs_lean
def test_future_hours_are_the_minutes_of_those_intervals(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    for symbol in ("ESZ13", "ESH14", "ESH20"):
        hours, minutes = (_bars(catalog, symbol, span) for span in (BarTimeSpan.HOUR, BarTimeSpan.MINUTE))
        compared = 0
        for row in range(len(hours)):
            inside = (minutes.start >= hours.start[row]) & (minutes.end <= hours.end[row])
            if not inside.any():
                continue
            compared += 1
            assert hours.open[row] == minutes.open[inside][0], (symbol, row)
            assert hours.high[row] == minutes.high[inside].max(), (symbol, row)
            assert hours.low[row] == minutes.low[inside].min(), (symbol, row)
            assert hours.close[row] == minutes.close[inside][-1], (symbol, row)
        assert compared > 6


@needs_lean
def test_contracts_have_the_facts_of_the_folder(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    contract = _instrument(catalog, "ESZ13")
    assert (contract.exchange, contract.root, contract.currency) == ("CME", "ES", "USD")
    assert (contract.tick, contract.multiplier) == (Decimal("0.25"), Decimal(50))
    assert (contract.initial_margin, contract.maintenance_margin) == (Decimal(4180), Decimal(3800))
    assert "margins/ES.csv, row of 2013-10-03" in contract.source
    assert _instrument(catalog, "ESH20").initial_margin == Decimal(6930)
    assert [c.symbol for c in catalog.instruments.chain("ES")][:3] == ["ESZ13", "ESH14", "ESM14"]
    assert [_instrument(catalog, s).exchange for s in ("SPY", "AAPL", "BAC")] == ["ARCX", "XNAS", "XNYS"]


@needs_lean
def test_the_front_month_rolls_once(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    front = FrontMonths(catalog)
    assert front.front_month("ES", _us("2013-12-13T21:00")).symbol == "ESZ13"
    for day in range(14, 27):
        assert front.front_month("ES", _us(f"2013-12-{day}T12:00")).symbol == "ESH14", day


@needs_lean
def test_corporate_actions_are_kept_beside_raw_bars(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, summary = imported
    kept = json.loads((catalog.root / "corporate_actions" / "EQUITY" / "AAPL.json").read_text())
    assert {"last_day_before": "2012-08-08", "amount": "2.65", "close_before": "619.86"} in kept["dividends"]
    assert [item["last_day_before"] for item in kept["splits"]] == [
        "2000-06-20",
        "2005-02-25",
        "2014-06-06",
        "2020-08-28",
    ]
    assert kept["factor_rows"][0].startswith("19980102")
    renamed = json.loads((catalog.root / "corporate_actions" / "EQUITY" / "BAC.json").read_text())
    assert [item["ticker"] for item in renamed["tickers"]] == ["NB", "NB", "BAC"]
    assert any("no run applies them yet" in note for note in summary.notes)


@needs_lean
def test_factor_rows_are_those_of_the_file(imported: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = imported
    lines = (LEAN / "equity/usa/factor_files/spy.csv").read_text().split()
    rows = read_factor_rows(catalog.files, "SPY")
    told = [(f"{row.day:%Y%m%d}", row.price_factor, row.split_factor, row.close) for row in rows]
    assert told == [(day, *map(Decimal, numbers)) for day, *numbers in (line.split(",") for line in lines)]
    assert read_factor_rows(catalog.files, "NONE") == ()


@needs_lean
@pytest.mark.parametrize(
    ("part", "series"),
    [
        ("equity/usa/minute/spy", {("SPY", "minute")}),
        ("future/cme/daily", {(f"ES{c}", "day") for c in ("Z13", "H14", "M14", "U14", "Z14", "H20", "M20", "U20")}),
        ("equity/usa/minute/aapl/20140605_trade.zip", {("AAPL", "minute")}),
    ],
)
def test_a_part_of_the_folder(part: str, series: set[tuple[str, str]], tmp_path: Path) -> None:
    assert is_lean(LEAN / part)
    summary = import_lean(LEAN / part, Catalog.create(tmp_path))
    assert {(item.symbol, item.span) for item in summary.series} == series


def _folder(root: Path, rows: str, ticker: str = "abc", map_file: str | None = None) -> Path:
    target = root / "lean" / "equity" / "usa" / "daily"
    target.mkdir(parents=True)
    with zipfile.ZipFile(target / f"{ticker}.zip", "w") as archive:
        archive.writestr(f"{ticker}.csv", rows)
    if map_file is not None:
        (target.parent / "map_files").mkdir()
        (target.parent / "map_files" / f"{ticker}.csv").write_text(map_file)
    return root / "lean"


GOOD = "20200102 00:00,1000000,1010000,990000,1005000,500\n"


def test_bad_rows_refuse_the_import_with_file_and_line(tmp_path: Path) -> None:
    rows = GOOD + "20200103 00:00,1000000,990000,1000000,1005000,500\n20200106 00:00,abc,1,1,1,1\n20200107 00:00,1,2\n"
    catalog = Catalog.create(tmp_path / "catalog")
    with pytest.raises(ImportProblem) as caught:
        import_lean(_folder(tmp_path, rows), catalog)
    problem = caught.value
    assert (problem.code, problem.exit_code) == ("BAD_ROWS", 5)
    assert "equity/usa/daily/abc.zip#abc.csv:2" in problem.message
    assert problem.findings is not None
    assert problem.findings.counts == {"BAD_OHLC": 1, "BAD_PRICE": 1, "MALFORMED_ROW": 1}
    assert catalog.instruments.all() == []


def test_bad_rows_can_be_skipped_and_are_counted(tmp_path: Path) -> None:
    rows = GOOD + "20200103 00:00,abc,990000,1000000,1005000,500\n" + GOOD.replace("0102", "0106")
    summary = import_lean(_folder(tmp_path, rows), Catalog.create(tmp_path / "catalog"), skip_bad_rows=True)
    assert [item.rows for item in summary.series] == [2]
    assert summary.to_json()["skipped_rows"] == 1


def test_a_delisted_equity_expires_at_the_close_of_its_last_day(tmp_path: Path) -> None:
    folder = _folder(tmp_path, GOOD, map_file="20190101,abc,Q\n20200103,abc,Q\n")
    catalog = Catalog.create(tmp_path / "catalog")
    import_lean(folder, catalog)
    assert _instrument(catalog, "ABC").expires_at == _us("2020-01-03T21:00")


def test_a_fraction_of_a_ten_thousandth_is_kept(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    import_lean(_folder(tmp_path, "20200102 00:00,1000000.5,1010000,990000,1005000,500\n"), catalog)
    assert _instrument(catalog, "ABC").price_scale == 5
    assert _bars(catalog, "ABC", BarTimeSpan.DAY).open.tolist() == [10_000_005]


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path, GOOD)
    path = folder / "equity" / "usa" / "daily" / "abc.zip"
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(ImportProblem, match=r"abc\.zip is damaged") as caught:
        import_lean(folder, Catalog.create(tmp_path / "catalog"))
    assert caught.value.code == "BAD_ZIP"


def test_what_is_no_lean_folder(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("x")
    assert not is_lean(tmp_path / "bars.csv")
    assert data_root(tmp_path) is None
    with pytest.raises(ImportProblem, match="not in a LEAN data folder"):
        import_lean(tmp_path, Catalog.create(tmp_path / "catalog"))


def test_dividends_and_splits_follow_from_the_factors(tmp_path: Path) -> None:
    path = tmp_path / "abc.csv"
    path.write_text("20100104,0.96,0.5,1\n20100601,0.96,0.5,100\n20110601,0.98,1,50\n20501231,1,1,0\n")
    factors = read_factor_file(path)
    assert factors is not None
    assert factors.dividends() == [
        {"last_day_before": "2010-06-01", "amount": "2.04", "close_before": "100"},
        {"last_day_before": "2011-06-01", "amount": "1.00", "close_before": "50"},
    ]
    assert factors.splits() == [{"last_day_before": "2010-06-01", "factor": "0.5", "close_before": "100"}]
    assert factors.rows[0].day == date(2010, 1, 4)
