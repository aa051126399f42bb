"""Splits and dividends in plain words: what prices, quantities and ticks mean on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from periscope.engine.settings import Adjustment, Settings
from periscope.instruments.instrument import Instrument
from tests.naive.exact import half_even, round_down, round_up
from tests.naive.sessions import new_york

ONE = Fraction(1)
PLACES = 6
SMALLEST = Fraction(1, 10**PLACES)


@dataclass(frozen=True, slots=True)
class Corporate:
    """What happens to an equity as a day begins in New York.

    `ratio` shares stand for each one of before; `dividend` is paid for each share of before.
    """

    day: date
    ratio: Fraction = ONE
    dividend: Fraction = Fraction(0)

    @property
    def time(self) -> int:
        """When it takes effect."""
        return new_york(self.day, 0)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A price of the run is the real one x `price`; a quantity of the run x `shares` is that of real shares."""

    price: Fraction = ONE
    shares: Fraction = ONE


def in_run(events: Sequence[Corporate], settings: Settings) -> list[Corporate]:
    """What of it a run sees."""
    return sorted((one for one in events if settings.start < one.time <= settings.end), key=lambda one: one.day)


def meaning(
    events: Sequence[Corporate], settings: Settings, moment: int, closes: dict[date, Fraction | None]
) -> Meaning:
    """What numbers mean for a bar that starts at `moment`, and for orders then. `closes` are those before dividends."""
    shares, price = ONE, ONE
    for one in in_run(events, settings):
        if settings.adjustment is Adjustment.SPLIT and one.time <= moment:
            shares *= one.ratio
            price *= one.ratio
        if settings.adjustment is Adjustment.TOTAL_RETURN and one.time > moment:
            shares /= one.ratio
            price /= one.ratio
            close = closes.get(one.day)
            if close is not None and close > one.dividend:
                price *= 1 - one.dividend / close
    if settings.adjustment is Adjustment.TOTAL_RETURN:
        price = half_even(price, 10)
    return Meaning(price, shares)


def ratio_since(events: Sequence[Corporate], settings: Settings, since: int, until: int) -> Fraction:
    """Shares for each one, by the splits between two moments; one where the run's own units hide them."""
    ratio = ONE
    for one in in_run(events, settings):
        if settings.adjustment is Adjustment.RAW and since < one.time <= until:
            ratio *= one.ratio
    return ratio


def seen_price(raw: Fraction, price: Fraction) -> Fraction:
    """A raw price in the units of the run."""
    return raw if price == 1 else half_even(raw * price, PLACES)


def seen_volume(raw: Fraction, shares: Fraction) -> Fraction:
    """A raw volume in the units of the run."""
    return raw if shares == 1 else half_even(raw / shares, PLACES)


def carried(price: Fraction, ratio: Fraction) -> Fraction:
    """A price of before a split in new shares: exact if it is a finite decimal, else to six decimals."""
    exact = price / ratio
    return exact if is_finite(exact) else half_even(exact, PLACES)


def is_finite(value: Fraction) -> bool:
    """Whether it can be written as a decimal."""
    rest = value.denominator
    while rest % 2 == 0:
        rest //= 2
    while rest % 5 == 0:
        rest //= 5
    return rest == 1


def unit_step(instrument: Instrument, settings: Settings, known: Meaning) -> Fraction:
    """The smallest quantity that is a decimal and a whole number of real steps."""
    if settings.adjustment is Adjustment.TOTAL_RETURN:
        return Fraction(instrument.quantity_step)
    smallest = Fraction(instrument.quantity_step) / known.shares
    return next(smallest * count for count in range(1, 10**6) if is_finite(smallest * count))


def tick_of(instrument: Instrument, known: Meaning) -> Fraction:
    """One tick in the units of the run, rounded down."""
    tick = Fraction(instrument.tick)
    return tick if known.price == 1 else max(SMALLEST, Fraction(floor(tick * known.price / SMALLEST)) * SMALLEST)


def on_tick(price: Fraction, instrument: Instrument, known: Meaning, *, up: bool) -> Fraction:
    """The nearest price that a real tick stands for, not above (`up`: not below) the given one."""
    tick = Fraction(instrument.tick)
    if known.price == 1:
        return round_up(price, tick) if up else round_down(price, tick)
    if tick * known.price < SMALLEST:
        return round_up(price, SMALLEST) if up else round_down(price, SMALLEST)
    near = floor(price / (tick * known.price))
    prices = [half_even((near + n) * tick * known.price, PLACES) for n in range(-3, 4)]
    return min(one for one in prices if one >= price) if up else max(one for one in prices if one <= price)


def real_quantity(quantity: Fraction, known: Meaning) -> Fraction:
    """How many real shares it is, to twelve decimals."""
    return quantity if known.shares == 1 else half_even(quantity * known.shares, 12)


def real_price(price: Fraction | None, known: Meaning) -> Fraction | None:
    """The real price, to ten decimals."""
    return price if price is None or known.price == 1 else half_even(price / known.price, 10)
