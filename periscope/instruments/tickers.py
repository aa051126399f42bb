"""Tickers by date, from tables that say until when each ticker was in use."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from periscope.instruments.instrument import Instrument, TickerPeriod


def ticker_periods(rows: Iterable[tuple[date | None, str]], source: str) -> tuple[TickerPeriod, ...]:
    """Periods from (last day, ticker), oldest first, as LEAN's map files have them; None: still in use.

    The first row gives the first trading day. Rows in a row with the same ticker are one period. Raises ValueError if
    the days don't ascend, or if a row but the last is still in use.
    """
    listed = list(rows)
    if any(day is None or (later is not None and later <= day) for (day, _), (later, _) in pairwise(listed)):
        raise ValueError(f"the last days of tickers must ascend ({source})")
    periods: list[TickerPeriod] = []
    for (before, _), (last, ticker) in pairwise(listed):
        assert before is not None, "only the last row can be open-ended"
        first = before if not periods else before + timedelta(days=1)
        if periods and periods[-1].ticker == ticker:
            periods[-1] = replace(periods[-1], last_day=last)
        else:
            periods.append(TickerPeriod(ticker=ticker, first_day=first, last_day=last, source=source))
    return tuple(periods)


def with_tickers(instrument: Instrument, names: tuple[TickerPeriod, ...]) -> Instrument:
    """The instrument with its tickers, valid from the first day of the first of them to the last day of the last."""
    if not names:
        return instrument
    return replace(instrument, names=names, valid_from=names[0].first_day, valid_until=names[-1].last_day)
