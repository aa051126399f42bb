"""Futures symbols and expiries against CME's calendars."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.futures import (
    FutureSymbol,
    equity_index_expiry,
    future_instrument,
    future_symbol,
    parse_future_symbol,
)

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("symbol", "root", "year", "month"),
    [
        ("ESZ13", "ES", 2013, 12),
        ("ESH14", "ES", 2014, 3),
        ("MNQM25", "MNQ", 2025, 6),
        ("RTYU99", "RTY", 1999, 9),
        ("ESF70", "ES", 1970, 1),
        ("ESF69", "ES", 2069, 1),
    ],
)
def test_symbols(symbol: str, root: str, year: int, month: int) -> None:
    assert parse_future_symbol(symbol) == FutureSymbol(root, year, month)
    assert future_symbol(root, year, month) == symbol


@pytest.mark.parametrize("symbol", ["ES", "ESZ3", "ESZ2013", "esz13", "ESA13", "", "Z13", "ES Z13", "SPY"])
def test_what_is_no_symbol_is_told_the_form(symbol: str) -> None:
    with pytest.raises(ValueError, match="as ESZ13"):
        parse_future_symbol(symbol)


@given(root=st.from_regex(r"[A-Z0-9]{1,6}", fullmatch=True), year=st.integers(1970, 2069), month=st.integers(1, 12))
def test_symbols_round_trip(root: str, year: int, month: int) -> None:
    assert parse_future_symbol(future_symbol(root, year, month)) == FutureSymbol(root, year, month)


@pytest.mark.parametrize(
    ("year", "month", "local"),
    [
        (2013, 12, "2013-12-20 09:30"),
        (2014, 3, "2014-03-21 09:30"),
        (2020, 3, "2020-03-20 09:30"),
        (2008, 3, "2008-03-20 09:30"),  # the third Friday is Good Friday
        (2026, 6, "2026-06-18 09:30"),  # the third Friday is Juneteenth
        (2001, 9, "2001-09-21 09:30"),
    ],
)
def test_equity_index_expiries(year: int, month: int, local: str) -> None:
    at = datetime.fromtimestamp(equity_index_expiry(year, month) // 1_000_000, NEW_YORK)
    assert f"{at:%Y-%m-%d %H:%M}" == local


def test_a_contract_carries_its_products_facts() -> None:
    contract = future_instrument("ES", 2013, 12, source="a test")
    assert (contract.symbol, contract.asset_type, contract.root) == ("ESZ13", AssetType.FUTURE, "ES")
    assert (contract.tick, contract.multiplier) == (Decimal("0.25"), Decimal(50))
    assert contract.expires_at == equity_index_expiry(2013, 12)
    assert contract.source.startswith("a test")
    assert (contract.valid_from, contract.valid_until) == (None, date(2013, 12, 20))
