"""The spellings of futures contracts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from periscope.instruments.contract_names import (
    AmbiguousContractError,
    Spellings,
    contracts_named,
    read_contract,
    spellings,
)
from periscope.instruments.futures import FutureSymbol, contract_dates, future_symbol
from periscope.instruments.products import PRODUCTS

ES_DECEMBER = FutureSymbol("ES", 2013, 12)


@pytest.mark.parametrize("text", ["ESZ13", "ESZ2013", "ES Z13", "esz13", " ES Z 13 ", "ES-Z13", "ES.Z2013", "ES_Z13"])
def test_spellings_of_one_contract(text: str) -> None:
    assert read_contract(text) == ES_DECEMBER


@pytest.mark.parametrize(
    ("text", "trade_date", "year"),
    [
        ("ESZ3", date(2013, 10, 7), 2013),
        ("ES Z3", date(2013, 12, 20), 2013),  # its last day
        ("ESZ3", date(2013, 12, 21), 2023),  # the day after
        ("ESZ3", date(2003, 1, 2), 2003),
        ("CLF4", date(2013, 12, 19), 2014),
        ("CLF4", date(2013, 12, 20), 2024),  # crude of January ends in December
        ("SR3Z2", date(2023, 2, 1), 2022),  # SOFR of December ends in March
        ("QQZ5", date(2015, 12, 31), 2015),  # a root without a rule: to the end of the month
        ("QQZ5", date(2016, 1, 1), 2025),
    ],
)
def test_one_digit_means_the_contract_that_trades(text: str, trade_date: date, year: int) -> None:
    assert read_contract(text, trade_date).year == year


def test_one_digit_without_a_date_is_ambiguous() -> None:
    with pytest.raises(AmbiguousContractError, match=r"'ESZ3' can mean ESZ03, ESZ13, ESZ23, ESZ33, …: give the trade"):
        read_contract("ESZ3")


@pytest.mark.parametrize(
    "text", ["", "ES", "Z13", "ESA13", "ESZ", "ESZ134", "ESZ1969", "ESZ2070", "SPY", "ES/Z13", "é13"]
)
def test_what_is_no_contract(text: str) -> None:
    with pytest.raises(ValueError, match="as ESZ13, ESZ3, ES Z13 or ESZ2013"):
        read_contract(text)
    assert contracts_named(text) == []


def test_both_usual_spellings() -> None:
    assert spellings("ES", 2013, 12) == Spellings("ESZ13", "ESZ3")
    assert spellings("6E", 2009, 3) == Spellings("6EH09", "6EH9")


def test_all_that_a_spelling_can_mean() -> None:
    assert contracts_named("ES Z13") == ["ESZ13"]
    decades = contracts_named("ESZ3")
    assert (decades[0], decades[-1], len(decades)) == ("ESZ73", "ESZ63", 10)


@given(root=st.sampled_from(sorted(PRODUCTS)), year=st.integers(2000, 2025), data=st.data())
def test_the_short_spelling_leads_back_on_the_last_day(root: str, year: int, data: st.DataObject) -> None:
    month = data.draw(st.sampled_from(PRODUCTS[root].months))
    last = contract_dates(PRODUCTS[root], year, month).last_trade_day or date(year, month, 1)
    assert read_contract(spellings(root, year, month).short, last) == FutureSymbol(root, year, month)
    assert read_contract(future_symbol(root, year, month)) == FutureSymbol(root, year, month)
