"""How a run sees prices and positions across splits and dividends (`core.adjustment`).

Bars are stored as traded. What an adjustment does to one instrument within one run is worked out once, as values: from
which moment on which exact factors hold for prices and volumes, and what happens to a position when. A split or a
dividend takes effect as its ex-date begins: at the start of that day as the exchange counts it (midnight there).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import msgspec

from periscope.instruments.instrument import Instrument
from periscope.instruments.scaling import Scaling, Scalings
from periscope.instruments.unit import Unit, decimal_of, real_unit, rounded, unit_of
from periscope.market.corporate_actions import CorporateActions, Dividend

BEFORE_ALL = -(1 << 62)
PLACES = 6
"""Decimals of adjusted prices and volumes."""
FACTOR_PLACES = 10
"""Decimals of the factors of `total_return`, which are products of many ratios."""
ONE = Fraction(1)


class Adjustment(StrEnum):
    """Which prices a run sees (`core.adjustment`); the last two are parts of the profile `lean`."""

    SPLIT = "split"
    RAW = "raw"
    TOTAL_RETURN = "total_return"
    LEAN_ADJUSTED = "lean_adjusted"
    LEAN_RAW = "lean_raw"


class Period(NamedTuple):
    """From `since` on a price is the real one x `price`, and one unit of volume is `shares` real shares."""

    since: int
    price: Fraction
    shares: Fraction


class Change(NamedTuple):
    """What happens to positions and resting orders at `time`.

    `dividend` is the cash for each real share held until then, `ratio` the shares that there are for each one from then
    on. `at_once` says that a fraction of a share is paid at the last price, instead of at the first price after.
    """

    time: int
    dividend: Decimal
    ratio: Fraction
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One instrument in one run. `periods` ascend, the first is before all bars; `changes` ascend.

    `places` are the decimals that adjusted prices are rounded to, None: exact. `orders_in_units` says that the units of
    the series are traded as if they were real shares, `steps_in_units` that at least quantities go by steps of them.
    `problems` are sentences on actions that could not be applied.
    """

    periods: tuple[Period, ...] = (Period(BEFORE_ALL, ONE, ONE),)
    changes: tuple[Change, ...] = ()
    places: int | None = PLACES
    orders_in_units: bool = False
    steps_in_units: bool = False
    problems: tuple[str, ...] = ()

    def scalings(self, instrument: Instrument) -> list[Scalings]:
        """What the integers of the columns stand for, by the starts of bars."""
        return [
            Scalings(
                period.since,
                _scaling(instrument.price_scale, period.price, self.places),
                _scaling(instrument.volume_scale, 1 / period.shares, PLACES),
            )
            for period in self.periods
        ]

    def units(self, instrument: Instrument) -> list[tuple[int, Unit]]:
        """The unit of orders and positions, by time."""
        if self.orders_in_units:
            return [(BEFORE_ALL, real_unit(instrument))]
        found = []
        for period in self.periods:
            unit = unit_of(instrument, period.price, period.shares, self.places)
            if self.steps_in_units:
                unit = msgspec.structs.replace(unit, quantity_step=instrument.quantity_step)
            found.append((period.since, unit))
        return found


AS_TRADED = Adjusted()

type Moment = Callable[[date], int]
"""When a date begins at the instrument's exchange, microseconds UTC."""

type CloseBefore = Callable[[Dividend], Decimal | None]
"""The raw close before a dividend's ex-date, None where nobody knows it."""


def split_adjusted(actions: CorporateActions, moment: Moment, start: int, end: int) -> Adjusted:
    """Prices and quantities in shares of the run's start: nothing depends on a split before it has happened."""
    periods = [Period(BEFORE_ALL, ONE, ONE)]
    for split in actions.splits:
        if start < (time := moment(split.ex_date)) <= end:
            shares = periods[-1].shares * split.ratio
            periods.append(Period(time, shares, shares))
    changes = [
        Change(time, dividend.amount, ONE)
        for dividend in actions.dividends
        if start < (time := moment(dividend.ex_date)) <= end
    ]
    return Adjusted(tuple(periods), tuple(changes))


def raw(actions: CorporateActions, moment: Moment, start: int, end: int) -> Adjusted:
    """Prices as traded; splits and dividends change positions, on one day the dividend first."""
    days = {split.ex_date: split.ratio for split in actions.splits}
    paid = {dividend.ex_date: dividend.amount for dividend in actions.dividends}
    changes = [
        Change(time, paid.get(day, Decimal(0)), days.get(day, ONE))
        for day in sorted(days.keys() | paid.keys())
        if start < (time := moment(day)) <= end
    ]
    return Adjusted(changes=tuple(changes))


def total_return(
    actions: CorporateActions, moment: Moment, close_before: CloseBefore, start: int, end: int
) -> Adjusted:
    """Past prices scaled down for the splits and dividends from then to the run's end, as vendors do it.

    A dividend D after a close C multiplies all prices before it by 1 - D / C, as CRSP reckons returns. Factors are
    rounded half-even to ten decimals. Quantities are shares of the run's end and go by whole ones of them.
    """
    problems: list[str] = []
    steps: dict[int, tuple[Fraction, Fraction]] = {}
    for split in actions.splits:
        if start < (time := moment(split.ex_date)) <= end:
            steps[time] = (1 / split.ratio, split.ratio)
    for dividend in actions.dividends:
        if not start < (time := moment(dividend.ex_date)) <= end:
            continue
        close = close_before(dividend)
        if close is None or close <= dividend.amount:
            known = "no close before it is known" if close is None else f"the close before it is {close}"
            problems.append(f"the dividend of {dividend.amount} on {dividend.ex_date} is not in the prices: {known}")
            continue
        price, ratio = steps.get(time, (ONE, ONE))
        steps[time] = (price * (1 - Fraction(dividend.amount) / Fraction(close)), ratio)
    return Adjusted(_backwards(steps), steps_in_units=True, problems=tuple(problems))


def _backwards(steps: dict[int, tuple[Fraction, Fraction]]) -> tuple[Period, ...]:
    """Periods of which the last is in units of the end; a step is the factor on earlier prices, and the split."""
    price, shares = ONE, ONE
    periods = []
    for time in sorted(steps, reverse=True):
        periods.append(Period(time, round(price, FACTOR_PLACES), shares))
        price, shares = price * steps[time][0], shares / steps[time][1]
    periods.append(Period(BEFORE_ALL, round(price, FACTOR_PLACES), shares))
    return tuple(reversed(periods))


def _scaling(digits: int, factor: Fraction, places: int | None) -> Scaling:
    return Scaling(digits, factor.numerator, factor.denominator, places)


def carried(price: Decimal, ratio: Fraction) -> Decimal:
    """A price of before a split in new shares, exact where that is a finite decimal, else to six decimals."""
    return _finite(Fraction(price) / ratio)


def _finite(value: Fraction) -> Decimal:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return decimal_of(value) if rest == 1 else rounded(value, PLACES)
