"""What the checks find in a LEAN folder as it comes, with the reason for each finding."""

from pathlib import Path

import pytest

from periscope.market.catalog import Catalog
from periscope.market.quality.check import SeriesReport, check_stored
from periscope.market.quality.rules import Severity

LEAN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lean"
pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="needs a LEAN data folder at ../shared/data/lean")

type Expected = dict[tuple[str, str, str], int]

PROBLEMS: dict[str, Expected] = {
    "prints far from the market that the vendor kept: AAPL at 10.59 on a day around 183, IWM at 156.51 around 75": {
        ("AAPL", "minute", "SPIKE"): 3,
        ("AAPL", "hour", "SPIKE"): 31,
        ("AAPL", "day", "SPIKE"): 3,
        ("AIG", "hour", "SPIKE"): 11,
        ("AIG", "day", "SPIKE"): 4,
        ("BAC", "hour", "SPIKE"): 18,
        ("BAC", "day", "SPIKE"): 3,
        ("IWM", "day", "SPIKE"): 1,
        ("QQQ", "day", "SPIKE"): 3,
        ("SPY", "second", "SPIKE"): 3,
        ("SPY", "minute", "SPIKE"): 2,
        ("SPY", "hour", "SPIKE"): 70,
        ("SPY", "day", "SPIKE"): 6,
        ("ESH14", "minute", "SPIKE"): 1,
        ("ESZ13", "minute", "SPIKE"): 2,
    },
    "the folder holds samples: some days of 2013 and 2014, and one of 2023": {
        ("SPY", "second", "MISSING_DAYS"): 161,
        ("SPY", "minute", "MISSING_DAYS"): 2467,
    },
    "from 2004 to 2011 QQQ traded as QQQQ, whose file is not in the folder": {("QQQ", "day", "MISSING_DAYS"): 1588},
    "Nasdaq halted its stocks for three hours on 2013-08-22": {("AAPL", "hour", "MISSING_BARS"): 1},
    "the New York exchange opened late on 2001-06-08, after a fault of its own": {
        ("AIG", "hour", "LATE_START"): 1,
        ("BAC", "hour", "LATE_START"): 1,
    },
    "the bars of 1999-12-31 end an hour or two early; the session table has a whole day": {
        ("AAPL", "hour", "EARLY_END"): 1,
        ("AIG", "hour", "EARLY_END"): 1,
        ("BAC", "hour", "EARLY_END"): 1,
        ("SPY", "hour", "EARLY_END"): 1,
    },
    "AIG lost a third of its price over the night of its rescue, 2008-09-17": {
        ("AIG", "hour", "SPLIT_LIKE_JUMP"): 1,
        ("AIG", "day", "SPLIT_LIKE_JUMP"): 1,
    },
    "hour bars of futures are regular hours only on some dates: they begin at 09:30 New York time": {
        ("ESH14", "hour", "MISALIGNED_STAMPS"): 4,
        ("ESH20", "hour", "MISALIGNED_STAMPS"): 5,
        ("ESM14", "hour", "MISALIGNED_STAMPS"): 1,
        ("ESZ13", "hour", "MISALIGNED_STAMPS"): 4,
        ("ESH14", "hour", "LATE_START"): 4,
        ("ESZ13", "hour", "LATE_START"): 4,
    },
    "hour bars of futures lack the weeks from mid-October to mid-November 2013, and others": {
        ("ESH14", "hour", "MISSING_DAYS"): 45,
        ("ESM14", "hour", "MISSING_DAYS"): 25,
        ("ESZ13", "hour", "MISSING_DAYS"): 43,
    },
    "the Sunday evening has a day bar of its own, which belongs to Monday's trading day": {
        ("ESH14", "day", "TWO_DAY_BARS"): 4,
        ("ESM14", "day", "TWO_DAY_BARS"): 1,
        ("ESZ13", "day", "TWO_DAY_BARS"): 7,
    },
    "a far contract without a bar on days between busier ones": {("ESM14", "day", "MISSING_DAYS"): 3},
    "a thin contract's hours without trades in the night": {("ESH14", "hour", "MISSING_BARS"): 2},
    "bars of thin contracts that have prices and a volume of zero": {
        ("ESH14", "minute", "VOLUME_HOLE"): 38,
        ("ESH14", "hour", "VOLUME_HOLE"): 3,
        ("ESM14", "minute", "VOLUME_HOLE"): 5,
        ("ESM14", "hour", "VOLUME_HOLE"): 1,
    },
}

NOTES = {"OFF_TICK", "EXTENDED_HOURS", "QUIET_DAYS"}
"""Trades at fractions of a cent, hours before and after the session, far contracts that seldom trade."""


@pytest.fixture(scope="module")
def reports(lean_catalog: Catalog) -> list[SeriesReport]:
    every = ((each, span) for each in lean_catalog.instruments.all() for span in lean_catalog.spans(each))
    found = (check_stored(lean_catalog, each, span) for each, span in every)
    return [report for report in found if report is not None]


def test_every_problem_has_a_reason(reports: list[SeriesReport]) -> None:
    found = {
        (finding.symbol, finding.span.value, finding.code): finding.count
        for report in reports
        for finding in report.problems
    }
    expected = {key: count for counts in PROBLEMS.values() for key, count in counts.items()}
    assert found == expected


def test_the_rest_are_notes(reports: list[SeriesReport]) -> None:
    notes = {
        finding.code for report in reports for finding in report.findings if finding.rule.severity is Severity.NOTE
    }
    assert notes == NOTES


def test_known_splits_are_not_reported(reports: list[SeriesReport]) -> None:
    """AAPL split 2:1, 7:1 and 4:1 and AIG 1:20; the factor files say when, so none is a finding."""
    jumps = {finding.example for report in reports for finding in report.findings if finding.code == "SPLIT_LIKE_JUMP"}
    assert {example.split()[0] for example in jumps} == {"2008-09-17"}


def test_the_bars_that_spike_are_named(reports: list[SeriesReport]) -> None:
    report = next(
        each for each in reports if (each.series.instrument.symbol, each.series.span.value) == ("AAPL", "day")
    )
    (spike,) = [finding for finding in report.findings if finding.code == "SPIKE"]
    assert spike.place == "AAPL day 2009-09-21T13:30:00Z"
    assert spike.example.startswith("a low of 10.5900, ")
