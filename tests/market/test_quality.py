"""Each finding of `data check`: a series with exactly that defect, beside a clean one that has none."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.hours import EXCHANGES
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.instruments.times import time_text
from periscope.market.bar_files import joined, take
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns
from periscope.market.quality.check import check_series
from periscope.market.quality.rules import RULES, Severity
from periscope.market.sample import sample_series
from tests.market.catalog_data import MINUTE, columns
from tests.market.quality_data import (
    FUTURE,
    ONE_HOUR,
    SPY,
    Spoiled,
    changed,
    check,
    coarser,
    found,
    minutes,
    moved,
    multiplied,
    without,
)
from tests.sizes import examples

BARS = minutes()
NIGHT = minutes("CME")
DAY = 390
LATER = 5 * DAY + 200
"""A row in the middle of the sixth session."""


def _clean() -> dict[str, BarColumns]:
    return {
        "minute": BARS,
        "hour": coarser(BARS, BarTimeSpan.HOUR),
        "day": coarser(BARS, BarTimeSpan.DAY),
    }


@pytest.mark.parametrize("span", ["minute", "hour", "day"])
@pytest.mark.parametrize("rows", [7, 1_000, 100_000])
def test_a_clean_series_has_no_findings(span: str, rows: int) -> None:
    assert found(check(_clean()[span], span=BarTimeSpan(span), rows=rows)) == {}


def test_a_clean_future_has_no_findings() -> None:
    assert found(check(NIGHT, FUTURE)) == {}
    assert found(check(coarser(NIGHT, BarTimeSpan.HOUR, "CME"), FUTURE, BarTimeSpan.HOUR)) == {}


@pytest.mark.parametrize("exchange", sorted(set(EXCHANGES) - {"US"}))
@pytest.mark.parametrize("first", [date(2024, 3, 4), date(2024, 10, 28)])
def test_every_exchange_is_clean_over_changes_of_the_clock(exchange: str, first: date) -> None:
    instrument = replace(FUTURE, exchange=exchange)
    bars = minutes(exchange, first, 12)
    assert found(check(bars, instrument)) == {}
    assert found(check(coarser(bars, BarTimeSpan.HOUR, exchange), instrument, BarTimeSpan.HOUR)) == {}
    assert found(check(coarser(bars, BarTimeSpan.DAY, exchange), instrument, BarTimeSpan.DAY)) == {}


def _stale(bars: BarColumns) -> BarColumns:
    columns = {}
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(bars, name).copy()
        column[LATER : LATER + 15] = column[LATER]
        columns[name] = column
    return replace(bars, **columns)


def _no_volume(bars: BarColumns) -> BarColumns:
    volume = bars.volume.copy()
    volume[LATER : LATER + 3] = UNKNOWN_VOLUME
    volume[LATER + 10] = 0
    return replace(bars, volume=volume)


def _beside_the_mark(bars: BarColumns) -> BarColumns:
    start = bars.start.copy()
    start[LATER] += 15_000_000
    return replace(bars, start=start)


def _swapped(bars: BarColumns) -> BarColumns:
    order = np.arange(len(bars))
    order[[LATER, LATER + 1]] = order[[LATER + 1, LATER]]
    return take(bars, order)


def _twice(bars: BarColumns) -> BarColumns:
    return joined([take(bars, slice(0, LATER + 1)), take(bars, slice(LATER, None))])


def _overlapping(bars: BarColumns) -> BarColumns:
    end = bars.end.copy()
    end[LATER] += 30_000_000
    return replace(bars, end=end)


def _on_a_sunday(bars: BarColumns) -> BarColumns:
    sunday = moved(take(bars, slice(0, 30)), 6 * 24 * ONE_HOUR)
    return joined([take(bars, slice(0, 5 * DAY)), sunday, take(bars, slice(5 * DAY, None))])


MINUTE_DEFECTS: dict[str, tuple[Spoiled, dict[str, int]]] = {
    "a price of zero": (lambda bars: changed(bars, LATER, low=0), {"BAD_PRICE": 1}),
    "a negative price": (lambda bars: changed(bars, LATER, low=-5), {"BAD_PRICE": 1}),
    "a high below the close": (lambda bars: changed(bars, LATER, high=1), {"BAD_OHLC": 1}),
    "a bar twice": (_twice, {"DUPLICATE_BAR": 1}),
    "two bars swapped": (_swapped, {"OUT_OF_ORDER": 1}),
    "bars that overlap": (_overlapping, {"OVERLAP": 1}),
    "a bar beside the mark": (_beside_the_mark, {"MISALIGNED_STAMPS": 1}),
    "a bar far off": (lambda bars: changed(bars, LATER, rise=4_000), {"SPIKE": 1}),
    "a high far off": (lambda bars: changed(bars, LATER, high=26_000), {"SPIKE": 1}),
    "a low far off": (lambda bars: changed(bars, LATER, low=12_000), {"SPIKE": 1}),
    "fifteen equal bars": (_stale, {"STALE_RUN": 15}),
    "bars without volume": (_no_volume, {"VOLUME_HOLE": 4}),
    "a missing day": (lambda bars: without(bars, 5 * DAY, 6 * DAY), {"MISSING_DAYS": 1}),
    "a missing half hour": (lambda bars: without(bars, LATER, LATER + 30), {"MISSING_BARS": 1}),
    "a late start": (lambda bars: without(bars, 5 * DAY, 5 * DAY + 20), {"LATE_START": 1}),
    "an early end": (lambda bars: without(bars, 6 * DAY - 45, 6 * DAY), {"EARLY_END": 1}),
    "a two for one split": (lambda bars: multiplied(bars, 7 * DAY, 1, 2), {"SPLIT_LIKE_JUMP": 1}),
    "a one for ten split": (lambda bars: multiplied(bars, 7 * DAY, 10, 1), {"SPLIT_LIKE_JUMP": 1}),
    "a three for two split": (lambda bars: multiplied(bars, 7 * DAY, 2, 3), {"SPLIT_LIKE_JUMP": 1}),
    "bars on a Sunday": (_on_a_sunday, {"OUTSIDE_SESSIONS": 30}),
}


@pytest.mark.parametrize("defect", MINUTE_DEFECTS)
@pytest.mark.parametrize("rows", [97, 100_000])
def test_a_defect_is_found_and_nothing_else(defect: str, rows: int) -> None:
    spoil, expected = MINUTE_DEFECTS[defect]
    report = check(spoil(BARS), rows=rows)
    assert found(report) == expected
    (finding,) = report.findings
    assert finding.rule.severity is Severity.PROBLEM
    assert finding.place.startswith("SPY minute 2024-05-")
    assert str(finding).endswith(f"[{finding.code}]")
    assert finding.to_json()["count"] == finding.count


def test_findings_name_the_place() -> None:
    (spike,) = check(changed(BARS, LATER, low=12_000)).findings
    assert spike.first == BARS.start[LATER]
    assert spike.example.startswith("a low of 120.00, ")
    (gap,) = check(without(BARS, LATER, LATER + 30)).findings
    assert gap.first == BARS.start[LATER]
    assert gap.example == (
        f"30 minute bars are missing from {time_text(gap.first)} to {time_text(gap.first + 30 * MINUTE)};"
        " stretches of up to 5 are usual"
    )
    (missing,) = check(without(BARS, 5 * DAY, 7 * DAY)).findings
    assert (missing.count, missing.example) == (2, "no bar on 2 trading days, 2024-05-13 to 2024-05-14")
    (jump,) = check(multiplied(BARS, 7 * DAY, 1, 2)).findings
    assert jump.example.startswith("2024-05-15 opens at ")
    assert jump.example.endswith("near 1:2")


@pytest.mark.parametrize("hours", [-5, -1, 1, 4])
def test_a_wrong_time_zone_is_named_with_the_shift_that_mends_it(hours: int) -> None:
    report = check(moved(BARS, -hours * ONE_HOUR))
    finding = next(each for each in report.findings if each.code == "WRONG_TIME_ZONE")
    assert finding.count == len(BARS)
    assert f"if shifted by {hours:+d} hours" in finding.example
    night = check(moved(NIGHT, -hours * ONE_HOUR), FUTURE)
    assert f"if shifted by {hours:+d} hours" in next(f for f in night.findings if f.code == "WRONG_TIME_ZONE").example


def test_stamps_without_daylight_saving_are_wrong_in_one_half_of_the_year() -> None:
    winter, summer = minutes("ARCX", date(2024, 1, 8), 15), minutes("ARCX", date(2024, 6, 20), 15)
    report = check(joined([winter, moved(summer, ONE_HOUR)]))
    finding = next(each for each in report.findings if each.code == "WRONG_TIME_ZONE")
    assert finding.first == summer.start[0] + ONE_HOUR
    assert "if shifted by -1 hours" in finding.example


def test_hours_before_and_after_the_session_are_no_wrong_time_zone() -> None:
    quiet = replace(BARS, volume=BARS.volume // 20)
    early = take(moved(quiet, -5 * ONE_HOUR), slice(0, None))
    keep = np.flatnonzero(early.end <= np.repeat(BARS.start[::DAY], DAY))
    both = joined([BARS, take(early, keep)])
    report = check(take(both, np.argsort(both.start, kind="stable")))
    assert found(report) == {"EXTENDED_HOURS": len(keep)}
    assert report.problems == []


def test_stamps_at_the_end_are_seen() -> None:
    report = check(moved(BARS, MINUTE))
    assert found(report)["END_STAMPED"] == 15
    assert {finding.code for finding in report.problems} == {"END_STAMPED"}
    night = check(moved(NIGHT, MINUTE), FUTURE)
    assert found(night)["END_STAMPED"] == 15


def test_a_known_split_is_no_finding() -> None:
    split = multiplied(BARS, 7 * DAY, 1, 2)
    assert found(check(split, splits=frozenset({date(2024, 5, 15)}))) == {}
    assert found(check(split, splits=frozenset({date(2024, 5, 14)}))) == {"SPLIT_LIKE_JUMP": 1}


def test_a_bad_night_is_no_split() -> None:
    assert found(check(multiplied(BARS, 7 * DAY, 57, 100))) == {}


def test_a_jump_that_stays_is_no_spike() -> None:
    assert found(check(multiplied(BARS, LATER, 12, 10))) == {}


def test_what_lacks_in_most_sessions_at_the_same_time_is_a_pause() -> None:
    minute_of_day = np.arange(len(BARS)) % DAY
    pause = take(BARS, (minute_of_day < 120) | (minute_of_day >= 150))
    assert found(check(pause)) == {}
    assert found(check(without(pause, 360 * 5 + 200, 360 * 5 + 240))) == {"MISSING_BARS": 1}


def test_a_break_that_the_session_has_is_no_gap() -> None:
    day = date(2020, 1, 6)
    session = sessions_for("CME").session_of_day(day)
    assert session is not None
    assert session.breaks, "CME paused from 15:15 to 15:30 Chicago time until 2021"
    night = minutes("CME", day, 5)
    assert len(night) == sum(end - start for start, end in session.parts) * 5 // MINUTE
    assert found(check(night, FUTURE)) == {}
    before = np.flatnonzero(night.end == session.breaks[0][0])[0]
    assert found(check(without(night, before - 2, before + 3), FUTURE)) == {}
    (gap,) = check(without(night, before - 9, before + 3), FUTURE).findings
    assert gap.example.startswith("12 minute bars are missing")


def test_bars_in_a_break_are_outside_of_the_session() -> None:
    night = minutes("CME", date(2020, 1, 6), 5)
    before = int(np.flatnonzero(np.diff(night.start) > MINUTE)[0])
    stray = changed(night, before, start=int(night.end[before]), end=int(night.end[before]) + MINUTE)
    assert found(check(stray, FUTURE)) == {"OUTSIDE_SESSIONS": 1}


def test_a_window_is_filled_up_to_its_ends() -> None:
    hole = without(BARS, 3 * DAY, 7 * DAY)
    first, last = int(BARS.start[4 * DAY]), int(BARS.end[8 * DAY - 1])
    inside = take(hole, (hole.start >= first) & (hole.end <= last))
    report = check_series(SPY, BarTimeSpan.MINUTE, [inside], first=first, last=last)
    assert found(report) == {"MISSING_DAYS": 3}
    nothing = check_series(SPY, BarTimeSpan.MINUTE, [], first=first, last=last)
    assert found(nothing) == {"MISSING_DAYS": 4}
    assert (nothing.bars, nothing.first, nothing.last) == (0, first, last)
    late = take(BARS, slice(20, None))
    assert found(check_series(SPY, BarTimeSpan.MINUTE, [late], first=int(BARS.start[0]), last=int(BARS.end[-1]))) == {
        "LATE_START": 1
    }
    assert found(check(late)) == {}


@settings(max_examples=examples(20, 60), deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(
                st.integers(-(10**15), 4 * 10**15),
                st.integers(0, 3_000).map(lambda step: int(BARS.start[0]) + step * 20_000_000),
            ),
            st.sampled_from([1, 1_000_000, MINUTE, ONE_HOUR, 10**11]),
            *[st.integers(-(10**18) + 1, 10**18 - 1)] * 4,
            st.integers(-1, 10**12),
        ),
        min_size=1,
        max_size=40,
    ),
    span=st.sampled_from(list(BarTimeSpan)),
    instrument=st.sampled_from([SPY, FUTURE, replace(SPY, exchange="XXXX")]),
)
def test_any_bars_can_be_checked(rows: list[tuple[int, ...]], span: BarTimeSpan, instrument: Instrument) -> None:
    bars = columns([(start, start + length, *rest) for start, length, *rest in rows])  # type: ignore[misc]
    with np.errstate(all="raise"):
        report = check(bars, instrument, span, rows=7)
    assert report.bars == len(bars)
    assert all(finding.count > 0 and finding.example for finding in report.findings)


def test_a_thin_series_is_measured_by_itself() -> None:
    keep = np.arange(len(BARS)) % 10 == 0
    assert found(check(take(BARS, keep))) == {}
    thin = take(BARS, keep)
    assert found(check(without(thin, 39 * 5 + 10, 39 * 5 + 18))) == {"MISSING_BARS": 1}


def test_quiet_days_are_only_a_note() -> None:
    few = take(BARS, np.arange(len(BARS)) % 30 == 0)
    report = check(without(few, 13 * 5, 13 * 6))
    assert found(report) == {"QUIET_DAYS": 1}
    assert report.problems == []


def test_day_bars() -> None:
    days = coarser(BARS, BarTimeSpan.DAY)
    assert found(check(without(days, 5, 7), span=BarTimeSpan.DAY)) == {"MISSING_DAYS": 2}
    assert found(check(changed(days, 7, rise=9_000), span=BarTimeSpan.DAY)) == {"SPIKE": 1}
    assert found(check(replace(days, volume=np.full(15, UNKNOWN_VOLUME)), span=BarTimeSpan.DAY)) == {
        "UNKNOWN_VOLUME": 15
    }
    night = coarser(NIGHT, BarTimeSpan.DAY, "CME")
    evening = replace(take(night, slice(5, 6)), end=night.start[5:6] + ONE_HOUR)
    rest = changed(night, 5, start=int(night.start[5]) + 2 * ONE_HOUR)
    both = joined([take(rest, slice(0, 5)), evening, take(rest, slice(5, None))])
    assert found(check(both, FUTURE, BarTimeSpan.DAY)) == {"TWO_DAY_BARS": 1}


def test_a_future_may_be_below_zero_but_is_looked_at() -> None:
    low = replace(NIGHT, low=NIGHT.low.copy())
    low.low[LATER] = -1
    assert found(check(low, FUTURE)).keys() == {"NEGATIVE_PRICE", "SPIKE"}


def test_without_sessions_the_rest_is_checked() -> None:
    nowhere = replace(SPY, exchange="XXXX")
    report = check(changed(BARS, LATER, rise=4_000), nowhere)
    assert found(report) == {"SPIKE": 1, "NO_SESSIONS": len(BARS)}
    early = moved(BARS, -60 * 366 * 24 * ONE_HOUR)
    assert found(check(early)).keys() == {"NO_SESSIONS"}


def test_expiry_ends_a_session_early() -> None:
    session = sessions_for("CME").session_of_day(date(2024, 5, 24))
    assert session is not None
    expires = session.close - 7 * ONE_HOUR
    ended = take(NIGHT, NIGHT.end <= expires)
    assert found(check(ended, replace(FUTURE, expires_at=expires))) == {}


def test_every_code_is_explained() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "data-quality.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (problem|note) \|", page, flags=re.MULTILINE)
    assert rows == [(code, rule.severity.value) for code, rule in RULES.items()]
    for code, rule in RULES.items():
        assert rule.what, code
        assert rule.mend, code
        assert rule.counts in {"bars", "sessions", "trading days"}


@settings(max_examples=examples(1, 3), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_sample_market_is_clean_but_for_the_hole_that_it_declares(seed: int) -> None:
    for item in sample_series(seed):
        report = check(item.bars, item.instrument, item.span, rows=131_072)
        hole = item.instrument.symbol == "GAMA" and item.span is BarTimeSpan.MINUTE
        expected = {"MISSING_DAYS": 1, "LATE_START": 1, "EARLY_END": 1} if hole else {}
        assert found(report) == expected, (item.instrument.symbol, item.span, seed)


@settings(max_examples=examples(3, 8), deadline=None)
@given(rows=st.integers(examples(40, 1), 2_500), defect=st.sampled_from(sorted(MINUTE_DEFECTS)))
def test_the_pieces_make_no_difference(rows: int, defect: str) -> None:
    bars = MINUTE_DEFECTS[defect][0](BARS)
    whole, pieces = check(bars, rows=10**6), check(bars, rows=rows)
    assert pieces.findings == whole.findings
    assert whole.sessions is not None
    assert pieces.sessions is not None
    for name in ("bars", "first", "last", "open", "close", "low", "high", "volume", "hole_begin", "second_end"):
        np.testing.assert_array_equal(getattr(pieces.sessions, name), getattr(whole.sessions, name), err_msg=name)
