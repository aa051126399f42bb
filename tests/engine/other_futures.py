"""Markets that are the same up to a moment and differ after it: in what is poisoned, or by being cut off there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
import numpy.typing as npt

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.settings import Adjustment, Settings
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import NO_PRICE, BarColumns, QuoteColumns
from periscope.market.importers.corporate_actions import save_corporate_actions
from periscope.market.importers.lean_facts import FactorFile, FactorRow
from tests.naive.corporate import Corporate
from tests.naive.host import moment
from tests.naive.market import Market
from tests.naive.random_strategies import Case
from tests.naive.sessions import in_session, session_from

type Mask = npt.NDArray[np.bool_]

KNOWING = (Adjustment.TOTAL_RETURN, Adjustment.LEAN_ADJUSTED)
"""Adjustments that know the future by a constant per date, as the docs say."""
CLOSE = Decimal(40)
"""The close before each ex-date in the factor files of these markets."""
DIGITS = Decimal(10) ** -20


@dataclass(frozen=True, slots=True)
class Future:
    """What comes after `cut` (microseconds UTC): every later bar has other numbers, and is `missing` by that chance.

    Of a bar under way, or that starts at the cut, only the open stays. That a span has any bar in the window is known
    from the start (rules 9 and 20), and which span coarser bars are made of, by what it covers. So the last bar that a
    run sees is never missing, nor the last of each trading day.
    """

    cut: int
    missing: float
    dice: Random

    def of(self, case: Case) -> Market:
        """The case's market with this future."""
        known = {one.key: one for one in case.market.instruments}
        bars, quotes = {}, {}
        for (symbol, kind, span), columns in case.market.bars.items():
            one = known[symbol, kind]
            kept = _seen_last(columns, one, span, case.settings) + _last_of_days(columns, one)
            bars[symbol, kind, span] = self.bars(columns, kept)
        for (symbol, kind, span), offers in case.market.quotes.items():
            kept = _seen_last(offers, known[symbol, kind], span, case.settings)
            quotes[symbol, kind, span] = self.quotes(offers, kept)
        others = {symbol: self._corporate(events, case.settings) for symbol, events in case.market.corporate.items()}
        return Market([self._instrument(one) for one in case.market.instruments], bars, others, quotes)

    def bars(self, old: BarColumns, kept: Sequence[int] = ()) -> BarColumns:
        """Other bars; those that start at `kept` are not missing."""
        unborn, late = old.start > self.cut, old.end > self.cut
        if not late.any():
            return old
        up = self.dice.choice([1, 50, 900])
        opened = np.where(unborn, old.open + up, old.open)
        high = np.where(late, np.maximum(opened, old.high) + self.dice.choice([0, up]), old.high)
        low = np.where(late, np.minimum(opened, old.low), old.low)
        close = np.where(late, np.where(old.close == old.low, high, low), old.close)
        volume = np.where(late, self.dice.choice([0, 1, 10**6]), old.volume)
        stays = self._stays(old.start, kept)
        columns = (old.start, old.end, opened, high, low, close, volume)
        return BarColumns(*(column[stays] for column in columns))

    def quotes(self, old: QuoteColumns, kept: Sequence[int] = ()) -> QuoteColumns:
        """Other quotes: other prices, other sides."""
        unborn, late = old.start > self.cut, old.end > self.cut
        up = self.dice.choice([1, 50, 900])
        columns = {name: getattr(old, name).copy() for name in old.NAMES}
        swapped = unborn & self._chance(len(old), 0.3)
        for part in ("open", "high", "low", "close", "size"):
            bid, ask = columns[f"bid_{part}"].copy(), columns[f"ask_{part}"].copy()
            columns[f"bid_{part}"], columns[f"ask_{part}"] = np.where(swapped, ask, bid), np.where(swapped, bid, ask)
        for side in ("bid", "ask"):
            there = columns[f"{side}_open"] != NO_PRICE
            columns[f"{side}_open"] += np.where(there & unborn, up, 0)
            columns[f"{side}_close"] += np.where(there & late, up, 0)
            columns[f"{side}_high"] += np.where(there & late, 2 * up, 0)
            columns[f"{side}_low"] -= np.where(there & late & ~unborn, up, 0)
        stays = self._stays(old.start, kept)
        return QuoteColumns(*(column[stays] for column in columns.values()))

    def _stays(self, start: npt.NDArray[np.int64], kept: Sequence[int]) -> Mask:
        missing = (start > self.cut) & self._chance(len(start), self.missing)
        return ~missing | np.isin(start, np.array(kept, dtype=np.int64))

    def _chance(self, count: int, share: float) -> Mask:
        return np.array([self.dice.random() < share for _ in range(count)], dtype=np.bool_)

    def _corporate(self, events: list[Corporate], settings: Settings) -> list[Corporate]:
        """Other splits and dividends, and one more; the same ones where the run knows them from the start."""
        if settings.adjustment in KNOWING:
            return events
        before = [one for one in events if one.time <= self.cut]
        after = [replace(one, ratio=one.ratio * 3, dividend=one.dividend + 1) for one in events if one.time > self.cut]
        later = Corporate(max(one.day for one in events) + timedelta(days=1), Fraction(5))
        return [*before, *after, *([later] if later.time > self.cut else [])]

    def _instrument(self, one: Instrument) -> Instrument:
        """Other margins from the day after the cut's; a share that stops trading later does so at another time."""
        begins = moment(self.cut).date() + timedelta(days=1)
        margins = tuple(
            replace(period, initial=3 * period.initial, maintenance=3 * period.maintenance)
            if period.first_day > begins
            else period
            for period in one.margins
        )
        ends = one.expires_at
        if ends is not None and ends > self.cut and not one.is_future:
            ends += 3_600_000_000
        return replace(one, margins=margins, expires_at=ends)


