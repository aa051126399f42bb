"""Random cases: a market, settings and a strategy, all drawn from one seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase
from libs.shared_ipc.src.protocol import AssetType
from periscope.engine.settings import (
    AccountName,
    Adjustment,
    FillModelName,
    InterestRates,
    LimitFill,
    Limits,
    MarginCallPolicy,
    MarginRates,
    PriceRounding,
    QuoteUse,
    Settings,
)
from periscope.execution.fee_schedules import FEE_SCHEDULES
from periscope.execution.fees import BasisPoints, Bounded, FeeModel, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.slippage import NoSlippage, PriceBasisPoints, SlippageModel, Ticks, VolumeShare
from tests.naive.host import moment
from tests.naive.market import SPANS, Market
from tests.naive.random_markets import RandomMarket, add_corporate_actions, random_market

TEMPLATE = Path(__file__).parent / "random_bundle" / "strategy.py"


RATES = InterestRates(cash=Decimal("0.031"), debit=Decimal("0.0725"), borrow=Decimal("0.25"))


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one run needs. `source` is the text of the bundle's strategy.py."""

    seed: int
    source: str
    market: Market
    settings: Settings


def random_case(seed: int) -> Case:
    """The case of a seed: always the same one."""
    dice = Random(seed)
    drawn = random_market(dice)
    add_corporate_actions(Random(f"{seed} corporate actions"), drawn)
    settings = _settings(dice, drawn, seed)
    if seed % 6 == 2:
        settings = replace(settings, good_till=_ends_of_dated(Random(f"{seed} ends"), drawn))
    return Case(seed, bundle_source(_plan(dice, drawn, settings, seed)), drawn.market, settings)


def bundle_source(plan: dict[str, object]) -> str:
    """The text of a strategy.py that follows the plan."""
    marker = 'PLAN = "{}"\n'
    text = TEMPLATE.read_text(encoding="utf-8")
    assert text.count(marker) == 1
    return text.replace(marker, f"PLAN = {json.dumps(plan)!r}\n")


def strategy_factory(source: str) -> Callable[[DataCoordinator], StrategyBase]:
    """Makes strategies of the class `Strategy` that a source text defines."""
    names: dict[str, object] = {"__name__": "strategy"}
    exec(compile(source, "strategy.py", "exec"), names)
    made = names["Strategy"]
    assert isinstance(made, type)
    assert issubclass(made, StrategyBase)
    return lambda coordinator: _new(made, coordinator)


def _new(made: type[StrategyBase], coordinator: DataCoordinator) -> StrategyBase:
    constructor: Callable[[DataCoordinator, dict[str, object]], StrategyBase] = made
    return constructor(coordinator, {})


def _settings(dice: Random, drawn: RandomMarket, seed: int) -> Settings:
    fees: list[FeeModel] = [
        NoFees(),
        Sum(
            (
                Bounded(inner=PerShare(Decimal("0.005")), minimum=Decimal(1), maximum=Decimal("4.5")),
                PerContract(Decimal("2.05")),
            )
        ),
        Sum((PerShare(Decimal("0.0035")), PerContract(Decimal("0.85")))),
        Bounded(inner=PerShare(Decimal(0)), minimum=Decimal("0.35")),
        Bounded(inner=BasisPoints(Decimal("2.5")), minimum=Decimal(3), maximum_basis_points=Decimal(80)),
        LeanFees(),
        dice.choice(list(FEE_SCHEDULES.values())),
    ]
    slippages: list[SlippageModel] = [
        NoSlippage(),
        NoSlippage(),
        Ticks(1),
        Ticks(3),
        PriceBasisPoints(Decimal("7.5")),
        VolumeShare(Decimal("0.1")),
        VolumeShare(Decimal("0.02"), power=1),
    ]
    return Settings(
        start=drawn.start,
        end=drawn.end,
        version="random",
        config_hash=str(seed),
        seed=seed,
        extended_hours=dice.random() < 0.4,
        execution_span=None if dice.random() < 0.8 else dice.choice(drawn.spans),
        fill_model=dice.choice([FillModelName.NEXT_BAR, FillModelName.NEXT_BAR, FillModelName.CURRENT_CLOSE]),
        limit_fill=dice.choice(list(LimitFill)),
        price_rounding=PriceRounding.REJECT if dice.random() < 0.25 else PriceRounding.PASSIVE,
        participation=None if dice.random() < 0.5 else Decimal(dice.choice(["0.05", "0.1", "0.333", "1"])),
        quotes=dice.choice([QuoteUse.OFF, QuoteUse.OFF, QuoteUse.PREFER, QuoteUse.PREFER, QuoteUse.REQUIRE]),
        latency=0 if dice.random() < 0.6 else dice.choice([1, 250_000, 1_000_000, 90_000_000, 3_600_000_000]),
        good_till=_good_till(dice, drawn),
        slippage=dice.choice(slippages),
        fees=dice.choice(fees),
        on_margin_call=dice.choice(list(MarginCallPolicy)),
        interest=dice.choice([InterestRates(), RATES]),
        account=AccountName.MARGIN if dice.random() < 0.7 else AccountName.CASH,
        margin=MarginRates()
        if dice.random() < 0.6
        else MarginRates(initial=Decimal("0.3"), maintenance=Decimal("0.3")),
        adjustment=Random(f"{seed} adjustment").choice([Adjustment.SPLIT, Adjustment.RAW, Adjustment.TOTAL_RETURN]),
        limits=Limits(
            events_per_instant=dice.choice([4, 8, 15]) if dice.random() < 0.06 else 10_000,
            actions_per_reply=10 if dice.random() < 0.05 else 1_000,
            open_orders=dice.choice([1, 3, 10]) if dice.random() < 0.05 else 10_000,
        ),
    )


