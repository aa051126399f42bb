"""Resting orders that an account judges at every step: those that are sure to be borne are not looked at one by one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from random import Random

import msgspec
import pytest

from libs.shared_ipc.src.protocol import OrderIntent, OrderType, TimeInForce
from periscope.engine.settings import AccountName, Adjustment, QuoteUse
from periscope.execution.accounts.lean import LeanAccount
from periscope.execution.fee_schedules import FEE_SCHEDULES
from periscope.execution.fees import BasisPoints, Bounded, FeeModel, LeanFees, NoFees, PerContract, PerShare, Sum
from periscope.execution.order import Order
from periscope.instruments.instrument import Instrument, MarginPeriod
from periscope.instruments.unit import unit_of
from periscope.portfolio.book import Book, Position
from periscope.portfolio.exact import EXACT, ZERO
from tests.differential.adapter import BlockEngine
from tests.differential.compare import compare
from tests.engine.other_futures import write_factor_files
from tests.engine.test_no_look_ahead import LEAN
from tests.naive.random_strategies import random_case
from tests.runs.lab import AAA, future

MARGINS = (MarginPeriod(first_day=date(2024, 1, 2), initial=Decimal(1000), maintenance=Decimal(900)),)
INSTRUMENTS = (AAA, future("ESH4", None, root="ES", margins=MARGINS))
FEES: tuple[FeeModel, ...] = (
    NoFees(),
    LeanFees(),
    PerShare(Decimal("-0.002")),
    Bounded(inner=PerShare(Decimal("0.005")), minimum=Decimal(1), maximum_basis_points=Decimal(100)),
    Bounded(inner=BasisPoints(Decimal(3)), minimum=Decimal(2), maximum=Decimal(40)),
    Sum((PerContract(Decimal("0.85")), BasisPoints(Decimal("2.5")))),
    *FEE_SCHEDULES.values(),
)


@dataclass(frozen=True)
class Known:
    """One price for everything."""

    price: Decimal | None
    now: int

    def last_price(self, _instrument: Instrument) -> Decimal | None:
        """That price."""
        return self.price

    def worth(self, position: Position) -> Decimal:
        """At that price."""
        return position.worth_at(self.price)

    def initial_margin(self, instrument: Instrument) -> Decimal | None:
        """The instrument's own."""
        return instrument.initial_margin

    def maintenance_margin(self, instrument: Instrument) -> Decimal | None:
        """The instrument's own."""
        return instrument.maintenance_margin


def _order(dice: Random, instrument: Instrument, sign: int, price: Decimal) -> Order:
    ratio = dice.choice([Fraction(1), Fraction(1), Fraction(7, 3)])
    kind = dice.choice([OrderType.LIMIT, OrderType.STOP])
    own = max(Decimal(1), price * dice.randint(50, 150) // 100 // instrument.tick) * instrument.tick
    quantity = Decimal(dice.choice([1, 3, 40, 1000, 25_000]) * dice.randint(1, 9))
    filled = dice.choice([ZERO, ZERO, Decimal(1)]) if quantity > 1 else ZERO
    return Order(
        sequence=1,
        order_id="",
        symbol=instrument.symbol,
        asset_type=instrument.asset_type,
        instrument=instrument,
        sign=sign,
        intent=OrderIntent.BUY if sign > 0 else OrderIntent.SELL,
        order_type=kind,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        limit=own if kind is OrderType.LIMIT else None,
        stop=own if kind is OrderType.STOP else None,
        placed_at=0,
        arrives_at=0,
        until=None,
        first_row=0,
        closing=False,
        unit=unit_of(instrument, 1 / ratio, ratio, None),
        reference=own,
        filled=filled,
        charged_units=filled,
        charged_value=filled * own * instrument.multiplier,
    )


def test_what_is_sure_to_be_borne_is_borne(cases: Callable[..., int]) -> None:
    """And so is all that is smaller; near the edge of what the account can do it is sure of some and not of others."""
    dice, sure = Random(1), 0
    count = cases(800, 100_000)
    with localcontext(EXACT):
        for _ in range(count):
            instrument, fees = dice.choice(INSTRUMENTS), dice.choice(FEES)
            account = LeanAccount(Decimal(dice.choice([1, 2])), fees)
            price = Decimal(dice.choice([3, 40, 999, 10_000])) / 100 if dice.random() < 0.95 else None
            marks = Known(price, dice.choice([0, 1_500_000_000_000_000, 1_700_000_000_000_000]))
            large = _order(dice, instrument, dice.choice([1, -1]), price if price is not None else Decimal(5))
            book = Book()
            if dice.random() < 0.5:
                held = Decimal(dice.choice([-1, 1]) * dice.randint(1, 2_000))
                book.positions[instrument.key] = Position(instrument, held, held * 5)
            about = large.remaining * (1000 if instrument.is_future else price or 1)
            book.cash = Decimal(int(about * dice.randint(80, 130))) / 100
            free = account.free(book, {}, marks)
            if not account.surely_bears(large, free, book, marks):
                continue
            sure += 1
            share = Decimal(dice.randint(1, 100)) / 100
            quantity = (large.quantity - 1) * share // 1 + 1
            other = msgspec.structs.replace(_order(dice, instrument, large.sign, Decimal(5)), unit=large.unit)
            small = msgspec.structs.replace(
                other, quantity=max(quantity, ZERO), filled=ZERO, charged_units=ZERO, charged_value=ZERO
            )
            for each in (large, small) if large.charged_units == 0 else (large,):
                assert account.check_order(each, book, {}, None, marks) is None, (each, marks, book.cash, fees)
    assert count * 0.2 < sure < count * 0.8


def test_a_look_at_every_order_comes_to_the_same(
    cases: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random strategies with the account `lean`: as ever, and with an account that is sure of nothing."""
    rejected = 0
    for seed in range(cases(3, 300)):
        case = random_case(30_005 + seed)
        quotes = (QuoteUse.OFF, QuoteUse.REQUIRE)[seed % 2]
        models = LEAN | {"account": AccountName.LEAN, "quotes": quotes, "adjustment": Adjustment.LEAN_RAW}
        settings = replace(case.settings, **models)
        folder = tmp_path / str(seed)
        folder.mkdir()
        engine = BlockEngine(folder, case.source, case.market)
        write_factor_files(engine.catalog, case.market.corporate)
        quick = engine.run(settings, None, None)
        with monkeypatch.context() as patch:
            patch.setattr(LeanAccount, "surely_bears", lambda *_: False)
            assert compare(engine.run(settings, None, None), quick, ("each", "quick")) is None, seed
        rejected += sum(row[2] == "OUT_OF_CASH" for row in quick.orders)
    assert rejected > 3
