"""Importing LEAN folders: the catalog equals what `zipfile` and `csv` read, and every bar's interval is right.

The data is not part of the project; without it the tests of real files are skipped.
"""

import csv
import io
import json
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.market.bar_files import joined, joined_rows
from periscope.market.catalog import Catalog
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns, QuoteColumns
from periscope.market.front_month import FrontMonths
from periscope.market.importers.corporate_actions import read_factor_rows
from periscope.market.importers.lean import import_lean
from periscope.market.importers.lean_files import is_lean
from periscope.market.importers.storing import ImportSummary

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
FUTURES = LEAN / "future" / "cme"
needs_lean = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

FOREVER = 2**62
LAST_OF_NB = "19980930 23:59"


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


type Series = tuple[str, str, str]


@pytest.fixture(scope="session")
def zips() -> dict[Series, list[tuple[int | None, ...]]]:
    """All rows by (symbol, span, data), without the marks and with prices x 10000, by a second, simple reading.

    BAC's ticker was NB before: LEAN reads the file of that ticker for these days, and so do we.
    """
    rows: dict[Series, list[tuple[int | None, ...]]] = defaultdict(list)
    spans, what = {"daily": "day"}, {"quote": "quote bars", "openinterest": "open interest"}
    for path in sorted(LEAN.glob("equity/usa/*/**/*.zip")):
        span, ticker = path.relative_to(LEAN).parts[2], path.parent.name if path.stem[0].isdigit() else path.stem
        data = what.get(path.stem.partition("_")[2], "bars")
        for _, row in _rows_of(path):
            if ticker != "bac" or span not in {"daily", "hour"} or row[0] > LAST_OF_NB:
                rows[ticker.upper(), spans.get(span, span), data].append(tuple(map(int, row[1:])))
    for path in sorted(LEAN.glob("future/cme/*/**/*.zip")):
        span, data = path.relative_to(LEAN).parts[2], what.get(path.stem.partition("_")[2], "bars")
        for name, row in _rows_of(path):
            symbol = {"03": "ESH", "06": "ESM", "09": "ESU", "12": "ESZ"}[name[-6:-4]] + name[-8:-6]
            rows[symbol, spans.get(span, span), data].append(tuple(_values(row[1:])))
    return rows


def _values(fields: list[str]) -> Iterator[int | None]:
    """Prices x 10000 and whole sizes; a missing side is five times None."""
    for first in range(0, len(fields), 5):
        *prices, size = fields[first : first + 5]
        if prices and not any(prices):
            yield from (None,) * 5
        else:
            yield from (int(Decimal(price) * 10_000) for price in prices)
            yield int(size)


def _stored(catalog: Catalog, symbol: str, span: BarTimeSpan, data: str) -> list[tuple[int | None, ...]]:
    """The same of what the catalog holds."""
    instrument = _instrument(catalog, symbol)
    read = {"bars": catalog.all_bars, "quote bars": catalog.all_quotes, "open interest": catalog.all_interest}[data]
    unit, found = 10 ** (4 - instrument.price_scale), list[tuple[int | None, ...]]()
    for chunk in read(instrument, span, -FOREVER, FOREVER):
        columns = (
            [
                None if value == chunk.missing(name) else value * (unit if name in chunk.PRICES else 1)
                for value in column
            ]
            for name, column in ((name, getattr(chunk, name).tolist()) for name in chunk.NAMES[2:])
        )
        found += zip(*columns, strict=True)
    return found


