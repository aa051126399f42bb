"""The regular hours of the exchanges we know, as declarations: each rule with its validity and its source.

Holidays, early closes and late opens are in `data/sessions.csv`, which `scripts/compile_sessions.py` makes. A table is
one exchange's or, where the products of an exchange keep different hours, one group of products'.
"""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A pause inside a trading day's session, [starts, ends) local; `day_before` puts it on the evening before."""

    starts: time
    ends: time
    day_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """Hours from `since` (a trading day) until the next rule of the same exchange begins.

    Times are local to the exchange's zone. `opens_day_before` says that a trading day's session opens on the previous
    calendar day. `opens_after_closure`, where given, replaces `opens` when the calendar day before the trading day had
    no session or an early close (weekends and holidays). `opens_in_standard_time` reads `opens` on a clock that is not
    put forward in summer. `breaks` are the pauses inside the session, ascending.
    """

    since: date
    opens: time
    closes: time
    source: str
    opens_day_before: bool = False
    opens_after_closure: time | None = None
    opens_in_standard_time: bool = False
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeHours:
    """One table: its zone, the range of trading days that it covers (both included), its regular hours.

    `extended` are the hours with trading before and after the regular ones, None where there is no difference;
    `extended_minutes_after_close` is how long after an early close extended trading ends. `us_futures` says that an
    early close on a day without a US stock session is a holiday stub. `sessions_per_year` is what statistics annualise
    with: the average of the table, holiday stubs left out.
    """

    code: str
    name: str
    zone: str
    first_day: date
    last_day: date
    regular: tuple[HoursRule, ...]
    extended: tuple[HoursRule, ...] | None = None
    extended_minutes_after_close: int = 0
    us_futures: bool = False
    sessions_per_year: int = 252


_NYSE_HOURS = "NYSE, Market hours through history (nyse.com); pandas_market_calendars calendar NYSE"

US_EQUITIES = ExchangeHours(
    code="US",
    name="US equities",
    zone="America/New_York",
    first_day=date(1980, 1, 2),
    last_day=date(2028, 12, 29),
    regular=(
        HoursRule(since=date(1980, 1, 1), opens=time(10, 0), closes=time(16, 0), source=_NYSE_HOURS),
        HoursRule(since=date(1985, 9, 30), opens=time(9, 30), closes=time(16, 0), source=_NYSE_HOURS),
    ),
    extended=(
        HoursRule(
            since=date(1980, 1, 1),
            opens=time(4, 0),
            closes=time(20, 0),
            source="NYSE Arca and Nasdaq: early session from 04:00, late session to 20:00, to 17:00 on half days",
        ),
    ),
    extended_minutes_after_close=240,
)

_GLOBEX_2003 = "CME Special Executive Report S-3997, notice of 2003-09-23"
_HALT = Break(starts=time(15, 15), ends=time(15, 30))
_MAINTENANCE = Break(starts=time(16, 30), ends=time(17, 0), day_before=True)

CME_EQUITY_INDEX = ExchangeHours(
    code="CME",
    name="CME and CBOT equity index futures",
    zone="America/Chicago",
    first_day=date(1998, 1, 2),
    last_day=date(2027, 12, 31),
    us_futures=True,
    regular=(
        HoursRule(
            since=date(1998, 1, 1),
            opens=time(15, 45),
            opens_after_closure=time(17, 30),
            opens_day_before=True,
            closes=time(15, 15),
            breaks=(Break(starts=time(22, 0), ends=time(23, 0), day_before=True),),
            source=f"{_GLOBEX_2003}: the hours that it ends; since when they held is not known here",
        ),
        HoursRule(
            since=date(2003, 9, 30),
            opens=time(15, 30),
            opens_after_closure=time(17, 30),
            opens_day_before=True,
            closes=time(15, 15),
            breaks=(_MAINTENANCE,),
            source=f"{_GLOBEX_2003}, and CME news release of September 2003: 17:30 on Sundays and holidays",
        ),
        HoursRule(
            since=date(2004, 1, 2),
            opens=time(15, 30),
            opens_after_closure=time(17, 0),
            opens_day_before=True,
            closes=time(15, 15),
            breaks=(_MAINTENANCE,),
            source="CME news release of 2005-03-16: 17:00 is regular on Sundays; since when after September 2003 is "
            "not known here, and the earlier hour leaves out no bar",
        ),
        HoursRule(
            since=date(2012, 11, 19),
            opens=time(17, 0),
            opens_day_before=True,
            closes=time(16, 15),
            breaks=(_HALT,),
            source="CME notice of November 2012: the Globex trading day of equity index products ends at 16:15 CT, "
            "with a halt from 15:15 to 15:30",
        ),
        HoursRule(
            since=date(2015, 9, 21),
            opens=time(17, 0),
            opens_day_before=True,
            closes=time(16, 0),
            breaks=(_HALT,),
            source="CME notice of September 2015: equity index products close at 16:00 CT",
        ),
        HoursRule(
            since=date(2021, 6, 28),
            opens=time(17, 0),
            opens_day_before=True,
            closes=time(16, 0),
            source="pandas_market_calendars calendar CME_Equity: no halt from the trading day 2021-06-28 on",
        ),
    ),
)


