"""The report of a data check: one HTML file that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path

from periscope.instruments.times import time_text
from periscope.market.quality.check import SeriesReport
from periscope.market.quality.findings import QualityFinding
from periscope.market.quality.rules import RULES, Severity
from periscope.report import text
from periscope.report.markup import Markup, element, escape, join, moment
from periscope.report.quality_pictures import calendar, line
from periscope.report.template import asset, filled, policy

MOST_PICTURES = 60
"""So many series are drawn, those with problems first; the others are listed."""

_TITLES = {"problem": "Problem", "accepted": "Accepted", "note": "Note"}

_KEYS = (
    ("cover-4", "all of the usual bars"),
    ("cover-2", "half of them"),
    ("cover-1", "few"),
    ("cover-part", "a part is missing"),
    ("cover-gap", "no bars"),
)


def write_quality_report(
    reports: Sequence[SeriesReport], output: Path, *, version: str, accepted: frozenset[str] = frozenset()
) -> Path:
    """Write the page to `output` and return it.

    `version` is Periscope's own; the codes in `accepted` are shown, but not as problems.
    """
    page = render_quality(reports, accepted=accepted, version=version)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(output.name + ".part")
    unfinished.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")
    return unfinished.replace(output)


def render_quality(reports: Sequence[SeriesReport], *, accepted: frozenset[str], version: str) -> str:
    """The page's HTML; the same reports give the same bytes."""
    early = asset("early.js")
    return filled(
        asset("quality.html"),
        {
            "policy": escape(policy(early)),
            "version": escape(version),
            "style": Markup(asset("report.css") + "\n" + asset("quality.css")),
            "early_script": Markup(early),
            "header": _header(reports, accepted),
            "tiles": _tiles(reports, accepted),
            "codes": _codes(reports, accepted),
            "legend": _legend(),
            "series": _all_series(reports, accepted),
        },
    )


def _severity(found: QualityFinding, accepted: frozenset[str]) -> str:
    return "accepted" if found.code in accepted else found.rule.severity.value


def _count(reports: Sequence[SeriesReport], accepted: frozenset[str], severity: str) -> int:
    return sum(_severity(found, accepted) == severity for report in reports for found in report.findings)


def _header(reports: Sequence[SeriesReport], accepted: frozenset[str]) -> Markup:
    problems = _count(reports, accepted, Severity.PROBLEM.value)
    status = f"{problems:,} problem{'' if problems == 1 else 's'}" if problems else "Passed"
    names = list(dict.fromkeys(report.series.instrument.symbol for report in reports))
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    first, last = min(report.first for report in reports), max(report.last for report in reports)
    facts = [
        element("span", shown),
        element("span", moment(time_text(first), characters=10), " to ", moment(time_text(last), characters=10)),
    ]
    return element(
        "div",
        element("h1", "Data check"),
        element("span", status, class_=f"status {'error' if problems else 'complete'}"),
        element("p", join(facts), class_="facts"),
        class_="masthead",
    )


def _tiles(reports: Sequence[SeriesReport], accepted: frozenset[str]) -> Markup:
    values = [
        ("Series", len(reports), None),
        ("Bars", sum(report.bars for report in reports), None),
        ("Clean series", sum(not report.findings for report in reports), None),
        ("Problems", problems := _count(reports, accepted, "problem"), "loss" if problems else None),
        ("Notes", _count(reports, accepted, "note"), None),
    ]
    if accepted:
        values.insert(4, ("Accepted", _count(reports, accepted, "accepted"), None))
    tiles = [
        element(
            "div",
            element("div", name, class_="name"),
            element("div", text.count(value), class_=f"value {tone or ''}".strip()),
            class_="tile",
            role="listitem",
        )
        for name, value, tone in values
    ]
    return element("div", join(tiles), class_="tiles", role="list")


