"""Chains of contracts, from the table and from a catalog."""

from datetime import date

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.chains import Contract, product_chain, stored_chain, trading_contracts
from periscope.instruments.futures import future_instrument
from periscope.instruments.instrument import Instrument
from periscope.instruments.products import PRODUCTS


def names(contracts: list[Contract]) -> list[str]:
    return [contract.names.symbol for contract in contracts]


def test_contracts_that_end_in_a_window() -> None:
    chain = product_chain(PRODUCTS["ES"], [], date(2013, 12, 20), date(2014, 6, 20))
    assert names(chain) == ["ESZ13", "ESH14", "ESM14"]
    assert names(product_chain(PRODUCTS["ES"], [], date(2013, 12, 21), date(2014, 6, 19))) == ["ESH14"]


def test_a_contract_counts_by_the_day_it_ends_not_by_its_month() -> None:
    crude = product_chain(PRODUCTS["CL"], [], date(2013, 12, 1), date(2014, 1, 31))
    assert names(crude) == ["CLF14", "CLG14"]
    sofr = product_chain(PRODUCTS["SR3"], [], date(2023, 3, 1), date(2023, 6, 30))
    assert names(sofr) == ["SR3Z22", "SR3H23"]


def test_serial_months_only_when_asked_for_or_stored() -> None:
    window = (date(2013, 10, 1), date(2014, 1, 31))
    assert names(product_chain(PRODUCTS["GC"], [], *window)) == ["GCV13", "GCZ13"]
    every = product_chain(PRODUCTS["GC"], [], *window, serial=True)
    assert [(contract.names.symbol, contract.serial) for contract in every] == [
        ("GCV13", False),
        ("GCX13", True),
        ("GCZ13", False),
        ("GCF14", True),
    ]
    stored = future_instrument("GC", 2013, 11, source="a test")
    found = product_chain(PRODUCTS["GC"], [stored], *window)
    assert names(found) == ["GCV13", "GCX13", "GCZ13"]
    assert [contract.stored for contract in found] == [None, stored, None]


def test_a_stored_contract_of_an_unlisted_month_is_shown() -> None:
    stored = future_instrument("ES", 2013, 11, source="a test")
    found = product_chain(PRODUCTS["ES"], [stored], date(2013, 11, 1), date(2013, 12, 31))
    assert [(contract.names.symbol, contract.serial) for contract in found] == [("ESX13", True), ("ESZ13", False)]


def test_the_contracts_that_trade_on_a_day() -> None:
    assert names(trading_contracts(PRODUCTS["ES"], [], date(2013, 12, 20), 3)) == ["ESZ13", "ESH14", "ESM14"]
    assert names(trading_contracts(PRODUCTS["ES"], [], date(2013, 12, 21), 2)) == ["ESH14", "ESM14"]
    assert names(trading_contracts(PRODUCTS["SR3"], [], date(2023, 2, 7), 2)) == ["SR3Z22", "SR3H23"]
    assert names(trading_contracts(PRODUCTS["CL"], [], date(2013, 12, 20), 2)) == ["CLG14", "CLH14"]


def test_no_contract_is_older_than_its_product() -> None:
    assert names(trading_contracts(PRODUCTS["RTY"], [], date(2013, 10, 7), 2)) == ["RTYU17", "RTYZ17"]


def test_without_a_calendar_the_months_count() -> None:
    chain = trading_contracts(PRODUCTS["B"], [], date(2013, 10, 7), 2)
    assert names(chain) == ["BV13", "BX13"]
    assert chain[0].dates.last_trade_unknown == "no rule is known for contracts before 2016-03"


def test_a_root_that_only_the_catalog_has() -> None:
    ours = Instrument(
        symbol="SXZ23", asset_type=AssetType.FUTURE, exchange="CME", root="SX", expires_at=1_702_600_000_000_000
    )
    odd = Instrument(symbol="SX-SPOT", asset_type=AssetType.FUTURE, exchange="CME", root="SX")
    first, second = stored_chain([ours, odd])
    assert (first.names.short, first.month, first.dates.last_trade) == ("SXZ3", 12, ours.expires_at)
    assert second.names.symbol == "SX-SPOT"
    assert second.dates.last_trade_unknown == "the catalog has none"
