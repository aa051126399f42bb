"""Pictures of a checked series as SVG: a calendar of what is there, and the price with the findings on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from periscope.instruments.sessions import day_of_number, sessions_for
from periscope.instruments.times import time_text
from periscope.market.columns import IntColumn
from periscope.market.quality.check import SeriesReport
from periscope.market.quality.coverage import SessionCoverage
from periscope.market.quality.series import price_text
from periscope.report.markup import Markup, element, join

GAP_CODES = ("MISSING_DAYS", "MISSING_BARS", "LATE_START", "EARLY_END")
BAD_CODES = (
    "BAD_PRICE",
    "BAD_OHLC",
    "NEGATIVE_PRICE",
    "SPIKE",
    "STALE_RUN",
    "VOLUME_HOLE",
    "SPLIT_LIKE_JUMP",
    "DUPLICATE_BAR",
    "OUT_OF_ORDER",
    "OVERLAP",
)

MOST_DAYS_BY_WEEKS = 400
"""A longer series has a line for each year instead of a column for each week."""

WIDTH = 900
_LEFT = 34
_CELL, _PITCH = 11, 14
_YEAR_HEIGHT, _YEAR_PITCH = 12, 15
_PER_DAY = (WIDTH - _LEFT) / 366
_HEIGHT, _TOP, _BOTTOM, _RIGHT = 190, 12, 18, 74


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    kind: str
    words: str


def calendar(report: SeriesReport) -> Markup:
    """Every trading day from the first to the last with bars: how much of it is there. Empty without sessions."""
    days = _days(report)
    if not days:
        return Markup("")
    by_weeks = (days[-1].day - days[0].day).days <= MOST_DAYS_BY_WEEKS
    return _by_weeks(days) if by_weeks else _by_years(days)


def _days(report: SeriesReport) -> list[_Day]:
    table = report.sessions
    if table is None or not bool(table.bars.any()):
        return []
    there = np.flatnonzero(table.bars > 0)
    share = _share_of_usual(table, there)
    flagged = _sessions_with(report, table, ("MISSING_BARS", "LATE_START", "EARLY_END"))
    sessions = sessions_for(table.grid.exchange)
    days = []
    for index in range(int(there[0]), int(there[-1]) + 1):
        day, bars = day_of_number(int(table.grid.days[index])), int(table.bars[index])
        if bars == 0:
            closed = sessions.is_holiday_stub(day)
            days.append(_Day(day, "closed" if closed else "gap", "no bars"))
        elif index in flagged:
            days.append(_Day(day, "part", f"{bars:,} bars, a part is missing"))
        else:
            days.append(_Day(day, str(min(int(share[index]) * 4 // 100 + 1, 4)), f"{bars:,} bars"))
    return days


def _share_of_usual(table: SessionCoverage, there: IntColumn) -> IntColumn:
    """How many of its possible bars each session has, in per cent of what the fullest tenth of the sessions has."""
    if not table.series.intraday:
        return np.full(len(table.bars), 100)
    share = table.bars * 10_000 // table.possible
    full = max(int(np.sort(share[there])[(len(there) - 1) * 9 // 10]), 1)
    return np.asarray(np.minimum(share * 100 // full, 100))


def _sessions_with(report: SeriesReport, table: SessionCoverage, codes: Iterable[str]) -> set[int]:
    marks = _marks(report, codes)
    # A hole's or a session's end may be its close, which belongs to no session any more.
    return set(np.searchsorted(table.grid.closes, marks, side="left").tolist())


def _marks(report: SeriesReport, codes: Iterable[str]) -> IntColumn:
    wanted = set(codes)
    return np.array(
        sorted(mark for found in report.findings if found.code in wanted for mark in found.marks), dtype=np.int64
    )


def _by_weeks(days: list[_Day]) -> Markup:
    """A column for each week, a line for each weekday."""
    first = days[0].day - timedelta(days=days[0].day.weekday())
    weeks = (days[-1].day - first).days // 7 + 1
    parts = [_text(0, 24 + row * _PITCH, name) for row, name in ((0, "Mon"), (2, "Wed"), (4, "Fri"))]
    month, free_from = 0, 0
    for each in days:
        week, row = (each.day - first).days // 7, each.day.weekday()
        x = _LEFT + week * _PITCH
        if each.day.month != month:
            month = each.day.month
            if x >= free_from:
                words = f"{each.day:%b %Y}" if free_from == 0 or month == 1 else f"{each.day:%b}"
                parts.append(_text(x, 9, words))
                free_from = x + 7 * len(words)
        parts.append(_cell(x, 15 + row * _PITCH, _CELL, _CELL, each.kind, f"{each.day}: {each.words}"))
    return _svg(max(_LEFT + weeks * _PITCH, WIDTH), 15 + 5 * _PITCH, parts, "Calendar of the trading days with bars")


def _by_years(days: list[_Day]) -> Markup:
    """A line for each year; days alike stand together."""
    first, last = days[0].day.year, days[-1].day.year
    parts = [
        _text(_LEFT + _day_of_year(date(2023, month, 1)) * _PER_DAY, 9, f"{date(2023, month, 1):%b}")
        for month in range(1, 13)
    ]
    parts += [_text(0, 25 + (year - first) * _YEAR_PITCH, str(year)) for year in range(first, last + 1)]
    begin = 0
    for place in range(1, len(days) + 1):
        one = days[begin]
        if place < len(days) and (days[place].kind, days[place].day.year) == (one.kind, one.day.year):
            continue
        end = days[place - 1].day
        x = _LEFT + _day_of_year(one.day) * _PER_DAY
        width = (_day_of_year(end) - _day_of_year(one.day) + 1) * _PER_DAY
        words = f"{one.day}: {one.words}" if end == one.day else f"{one.day} to {end}: {_in_words(one.kind)}"
        parts.append(_cell(x, 15 + (one.day.year - first) * _YEAR_PITCH, width, _YEAR_HEIGHT, one.kind, words))
        begin = place
    height = 15 + (last - first + 1) * _YEAR_PITCH
    return _svg(WIDTH, height, parts, "Calendar of the trading days with bars, a line for each year")


def _in_words(kind: str) -> str:
    named = {"gap": "no bars", "part": "a part is missing", "closed": "holiday sessions without bars"}
    return named.get(kind, f"up to {int(kind) * 25} % of the usual bars" if kind.isdigit() else kind)


def _day_of_year(day: date) -> int:
    return day.timetuple().tm_yday - 1


def line(report: SeriesReport) -> Markup:
    """The price, closes on the range from low to high, with the findings marked. Empty for fewer than two points."""
    points = report.line
    if len(points.start) < 2:
        return Markup("")
    low, high = int(points.low.min()), int(points.high.max())
    scale = _Scale(len(points.start), low, high if high > low else low + 1)
    gaps, bad = _marks(report, GAP_CODES), _marks(report, BAD_CODES)
    breaks = np.unique(np.searchsorted(points.start, _marks(report, ("MISSING_DAYS",)), side="right"))
    decimals = report.series.instrument.price_scale
    parts = []
    for price in (scale.high, (scale.low + scale.high) // 2, scale.low):
        y = scale.y(price)
        parts.append(element("line", class_="rule", x1=0, x2=WIDTH - _RIGHT, y1=_number(y), y2=_number(y)))
        parts.append(_text(WIDTH - _RIGHT + 6, y + 3, price_text(price, decimals)))
    parts += _dates(points.start, scale)
    edges = [0, *(int(edge) for edge in breaks if 0 < edge < len(points.start)), len(points.start)]
    for begin, stop in pairwise(edges):
        parts += _stretch(points.low, points.high, points.close, scale, begin, stop)
    parts += _gap_marks(gaps, points.start, scale)
    parts += _bad_marks(bad, report, scale)
    return _svg(WIDTH, _HEIGHT, parts, "Price with the findings")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Points to x, scaled prices to y."""

    points: int
    low: int
    high: int

    def x(self, place: float) -> float:
        """Where a point stands."""
        return place * (WIDTH - _RIGHT) / max(self.points - 1, 1)

    def y(self, price: int) -> float:
        """Where a price stands."""
        return _TOP + (self.high - price) * (_HEIGHT - _TOP - _BOTTOM) / (self.high - self.low)


