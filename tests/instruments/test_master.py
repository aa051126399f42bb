"""The master: finding instruments, and explaining why one was not found."""

from datetime import date
from decimal import Decimal

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import future_instrument
from periscope.instruments.instrument import Instrument, MarginPeriod
from periscope.instruments.master import InstrumentMaster

SPY = Instrument(symbol="SPY", asset_type=AssetType.ETF, exchange="ARCX")
AAPL = Instrument(symbol="AAPL", asset_type=AssetType.EQUITY, exchange="XNAS")
APLE = Instrument(symbol="APLE", asset_type=AssetType.EQUITY, exchange="XNYS")
SPX = Instrument(symbol="SPX", asset_type=AssetType.INDEX, exchange="US")
QUARTERS = [(2014, 3), (2013, 12), (2014, 9), (2014, 6), (2014, 12)]
MASTER = InstrumentMaster([SPY, AAPL, APLE, SPX, *(future_instrument("ES", *at, source="test") for at in QUARTERS)])


@pytest.mark.parametrize(
    ("symbol", "asset_type", "found"),
    [
        ("SPY", AssetType.ETF, SPY),
        ("SPY", AssetType.EQUITY, SPY),
        ("AAPL", AssetType.EQUITY, AAPL),
        ("AAPL", AssetType.ETF, AAPL),
        ("AAPL", AssetType.FUTURE, None),
        ("SPX", AssetType.EQUITY, None),
        ("spy", AssetType.ETF, None),
    ],
)
def test_get(symbol: str, asset_type: AssetType, found: Instrument | None) -> None:
    assert MASTER.get(symbol, asset_type) == found


def test_the_exact_type_comes_first() -> None:
    equity = Instrument(symbol="SPY", asset_type=AssetType.EQUITY, exchange="ARCX")
    both = InstrumentMaster([SPY, equity])
    assert both.get("SPY", AssetType.EQUITY) is equity
    assert both.get("SPY", AssetType.ETF) is SPY


@pytest.mark.parametrize(
    ("symbol", "asset_type", "says"),
    [
        ("ESZ13", AssetType.EQUITY, "no EQUITY 'ESZ13' in the catalog; 'ESZ13' exists as FUTURE"),
        ("APPL", AssetType.EQUITY, "no EQUITY 'APPL' in the catalog; did you mean 'APLE' or 'AAPL'?"),
        ("spy", AssetType.EQUITY, "no EQUITY 'spy' in the catalog; did you mean 'SPY' or 'SPX' (INDEX)?"),
        (
            "ES",
            AssetType.FUTURE,
            (
                "no FUTURE 'ES' in the catalog; 'ES' is a futures root,"
                " its contracts are ESZ13, ESH14, ESM14, ESU14 and 1 more"
            ),
        ),
        ("ESZ3", AssetType.FUTURE, "no FUTURE 'ESZ3' in the catalog; 'ESZ3' is another spelling of the FUTURE 'ESZ13'"),
        (
            "ES H4",
            AssetType.EQUITY,
            "no EQUITY 'ES H4' in the catalog; 'ES H4' is another spelling of the FUTURE 'ESH14'",
        ),
        (
            "ESZ2014",
            AssetType.FUTURE,
            "no FUTURE 'ESZ2014' in the catalog; 'ESZ2014' is another spelling of the FUTURE 'ESZ14'",
        ),
        (
            "CL",
            AssetType.FUTURE,
            "no FUTURE 'CL' in the catalog; 'CL' is a futures root (WTI Crude Oil), but none of its contracts is there",
        ),
        (
            "ESM13",
            AssetType.FUTURE,
            "no FUTURE 'ESM13' in the catalog; of its root 'ES' there are ESZ13, ESH14, ESM14, ESU14 and 1 more",
        ),
        (
            "CLZ13",
            AssetType.FUTURE,
            "no FUTURE 'CLZ13' in the catalog; it is a contract of 'CL' (WTI Crude Oil), of which none is there",
        ),
        (
            "QWERTY",
            AssetType.EQUITY,
            (
                "no EQUITY 'QWERTY' in the catalog, nor anything that sounds like it."
                " `periscope data list` shows what is there"
            ),
        ),
    ],
)
def test_explanations(symbol: str, asset_type: AssetType, says: str) -> None:
    assert MASTER.explain_unknown(symbol, asset_type) == says


def test_an_empty_master_says_how_to_begin() -> None:
    assert "periscope data import" in InstrumentMaster([]).explain_unknown("SPY", AssetType.ETF)


def test_chains_are_in_order_of_expiry() -> None:
    assert [contract.symbol for contract in MASTER.chain("ES")] == ["ESZ13", "ESH14", "ESM14", "ESU14", "ESZ14"]
    assert MASTER.chain("NQ") == []
    assert MASTER.roots() == ["ES"]


def test_all_is_sorted_and_the_later_of_two_wins() -> None:
    newer = Instrument(symbol="AAPL", asset_type=AssetType.EQUITY, exchange="XNAS", source="newer")
    assert InstrumentMaster([SPY, AAPL, newer]).all() == [newer, SPY]


@pytest.mark.parametrize(
    ("day", "initial"),
    [("2012-01-01", 4375), ("2012-03-26", 4375), ("2013-10-02", 4375), ("2013-10-03", 4180), ("2030-01-01", 4180)],
)
def test_margins_are_those_in_force_on_the_day(day: str, initial: int) -> None:
    periods = tuple(
        MarginPeriod(first_day=date.fromisoformat(first), initial=Decimal(most), maintenance=Decimal(least))
        for first, most, least in (("2012-03-26", 4375, 3500), ("2013-10-03", 4180, 3800))
    )
    contract = Instrument(symbol="ESZ13", asset_type=AssetType.FUTURE, exchange="CME", margins=periods)
    found = contract.margins_on(date.fromisoformat(day))
    assert found is not None
    assert found.initial == initial


def test_without_known_margins_there_are_none() -> None:
    contract = Instrument(symbol="ESZ13", asset_type=AssetType.FUTURE, exchange="CME")
    assert contract.margins_on(date(2013, 10, 3)) is None