def _seen_last(
    columns: BarColumns | QuoteColumns, instrument: Instrument, span: BarTimeSpan, settings: Settings
) -> list[int]:
    """Starts of the last bar that a run sees, in its hours and in regular ones (where a DAY bar always belongs)."""
    found = []
    for extended in {False, settings.extended_hours and span is not BarTimeSpan.DAY}:
        seen = [
            start
            for start, end in zip(columns.start.tolist(), columns.end.tolist(), strict=True)
            if settings.start <= start and end <= settings.end and in_session(instrument.exchange, extended, start)
        ]
        found += seen[-1:]
    return found


def _last_of_days(columns: BarColumns, instrument: Instrument) -> list[int]:
    """Starts of the last bar of each trading day, in regular hours and in extended ones, and of the last of all."""
    found = {
        (extended, session_from(instrument.exchange, extended, start).day): start
        for extended in (False, True)
        for start in columns.start.tolist()
    }
    return [*found.values(), *columns.start[-1:].tolist()]


def with_known_dividends_only(case: Case, cut: int) -> Case:
    """The case without what a total return would take from prices after the cut: the factors of later dividends."""
    if case.settings.adjustment is not Adjustment.TOTAL_RETURN:
        return case
    kept = {
        symbol: [one if one.time <= cut else replace(one, dividend=Fraction(0)) for one in events]
        for symbol, events in case.market.corporate.items()
    }
    return replace(case, market=replace(case.market, corporate=kept))


def write_factor_files(catalog: Catalog, corporate: Mapping[str, list[Corporate]]) -> None:
    """What the profile `lean` reads splits and dividends from: the factors of all that is still to come at each row."""
    for symbol, events in corporate.items():
        price, split = Decimal(1), Decimal(1)
        rows = [FactorRow(max(one.day for one in events) + timedelta(days=9000), price, split, Decimal(0))]
        for one in sorted(events, key=lambda one: one.day, reverse=True):
            split = (split * one.ratio.denominator / one.ratio.numerator).quantize(DIGITS)
            price = (price * (1 - Decimal(float(one.dividend)).quantize(DIGITS) / CLOSE)).quantize(DIGITS)
            rows.append(FactorRow(one.day - timedelta(days=1), price, split, CLOSE))
        lines = [f"{row.day:%Y%m%d},{row.price_factor},{row.split_factor},{row.close}" for row in reversed(rows)]
        save_corporate_actions(catalog.files, symbol, FactorFile(tuple(reversed(rows)), tuple(lines)), None)
