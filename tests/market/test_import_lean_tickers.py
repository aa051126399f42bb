"""Made LEAN folders whose map files tell of renames: each date's rows come from the file of that date's ticker."""

import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.bar_files import joined, joined_rows
from periscope.market.catalog import Catalog
from periscope.market.columns import QuoteColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean import import_lean
from periscope.market.importers.lean_tickers import TickerTable, Use, read_tickers
from periscope.market.importers.storing import ImportSummary

FOREVER = 2**62
RENAMED = "20200102,old,Q\n20200106,old,Q\n20501231,new,Q\n"
DAYS = ("20200102", "20200103", "20200106", "20200107", "20200108")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def lean(tmp_path: Path) -> Path:
    (tmp_path / "lean/equity/usa/map_files").mkdir(parents=True)
    return tmp_path / "lean"


def _map(lean: Path, name: str, text: str) -> None:
    (lean / f"equity/usa/map_files/{name}.csv").write_text(text)


def _zip(lean: Path, path: str, rows: Iterable[str]) -> None:
    place = lean / "equity/usa" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(f"{place.stem}.csv", "".join(f"{row}\n" for row in rows))


def _daily(lean: Path, ticker: str, price: int, days: Iterable[str] = DAYS) -> None:
    """One row a day at a price in whole units."""
    _zip(lean, f"daily/{ticker}.zip", [_row(f"{day} 00:00", price) for day in days])


def _row(mark: str, price: int) -> str:
    return ",".join([mark, *[str(price * 10_000)] * 4, "100"])


def _instrument(catalog: Catalog, symbol: str) -> Instrument:
    found = catalog.instruments.get(symbol, AssetType.EQUITY)
    assert found is not None, symbol
    return found


def _symbols(catalog: Catalog) -> list[str]:
    return [each.symbol for each in catalog.instruments.all()]


