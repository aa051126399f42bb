"""Futures contracts: symbols such as ESZ13, their first notice day, and when they stop trading.

What all contracts of a root have in common is in `products.py`, the rules for days in `expiry_rules.py`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.business_days import BusinessDays, NoCalendarError
from periscope.instruments.expiry_rules import UnknownRuleError, day_of_rule, month_start
from periscope.instruments.instrument import Instrument
from periscope.instruments.products import MONTH_CODES, PRODUCTS, DayRule, FutureProduct
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND

__all__ = ["MONTH_CODES", "PRODUCTS", "FutureProduct"]

FIRST_YEAR = 1970
"""A two-digit year means the one from 1970 to 2069."""

_SYMBOL = re.compile(rf"([A-Z0-9]{{1,6}}?)([{MONTH_CODES}])(\d\d)")


@dataclass(frozen=True, slots=True)
class FutureSymbol:
    """A contract's symbol taken apart: root, four-digit year, month 1 to 12."""

    root: str
    year: int
    month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDates:
    """The days of one contract. Of each pair either the fact is given or the reason why it is not.

    `last_trade` is the moment at which trading ends, microseconds since 1970-01-01 UTC. `remark` says what stands
    behind the days, where it is less than a calendar of holidays.
    """

    first_notice: date | None
    first_notice_unknown: str
    last_trade_day: date | None
    last_trade: int | None
    last_trade_unknown: str
    remark: str = ""


def parse_future_symbol(symbol: str) -> FutureSymbol:
    """Take a symbol such as ESZ13 apart; raises ValueError with the form that was expected."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        raise ValueError(
            f"{symbol!r} is no futures symbol: expected root, month letter ({MONTH_CODES}) and two-digit year, as ESZ13"
        )
    root, letter, digits = match.groups()
    year = FIRST_YEAR + (int(digits) - FIRST_YEAR) % 100
    return FutureSymbol(root, year, MONTH_CODES.index(letter) + 1)


def future_symbol(root: str, year: int, month: int) -> str:
    """The symbol of a contract: future_symbol("ES", 2013, 12) is ESZ13."""
    if not FIRST_YEAR <= year < FIRST_YEAR + 100:
        raise ValueError(f"{year} has no two-digit form: years {FIRST_YEAR} to {FIRST_YEAR + 99}")
    return f"{root}{MONTH_CODES[month - 1]}{year % 100:02d}"


def equity_index_expiry(year: int, month: int) -> int:
    """The last trading moment of an equity index future, microseconds since 1970-01-01 UTC.

    09:30 New York on the third Friday, or on the business day before if the stock exchange is closed then (Good Friday
    of 2008, Juneteenth of 2026). Source: CME rulebook, chapter 358 (E-mini S&P 500): trading terminates at 8:30 a.m.
    Chicago time on the day of final settlement, the third Friday or the preceding business day.
    """
    expiry = contract_dates(PRODUCTS["ES"], year, month).last_trade
    assert expiry is not None, "the rule of equity indices names a day for every month"
    return expiry


def contract_dates(product: FutureProduct, year: int, month: int) -> ContractDates:
    """First notice and last trade of a contract, as far as rule, calendar and time are known."""
    days = BusinessDays(product.calendars)
    last_day, unknown = _day(product.last_trade, days, year, month)
    moment = None
    if last_day is not None:
        moment = _moment(last_day, product)
        unknown = "" if moment is not None else "the time of day is not known here"
    notice, notice_unknown = _first_notice(product, days, year, month)
    covered = last_day is None or days.covers(last_day)
    return ContractDates(
        first_notice=notice,
        first_notice_unknown=notice_unknown,
        last_trade_day=last_day,
        last_trade=moment,
        last_trade_unknown=unknown,
        remark="" if covered else f"{last_day} is beyond the calendar: every weekday counts as a business day",
    )


def future_instrument(root: str, year: int, month: int, *, source: str) -> Instrument:
    """A contract of a known root with the product's facts; raises KeyError for an unknown root.

    Its tick is that of its last trading day, which is fine enough for the days before; on that day its validity ends.
    Where the last trading moment is not known, it has no expiry.
    """
    product = PRODUCTS[root]
    dates = contract_dates(product, year, month)
    margins = "" if product.margin is None else f"; margins of {product.margin.date}: {product.margin_source}"
    return Instrument(
        symbol=future_symbol(root, year, month),
        asset_type=AssetType.FUTURE,
        exchange=product.sessions or product.exchange.code,
        currency=product.currency,
        price_scale=product.price_scale,
        tick=product.tick_on(dates.last_trade_day or month_start(year, month, 1)),
        quantity_step=product.quantity_step,
        multiplier=product.multiplier,
        initial_margin=product.initial_margin,
        maintenance_margin=product.maintenance_margin,
        root=root,
        expires_at=dates.last_trade,
        source=f"{source}; {product.source}{margins}",
        valid_until=dates.last_trade_day,
    )


def _day(rule: DayRule, days: BusinessDays, year: int, month: int) -> tuple[date | None, str]:
    """The day that a rule names, else why it names none."""
    try:
        return day_of_rule(rule, year, month, days), ""
    except (NoCalendarError, UnknownRuleError) as error:
        return None, str(error)


def _first_notice(product: FutureProduct, days: BusinessDays, year: int, month: int) -> tuple[date | None, str]:
    if product.first_notice is not None:
        return _day(product.first_notice, days, year, month)
    if product.settlement == "cash":
        return None, "settled in cash: no notice"
    return (
        None,
        "notices come after the last trade" if product.notice_after_last_trade else "the rule is not known here",
    )


def _moment(day: date, product: FutureProduct) -> int | None:
    rule = product.last_trade
    if rule.at is None:
        return None
    at = datetime.combine(day, rule.at, ZoneInfo(rule.zone or product.exchange.zone))
    return round(at.astimezone(UTC).timestamp()) * MICROSECONDS_PER_SECOND