def _ends_of_dated(dice: Random, drawn: RandomMarket) -> tuple[date | int, ...]:
    """An end of its own for each of the first GTD orders, in no order."""
    drawn_ends = [_good_till(dice, drawn) for _ in range(dice.choice([3, 6, 12]))]
    return tuple(drawn.end if end is None else end for end in drawn_ends)


def _good_till(dice: Random, drawn: RandomMarket) -> date | int | None:
    """A moment or a day in the window, or none."""
    moment_of_end = drawn.start + (drawn.end - drawn.start) * dice.randrange(1, 10) // 10
    day = moment(moment_of_end).date()
    return dice.choice([None, moment_of_end, moment_of_end + dice.randrange(1000), day, day, day + timedelta(days=1)])


def _plan(dice: Random, drawn: RandomMarket, settings: Settings, seed: int) -> dict[str, object]:
    names = [[one.symbol, one.asset_type.value] for one in drawn.market.instruments]
    names += [[s, "EQUITY"] for s, kind in names if kind == "ETF"] + [
        [s, "ETF"] for s, kind in names if kind == "EQUITY"
    ]
    odd = [[symbol, other.value] for symbol, _ in names for other in (AssetType.OPTION, AssetType.FUTURE)]
    seconds = (settings.end - settings.start) / 1_000_000
    firings = dice.choice([5, 20, 60])
    steps = [round(seconds / firings), round(seconds / firings, 3), seconds / firings / 7 + 30, 3600, 60.0 * firings]
    cash = dice.choice([["1000", "5000.55"], ["100000", "25000"], ["1000000", "400"]])
    return {
        "seed": seed,
        "names": names,
        "odd_names": [*odd, ["ZZZ", "EQUITY"], ["", "FUTURE"]],
        "roots": ["XX", "XX", "XX", "YY", "AAA"],
        "spans": [span.value for span in drawn.spans] * 4 + [span.value for span in SPANS],
        "streams": [[*key, span.value] for *key, span in sorted(drawn.market.bars)],
        "steps": [step for step in steps if step >= seconds / 200],
        "prices": {symbol: str(price) for symbol, price in drawn.prices.items()},
        "units": {symbol: str(unit) for symbol, unit in drawn.units.items()},
        "cash": cash,
        "large_lots": _large_lots(dice, drawn, Decimal(cash[0])) if dice.random() < 0.35 else {},
        "lots": dice.choice([[1, 2, 3, 5, 10], [10, 20, 100], [1, 2]]),
        "orders": dice.choice([30, 150, 300, 600]),
        "activity": dice.choice([0.1, 0.4, 0.8, 1.0]),
        "most_actions": settings.limits.actions_per_reply,
        "fault_at": dice.choice([1, 3, 20, 100, 300]) if dice.random() < 0.11 else None,
        "fault": dice.choice(["raise", "raise", "none", "not_actions", "too_many"]),
    }


def _large_lots(dice: Random, drawn: RandomMarket, cash: Decimal) -> dict[str, list[int]]:
    """Quantities that take much of an account's credit, so that a few bars may bring a margin call."""
    found = {}
    for one in drawn.market.instruments:
        unit = one.initial_margin if one.is_future else drawn.prices[one.symbol]
        if unit:
            most = cash / abs(unit)
            found[one.symbol] = [
                max(1, int(most * share)) for share in (Decimal("0.4"), Decimal("0.9"), Decimal("1.7"))
            ]
    return found