def _rows_of(path: Path) -> Iterator[tuple[str, list[str]]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            for row in csv.reader(io.StringIO(archive.read(name).decode())):
                yield name, row


@needs_lean
def test_every_row_of_every_file_is_in_the_catalog_exactly(
    lean_import: tuple[Catalog, ImportSummary], zips: dict[Series, list[tuple[int | None, ...]]]
) -> None:
    catalog, summary = lean_import
    assert {(item.symbol, item.span, item.data) for item in summary.series} == set(zips)
    assert {data for *_, data in zips} == {"bars", "quote bars", "open interest"}
    for (symbol, span, data), rows in zips.items():
        assert _stored(catalog, symbol, BarTimeSpan(span), data) == rows, (symbol, span, data)
    catalog.verify()


@needs_lean
def test_the_summary_tells_rows_ends_and_volumes(
    lean_import: tuple[Catalog, ImportSummary], zips: dict[Series, list[tuple[int | None, ...]]]
) -> None:
    catalog, summary = lean_import
    spans = {"bars": catalog.spans, "quote bars": catalog.quote_spans, "open interest": catalog.interest_spans}
    for item in summary.series:
        rows = zips[item.symbol, item.span, item.data]
        assert (item.rows, item.added) == (len(rows), len(rows))
        volumes = sum(row[4] or 0 for row in rows) if item.data == "bars" else None
        assert item.volume == volumes
        coverage = spans[item.data](_instrument(catalog, item.symbol))[BarTimeSpan(item.span)]
        assert (item.first, item.last) == (coverage.first, coverage.last)
    assert summary.skipped_files == {"universe files (each holds figures of the session after its date)": 37}
    document = json.loads(json.dumps(summary.to_json()))
    spy = next(item for item in document["series"] if (item["symbol"], item["span"]) == ("SPY", "day"))
    assert (spy["first"], spy["last"]) == ("1998-01-02T14:30:00Z", "2021-03-31T13:30:00Z")
    assert document["finding_counts"] == {
        "CROSSED_QUOTE": 5,
        "EXTENDED_HOURS": 69_618,
        "OTHER_TICKER": 188 + 1316,
        "MISSING_SIDE": sum(None in row for rows in zips.values() for row in rows),
        "OUTSIDE_SESSIONS": 281,
    }


@needs_lean
def test_first_and_last_quotes_and_open_interest_are_those_of_the_files(
    lean_import: tuple[Catalog, ImportSummary],
) -> None:
    catalog, _ = lean_import
    quotes = list(catalog.all_quotes(_instrument(catalog, "SPY"), BarTimeSpan.MINUTE, -FOREVER, FOREVER))
    assert int(quotes[0].start[0]) == _us("2013-10-04T08:00"), "04:00 in New York"
    assert int(quotes[-1].end[-1]) == _us("2023-08-04T00:01"), "the row marked 20:00 in New York"
    contract = _instrument(catalog, "ESZ13")
    minutes = next(catalog.all_interest(contract, BarTimeSpan.MINUTE, _us("2013-10-07T00:00"), FOREVER))
    assert (int(minutes.start[0]), int(minutes.end[0])) == (_us("2013-10-07T06:06"), _us("2013-10-07T06:07"))
    days = next(catalog.all_interest(contract, BarTimeSpan.DAY, _us("2013-10-07T00:00"), FOREVER))
    assert int(days.end[0]) == _us("2013-10-08T00:00"), "known at the end of the day that it was told on"
    assert minutes.open_interest[minutes.end <= days.end[0]][-1] == days.open_interest[0]


@needs_lean
def test_sides_that_the_files_lack_are_not_made_up(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
    contract = _instrument(catalog, "ESZ14")
    quotes = joined_rows(QuoteColumns, list(catalog.all_quotes(contract, BarTimeSpan.MINUTE, -FOREVER, FOREVER)))
    lacking = quotes.bid_close == NO_PRICE
    assert lacking.any()
    assert not (lacking & (quotes.ask_close == NO_PRICE)).any()
    assert (quotes.bid_size[lacking] == UNKNOWN_VOLUME).all()


@needs_lean
def test_importing_again_changes_nothing(lean_import: tuple[Catalog, ImportSummary], tmp_path: Path) -> None:
    all_read, first = lean_import
    catalog = Catalog.open(shutil.copytree(all_read.root, tmp_path / "catalog"))
    before = (catalog.root / "manifest.json").read_bytes(), (catalog.root / "instruments.json").read_bytes()
    for part in ("equity/usa/daily/spy.zip", "future/cme/hour", "equity/usa/minute/aapl"):
        again = import_lean(LEAN / part, catalog)
        assert all((item.added, item.replaced, item.unchanged) == (0, 0, item.rows) for item in again.series)
    assert ((catalog.root / "manifest.json").read_bytes(), (catalog.root / "instruments.json").read_bytes()) == before
    assert len(first.series) > 1


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, ImportSummary]:
    catalog = Catalog.create(tmp_path_factory.mktemp("whole") / "catalog")
    return catalog, import_lean(FUTURES, catalog)


@needs_lean
@pytest.mark.parametrize("calls", [pytest.param(1, marks=pytest.mark.full), 31])
def test_an_interrupted_import_goes_on_where_it_was(
    calls: int, uninterrupted: tuple[Catalog, ImportSummary], tmp_path: Path
) -> None:
    left = calls

    def interrupt(done: int, total: int, label: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    whole, summary = uninterrupted
    cut = Catalog.create(tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        import_lean(FUTURES, cut, progress=interrupt)
    told = import_lean(FUTURES, Catalog.open(cut.root))
    assert (cut.root / "manifest.json").read_bytes() == (whole.root / "manifest.json").read_bytes()
    assert (cut.root / "instruments.json").read_bytes() == (whole.root / "instruments.json").read_bytes()
    assert [(item.symbol, item.span, item.data, item.rows) for item in told.series] == [
        (item.symbol, item.span, item.data, item.rows) for item in summary.series
    ]
    assert told.findings.counts == summary.findings.counts
    assert any("an import that was interrupted" in note for note in told.notes) == (calls > 1)
    assert list(cut.root.glob("unfinished*")) == []


@needs_lean
def test_equity_intervals(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
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
    lean_import: tuple[Catalog, ImportSummary],
) -> None:
    """To within two cents: the resolutions differ by single prints. An interval off by an hour would show."""
    catalog, _ = lean_import
    minutes = _bars(catalog, "SPY", BarTimeSpan.MINUTE)
    for span in (BarTimeSpan.HOUR, BarTimeSpan.DAY):
        bars = _bars(catalog, "SPY", span)
        window = (bars.start >= _us("2013-10-07T00:00")) & (bars.start < _us("2013-10-12T00:00"))
        for row in window.nonzero()[0].tolist():
            inside = (minutes.start >= bars.start[row]) & (minutes.end <= bars.end[row])
            assert abs(bars.open[row] - minutes.open[inside][0]) <= 200
            assert abs(bars.close[row] - minutes.close[inside][-1]) <= 200


@needs_lean
def test_future_day_intervals(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
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
def test_future_hour_intervals(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
    december, march = (_intervals(catalog, symbol, BarTimeSpan.HOUR) for symbol in ("ESZ13", "ESH20"))
    assert december[_us("2013-10-07T13:00")] == _us("2013-10-07T14:00"), "a date with overnight rows: whole hours"
    assert march[_us("2020-01-06T14:30")] == _us("2020-01-06T15:00"), "a date with regular hours only"
    assert _us("2020-01-06T14:00") not in march


@needs_lean
def test_future_hours_are_the_minutes_of_those_intervals(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
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
def test_contracts_have_the_facts_of_the_folder(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
    contract = _instrument(catalog, "ESZ13")
    assert (contract.exchange, contract.root, contract.currency) == ("CME", "ES", "USD")
    assert (contract.tick, contract.multiplier) == (Decimal("0.25"), Decimal(50))
    assert (contract.initial_margin, contract.maintenance_margin) == (Decimal(4180), Decimal(3800))
    assert "margins/ES.csv, row of 2013-10-03" in contract.source_of("initial_margin")
    assert contract.source_of("tick") == "LEAN data folder: symbol-properties-database.csv"
    assert "CME" in contract.source_of("expires_at")
    by_day = [(str(period.first_day), int(period.initial), int(period.maintenance)) for period in contract.margins]
    assert by_day == [
        ("2012-03-26", 4375, 3500),
        ("2012-09-24", 3850, 3500),
        ("2013-10-03", 4180, 3800),
        ("2013-10-15", 4510, 4100),
    ]
    in_force = contract.margins_on(date(2013, 10, 14))
    assert in_force is not None
    assert in_force.initial == 4180
    assert _instrument(catalog, "ESH20").initial_margin == Decimal(6930)
    assert [c.symbol for c in catalog.instruments.chain("ES")][:3] == ["ESZ13", "ESH14", "ESM14"]
    assert [_instrument(catalog, s).exchange for s in ("SPY", "AAPL", "BAC")] == ["ARCX", "XNAS", "XNYS"]


@needs_lean
def test_the_front_month_rolls_once(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
    front = FrontMonths(catalog)
    assert front.front_month("ES", _us("2013-12-13T21:00")).symbol == "ESZ13"
    for day in range(14, 27):
        assert front.front_month("ES", _us(f"2013-12-{day}T12:00")).symbol == "ESH14", day


@needs_lean
def test_corporate_actions_are_kept_beside_raw_bars(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, summary = lean_import
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
    assert any("kept in corporate_actions" in note for note in summary.notes)


@needs_lean
def test_factor_rows_are_those_of_the_file(lean_import: tuple[Catalog, ImportSummary]) -> None:
    catalog, _ = lean_import
    lines = (LEAN / "equity/usa/factor_files/spy.csv").read_text().split()
    rows = read_factor_rows(catalog.files, "SPY")
    told = [(f"{row.day:%Y%m%d}", row.price_factor, row.split_factor, row.close) for row in rows]
    assert told == [(day, *map(Decimal, numbers)) for day, *numbers in (line.split(",") for line in lines)]
    assert read_factor_rows(catalog.files, "NONE") == ()


@needs_lean
@pytest.mark.parametrize(
    ("part", "series"),
    [
        ("equity/usa/minute/spy", {("SPY", "minute", "bars"), ("SPY", "minute", "quote bars")}),
        (
            "future/cme/daily/es_trade.zip",
            {(f"ES{c}", "day", "bars") for c in ("Z13", "H14", "M14", "U14", "Z14", "H20", "M20", "U20")},
        ),
        ("equity/usa/minute/aapl/20140605_quote.zip", {("AAPL", "minute", "quote bars")}),
    ],
)
def test_a_part_of_the_folder(part: str, series: set[Series], tmp_path: Path) -> None:
    assert is_lean(LEAN / part)
    summary = import_lean(LEAN / part, Catalog.create(tmp_path))
    assert {(item.symbol, item.span, item.data) for item in summary.series} == series
