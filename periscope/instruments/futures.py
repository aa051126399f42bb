"""Futures: product facts, contract symbols such as ESZ13, and when a contract stops trading.

Each fact with its source. Equity index futures only for now; issue by issue this table grows.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, SessionRangeError, sessions_for

MONTH_CODES = "FGHJKMNQUVXZ"
"""The month letters of every exchange, January to December."""

FIRST_YEAR = 1970
"""A two-digit year means the one from 1970 to 2069."""

QUARTERLY = (3, 6, 9, 12)

_NEW_YORK = ZoneInfo("America/New_York")
_SYMBOL = re.compile(rf"([A-Z0-9]{{1,6}}?)([{MONTH_CODES}])(\d\d)")
_MARGINS = "CME clearing advisories, as collected in QuantConnect/Lean Data/future/*/margins (Apache-2.0), last entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureProduct:
    """What all contracts of a root have in common.

    `tick` is the smallest price move, `multiplier` the money per price unit, `months` the listed delivery months,
    `price_scale` the decimals of its price columns. Margins are per contract in `currency`, valid from `margin_date`;
    they are defaults for contracts whose data comes with none.
    """

    root: str
    name: str
    tick: Decimal
    multiplier: Decimal
    price_scale: int
    initial_margin: Decimal
    maintenance_margin: Decimal
    margin_date: date
    exchange: str = "CME"
    currency: str = "USD"
    months: tuple[int, ...] = QUARTERLY
    source: str = "CME Group contract specifications"
    margin_source: str = _MARGINS


def _product(
    root: str, name: str, tick: str, multiplier: str, scale: int, initial: int, maintenance: int, margin_date: date
) -> FutureProduct:
    return FutureProduct(
        root=root,
        name=name,
        tick=Decimal(tick),
        multiplier=Decimal(multiplier),
        price_scale=scale,
        initial_margin=Decimal(initial),
        maintenance_margin=Decimal(maintenance),
        margin_date=margin_date,
    )


PRODUCTS: dict[str, FutureProduct] = {
    product.root: product
    for product in (
        _product("ES", "E-mini S&P 500", "0.25", "50", 2, 11880, 10800, date(2022, 1, 21)),
        _product("NQ", "E-mini Nasdaq-100", "0.25", "20", 2, 8250, 7500, date(2020, 1, 9)),
        _product("YM", "E-mini Dow ($5)", "1", "5", 0, 6050, 5500, date(2020, 1, 9)),
        _product("RTY", "E-mini Russell 2000", "0.10", "50", 2, 7040, 6400, date(2020, 5, 26)),
        _product("MES", "Micro E-mini S&P 500", "0.25", "5", 2, 1188, 1080, date(2022, 1, 21)),
        _product("MNQ", "Micro E-mini Nasdaq-100", "0.25", "2", 2, 1650, 1500, date(2022, 1, 21)),
    )
}
"""Product facts by root. YM is a CBOT contract; it trades on CME Globex at the hours of CME's equity index futures."""


@dataclass(frozen=True, slots=True)
class FutureSymbol:
    """A contract's symbol taken apart: root, four-digit year, month 1 to 12."""

    root: str
    year: int
    month: int


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
    first = date(year, month, 1)
    day = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    while not _cash_market_trades(day):
        day -= timedelta(days=1)
    at = datetime.combine(day, time(9, 30), _NEW_YORK)
    return round(at.timestamp()) * MICROSECONDS_PER_SECOND


def future_instrument(root: str, year: int, month: int, *, source: str) -> Instrument:
    """A contract of a known root with the product's facts; raises KeyError for an unknown root."""
    product = PRODUCTS[root]
    return Instrument(
        symbol=future_symbol(root, year, month),
        asset_type=AssetType.FUTURE,
        exchange=product.exchange,
        currency=product.currency,
        price_scale=product.price_scale,
        tick=product.tick,
        multiplier=product.multiplier,
        initial_margin=product.initial_margin,
        maintenance_margin=product.maintenance_margin,
        root=root,
        expires_at=equity_index_expiry(year, month),
        source=f"{source}; {product.source}; margins of {product.margin_date}: {product.margin_source}",
    )


def _cash_market_trades(day: date) -> bool:
    """Whether US stocks trade on a weekday; beyond the session table every weekday counts."""
    try:
        return sessions_for("US").session_of_day(day) is not None
    except SessionRangeError:
        return day.weekday() < 5