def _stretch(low: IntColumn, high: IntColumn, close: IntColumn, scale: _Scale, begin: int, stop: int) -> list[Markup]:
    """A stretch without a gap: the range and the closes on it; a single point is drawn as a short line."""
    places = list(range(begin, stop)) if stop - begin > 1 else [begin, begin]
    xs = [scale.x(place) for place in places]
    if xs[0] == xs[-1]:
        xs[-1] += 1.5
    top = [f"{_number(x)},{_number(scale.y(int(high[place])))}" for x, place in zip(xs, places, strict=True)]
    bottom = [f"{_number(x)},{_number(scale.y(int(low[place])))}" for x, place in zip(xs, places, strict=True)]
    closes = [f"{_number(x)},{_number(scale.y(int(close[place])))}" for x, place in zip(xs, places, strict=True)]
    return [
        element("polygon", class_="range", points=" ".join([*top, *reversed(bottom)])),
        element("polyline", class_="close", points=" ".join(closes)),
    ]


def _dates(starts: IntColumn, scale: _Scale) -> list[Markup]:
    """Some dates below the picture; times too if there are few days."""
    characters = 16 if int(starts[-1]) - int(starts[0]) < 4 * 86_400_000_000 else 10
    places = np.linspace(0, len(starts) - 1, 6).astype(int)[:-1]
    texts = [time_text(int(starts[place])).replace("T", " ")[:characters] for place in places]
    return [_text(scale.x(place), _HEIGHT - 4, words) for place, words in zip(places, texts, strict=True)]