def _codes(reports: Sequence[SeriesReport], accepted: frozenset[str]) -> Markup:
    """A line for each code that was found: how often, what it means, what to do."""
    found = [each for report in reports for each in report.findings]
    if not found:
        return element("p", "Nothing was found.", class_="clean")
    rows = []
    for code, rule in RULES.items():
        of_code = [each for each in found if each.code == code]
        if not of_code:
            continue
        severity = _severity(of_code[0], accepted)
        rows.append(
            element(
                "tr",
                element("th", element("code", code), scope="row"),
                element("td", element("span", _TITLES[severity], class_=f"severity {severity}")),
                element("td", text.count(len(of_code))),
                element("td", rule.counted(sum(each.count for each in of_code))),
                element("td", rule.what, class_="words"),
                element("td", rule.mend, class_="words"),
            )
        )
    titles = ("Code", "Severity", "Series", "Count", "What was found", "What to do")
    words = ("What was found", "What to do")
    cells = [element("th", title, scope="col", class_="words" if title in words else None) for title in titles]
    head = element("thead", element("tr", join(cells)))
    return element("div", element("table", head, element("tbody", join(rows)), class_="plain codes"), class_="scroll")


def _legend() -> Markup:
    keys = [
        element(
            "li",
            element("svg", element("rect", class_=kind, width=12, height=12), viewBox="0 0 12 12"),
            element("span", words),
        )
        for kind, words in _KEYS
    ]
    keys.append(
        element(
            "li",
            element("svg", element("path", class_="mark-gap", d="M6 2l5 8h-10z"), viewBox="0 0 12 12"),
            element("span", "bars are missing here"),
        )
    )
    keys.append(
        element(
            "li",
            element("svg", element("circle", class_="mark-bad", cx=6, cy=6, r=4), viewBox="0 0 12 12"),
            element("span", "a bar or a run of bars that was found"),
        )
    )
    return element("ul", join(keys), class_="keys", aria_label="Colours and marks")


def _all_series(reports: Sequence[SeriesReport], accepted: frozenset[str]) -> Markup:
    """Series with problems first, then those with notes, then the clean ones."""

    def rank(report: SeriesReport) -> int:
        severities = {_severity(found, accepted) for found in report.findings}
        return 0 if "problem" in severities else 1 if severities else 2

    ordered = sorted(reports, key=rank)
    panels = [_series(report, accepted, drawn=place < MOST_PICTURES) for place, report in enumerate(ordered)]
    return join(panels)


def _series(report: SeriesReport, accepted: frozenset[str], *, drawn: bool) -> Markup:
    instrument, span = report.series.instrument, report.series.span.value
    facts = [
        element("span", instrument.asset_type.name),
        element("span", instrument.exchange),
        element("span", f"{report.bars:,} {report.data}"),
        element(
            "span",
            moment(time_text(report.first), characters=10),
            " to ",
            moment(time_text(report.last), characters=10),
        ),
    ]
    pictures = []
    for caption, draw in (("Trading days", calendar), ("Price", line)) if drawn else ():
        picture = draw(report)
        if picture:
            pictures.append(element("figure", element("figcaption", caption), picture, class_="picture"))
    if not drawn:
        pictures.append(element("p", f"Only the first {MOST_PICTURES} series have pictures.", class_="quiet"))
    return element(
        "div",
        element(
            "div",
            element("h2", f"{instrument.symbol} · {span}"),
            element("p", join(facts), class_="facts"),
            class_="series-head",
        ),
        _findings(report, accepted) if report.findings else element("p", "Nothing was found.", class_="clean"),
        join(pictures),
        class_="panel series-panel",
    )


def _findings(report: SeriesReport, accepted: frozenset[str]) -> Markup:
    items = []
    for found in report.findings:
        severity = _severity(found, accepted)
        items.append(
            element(
                "li",
                element(
                    "div",
                    element("span", _TITLES[severity], class_=f"severity {severity}"),
                    element("code", found.code),
                    element("span", found.counted),
                    element("span", "first ", moment(time_text(found.first)), class_="when"),
                    class_="line",
                ),
                element("p", found.example, class_="message"),
                class_=severity,
            )
        )
    return element("ol", join(items), class_="issues")
