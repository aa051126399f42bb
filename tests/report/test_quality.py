"""The report of a data check: everything is on it, nothing from outside gets in, and a browser shows it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.quality.check import SeriesReport
from periscope.market.quality.rules import RULES
from periscope.report.quality import MOST_PICTURES, render_quality, write_quality_report
from tests.market.quality_data import SPY, changed, check, coarser, minutes, multiplied, without
from tests.report.reading import Page
from tests.report.test_browser import BROWSER, root_of, shown

DAY = 390


@pytest.fixture(scope="module")
def spoiled() -> SeriesReport:
    """A gap of two days, a hole, a spike and a split-like jump."""
    bars = changed(multiplied(minutes(), 12 * DAY, 1, 2), 3 * DAY + 50, rise=5_000)
    return check(without(without(bars, 9 * DAY + 100, 9 * DAY + 160), 5 * DAY, 7 * DAY))


def _render(*reports: SeriesReport, accepted: frozenset[str] = frozenset()) -> str:
    return render_quality(reports, accepted=accepted, version="1.2.3")


def _titles(html: str) -> list[str]:
    return re.findall(r"<title>([^<]*)</title>", html)[1:]


def test_every_finding_is_told_with_its_meaning(spoiled: SeriesReport) -> None:
    assert {found.code for found in spoiled.findings} == {"MISSING_DAYS", "MISSING_BARS", "SPIKE", "SPLIT_LIKE_JUMP"}
    html = _render(spoiled)
    page = Page(html)
    for found in spoiled.findings:
        assert found.code in page.text
        assert found.example in page.text
        assert RULES[found.code].mend in page.text
    assert "4 problems" in page.text
    assert "2 trading days" in page.text
    assert "Periscope 1.2.3" in html


def test_the_calendar_and_the_line_show_where(spoiled: SeriesReport) -> None:
    html = _render(spoiled)
    titles = _titles(html)
    assert "2024-05-13: no bars" in titles
    assert "2024-05-14: no bars" in titles
    assert "2024-05-17: 330 bars, a part is missing" in titles
    assert "2024-05-06: 390 bars" in titles
    body = html.split("</ul>", 1)[1]
    assert body.count('class="cover-gap"') == 2
    assert body.count('class="cover-part"') == 1
    assert body.count('class="mark-gap"') >= 2
    assert body.count('class="mark-bad"') == 2
    # The line is broken where days are missing.
    assert body.count('class="close"') == 2


def test_long_series_have_a_line_for_each_year() -> None:
    days = coarser(minutes("ARCX", days=600), BarTimeSpan.DAY)
    titles = _titles(_render(check(days, span=BarTimeSpan.DAY)))
    assert any(re.fullmatch(r"2024-05-06 to 2024-12-31: up to 100 % of the usual bars", title) for title in titles)
    assert any(title.startswith("2026-01-02 to ") for title in titles)


def test_a_clean_check_says_so() -> None:
    page = Page(_render(check(minutes())))
    assert "Passed" in page.text
    assert "Nothing was found." in page.text


def test_accepted_codes_are_marked(spoiled: SeriesReport) -> None:
    page = Page(_render(spoiled, accepted=frozenset({"SPIKE"})))
    assert "3 problems" in page.text
    assert "Accepted" in page.text


def test_names_are_escaped_and_nothing_can_be_loaded(spoiled: SeriesReport) -> None:
    evil = replace(SPY, symbol="<script>alert(1)</script>")
    html = _render(check(changed(minutes(), 700, rise=5_000), evil))
    assert "<script>alert(1)" not in html
    page = Page(html)
    policy = next(attrs["content"] for tag, attrs in page.elements if tag == "meta" and "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert not re.search(r'(?:src|href)="(?!#)', html)


def test_the_same_check_gives_the_same_bytes(spoiled: SeriesReport, tmp_path: Path) -> None:
    first = write_quality_report([spoiled], tmp_path / "a" / "one.html", version="1.2.3")
    assert first.read_text() == _render(spoiled)


def test_without_sessions_there_is_no_calendar_but_a_line() -> None:
    html = _render(check(minutes(), replace(SPY, exchange="XXXX")))
    assert "Calendar of the trading days" not in html
    assert html.count('class="close"') == 1


def test_only_the_first_series_are_drawn() -> None:
    reports = [check(coarser(minutes(), BarTimeSpan.DAY), span=BarTimeSpan.DAY)] * (MOST_PICTURES + 5)
    html = _render(*reports)
    assert html.count("Price with the findings") == MOST_PICTURES
    assert html.count(f"Only the first {MOST_PICTURES} series have pictures.") == 5


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
def test_a_browser_shows_it_without_a_complaint(spoiled: SeriesReport, tmp_path: Path) -> None:
    page = write_quality_report([spoiled, check(minutes())], tmp_path / "check.html", version="1.2.3")
    html = shown(page, tmp_path / "profile")
    assert "data-theme" in root_of(html)
    assert html.count("<svg") > 8
