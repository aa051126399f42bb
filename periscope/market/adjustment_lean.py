"""Adjustment by the rules of QuantConnect LEAN, from the rows of its factor files.

Source: QuantConnect/Lean (Apache-2.0), Common/Data/Auxiliary/CorporateFactorProvider.cs, Common/Extensions.cs (prices)
and Common/Securities/SecurityPortfolioManager.cs (positions). All numbers there are decimals of 28 digits.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise

from periscope.market.adjustment import BEFORE_ALL, ONE, Adjusted, Change, Moment, Period
from periscope.market.corporate_actions import next_session
from periscope.market.importers.lean_facts import FactorRow

_CENT = Decimal("0.01")
_CSHARP = Context(prec=28, rounding=ROUND_HALF_EVEN)


def lean_adjusted(rows: Sequence[FactorRow], moment: Moment) -> Adjusted:
    """Every bar times price factor times split factor of the first row whose date is not before the bar's, unrounded.

    The factors are those of the file, up to its own end and not to the run's. Volumes are divided by the split factor.
    """
    periods = []
    since = BEFORE_ALL
    for row in rows:
        price, split = Fraction(row.price_factor), Fraction(row.split_factor)
        periods.append(Period(since, price * split or ONE, split or ONE))
        since = moment(row.day + timedelta(days=1))
    periods.append(Period(since, ONE, ONE))
    return Adjusted(tuple(periods), places=None, orders_in_units=True)


def lean_raw(rows: Sequence[FactorRow], exchange: str, moment: Moment, start: int, end: int) -> Adjusted:
    """Prices as traded; after a row whose factors differ from the next one's a dividend is paid, or shares are split.

    The dividend is the row's close less the close times the quotient of the price factors, to the cent. The quantity
    after a split is cut to whole shares, and the rest is paid at the last price.
    """
    changes = []
    for row, following in pairwise(rows):
        time = moment(next_session(exchange, row.day))
        same = (row.price_factor, row.split_factor) == (following.price_factor, following.split_factor)
        if same or not start < time <= end or 0 in (following.price_factor, following.split_factor):
            continue
        kept = _CSHARP.divide(_CSHARP.multiply(row.close, row.price_factor), following.price_factor)
        dividend = (row.close - kept).quantize(_CENT, context=_CSHARP)
        factor = _CSHARP.divide(row.split_factor, following.split_factor)
        changes.append(Change(time, dividend, 1 / Fraction(factor), at_once=True))
    return Adjusted(changes=tuple(changes), orders_in_units=True)
