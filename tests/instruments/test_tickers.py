"""Tickers by date: from a table of last days, in the master, and in a catalog."""

import json
from datetime import date
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import FactSource, Instrument, TickerPeriod
from periscope.instruments.master import InstrumentMaster
from periscope.instruments.tickers import ticker_periods, with_tickers
from periscope.market.catalog import Catalog
from periscope.market.errors import CatalogDamagedError
from periscope.market.importers.lean import import_lean

LEAN = Path(__file__).parents[3] / "shared" / "data" / "lean"

NAMES = ticker_periods(
    [(date(1999, 3, 10), "QQQ"), (date(2004, 11, 30), "QQQ"), (date(2011, 3, 22), "QQQQ"), (None, "QQQ")], "a test"
)
QQQ = with_tickers(Instrument(symbol="QQQ", asset_type=AssetType.ETF, exchange="XNAS"), NAMES)
OTHER = with_tickers(
    Instrument(symbol="QQQQ", asset_type=AssetType.EQUITY, exchange="XNAS"),
    ticker_periods([(date(2015, 1, 2), "QQQQ"), (date(2016, 6, 30), "QQQQ")], "a test"),
)
PLAIN = Instrument(
    symbol="SPY",
    asset_type=AssetType.ETF,
    exchange="ARCX",
    source="a file",
    fact_sources=(FactSource("tick", "a rule"),),
)
MASTER = InstrumentMaster([QQQ, OTHER, PLAIN])


def test_periods_follow_each_other() -> None:
    assert (
        TickerPeriod(ticker="QQQ", first_day=date(1999, 3, 10), last_day=date(2004, 11, 30), source="a test"),
        TickerPeriod(ticker="QQQQ", first_day=date(2004, 12, 1), last_day=date(2011, 3, 22), source="a test"),
        TickerPeriod(ticker="QQQ", first_day=date(2011, 3, 23), last_day=None, source="a test"),
    ) == NAMES


def test_the_same_ticker_twice_in_a_row_is_one_period() -> None:
    rows = [(date(1998, 1, 2), "SPY"), (date(2003, 1, 2), "SPY"), (None, "SPY")]
    [period] = ticker_periods(rows, "a test")
    assert (period.first_day, period.last_day) == (date(1998, 1, 2), None)


@pytest.mark.parametrize(
    "rows",
    [
        [(date(2004, 1, 2), "A"), (date(2003, 1, 2), "B")],
        [(date(2004, 1, 2), "A"), (date(2004, 1, 2), "B")],
        [(date(2004, 1, 2), "A"), (None, "B"), (None, "C")],
    ],
)
def test_days_that_do_not_ascend_are_refused(rows: list[tuple[date | None, str]]) -> None:
    with pytest.raises(ValueError, match="must ascend"):
        ticker_periods(rows, "a test")


def test_no_rows_no_periods() -> None:
    assert ticker_periods([], "a test") == ()
    assert with_tickers(PLAIN, ()) is PLAIN


@pytest.mark.parametrize(
    ("ticker", "day", "found"),
    [
        ("QQQ", date(2004, 11, 30), QQQ),
        ("QQQ", date(2004, 12, 1), None),
        ("QQQQ", date(2004, 12, 1), QQQ),
        ("QQQQ", date(2011, 3, 22), QQQ),
        ("QQQQ", date(2011, 3, 23), None),
        ("QQQQ", date(2015, 1, 2), OTHER),  # the ticker of another company, years later
        ("QQQQ", date(2016, 7, 1), None),  # delisted
        ("QQQ", date(1999, 3, 9), None),  # not listed yet
        ("SPY", date(1990, 1, 2), PLAIN),  # nothing is known about its days
    ],
)
def test_what_a_ticker_meant_on_a_day(ticker: str, day: date, found: Instrument | None) -> None:
    assert MASTER.named(ticker, AssetType.EQUITY, day) is found


def test_validity() -> None:
    assert (OTHER.valid_from, OTHER.valid_until) == (date(2015, 1, 2), date(2016, 6, 30))
    assert [OTHER.valid_on(day) for day in (date(2015, 1, 1), date(2015, 1, 2), date(2016, 7, 1))] == [
        False,
        True,
        False,
    ]
    assert OTHER.ticker_on(date(2016, 7, 1)) is None
    assert PLAIN.ticker_on(date(1990, 1, 2)) == "SPY"


def test_sources_of_facts() -> None:
    assert (PLAIN.source_of("tick"), PLAIN.source_of("multiplier")) == ("a rule", "a file")


OLD_TABLE = """{
 "instruments": [
  {"symbol": "SPY", "asset_type": "ETF", "exchange": "ARCX", "currency": "USD", "price_scale": 2, "volume_scale": 0,
   "tick": "0.01", "quantity_step": "1", "multiplier": "1", "initial_margin": null, "maintenance_margin": null,
   "root": null, "listed_at": null, "expires_at": null, "source": "import"}
 ],
 "format": 1
}"""


def test_a_table_of_the_first_version_opens(tmp_path: Path) -> None:
    root = Catalog.create(tmp_path / "catalog").root
    (root / "instruments.json").write_text(OLD_TABLE)
    [spy] = Catalog.open(root).instruments.all()
    assert spy == Instrument(symbol="SPY", asset_type=AssetType.ETF, exchange="ARCX", price_scale=2, source="import")


def test_a_catalog_keeps_names_and_sources(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.add_instruments([QQQ, OTHER, PLAIN])
    assert Catalog.open(catalog.root).instruments.all() == MASTER.all()


def test_tickers_of_corporate_actions_are_read(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.add_instruments([Instrument(symbol="BAC", asset_type=AssetType.EQUITY, exchange="XNYS")])
    kept = catalog.root / "corporate_actions" / "EQUITY" / "BAC.json"
    kept.parent.mkdir(parents=True)
    tickers = [("1998-01-02", "NB"), ("1998-09-30", "NB"), ("2050-12-31", "BAC")]
    rows = [{"last_day": day, "ticker": ticker, "exchange_letter": "N"} for day, ticker in tickers]
    kept.write_text(json.dumps({"format": 1, "source": "a map file", "tickers": rows}))
    master = Catalog.open(catalog.root).instruments
    bank = master.named("NB", AssetType.EQUITY, date(1998, 9, 30))
    assert bank is not None
    assert (bank.symbol, bank.names[0].source) == ("BAC", "a map file")
    assert master.named("NB", AssetType.EQUITY, date(1998, 10, 1)) is None
    said = "no EQUITY 'NB' in the catalog; 'NB' was the ticker of 'BAC' from 1998-01-02 to 1998-09-30"
    assert master.explain_unknown("NB", AssetType.EQUITY) == said
    kept.write_text("{")
    with pytest.raises(CatalogDamagedError, match="Import the symbol again"):
        Catalog.open(catalog.root)


@pytest.mark.skipif(not LEAN.exists(), reason="the fidelity data are not here")
def test_tickers_of_an_imported_lean_folder(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    import_lean(LEAN / "equity" / "usa" / "daily", catalog, symbol="QQQ")
    [fund] = Catalog.open(catalog.root).instruments.all()
    assert [(name.ticker, name.first_day, name.last_day) for name in fund.names] == [
        ("QQQ", date(1999, 3, 10), date(2004, 11, 30)),
        ("QQQQ", date(2004, 12, 1), date(2011, 3, 22)),
        ("QQQ", date(2011, 3, 23), None),
    ]
