"""The regular hours of the exchanges we know, as declarations: each rule with its validity and its source.

Holidays, early closes and late opens are in `data/sessions.csv`, which `scripts/compile_sessions.py` makes.
"""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """Hours from `since` (a trading day) until the next rule of the same exchange begins.

    Times are local to the exchange's zone. `opens_day_before` says that a trading day's session opens on the previous
    calendar day. `opens_after_break`, where given, replaces `opens` when the calendar day before the trading day had no
    session or an early close (weekends and holidays).
    """

    since: date
    opens: time
    closes: time
    source: str
    opens_day_before: bool = False
    opens_after_break: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeHours:
    """One exchange: its zone, the range of trading days its table covers (both included), its regular hours.

    `extended` are the hours with pre-market and after-hours trading, None where there is no difference;
    `extended_minutes_after_close` is how long after an early close extended trading ends.
    """

    code: str
    zone: str
    first_day: date
    last_day: date
    regular: tuple[HoursRule, ...]
    extended: tuple[HoursRule, ...] | None = None
    extended_minutes_after_close: int = 0
    sessions_per_year: int = 252


_NYSE_HOURS = "NYSE, Market hours through history (nyse.com); pandas_market_calendars calendar NYSE"

US_EQUITIES = ExchangeHours(
    code="US",
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

CME_EQUITY_INDEX = ExchangeHours(
    code="CME",
    zone="America/Chicago",
    first_day=date(1998, 1, 2),
    last_day=date(2027, 12, 31),
    regular=(
        HoursRule(
            since=date(1998, 1, 1),
            opens=time(15, 30),
            opens_after_break=time(17, 0),
            opens_day_before=True,
            closes=time(15, 15),
            source="CME Globex hours of E-mini equity index futures before the notice of November 2012",
        ),
        HoursRule(
            since=date(2012, 11, 19),
            opens=time(17, 0),
            opens_day_before=True,
            closes=time(16, 15),
            source="CME notice of November 2012: the Globex trading day of equity index products ends at 16:15 CT",
        ),
        HoursRule(
            since=date(2015, 9, 21),
            opens=time(17, 0),
            opens_day_before=True,
            closes=time(16, 0),
            source="CME notice of September 2015: equity index products close at 16:00 CT",
        ),
    ),
)

EXCHANGES: dict[str, ExchangeHours] = {
    "US": US_EQUITIES,
    "XNYS": US_EQUITIES,
    "XNAS": US_EQUITIES,
    "ARCX": US_EQUITIES,
    "BATS": US_EQUITIES,
    "CME": CME_EQUITY_INDEX,
}
"""Which hours each exchange code follows."""