def _globex(since: date, source: str) -> tuple[HoursRule, ...]:
    return (HoursRule(since=since, opens=time(17, 0), opens_day_before=True, closes=time(16, 0), source=source),)


CME_INTEREST_RATES = ExchangeHours(
    code="CME_RATES",
    name="CME and CBOT interest rate futures",
    zone="America/Chicago",
    first_day=date(2013, 1, 2),
    last_day=date(2026, 12, 31),
    us_futures=True,
    regular=_globex(
        date(2013, 1, 1), "pandas_market_calendars calendar CME Globex Fixed Income; LEAN market-hours file, ZN"
    ),
)

CME_CURRENCIES = ExchangeHours(
    code="CME_FX",
    name="CME foreign exchange futures",
    zone="America/Chicago",
    first_day=date(2016, 1, 4),
    last_day=date(2026, 12, 31),
    us_futures=True,
    sessions_per_year=255,
    regular=_globex(date(2016, 1, 1), "pandas_market_calendars calendar CMEGlobex_FX; LEAN market-hours file, 6E"),
)

NYMEX_COMEX = ExchangeHours(
    code="NYMEX",
    name="NYMEX energy and COMEX metals futures",
    zone="America/Chicago",
    first_day=date(2015, 9, 21),
    last_day=date(2026, 12, 31),
    us_futures=True,
    regular=_globex(
        date(2015, 9, 21),
        "CME notice of September 2015: Globex closes at 16:00 CT; pandas_market_calendars calendar "
        "CMEGlobex_EnergyAndMetals",
    ),
)

CBOT_GRAINS = ExchangeHours(
    code="CBOT_GRAINS",
    name="CBOT grain and oilseed futures",
    zone="America/Chicago",
    first_day=date(2015, 7, 6),
    last_day=date(2026, 12, 31),
    us_futures=True,
    regular=(
        HoursRule(
            since=date(2015, 7, 6),
            opens=time(19, 0),
            opens_day_before=True,
            closes=time(13, 20),
            breaks=(Break(starts=time(7, 45), ends=time(8, 30)),),
            source="pandas_market_calendars calendar CME_Agriculture; LEAN market-hours file, ZC",
        ),
    ),
)

_EUREX_2006 = (
    "Eurex news of 2005-07-06 (to 22:00 CET from 2005-11-21) and of 2006-04-07 (index products from 08:00 CET from "
    "2006-06-01)"
)

EUREX = ExchangeHours(
    code="EUREX",
    name="Eurex index and fixed income benchmark futures",
    zone="Europe/Berlin",
    first_day=date(2006, 6, 1),
    last_day=date(2027, 12, 30),
    sessions_per_year=255,
    regular=(HoursRule(since=date(2006, 6, 1), opens=time(8, 0), closes=time(22, 0), source=_EUREX_2006),),
    extended=(
        HoursRule(since=date(2006, 6, 1), opens=time(8, 0), closes=time(22, 0), source=_EUREX_2006),
        HoursRule(
            since=date(2018, 12, 10),
            opens=time(1, 10),
            opens_in_standard_time=True,
            closes=time(22, 0),
            source="Eurex circular 088/18 of 2018-11-15 and Eurex trading hours (eurex.com): 01:10 CET, 02:10 CEST",
        ),
    ),
)

LONDON = ExchangeHours(
    code="XLON",
    name="London Stock Exchange",
    zone="Europe/London",
    first_day=date(2000, 1, 4),
    last_day=date(2027, 12, 31),
    sessions_per_year=253,
    regular=(
        HoursRule(
            since=date(2000, 1, 1),
            opens=time(8, 0),
            closes=time(16, 30),
            source="pandas_market_calendars calendar LSE",
        ),
    ),
)

TABLES = (
    US_EQUITIES,
    CME_EQUITY_INDEX,
    CME_INTEREST_RATES,
    CME_CURRENCIES,
    NYMEX_COMEX,
    CBOT_GRAINS,
    EUREX,
    LONDON,
)

EXCHANGES: dict[str, ExchangeHours] = {
    **{hours.code: hours for hours in TABLES},
    "XNYS": US_EQUITIES,
    "XNAS": US_EQUITIES,
    "ARCX": US_EQUITIES,
    "BATS": US_EQUITIES,
    "COMEX": NYMEX_COMEX,
    "XEUR": EUREX,
}
"""Which hours each exchange code follows."""
