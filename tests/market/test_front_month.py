"""The front month by volume: small markets as tables of volumes by day and contract, then ES as LEAN has it."""

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.futures import future_instrument
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME
from periscope.market.front_month import FrontMonths, NoFrontMonthError
from tests.market.catalog_data import MINUTE, Row, at, columns
from tests.sizes import examples

LEAN_DAILY = Path(__file__).parents[3] / "shared" / "data" / "lean" / "future" / "cme" / "daily" / "es_trade.zip"
CME = sessions_for("CME")
Z13, H14, M14 = (
    future_instrument("ES", year, month, source="a test") for year, month in ((2013, 12), (2014, 3), (2014, 6))
)
DAY, MINUTES = BarTimeSpan.DAY, BarTimeSpan.MINUTE


def day_row(local: str, volume: int, end: int | None = None) -> Row:
    """A DAY bar stamped at local midnight that ends with the session it starts in."""
    start = at(local)
    return (start, CME.session_from(start).close if end is None else end, 1, 1, 1, 1, volume)


def market(root: Path, volumes: dict[str, dict[Instrument, int]]) -> FrontMonths:
    """A catalog with one DAY bar for each local date and contract of the table."""
    catalog = Catalog.create(root / "catalog")
    catalog.add_instruments([Z13, H14, M14])
    for contract in (Z13, H14, M14):
        rows = [day_row(day, by_contract[contract]) for day, by_contract in volumes.items() if contract in by_contract]
        catalog.write_bars(contract, DAY, columns(rows), source="a test")
    return FrontMonths(catalog)


def walk(front: FrontMonths, first: str, last: str) -> list[tuple[str, str]]:
    """The answers at the close of each trading day and a microsecond before, where they differ."""
    found = []
    for session in CME.sessions_between(at(first), at(last)):
        before, after = (front.front_month("ES", t).symbol for t in (session.close - 1, session.close))
        if before != after:
            found.append((f"{session.day}", f"{before} -> {after}"))
    return found


ROLL = {
    "2013-12-11": {Z13: 900, H14: 100},
    "2013-12-12": {Z13: 600, H14: 400},
    "2013-12-13": {Z13: 400, H14: 600, M14: 5},
    "2013-12-15": {Z13: 70, H14: 20},  # the Sunday stub, part of Monday
    "2013-12-16": {Z13: 200, H14: 800},
    "2013-12-17": {Z13: 100, H14: 900},
}


def test_the_roll_happens_when_the_day_is_complete_and_does_not_flip_back(tmp_path: Path) -> None:
    front = market(tmp_path, ROLL)
    assert walk(front, "2013-12-12", "2013-12-18") == [("2013-12-13", "ESZ13 -> ESH14")]


def test_an_answer_holds_until_the_next_close_whatever_comes_later(tmp_path: Path) -> None:
    front = market(tmp_path, ROLL)
    friday, monday = (CME.session_of_day(date(2013, 12, day)) for day in (13, 16))
    assert friday is not None
    assert monday is not None
    answer = front.front_month("ES", friday.close)
    assert (answer.symbol, answer.valid_from, answer.valid_until) == ("ESH14", friday.close, monday.close)
    assert front.front_month("ES", monday.open + 5) == answer


@pytest.mark.parametrize(
    ("days", "front"),
    [
        # One line each: volumes of Z13 and H14 by day, and the answer a moment after the last one.
        ([("2013-12-10", 500, 500)], "ESZ13"),  # a tie: the nearer expiry
        ([("2013-12-10", 400, 500), ("2013-12-11", 0, 0)], "ESH14"),  # a day without volume is skipped
        ([("2013-12-10", 400, 500), ("2013-12-11", 1, 0)], "ESZ13"),
        ([("2013-12-10", 400, 500), ("2013-12-11", UNKNOWN_VOLUME, UNKNOWN_VOLUME)], "ESH14"),
        ([("2013-11-27", 900, 100), ("2013-11-28", 1, 20)], "ESZ13"),  # Thanksgiving is a holiday stub
        ([("2013-11-27", 900, 100), ("2013-11-29", 1, 20)], "ESH14"),  # the half day after it is a trading day
        ([("2013-12-19", 900, 100)], "ESZ13"),
        ([("2013-12-20", 900, 100)], "ESH14"),  # Z13 expired at 09:30: its volume of that day does not count
    ],
)
def test_one_moment(tmp_path: Path, days: list[tuple[str, int, int]], front: str) -> None:
    months = market(tmp_path, {day: {Z13: near, H14: far} for day, near, far in days})
    close = CME.session_from(at(days[-1][0])).close
    assert months.front_month("ES", close).symbol == front


