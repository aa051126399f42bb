"""Last trading days and first notice days as the exchanges published them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from periscope.instruments.business_days import BusinessDays, NoCalendarError
from periscope.instruments.contract_names import read_contract
from periscope.instruments.expiry_rules import UnknownRuleError, day_of_rule, rule_text
from periscope.instruments.futures import contract_dates, future_instrument
from periscope.instruments.products import PRODUCTS

PUBLISHED_CME = """
    ESH20 2020-03-20 08:30
    CLZ13 2013-11-20 14:30
    CLF14 2013-12-19 14:30
    CLG14 2014-01-21 14:30
    CLK20 2020-04-21 14:30
    CLM20 2020-05-19 14:30
    CLF22 2021-12-20 14:30
    MCLF22 2021-12-17 14:30
    NGX12 2012-10-29 14:30
    NGZ13 2013-11-26 14:30
    NGF14 2013-12-27 14:30
    RBZ13 2013-11-29 14:30
    HOF14 2013-12-31 14:30
    GCV12 2012-10-29 13:30
    GCZ13 2013-12-27 13:30
    GCM20 2020-06-26 13:30
    SIH21 2021-03-29 13:25
    HGZ20 2020-12-29 13:00
    ZNZ13 2013-12-19 12:01
    ZNM20 2020-06-19 12:01
    ZBU20 2020-09-21 12:01
    ZFM20 2020-06-30 12:01
    ZTZ20 2020-12-31 12:01
    ZCZ13 2013-12-13 12:00
    ZCH20 2020-03-13 12:00
    ZSX20 2020-11-13 12:00
    ZWK21 2021-05-14 12:00
    6EZ13 2013-12-16 09:16
    6EM20 2020-06-15 09:16
    6CM20 2020-06-16 09:16
    LEM20 2020-06-30 12:00
    HEM20 2020-06-12 12:00
    HEZ18 2018-12-14 12:00
    SR3Z22 2023-03-14 16:00
    ZQF24 2024-01-31 16:00
"""

PUBLISHED_ELSEWHERE = """
    FESXU20 2020-09-18
    FDAXU20 2020-09-18
    FGBLU20 2020-09-08
    FGBSH20 2020-03-06
    SBV20 2020-09-30
    KCZ20 2020-12-18
    CCZ20 2020-12-15
    CTZ23 2023-12-06
    DXZ20 2020-12-14
    BZ20 2020-10-30
    BG21 2020-12-30
    GZ20 2020-12-10
    IZ20 2020-12-14
    RZ20 2020-12-29
    ZZ20 2020-12-18
    BTCZ20 2020-12-24
    BTCF21 2021-01-29
"""
"""On these days the holidays of the exchange are those of the New York stock exchange, which stands in for it."""

FIRST_NOTICE = """
    GCM20 2020-05-29
    ZNH20 2020-02-28
    ZNZ13 2013-11-29
    ZCZ13 2013-11-29
    KCZ20 2020-11-19
    CCZ20 2020-11-16
    SBV20 2020-10-01