def _gap_marks(marks: IntColumn, starts: IntColumn, scale: _Scale) -> list[Markup]:
    """A triangle at the foot of the picture for each place where something is missing."""
    places = np.unique(np.searchsorted(starts, marks))
    y = _HEIGHT - _BOTTOM
    return [
        element("path", class_="mark-gap", d=f"M{_number(x)} {y - 7}l4.5 7h-9z")
        for x in _apart(scale.x(max(place - 0.5, 0)) for place in places.tolist())
    ]


def _bad_marks(marks: IntColumn, report: SeriesReport, scale: _Scale) -> list[Markup]:
    """A ring around the price of each bar that was found, at the extreme that is farther from the close."""
    points = report.line
    places = np.unique(np.maximum(np.searchsorted(points.start, marks, side="right") - 1, 0))
    rings = []
    for place in places.tolist():
        low, high, close = (int(column[place]) for column in (points.low, points.high, points.close))
        price = high if high - close > close - low else low
        when = time_text(int(points.start[place])).replace("T", " ").removesuffix("Z")
        title = element("title", f"in the bars from {when}")
        at = {"cx": _number(scale.x(place)), "cy": _number(scale.y(price))}
        rings.append(element("circle", title, class_="mark-bad", r=4, **at))
    return rings


def _apart(xs: Iterable[float]) -> list[float]:
    """The places that are not upon each other."""
    found: list[float] = []
    for x in xs:
        if not found or x - found[-1] >= 3:
            found.append(x)
    return found


def _cell(x: float, y: float, width: float, height: float, kind: str, words: str) -> Markup:
    place = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
    return element("rect", element("title", words), class_=f"cover-{kind}", **place)


def _text(x: float, y: float, words: str) -> Markup:
    return element("text", words, x=_number(x), y=_number(y))


def _svg(width: int, height: int, parts: list[Markup], label: str) -> Markup:
    return element("svg", join(parts), viewBox=f"0 0 {width} {height}", role="img", aria_label=label)


def _number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