def test_expiry_changes_the_answer_at_its_moment(tmp_path: Path) -> None:
    front = market(tmp_path, {"2013-12-18": {Z13: 900, H14: 800}, "2013-12-19": {Z13: 900, H14: 800, M14: 850}})
    assert Z13.expires_at is not None
    last = front.front_month("ES", Z13.expires_at - 1)
    assert (last.symbol, last.valid_until) == ("ESZ13", Z13.expires_at)
    assert front.front_month("ES", Z13.expires_at).symbol == "ESM14"


def test_a_day_that_traded_only_in_expired_contracts_is_skipped(tmp_path: Path) -> None:
    front = market(tmp_path, {"2013-12-18": {Z13: 900, H14: 800}, "2013-12-19": {Z13: 900}})
    assert Z13.expires_at is not None
    assert front.front_month("ES", Z13.expires_at).symbol == "ESH14"


def test_a_day_is_not_complete_before_its_last_bar_ends(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    midnight = at("2013-12-14T00:00")
    for contract, volume in ((Z13, 100), (H14, 200)):
        rows = [day_row("2013-12-12", 300 - volume), day_row("2013-12-13", volume, midnight)]
        catalog.write_bars(contract, DAY, columns(rows), source="a test")
    front = FrontMonths(catalog)
    assert front.front_month("ES", midnight - 1).symbol == "ESZ13"
    assert front.front_month("ES", midnight).symbol == "ESH14"


def test_days_without_a_day_bar_are_summed_from_the_finest_span(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    catalog.write_bars(Z13, DAY, columns([day_row("2013-12-11", 900)]), source="a test")
    catalog.write_bars(H14, DAY, columns([day_row("2013-12-11", 100)]), source="a test")
    # On the 12th there are only minutes, from the evening before on; hours are there too and must not be added.
    for contract, each in ((Z13, 10), (H14, 12)):
        start = at("2013-12-11T18:00")
        rows: list[Row] = [(start + n * MINUTE, start + (n + 1) * MINUTE, 1, 1, 1, 1, each) for n in range(5)]
        catalog.write_bars(contract, MINUTES, columns(rows), source="a test")
    catalog.write_bars(
        Z13,
        BarTimeSpan.HOUR,
        columns([(at("2013-12-11T18:00"), at("2013-12-11T19:00"), 1, 1, 1, 1, 99)]),
        source="test",
    )
    front = FrontMonths(catalog)
    assert front.front_month("ES", at("2013-12-12T17:14")).symbol == "ESZ13"
    assert front.front_month("ES", at("2013-12-12T17:15")).symbol == "ESH14"


def test_a_day_that_the_finest_span_does_not_cover_is_summed_from_the_next_one(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    hour = (at("2013-12-12T10:00"), at("2013-12-12T11:00"))
    catalog.write_bars(H14, BarTimeSpan.HOUR, columns([(*hour, 1, 1, 1, 1, 99)]), source="a test")
    for contract, day, volume in ((H14, "2013-12-11", 1), (Z13, "2013-12-12", 50)):
        start = at(f"{day}T10:00")
        minute: Row = (start, start + MINUTE, 1, 1, 1, 1, volume)
        catalog.write_bars(contract, MINUTES, columns([minute]), source="a test")
    assert FrontMonths(catalog).front_month("ES", at("2013-12-12T17:15")).symbol == "ESH14"


def test_volumes_of_different_scales_compare(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    catalog.write_bars(replace(Z13, volume_scale=2), DAY, columns([day_row("2013-12-11", 500)]), source="a test")
    catalog.write_bars(H14, DAY, columns([day_row("2013-12-11", 6)]), source="a test")
    assert FrontMonths(catalog).front_month("ES", at("2013-12-12T00:00")).symbol == "ESH14"


def test_who_has_no_front_month_is_told_why(tmp_path: Path) -> None:
    front = market(tmp_path, {"2013-12-11": {Z13: 900}})
    with pytest.raises(LookupError, match="no futures with root 'NQ'; roots it has: ES"):
        front.front_month("NQ", at("2013-12-12T00:00"))
    with pytest.raises(
        NoFrontMonthError, match="its first trading day with volume is complete at 2013-12-11T22:15:00Z"
    ):
        front.front_month("ES", at("2013-12-11T17:14"))
    with pytest.raises(NoFrontMonthError, match="every contract with volume before then has expired"):
        front.front_month("ES", at("2013-12-20T09:30"))
    empty = Catalog.create(tmp_path / "empty")
    empty.add_instruments([Z13])
    with pytest.raises(NoFrontMonthError, match="no bars with volume of any contract of ES"):
        FrontMonths(empty).front_month("ES", at("2013-12-12T00:00"))


def naive_front_month(volumes: dict[date, dict[Instrument, int]], as_of: int) -> str | None:
    """Rule 13 read aloud: go back from the last complete day to one with volume in an unexpired contract."""
    for day in sorted(volumes, reverse=True):
        session = CME.session_of_day(day)
        if session is None or session.close > as_of or CME.is_holiday_stub(day):
            continue
        alive = {contract: volume for contract, volume in volumes[day].items() if contract.expires_at > as_of}  # type: ignore[operator]
        if max(alive.values(), default=0) > 0:
            best = max(alive, key=lambda contract: (alive[contract], -contract.expires_at))  # type: ignore[operator]
            return best.symbol
    return None


@settings(max_examples=examples(10, 25), deadline=None)
@given(
    volumes=st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40),
    asked=st.lists(st.integers(0, 60 * 24), min_size=1, max_size=30),
)
def test_any_market_agrees_with_the_rule_read_aloud(
    volumes: list[tuple[int, int, int]], asked: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = date(2013, 11, 20)
    days = [first + timedelta(days=n) for n in range(len(volumes))]
    table = {
        day: dict(zip((Z13, H14, M14), row, strict=True))
        for day, row in zip(days, volumes, strict=True)
        if CME.session_of_day(day) is not None
    }
    front = market(tmp_path_factory.mktemp("market"), {str(day): row for day, row in table.items()})
    for hours in asked:
        t = at(f"{first}") + hours * 60 * MINUTE
        expected = naive_front_month(table, t)
        if expected is None:
            with pytest.raises(LookupError):
                front.front_month("ES", t)
        else:
            answer = front.front_month("ES", t)
            assert answer.symbol == expected
            assert answer.valid_from <= t < answer.valid_until


@pytest.mark.skipif(not LEAN_DAILY.exists(), reason="the fidelity data are not here")
def test_es_of_2013_as_lean_has_it(tmp_path: Path) -> None:
    catalog = Catalog.create(tmp_path)
    with zipfile.ZipFile(LEAN_DAILY) as archive:
        for name in archive.namelist():
            month = name.split("_")[2].removesuffix(".csv")
            contract = future_instrument("ES", int(month[:4]), int(month[4:]), source="LEAN")
            rows = []
            for line in io.TextIOWrapper(archive.open(name)):
                stamp, *prices, volume = line.strip().split(",")
                local = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
                o, h, low, c = (int(Decimal(price) * 100) for price in prices)
                start, end, *_ = day_row(local, 0)
                rows.append((start, end, o, h, low, c, int(volume)))
            catalog.write_bars(contract, DAY, columns(rows), source="LEAN")
    assert walk(FrontMonths(catalog), "2013-10-08", "2013-12-31") == [("2013-12-13", "ESZ13 -> ESH14")]