def _closes(catalog: Catalog, symbol: str, span: BarTimeSpan = BarTimeSpan.DAY) -> list[tuple[str, int]]:
    """Day and close, in whole units, of each bar."""
    bars = joined(list(catalog.all_bars(_instrument(catalog, symbol), span, -FOREVER, FOREVER)))
    return list(zip(_days(bars.start.tolist()), (bars.close // 10_000).tolist(), strict=True))


def _days(starts: list[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(start // 1_000_000, UTC):%m%d}" for start in starts]


def _left_out(summary: ImportSummary) -> list[str]:
    return [f"{found.place}: {found.message}" for found in summary.findings.examples if found.code == "OTHER_TICKER"]


def test_daily_rows_come_from_the_file_of_the_day_s_ticker(lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    _daily(lean, "old", 1)
    _daily(lean, "new", 2)
    summary = import_lean(lean, catalog)
    assert _symbols(catalog) == ["NEW"]
    assert _closes(catalog, "NEW") == [("0102", 1), ("0103", 1), ("0106", 1), ("0107", 2), ("0108", 2)]
    assert summary.findings.counts == {"OTHER_TICKER": 5}
    assert _left_out(summary) == [
        "equity/usa/daily/old.zip#old.csv:4: left out: NEW had the ticker NEW on 2020-01-07",
        "equity/usa/daily/old.zip#old.csv:5: left out: NEW had the ticker NEW on 2020-01-08",
        "equity/usa/daily/new.zip#new.csv:1: left out: NEW had the ticker OLD on 2020-01-02",
    ]
    assert "OLD was the ticker of NEW from 2020-01-02 to 2020-01-06: the rows of these days are NEW's" in summary.notes
    names = [(name.ticker, name.first_day, name.last_day) for name in _instrument(catalog, "NEW").names]
    assert names == [("OLD", date(2020, 1, 2), date(2020, 1, 6)), ("NEW", date(2020, 1, 7), None)]
    (stored,) = summary.series
    assert (stored.symbol, stored.rows, stored.added) == ("NEW", 5, 5)
    again = import_lean(lean, catalog)
    assert [(item.added, item.unchanged) for item in again.series] == [(0, 5)]


def test_a_ticker_that_came_back(lean: Path, catalog: Catalog) -> None:
    """The file of the ticker has both ends, the other one the middle."""
    _map(lean, "qqq", "20200102,qqq,Q\n20200103,qqq,Q\n20200107,qqqq,Q\n20501231,qqq,Q\n")
    _daily(lean, "qqq", 1, ["20200102", "20200103", "20200108"])
    _daily(lean, "qqqq", 2, ["20200106", "20200107"])
    summary = import_lean(lean, catalog)
    assert _closes(catalog, "QQQ") == [("0102", 1), ("0103", 1), ("0106", 2), ("0107", 2), ("0108", 1)]
    assert not summary.findings.counts


def test_hours_minutes_seconds_and_quotes(lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    marks = [f"{day} {hour}:00" for day in DAYS for hour in ("10", "11")]
    for ticker, price in (("old", 1), ("new", 2)):
        _zip(lean, f"hour/{ticker}.zip", [_row(mark, price) for mark in marks])
        for day in DAYS:
            for span in ("minute", "second"):
                _zip(lean, f"{span}/{ticker}/{day}_trade.zip", [_row("36000000", price)])
                sides = ",".join([*[str(price * 10_000)] * 4, "5"])
                _zip(lean, f"{span}/{ticker}/{day}_quote.zip", [f"36000000,{sides},{sides}"])
    summary = import_lean(lean, catalog)
    assert _symbols(catalog) == ["NEW"]
    told = [("0102", 1), ("0103", 1), ("0106", 1), ("0107", 2), ("0108", 2)]
    assert _closes(catalog, "NEW", BarTimeSpan.HOUR) == [each for each in told for _ in range(2)]
    for span in (BarTimeSpan.MINUTE, BarTimeSpan.SECOND):
        assert _closes(catalog, "NEW", span) == told
        found = list(catalog.all_quotes(_instrument(catalog, "NEW"), span, -FOREVER, FOREVER))
        quotes = joined_rows(QuoteColumns, found)
        prices = (quotes.bid_close // 10_000).tolist()
        assert list(zip(_days(quotes.start.tolist()), prices, strict=True)) == told
    assert summary.findings.counts["OTHER_TICKER"] == 10 + 4 * 5
    assert sum(item.rows for item in summary.series) == 10 + 4 * 5


def test_two_instruments_that_swapped_a_ticker(lean: Path, catalog: Catalog) -> None:
    """Each file holds rows of both."""
    _map(lean, "aaa", "20200102,bbb,Q\n20200106,bbb,Q\n20501231,aaa,Q\n")
    _map(lean, "bbb", "20200102,aaa,Q\n20200106,aaa,Q\n20501231,bbb,Q\n")
    _daily(lean, "aaa", 1)
    _daily(lean, "bbb", 2)
    for day in DAYS:
        _zip(lean, f"minute/aaa/{day}_trade.zip", [_row("36000000", 1)])
        _zip(lean, f"minute/bbb/{day}_trade.zip", [_row("36000000", 2)])
    summary = import_lean(lean, catalog)
    assert not summary.findings.counts, "every row has its instrument"
    for span in (BarTimeSpan.DAY, BarTimeSpan.MINUTE):
        assert _closes(catalog, "AAA", span) == [("0102", 2), ("0103", 2), ("0106", 2), ("0107", 1), ("0108", 1)]
        assert _closes(catalog, "BBB", span) == [("0102", 1), ("0103", 1), ("0106", 1), ("0107", 2), ("0108", 2)]
    master = Catalog.open(catalog.root).instruments
    then, now = (master.named("AAA", AssetType.EQUITY, date(2020, 1, day)) for day in (6, 7))
    assert then is not None
    assert now is not None
    assert (then.symbol, now.symbol) == ("BBB", "AAA")


def test_a_delisted_instrument_whose_ticker_another_one_took_over(lean: Path, catalog: Catalog) -> None:
    """LEAN names the map file of the first one with a number."""
    _map(lean, "fb.1", "20200102,fb,Q\n20200103,fb,Q\n")
    _map(lean, "fb", "20200107,fb,Q\n20501231,fb,Q\n")
    _daily(lean, "fb", 1)
    summary = import_lean(lean, catalog)
    assert _closes(catalog, "FB.1") == [("0102", 1), ("0103", 1)]
    assert _closes(catalog, "FB") == [("0107", 1), ("0108", 1)]
    assert _instrument(catalog, "FB.1").expires_at is not None
    assert _left_out(summary) == [
        "equity/usa/daily/fb.zip#fb.csv:3: left out: no map file has the ticker FB on 2020-01-06"
    ]


def test_rows_after_the_last_day_of_a_delisted_instrument(lean: Path, catalog: Catalog) -> None:
    _map(lean, "abc", "20200102,abc,Q\n20200106,abc,Q\n")
    _daily(lean, "abc", 1)
    for day in DAYS:
        _zip(lean, f"minute/abc/{day}_trade.zip", [_row("36000000", 1), "nonsense"] if day > "20200106" else [])
    summary = import_lean(lean, catalog)
    assert [day for day, _ in _closes(catalog, "ABC")] == ["0102", "0103", "0106"]
    assert summary.findings.counts == {"OTHER_TICKER": 2 + 4}, "what can't be read counts too, and refuses nothing"


def test_a_ticker_in_no_map_file_is_an_instrument(lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    _daily(lean, "new", 2)
    _daily(lean, "xyz", 3)
    import_lean(lean, catalog)
    assert _symbols(catalog) == ["NEW", "XYZ"]
    assert len(_closes(catalog, "XYZ")) == len(DAYS)


def test_a_single_zip_says_where_its_rows_go_and_what_is_missing(lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    _daily(lean, "old", 1)
    _daily(lean, "new", 2)
    first = import_lean(lean / "equity/usa/daily/new.zip", catalog)
    assert (
        "equity/usa/daily/old.zip has bars of NEW too from 2020-01-02 to 2020-01-06; they are not part of this import"
        in (first.notes)
    )
    assert [day for day, _ in _closes(catalog, "NEW")] == ["0107", "0108"]
    second = import_lean(lean / "equity/usa/daily/old.zip", catalog)
    assert "OLD was the ticker of NEW from 2020-01-02 to 2020-01-06: the rows of these days are NEW's" in second.notes
    assert [close for _, close in _closes(catalog, "NEW")] == [1, 1, 1, 2, 2]
    assert _symbols(catalog) == ["NEW"]


def test_a_folder_of_one_ticker_says_which_other_folder_there_is(lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    _zip(lean, "minute/old/20200103_trade.zip", [_row("36000000", 1)])
    _zip(lean, "minute/new/20200107_trade.zip", [_row("36000000", 2)])
    summary = import_lean(lean / "equity/usa/minute/new", catalog)
    assert [note for note in summary.notes if "not part" in note] == [
        "equity/usa/minute/old has bars of NEW too from 2020-01-02 to 2020-01-06; they are not part of this import"
    ]
    assert [note for note in import_lean(lean, catalog).notes if "not part" in note] == []


@pytest.mark.parametrize("symbol", ["new", "OLD"])
def test_a_symbol_may_be_a_former_ticker(symbol: str, lean: Path, catalog: Catalog) -> None:
    _map(lean, "new", RENAMED)
    for ticker, price in (("old", 1), ("new", 2), ("xyz", 3)):
        _daily(lean, ticker, price)
    summary = import_lean(lean, catalog, symbol=symbol)
    assert _symbols(catalog) == ["NEW"]
    assert [close for _, close in _closes(catalog, "NEW")] == [1, 1, 1, 2, 2]
    told = "OLD was the ticker of NEW from 2020-01-02 to 2020-01-06: NEW is imported"
    assert (told in summary.notes) == (symbol == "OLD")
    with pytest.raises(ImportProblem, match="there is NEW day, XYZ day"):
        import_lean(lean, catalog, symbol="NONE")


def test_a_bad_row_refuses_the_instrument_that_it_belongs_to(lean: Path, catalog: Catalog) -> None:
    _map(lean, "aaa", "20200102,aaa,Q\n20200106,aaa,Q\n20501231,ccc,Q\n")
    _map(lean, "bbb", "20200107,aaa,Q\n20200108,aaa,Q\n20501231,bbb,Q\n")
    _zip(lean, "daily/aaa.zip", [_row("20200102 00:00", 1), "20200107 00:00,x,1,1,1,1", _row("20200108 00:00", 1)])
    with pytest.raises(ImportProblem, match="not imported: BBB day bars; the other series were"):
        import_lean(lean, catalog)
    assert _symbols(catalog) == ["AAA"]
    _zip(lean, "daily/aaa.zip", [_row("20200102 00:00", 1), _row("when", 1)])
    with pytest.raises(ImportProblem, match="not imported: AAA day bars, BBB day bars"):
        import_lean(lean, catalog)


def test_an_interrupted_import_of_shared_files_goes_on(lean: Path, catalog: Catalog) -> None:
    """Two series are made of the same files, so they are not told apart by these alone."""
    _map(lean, "aaa", "20200102,bbb,Q\n20200106,bbb,Q\n20501231,aaa,Q\n")
    _map(lean, "bbb", "20200103,aaa,Q\n20200106,aaa,Q\n20501231,bbb,Q\n")
    _daily(lean, "aaa", 1)
    _daily(lean, "bbb", 2)

    def stop(done: int, total: int, label: str) -> None:
        if label == "BBB day bars":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_lean(lean, catalog, progress=stop)
    summary = import_lean(lean, catalog)
    assert any("an import that was interrupted" in note for note in summary.notes)
    assert [(item.symbol, item.rows) for item in summary.series] == [("AAA", 5), ("BBB", 4)]
    assert summary.findings.counts == {"OTHER_TICKER": 1}
    assert [close for _, close in _closes(catalog, "BBB")] == [1, 1, 2, 2]


def test_map_files_that_contradict_each_other(tmp_path: Path) -> None:
    """The use that ends first has the days that two have, as in LEAN."""
    day = [date(2020, 1, number) for number in range(1, 31)]
    table = TickerTable([Use("A", "X", day[9], day[12]), Use("A", "Y", day[4], day[19])])
    assert [(use.symbol, use.first.day, use.last.day) for use in table.of("A")] == [
        ("Y", 5, 9),
        ("X", 10, 13),
        ("Y", 14, 20),
    ]
    assert table.shared("A") == [
        "A is the ticker of X and of Y in their map files from 2020-01-10 to 2020-01-13: the rows of these days are X's"
    ]


@pytest.mark.parametrize(
    "text",
    ["20200102\n", "yesterday,abc\n", "20200103,abc\n20200102,abd\n", "20200102," + "a" * 200_000],
    ids=["no ticker", "no date", "not ascending", "too long"],
)
def test_a_map_file_that_cannot_be_read_claims_nothing_and_is_named(text: str, lean: Path, catalog: Catalog) -> None:
    _map(lean, "broken", text)
    _daily(lean, "abc", 1)
    summary = import_lean(lean, catalog)
    assert _symbols(catalog) == ["ABC"]
    assert any(note.startswith("map_files/broken.csv can't be read") for note in summary.notes)
    _daily(lean, "broken", 1)
    with pytest.raises(ImportProblem) as caught:
        import_lean(lean, catalog)
    assert caught.value.code == "BAD_LEAN_FOLDER"


def test_a_map_file_of_one_row_has_no_first_day(lean: Path) -> None:
    _map(lean, "spy", "20501231,spy,P\n")
    _map(lean, "none", "")
    table = read_tickers(lean, "usa")
    assert table.of("SPY") == [Use("SPY", "SPY", date.min, date.max)]
    assert table.names("NONE") == []
