"""Nothing that becomes known after t changes anything up to t: other prices, missing bars, a cut, a later expiry."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from periscope.engine.settings import Adjustment, FillModelName, QuoteUse
from periscope.market.columns import NO_PRICE, BarColumns, QuoteColumns
from tests.differential.adapter import BlockEngine
from tests.naive.corporate import Corporate
from tests.naive.market import Market
from tests.naive.random_strategies import Case, random_case
from tests.naive.trace import Trace
from tests.runs.lab import AAA, MINUTE, Lab, at, bars, walk

LISTS = ("events", "actions", "fills", "cash", "settlements", "issues")
TIME = {"events": 1, "fills": 1}
"""Which column of a row is its time, 0 where nothing is said."""


def test_the_future_changes_nothing(cases: Callable[..., int], tmp_path: Path) -> None:
    told = 0
    for seed in range(cases(12, 500)):
        told += _compare(seed, tmp_path)
    assert told > 1_000, "the cases say too little"


@pytest.mark.parametrize("quotes", list(QuoteUse))
@pytest.mark.parametrize("model", [FillModelName.NEXT_BAR, FillModelName.CURRENT_CLOSE])
def test_no_model_looks_ahead(model: FillModelName, quotes: QuoteUse, tmp_path: Path) -> None:
    """Every fill model on trades and on quotes, with every time in force, at once and with latency."""
    told = 0
    for seed, latency in ((3, 0), (4, 1_000_000)):
        told += _compare(seed, tmp_path, fill_model=model, quotes=quotes, latency=latency)
    assert told > 20, "the cases say too little"


def _compare(seed: int, folder: Path, **settings: Any) -> int:
    """Run a random strategy on a market and on one with another future; returns how many rows were compared."""
    case = random_case(20_000 + seed)
    case = replace(case, settings=replace(case.settings, **settings))
    dice = Random(seed)
    width = case.settings.end - case.settings.start
    ends = [int(end) for columns in case.market.bars.values() for end in columns.end]
    inside = [end for end in ends if case.settings.start < end < case.settings.end]
    cut = dice.choice([dice.choice(inside), case.settings.start + width * dice.randrange(1, 10) // 10])
    poisoned = {}
    for (symbol, kind, span), columns in case.market.bars.items():
        instrument = case.market.find(symbol, kind)
        assert instrument is not None
        visible = [bar.start for bar in case.market.stream(instrument, span, case.settings)]
        poisoned[symbol, kind, span] = _poison(dice, columns, cut, visible[-1:])
    known, unknown = _corporate(case, cut)
    quotes = {key: _poison_quotes(dice, columns, cut) for key, columns in case.market.quotes.items()}
    traces = []
    markets = (
        Market(case.market.instruments, case.market.bars, known, case.market.quotes),
        Market(case.market.instruments, poisoned, unknown, quotes),
    )
    for number, market in enumerate(markets):
        place = folder / f"{seed}-{number}"
        place.mkdir()
        traces.append(BlockEngine(place, case.source, market).run(case.settings, 4096, 64))
    first, second = (_until(trace, cut) for trace in traces)
    for name in LISTS:
        assert first[name] == second[name], f"seed {seed}, cut at {cut}: {name}"
    return sum(len(rows) for rows in first.values())


def _corporate(case: Case, cut: int) -> tuple[dict[str, list[Corporate]], dict[str, list[Corporate]]]:
    """The splits and dividends of a case, and others after the cut.

    A total return knows the future by a constant: there both markets have the same splits, and no dividends after the
    cut, whose factors would follow from prices after it.
    """
    if case.settings.adjustment is Adjustment.TOTAL_RETURN:
        kept = {
            symbol: [one if one.time <= cut else replace(one, dividend=Fraction(0)) for one in events]
            for symbol, events in case.market.corporate.items()
        }
        return kept, kept
    others = {}
    for symbol, events in case.market.corporate.items():
        days = {one.day for one in events}
        after = [replace(one, ratio=one.ratio * 3, dividend=one.dividend + 1) for one in events if one.time > cut]
        later = Corporate(max(days) + timedelta(days=1), Fraction(5))
        others[symbol] = [one for one in events if one.time <= cut] + after + ([later] if later.time > cut else [])
    return case.market.corporate, others


def _until(trace: Trace, cut: int) -> dict[str, list[str]]:
    found = {}
    for name in LISTS:
        column = TIME.get(name, 0)
        found[name] = [repr(row) for row in getattr(trace, name) if row[column] <= cut]
    return found


def _poison(dice: Random, old: BarColumns, cut: int, kept: Sequence[int] = ()) -> BarColumns:
    """Another future: of a bar under way, or that starts at the cut, only the open stays; some later bars are gone.

    The bars that start at `kept` stay: that a span has any bar in the window is known from the start (rules 9 and 20).
    """
    unborn, late = old.start > cut, old.end > cut
    if not late.any():
        return old
    up = dice.choice([1, 50, 900])
    opened = np.where(unborn, old.open + up, old.open)
    high = np.where(late, np.maximum(opened, old.high) + dice.choice([0, up]), old.high)
    low = np.where(late, np.minimum(opened, old.low), old.low)
    close = np.where(late, np.where(old.close == old.low, high, low), old.close)
    volume = np.where(late, dice.choice([0, 1, 10**6]), old.volume)
    poisoned = BarColumns(old.start, old.end, opened, high, low, close, volume)
    keep = ~unborn | (np.array([dice.random() for _ in range(len(old))]) < 0.7)
    keep |= np.isin(old.start, np.array(kept, dtype=np.int64))
    names = ("start", "end", "open", "high", "low", "close", "volume")
    return BarColumns(*(getattr(poisoned, name)[keep] for name in names))


def _poison_quotes(dice: Random, old: QuoteColumns, cut: int) -> QuoteColumns:
    """Another future of quotes: other prices, other sides. That a span has any quote is known from the start."""
    unborn, late = old.start > cut, old.end > cut
    up = dice.choice([1, 50, 900])
    columns = {name: getattr(old, name).copy() for name in old.NAMES}
    swapped = unborn & (np.array([dice.random() for _ in range(len(old))]) < 0.3)
    for part in ("open", "high", "low", "close", "size"):
        bid, ask = columns[f"bid_{part}"].copy(), columns[f"ask_{part}"].copy()
        columns[f"bid_{part}"], columns[f"ask_{part}"] = np.where(swapped, ask, bid), np.where(swapped, bid, ask)
    for side in ("bid", "ask"):
        there = columns[f"{side}_open"] != NO_PRICE
        columns[f"{side}_open"] += np.where(there & unborn, up, 0)
        columns[f"{side}_close"] += np.where(there & late, up, 0)
        columns[f"{side}_high"] += np.where(there & late, 2 * up, 0)
        columns[f"{side}_low"] -= np.where(there & late & ~unborn, up, 0)
    return QuoteColumns(*columns.values())


ACTIVE = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        self.seen = []
        return [register(), cash(100000), RegisterTimeStepAction(1000)]
    async def on_bar(self, event):
        self.bars += 1
        price = event.bar.close
        actions = [order("BUY", 3)] if self.bars % 7 == 0 else []
        if self.bars % 11 == 0:
            actions += [limit("BUY", 2, price - 1), stop("BUY", 1, price + 1), order("CLOSE")]
        return actions
    async def on_timer(self, event):
        return [CancelLimitsAction("AAA", EQUITY)]
"""


