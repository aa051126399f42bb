"""The table of futures roots: that each row is whole and agrees with itself."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from periscope.instruments.hours import EXCHANGES
from periscope.instruments.products import PRODUCTS, FutureProduct

ALL = sorted(PRODUCTS)


def test_the_table_has_the_fifty_most_traded_roots_of_every_exchange() -> None:
    assert len(PRODUCTS) >= 50
    by_exchange = {product.exchange.code for product in PRODUCTS.values()}
    assert by_exchange == {"CME", "CBOT", "NYMEX", "COMEX", "ICEUS", "ICEEU", "EUREX"}


def test_the_docs_list_them_by_exchange() -> None:
    page = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text()
    for code in {product.exchange.code for product in PRODUCTS.values()}:
        [listed] = re.findall(rf"^\| `{code}` \| (.+) \|$", page, flags=re.MULTILINE)
        assert set(re.split(r"[ ,·]+", listed)) == {
            root for root, product in PRODUCTS.items() if product.exchange.code == code
        }


@pytest.fixture(params=ALL)
def product(request: pytest.FixtureRequest) -> FutureProduct:
    return PRODUCTS[request.param]


def test_price_columns_hold_every_tick_exactly(product: FutureProduct) -> None:
    for tick in product.ticks:
        assert tick.value > 0
        assert tick.value.scaleb(product.price_scale) % 1 == 0


def test_facts_are_whole(product: FutureProduct) -> None:
    assert product.source
    assert product.name
    assert product.unit
    assert product.multiplier > 0
    assert product.quantity_step == 1
    assert len(product.currency) == 3
    assert product.months
    assert not set(product.months) & set(product.serial_months)
    if product.margin is not None:
        assert product.margin.maintenance <= product.margin.initial
        assert product.margin.date < date(2023, 1, 1)


def test_ticks_are_by_date(product: FutureProduct) -> None:
    since = [tick.since for tick in product.ticks]
    assert None not in since[1:]
    assert since[1:] == sorted(each for each in since[1:] if each is not None)
    if len(since) > 1:
        assert "tick" in dict(product.fact_sources), "a change of the tick needs its own source"


def test_sessions_are_known(product: FutureProduct) -> None:
    assert product.sessions is None or product.sessions in EXCHANGES


def test_what_is_settled_in_cash_has_no_notice(product: FutureProduct) -> None:
    if product.settlement == "cash":
        assert product.first_notice is None
        assert not product.notice_after_last_trade


@pytest.mark.parametrize(
    ("root", "day", "tick"),
    [
        ("6E", date(2016, 1, 8), "0.0001"),
        ("6E", date(2016, 1, 11), "0.00005"),
        ("6C", date(2016, 7, 8), "0.0001"),
        ("6C", date(2016, 7, 11), "0.00005"),
        ("ZT", date(2019, 1, 11), "0.0078125"),
        ("ZT", date(2019, 1, 14), "0.00390625"),
        ("ES", date(1997, 9, 9), "0.25"),
    ],
)
def test_ticks_that_changed(root: str, day: date, tick: str) -> None:
    assert PRODUCTS[root].tick_on(day) == Decimal(tick)


def test_a_fact_names_its_source() -> None:
    assert PRODUCTS["6E"].source_of("tick") == "CME Special Executive Report S-7425 of 2015-11-19"
    assert PRODUCTS["6E"].source_of("multiplier") == "CME rulebook, chapter 261"


def test_what_a_tick_is_worth() -> None:
    """Money per tick as the exchanges state it, for one product of each kind."""
    worth = {root: PRODUCTS[root].tick * PRODUCTS[root].multiplier for root in PRODUCTS}
    stated = {
        "ES": "12.50", "NQ": "5", "YM": "5", "RTY": "5", "MES": "1.25", "MNQ": "0.50", "M2K": "0.50", "MYM": "0.50",
        "6E": "6.25", "6J": "6.25", "6B": "6.25", "6A": "5", "6C": "5", "6S": "6.25", "SR3": "6.25", "LE": "10",
        "HE": "10", "BTC": "25", "MBT": "0.50", "ZT": "7.8125", "ZF": "7.8125", "ZN": "15.625", "TN": "15.625",
        "ZB": "31.25", "UB": "31.25", "ZQ": "10.4175", "ZC": "12.50", "ZS": "12.50", "ZW": "12.50", "KE": "12.50",
        "ZL": "6", "ZM": "10", "CL": "10", "MCL": "1", "NG": "10", "RB": "4.20", "HO": "4.20", "PL": "5", "GC": "10",
        "MGC": "1", "SI": "25", "HG": "12.50", "SB": "11.20", "KC": "18.75", "CC": "10", "CT": "5", "DX": "5",
        "B": "10", "G": "25", "I": "12.50", "R": "10", "Z": "5", "FESX": "10", "FDAX": "25", "FGBL": "10",
        "FGBM": "10", "FGBS": "5",
    }  # fmt: skip
    assert worth == {root: Decimal(value) for root, value in stated.items()}
