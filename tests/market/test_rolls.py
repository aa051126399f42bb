"""Rolls of a futures root: small markets by hand, then ES as LEAN has it."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.catalog import Catalog
from periscope.market.columns import InterestColumns
from periscope.market.front_month import FrontMonths
from periscope.market.rolls import NoRollsError, Roll, RollBy, Tenure, roll_schedule
from periscope.market.sample import make_sample
from tests.market.catalog_data import MINUTE, at
from tests.market.test_front_month import H14, M14, ROLL, Z13, market

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
needs_lean = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")


def test_a_roll_says_what_decided_it(tmp_path: Path) -> None:
    market(tmp_path, ROLL)
    schedule = roll_schedule(Catalog(tmp_path / "catalog"), "ES")
    assert (schedule.first_symbol, time_text(schedule.first_at)) == ("ESZ13", "2013-12-11T22:15:00Z")
    assert schedule.rolls[0] == Roll(
        from_symbol="ESZ13",
        to_symbol="ESH14",
        day=date(2013, 12, 13),
        at=at("2013-12-13T17:15"),
        decided=date(2013, 12, 13),
        from_count=Decimal(400),
        to_count=Decimal(600),
        expired=False,
    )


def test_after_an_expiry_the_last_volumes_decide(tmp_path: Path) -> None:
    market(tmp_path, {"2013-12-11": {Z13: 900, H14: 5, M14: 4}})
    schedule = roll_schedule(Catalog(tmp_path / "catalog"), "ES")
    first, second = schedule.rolls
    assert (first.to_symbol, first.day, first.decided) == ("ESH14", date(2013, 12, 20), date(2013, 12, 11))
    assert (first.from_count, first.to_count, first.expired) == (Decimal(900), Decimal(5), True)
    assert (second.to_symbol, second.at) == ("ESM14", H14.expires_at)
    assert schedule.ends_at == M14.expires_at


def test_by_last_trade_each_contract_counts_until_it_ends(tmp_path: Path) -> None:
    market(tmp_path, ROLL)
    schedule = roll_schedule(Catalog(tmp_path / "catalog"), "ES", RollBy.LAST_TRADE)
    assert schedule.first_symbol == "ESZ13"
    assert [(roll.to_symbol, roll.at, roll.day) for roll in schedule.rolls] == [
        ("ESH14", Z13.expires_at, date(2013, 12, 20)),
        ("ESM14", H14.expires_at, date(2014, 3, 21)),
    ]
    assert all(roll.from_count is None and roll.decided is None for roll in schedule.rolls)


def test_tenures_follow_each_other(tmp_path: Path) -> None:
    market(tmp_path, ROLL)
    assert Z13.expires_at is not None
    assert H14.expires_at is not None
    assert M14.expires_at is not None
    schedule = roll_schedule(Catalog(tmp_path / "catalog"), "ES", RollBy.LAST_TRADE)
    assert schedule.tenures() == [
        Tenure("ESZ13", schedule.first_at, Z13.expires_at),
        Tenure("ESH14", Z13.expires_at, H14.expires_at),
        Tenure("ESM14", H14.expires_at, M14.expires_at),
    ]


def test_the_rolls_are_those_of_the_front_month(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path / "catalog")
    make_sample(catalog)
    schedule, front = roll_schedule(catalog, "SX"), FrontMonths(catalog)
    assert [(roll.from_symbol, roll.to_symbol, str(roll.day)) for roll in schedule.rolls] == [
        ("SXH23", "SXM23", "2023-03-09"),
        ("SXM23", "SXU23", "2023-06-08"),
        ("SXU23", "SXZ23", "2023-09-07"),
        ("SXZ23", "SXH24", "2023-12-07"),
    ]
    for roll in schedule.rolls:
        assert front.front_month("SX", roll.at - 1).symbol == roll.from_symbol
        assert front.front_month("SX", roll.at).symbol == roll.to_symbol


@pytest.mark.parametrize(
    ("root", "by", "code"),
    [
        ("NQ", RollBy.VOLUME, "UNKNOWN_ROOT"),
        ("NQ", RollBy.LAST_TRADE, "UNKNOWN_ROOT"),
        ("ES", RollBy.OPEN_INTEREST, "OPEN_INTEREST_UNKNOWN"),
        ("ES", RollBy.VOLUME, "NO_FRONT_MONTH"),
        ("ES", RollBy.LAST_TRADE, "NO_EXPIRIES"),
    ],
)
def test_what_cannot_be_told_is_said(root: str, by: RollBy, code: str, tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    catalog.add_instruments([Z13])
    with pytest.raises(NoRollsError) as refusal:
        roll_schedule(catalog, root, by)
    assert refusal.value.code == code
    assert root in str(refusal.value)


@needs_lean
def test_es_rolls_once_in_december_2013_and_never_back(lean_catalog: Catalog) -> None:
    schedule = roll_schedule(lean_catalog, "ES")
    rolls = [roll for roll in schedule.rolls if roll.day.year == 2013]
    assert [(roll.from_symbol, roll.to_symbol, roll.day, roll.decided) for roll in rolls] == [
        ("ESZ13", "ESH14", date(2013, 12, 13), date(2013, 12, 13))
    ]
    assert time_text(rolls[0].at) == "2013-12-13T22:15:00Z"
    old, new = rolls[0].from_count, rolls[0].to_count
    assert old is not None
    assert new is not None
    assert old < new
    order = [schedule.first_symbol, *(roll.to_symbol for roll in schedule.rolls)]
    assert len(order) == len(set(order)), "no contract comes back"


@needs_lean
def test_the_front_month_of_es_is_esz13_until_the_end_of_the_trading_day_2013_12_13(lean_catalog: Catalog) -> None:
    front = FrontMonths(lean_catalog)
    first, roll, last = at("2013-10-08T00:00"), at("2013-12-13T17:15"), at("2013-12-31T17:00")
    hour = 3_600_000_000
    for t in [*range(first, last, 7 * hour), roll - 1, roll, at("2013-12-15T18:30"), at("2013-12-16T03:00")]:
        assert front.front_month("ES", t).symbol == ("ESZ13" if t < roll else "ESH14"), time_text(t)


def interest(catalog: Catalog, told: dict[str, dict[Instrument, int]]) -> Catalog:
    """Open interest that becomes known at New York times: until then a day long."""
    for contract in (Z13, H14, M14):
        rows = [(at(local), of_contracts[contract]) for local, of_contracts in told.items() if contract in of_contracts]
        if rows:
            ends, figures = np.array(rows, dtype=np.int64).T.copy()
            columns = InterestColumns(ends - 1440 * MINUTE, ends, figures)
            catalog.write_bars(contract, BarTimeSpan.DAY, columns, source="by hand")
    return catalog


def test_by_open_interest_a_figure_counts_from_when_it_was_known(tmp_path: Path) -> None:
    market(tmp_path, ROLL)
    told = {
        "2013-12-10T19:00": {Z13: 900, H14: 100},
        "2013-12-11T17:14": {Z13: 500, H14: 400},
        "2013-12-11T19:00": {Z13: 300, H14: 700},
        "2013-12-13T19:00": {Z13: 800},
    }
    schedule = roll_schedule(interest(Catalog(tmp_path / "catalog"), told), "ES", RollBy.OPEN_INTEREST)
    assert schedule.first_symbol == "ESZ13"
    first, second, third = schedule.rolls[:3]
    assert (first.to_symbol, first.day, first.at) == ("ESH14", date(2013, 12, 12), at("2013-12-12T17:15"))
    assert (first.decided, first.from_count, first.to_count) == (date(2013, 12, 12), Decimal(300), Decimal(700))
    assert (second.to_symbol, second.day) == ("ESZ13", date(2013, 12, 16)), "what stands last counts"
    assert (third.to_symbol, third.at, third.expired) == ("ESH14", Z13.expires_at, True)


@needs_lean
def test_es_by_the_open_interest_that_the_files_tell(lean_catalog: Catalog) -> None:
    roll = roll_schedule(lean_catalog, "ES", RollBy.OPEN_INTEREST).rolls[0]
    assert (roll.from_symbol, roll.to_symbol) == ("ESZ13", "ESH14")
    assert (roll.day, roll.decided, roll.expired) == (date(2013, 12, 20), date(2013, 12, 17), True)
    assert roll.from_count is not None
    assert roll.to_count is not None
    assert roll.from_count > roll.to_count, "the files tell a greater figure of ESH14 only when ESZ13 has expired"
