"""Made LEAN folders: bad rows, damaged files, interruptions, margins and factors."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean import import_lean
from periscope.market.importers.lean_facts import margin_periods, read_factor_file
from periscope.market.importers.lean_files import data_root, is_lean
from periscope.market.importers.storing import Progress

FOREVER = 2**62


def _us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def _instrument(catalog: Catalog, symbol: str) -> Instrument:
    kind = AssetType.FUTURE if symbol.startswith("ES") else AssetType.EQUITY
    found = catalog.instruments.get(symbol, kind)
    assert found is not None, symbol
    return found


def _bars(catalog: Catalog, symbol: str, span: BarTimeSpan) -> BarColumns:
    return joined(list(catalog.all_bars(_instrument(catalog, symbol), span, -FOREVER, FOREVER)))


def _folder(root: Path, rows: str, ticker: str = "abc", map_file: str | None = None) -> Path:
    target = root / "lean" / "equity" / "usa" / "daily"
    _zip(target / f"{ticker}.zip", rows)
    if map_file is not None:
        (target.parent / "map_files").mkdir()
        (target.parent / "map_files" / f"{ticker}.csv").write_text(map_file)
    return root / "lean"


def _zip(path: Path, rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}.csv", rows)


def _stopping_at(wanted: str) -> Progress:
    def stop(done: int, total: int, label: str) -> None:
        if label == wanted:
            raise KeyboardInterrupt

    return stop


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


def test_a_bad_row_keeps_back_its_own_series_alone(tmp_path: Path) -> None:
    folder = _folder(tmp_path, GOOD)
    _zip(folder / "equity/usa/daily/xyz.zip", GOOD + "20200103 00:00,abc,1,1,1,1\n")
    catalog = Catalog.create(tmp_path / "catalog")
    with pytest.raises(ImportProblem, match="not imported: XYZ day bars; the other series were") as caught:
        import_lean(folder, catalog)
    assert "xyz.zip#xyz.csv:2" in caught.value.message
    assert [each.symbol for each in catalog.instruments.all()] == ["ABC"]
    import_lean(folder, catalog, skip_bad_rows=True)
    assert [each.symbol for each in catalog.instruments.all()] == ["ABC", "XYZ"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("0,,,,,0,,,,,0", "NO_QUOTE"),
        ("0,1,,1,1,5,2,2,2,2,5", "BAD_PRICE"),
        ("0,1,1,1,1,x,2,2,2,2,5", "BAD_VOLUME"),
        ("0,1,1,1,1,-5,2,2,2,2,5", "BAD_VOLUME"),
        ("0,,,,,7,2,2,2,2,5", "BAD_VOLUME"),
        ("0,1,1,2,1,5,2,2,2,2,5", "BAD_OHLC"),
        ("0,1,1,1,1,5,3,2,2,2,5", "BAD_OHLC"),
        ("0,0,0,0,0,5,2,2,2,2,5", "BAD_PRICE"),
        ("0,1,1,1,1,5,2,2,2,2", "MALFORMED_ROW"),
        ("86400000,1,1,1,1,5,2,2,2,2,5", "BAD_TIME"),
    ],
)
def test_what_is_wrong_with_a_quote_is_told_with_its_line(row: str, code: str, tmp_path: Path) -> None:
    folder = tmp_path / "lean"
    good = "34200000,,,,,0,20000,20000,20000,20000,5\n"
    _zip(folder / "equity/usa/minute/abc/20200102_quote.zip", f"{row}\n{good}")
    catalog = Catalog.create(tmp_path / "catalog")
    with pytest.raises(ImportProblem, match=r"20200102_quote\.zip#20200102_quote\.csv:1: ") as caught:
        import_lean(folder, catalog)
    assert caught.value.code == code
    assert catalog.instruments.all() == []
    summary = import_lean(folder, catalog, skip_bad_rows=True)
    assert (summary.series[0].rows, dict(summary.findings.counts)) == (1, {code: 1, "MISSING_SIDE": 1})


def test_margins_within_the_day_are_read_where_the_file_has_them(tmp_path: Path) -> None:
    path = tmp_path / "future" / "cme" / "margins" / "ES.csv"
    path.parent.mkdir(parents=True)
    path.write_text("date,initial,maintenance,i,m\n20200109,7260,6600,1000,900\n20191115,6930,6300\n")
    periods = margin_periods(tmp_path, "cme", "ES")
    told = [(str(each.initial), str(each.intraday_initial), str(each.intraday_maintenance)) for each in periods]
    assert told == [("6930", "None", "None"), ("7260", "1000", "900")]


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


def test_a_zip_that_grows_beyond_measure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lean/equity/usa/daily/abc.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("abc.csv", b"\n" * (80 << 20))
    with pytest.raises(ImportProblem, match=r"abc\.csv grows by more than 200 times") as caught:
        import_lean(tmp_path / "lean", Catalog.create(tmp_path / "catalog"))
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


def test_files_that_changed_since_an_interruption_are_read_again(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    folder = _folder(tmp_path, GOOD)
    _zip(folder / "equity/usa/hour/abc.zip", GOOD)
    with pytest.raises(KeyboardInterrupt):
        import_lean(folder, catalog, progress=_stopping_at("ABC hour bars"))
    _zip(folder / "equity/usa/daily/abc.zip", GOOD + GOOD.replace("0102", "0103"))
    summary = import_lean(folder, catalog)
    assert [(item.span, item.rows, item.added) for item in summary.series] == [("day", 2, 1), ("hour", 1, 1)]
