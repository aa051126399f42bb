"""Nothing that becomes known after t changes anything up to t: other prices, missing bars, a cut, a later expiry."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from periscope.engine.settings import (
    AccountName,
    Adjustment,
    FillModelName,
    PriceRounding,
    Profile,
    QuoteUse,
)
from periscope.execution.fee_schedules import FEE_SCHEDULES
from periscope.execution.fees import BasisPoints, Bounded, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.slippage import NoSlippage, PriceBasisPoints, Ticks, VolumeShare
from tests.differential.adapter import BlockEngine
from tests.engine.other_futures import Future, with_known_dividends_only, write_factor_files
from tests.naive.market import Market
from tests.naive.random_strategies import Case, random_case
from tests.naive.trace import Trace
from tests.runs.lab import AAA, MINUTE, Lab, at, bars, walk

LISTS = ("events", "actions", "fills", "cash", "settlements", "issues")
TIME = {"events": 1, "fills": 1}
"""Which column of a row is its time, 0 where nothing is said."""
SLIPPAGES = (NoSlippage(), Ticks(2), PriceBasisPoints(Decimal(7)), VolumeShare(Decimal("0.1")))
FEES = (
    NoFees(),
    Bounded(inner=PerShare(Decimal("0.005")), minimum=Decimal(1)),
    Sum((PerContract(Decimal("0.85")), BasisPoints(Decimal("2.5")))),
    LeanFees(),
    *FEE_SCHEDULES.values(),
)
LEAN: dict[str, Any] = {
    "profile": Profile.LEAN,
    "fill_model": FillModelName.LEAN,
    "price_rounding": PriceRounding.FUTURES_NEAREST,
    "latency": 0,
}


def _models() -> list[dict[str, Any]]:
    """Every fill model with and without quotes, in every adjustment and account, with each slippage and fee in turn."""
    ours: list[dict[str, Any]] = [{"fill_model": FillModelName.NEXT_BAR}, {"fill_model": FillModelName.CURRENT_CLOSE}]
    own = product(
        ours,
        QuoteUse,
        [Adjustment.SPLIT, Adjustment.RAW, Adjustment.TOTAL_RETURN],
        [AccountName.MARGIN, AccountName.CASH],
    )
    lean = product(
        [LEAN],
        [QuoteUse.OFF, QuoteUse.REQUIRE],
        [Adjustment.LEAN_ADJUSTED, Adjustment.LEAN_RAW],
        [AccountName.LEAN, AccountName.MARGIN, AccountName.CASH],
    )
    return [
        {
            **model,
            "quotes": quotes,
            "adjustment": adjustment,
            "account": account,
            "slippage": SLIPPAGES[number % len(SLIPPAGES)],
            "fees": FEES[number % len(FEES)],
        }
        for number, (model, quotes, adjustment, account) in enumerate((*own, *lean))
    ]


def _name(model: dict[str, Any]) -> str:
    return " ".join(str(model[name].value) for name in ("fill_model", "quotes", "adjustment", "account"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All models with several cases each with --full; else one case of every seventh."""
    if "model" in metafunc.fixturenames:
        full = any(metafunc.config.getoption(name, default=False) for name in ("--full", "--long"))
        chosen = [model for number, model in enumerate(_models()) if full or number % 7 == 0]
        metafunc.parametrize("model", [pytest.param(model, id=_name(model)) for model in chosen])


def test_the_future_changes_nothing(cases: Callable[..., int], tmp_path: Path) -> None:
    """Random cases, whatever models they draw."""
    told = 0
    for seed in range(cases(3, 500)):
        told += sum(_compare(random_case(20_000 + seed), seed, tmp_path / str(seed)))
    assert told > 300, "the cases say too little"


def test_no_model_looks_ahead(model: dict[str, Any], cases: Callable[..., int], tmp_path: Path) -> None:
    """Each model by name, with cases that trade before the cut."""
    wanted, found, latency = cases(1, 6), 0, (0, 1_000_000)
    for seed in range(100, 140):
        case = random_case(20_000 + seed)
        settings = replace(case.settings, **{"latency": latency[seed % 2], **model})
        rows, fills = _compare(replace(case, settings=settings), seed, tmp_path / str(seed), least_fills=3)
        found += fills > 0 and rows > 20
        if found == wanted:
            return
    pytest.fail(f"only {found} of {wanted} cases trade before the cut")


def _compare(case: Case, seed: int, folder: Path, least_fills: int = 0) -> tuple[int, int]:
    """Run a case on its market, on one with other data after a moment, and on one without any.

    Returns how many rows were compared, and how many of them are fills; zeros where there are fewer than that.
    """
    dice = Random(seed)
    width = case.settings.end - case.settings.start
    ends = [int(end) for columns in case.market.bars.values() for end in columns.end]
    inside = [end for end in ends if case.settings.start < end < case.settings.end]
    cut = dice.choice([dice.choice(inside), case.settings.start + width * dice.randrange(1, 10) // 10])
    case = with_known_dividends_only(case, cut)
    if case.settings.profile is Profile.LEAN and case.settings.quotes is QuoteUse.OFF:
        case = replace(case, market=replace(case.market, quotes={}))
    told = _told(case, case.market, cut, folder / "told")
    if len(told["fills"]) < least_fills:
        return 0, 0
    for name, missing in (("poisoned", 0.3), ("cut off", 1.0)):
        other = Future(cut, missing, dice).of(case)
        untold = _told(case, other, cut, folder / name)
        for part in LISTS:
            assert told[part] == untold[part], f"seed {seed}, {name} at {cut}: {part}"
    return sum(len(rows) for rows in told.values()), len(told["fills"])


def _told(case: Case, market: Market, cut: int, folder: Path) -> dict[str, list[str]]:
    """What a run says up to the cut."""
    folder.mkdir(parents=True)
    engine = BlockEngine(folder, case.source, market)
    if case.settings.profile is Profile.LEAN:
        write_factor_files(engine.catalog, market.corporate)
    return _until(engine.run(case.settings, 4096, 64), cut)


def _until(trace: Trace, cut: int) -> dict[str, list[str]]:
    found = {}
    for name in LISTS:
        column = TIME.get(name, 0)
        found[name] = [repr(row) for row in getattr(trace, name) if row[column] <= cut]
    return found


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
    """A guard: where the other future begins before the cut, the difference is found."""
    case = random_case(20_001)
    cut = (case.settings.start + case.settings.end) // 2
    early = (9 * case.settings.start + case.settings.end) // 10
    for missing in (0.0, 1.0):
        other = Future(early, missing, Random(1)).of(case)
        told = _told(case, case.market, cut, tmp_path / f"told {missing}")
        assert told != _told(case, other, cut, tmp_path / f"other {missing}")


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