@pytest.mark.parametrize("cut", ["09:31", "10:15", "12:00", "15:59"])
def test_a_real_cut_changes_no_row_before_it(tmp_path: Path, cut: str) -> None:
    """The bars after t are not there at all, and of the one that starts at t only the open is known."""
    whole, cut_at = walk("09:30", 390), at(cut)
    keep = whole.end <= cut_at
    first = int(keep.sum())
    columns = [whole.start, whole.end, whole.open, whole.high, whole.low, whole.close, whole.volume]
    rows = [[int(value) for value in row] for row in np.array([column[: first + 1] for column in columns]).T]
    start, end, opened = rows[-1][:3]
    rows[-1] = [start, end, opened, opened + 5000, opened - 4000, opened - 3000, 1]
    tables = []
    for name, series in (("whole", whole), ("cut", bars(rows))):
        place = tmp_path / name
        place.mkdir()
        ran = Lab(place).add(AAA, minute=series).run(ACTIVE)
        fills = ran.table("fills").drop("order_id")
        orders = ran.table("orders").select("sequence", "quantity", "limit_price", "stop_price", "placed_at")
        limit = fills["filled_at"].dt.epoch("us")
        tables.append((fills.filter(limit <= cut_at), orders.filter(orders["placed_at"].dt.epoch("us") <= cut_at)))
    assert tables[0][0].equals(tables[1][0])
    assert tables[0][1].equals(tables[1][1])
    if cut != "09:31":
        assert len(tables[0][0]) > 5


def test_the_test_can_see_ahead(tmp_path: Path) -> None:
    """A guard: where the poison reaches into the past, the difference is found."""
    case = random_case(20_001)
    cut = (case.settings.start + case.settings.end) // 2
    early = (9 * case.settings.start + case.settings.end) // 10
    poisoned = {key: _poison(Random(1), one, early) for key, one in case.market.bars.items()}
    traces = []
    for number, market in enumerate((case.market, replace(case.market, bars=poisoned))):
        place = tmp_path / str(number)
        place.mkdir()
        traces.append(_until(BlockEngine(place, case.source, market).run(case.settings, 4096, 64), cut))
    assert traces[0] != traces[1]


def test_a_bar_is_delivered_when_it_is_complete(tmp_path: Path) -> None:
    """Never before its end, whatever the span; its timestamp is its start."""
    lab = Lab(tmp_path).add(
        AAA,
        minute=walk("09:30", 5),
        hour=walk("09:30", 2, length=30 * MINUTE),
        day=walk("09:30", 1, length=390 * MINUTE),
    )
    source = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(span=span) for span in (Span.DAY, Span.HOUR, Span.MINUTE)]
    async def on_bar(self, event):
        say(hhmm(event.simulation_time), hhmm(event.bar.timestamp))
        assert event.simulation_time == self.simulation_time
        return []
"""
    assert lab.run(source).said == [
        *(f"09:3{n + 1} 09:3{n}" for n in range(5)),
        "10:00 09:30",
        "10:30 10:00",
        "16:00 09:30",
    ]