"""


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.split("\n") if line.strip()]


@pytest.mark.parametrize(("symbol", "day", "at"), rows(PUBLISHED_CME))
def test_last_trade_at_cme_group(symbol: str, day: str, at: str) -> None:
    contract = read_contract(symbol)
    product = PRODUCTS[contract.root]
    dates = contract_dates(product, contract.year, contract.month)
    assert dates.last_trade is not None
    moment = datetime.fromtimestamp(dates.last_trade // 1_000_000, ZoneInfo(product.exchange.zone))
    assert f"{moment:%Y-%m-%d %H:%M}" == f"{day} {at}"
    assert (dates.last_trade_day, dates.remark) == (date.fromisoformat(day), "")


@pytest.mark.parametrize(("symbol", "day"), rows(PUBLISHED_ELSEWHERE))
def test_last_trade_elsewhere(symbol: str, day: str) -> None:
    contract = read_contract(symbol)
    rule = PRODUCTS[contract.root].last_trade
    found = day_of_rule(rule, contract.year, contract.month, BusinessDays(("US",)))
    assert found == date.fromisoformat(day)


@pytest.mark.parametrize(("symbol", "day"), rows(FIRST_NOTICE))
def test_first_notice(symbol: str, day: str) -> None:
    contract = read_contract(symbol)
    rule = PRODUCTS[contract.root].first_notice
    assert rule is not None
    found = day_of_rule(rule, contract.year, contract.month, BusinessDays(("US",)))
    assert found == date.fromisoformat(day)


@pytest.mark.parametrize("root", sorted(PRODUCTS))
def test_every_rule_names_a_day_near_the_contracts_month(root: str) -> None:
    product = PRODUCTS[root]
    for month in product.months:
        last = day_of_rule(product.last_trade, 2020, month, BusinessDays(("US",)))
        distance = (last.year - 2020) * 12 + last.month - month
        assert distance == {"SR3": 3, "B": -2}.get(root, product.last_trade.month), root
        if product.first_notice is not None:
            notice = day_of_rule(product.first_notice, 2020, month, BusinessDays(("US",)))
            assert abs((notice - last).days) < 45
    assert rule_text(product.last_trade)


def test_what_is_not_known_says_why() -> None:
    bund = contract_dates(replace(PRODUCTS["FGBL"], calendars=("NOWHERE",)), 2013, 12)
    assert bund.last_trade is None
    assert bund.last_trade_unknown == bund.first_notice_unknown == "no calendar for NOWHERE"
    assert contract_dates(PRODUCTS["B"], 2013, 12).last_trade_unknown == "no rule is known for contracts before 2016-03"
    crude = contract_dates(PRODUCTS["CL"], 2035, 12)
    assert crude.last_trade is None
    assert "the session table of CME" in crude.last_trade_unknown
    assert crude.first_notice_unknown == "notices come after the last trade"
    assert contract_dates(PRODUCTS["ES"], 2013, 12).first_notice_unknown == "settled in cash: no notice"
    assert contract_dates(PRODUCTS["LE"], 2013, 12).first_notice_unknown == "the rule is not known here"


def test_beyond_the_calendar_an_index_still_expires_and_says_what_that_is_worth() -> None:
    far = contract_dates(PRODUCTS["ES"], 2035, 3)
    assert far.last_trade_day == date(2035, 3, 16)
    assert "beyond the calendar" in far.remark


def test_a_contract_without_a_known_end_does_not_expire() -> None:
    assert future_instrument("CL", 2035, 12, source="a test").expires_at is None
    assert future_instrument("CL", 2013, 12, source="a test").expires_at is not None


def test_rules_and_calendars_that_are_not_there() -> None:
    with pytest.raises(UnknownRuleError, match="2016-03"):
        day_of_rule(PRODUCTS["B"].last_trade, 2016, 2, BusinessDays(("US",)))
    with pytest.raises(NoCalendarError, match="no calendar for NOWHERE"):
        BusinessDays(("US", "NOWHERE")).is_business_day(date(2020, 1, 2))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2013, 11, 28), False),  # Thanksgiving: a stub
        (date(2013, 11, 29), True),  # the half day after it
        (date(2012, 10, 29), True),  # Hurricane Sandy stopped equity indices only
        (date(2013, 3, 29), False),  # Good Friday
        (date(2013, 10, 14), True),  # Columbus Day
        (date(2013, 10, 13), False),  # a Sunday
    ],
)
def test_business_days_of_cme(day: date, expected: bool) -> None:
    assert BusinessDays(("CME",)).is_business_day(day) is expected


SAME_BUSINESS_DAYS: dict[str, dict[date, str]] = {
    "NYMEX": {},
    "CBOT_GRAINS": {},
    "CME_RATES": {date(2018, 12, 5): "mourning: interest rates stopped early too, which no rule's count reaches"},
}


@pytest.mark.parametrize("table", sorted(SAME_BUSINESS_DAYS))
def test_the_exchanges_of_cme_group_share_their_business_days(table: str) -> None:
    """The tables of other products, made from other calendars, count as that of the equity indices does."""
    days = [date(2015, 9, 21) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2015, 9, 21)).days)]
    shared, theirs = BusinessDays(("CME",)), BusinessDays((table,))
    different = {day for day in days if shared.is_business_day(day) != theirs.is_business_day(day)}
    assert different == set(SAME_BUSINESS_DAYS[table])


PUBLISHED_EUREX = """
    FESXU20 2020-09-18 12:00
    FDAXZ13 2013-12-20 13:00
    FGBLU20 2020-09-08 12:30
    FGBLH20 2020-03-06 12:30
    FGBMZ20 2020-12-08 12:30
"""


@pytest.mark.parametrize(("symbol", "day", "at"), rows(PUBLISHED_EUREX))
def test_last_trade_at_eurex(symbol: str, day: str, at: str) -> None:
    contract = read_contract(symbol)
    product = PRODUCTS[contract.root]
    dates = contract_dates(product, contract.year, contract.month)
    assert dates.last_trade is not None
    moment = datetime.fromtimestamp(dates.last_trade // 1_000_000, ZoneInfo("Europe/Berlin"))
    assert f"{moment:%Y-%m-%d %H:%M}" == f"{day} {at}"


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2020, 12, "2020-12-24"), (2021, 1, "2021-01-29"), (2025, 12, "2025-12-24")]
)
def test_bitcoin_ends_when_both_london_and_chicago_work(year: int, month: int, day: str) -> None:
    """The last Friday of 2025 is Boxing Day."""
    dates = contract_dates(PRODUCTS["BTC"], year, month)
    assert dates.last_trade is not None
    moment = datetime.fromtimestamp(dates.last_trade // 1_000_000, ZoneInfo("Europe/London"))
    assert f"{moment:%Y-%m-%d %H:%M}" == f"{day} 16:00"


def test_rules_in_words() -> None:
    assert rule_text(PRODUCTS["CL"].last_trade) == (
        "3 business days before day 25 of the month before, or before the last business day up to it,"
        " 14:30 exchange time"
    )
    assert rule_text(PRODUCTS["ES"].last_trade) == (
        "3rd Friday of the contract month, or the business day before, 09:30 America/New_York"
    )
    assert rule_text(PRODUCTS["GC"].last_trade) == "3rd last business day of the contract month, 13:30 exchange time"
