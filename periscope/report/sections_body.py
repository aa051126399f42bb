"""The rest of the page that is text: statistics, monthly returns, positions, and how the result came about."""

import json
from typing import Any

from periscope.instruments.words import counted
from periscope.portfolio.statistics_definitions import DEFINITIONS, Definition, Group, Unit
from periscope.report import text
from periscope.report.markup import Markup, element, join, moment
from periscope.report.run_files import RunFiles
from periscope.report.sections_head import sandbox

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMNS = ((Group.RETURN, Group.ACTIVITY), (Group.RISK,), (Group.TRADES,))
_MODEL_TITLES = {
    "fill": "Fills",
    "slippage": "Slippage",
    "fees": "Fees",
    "account": "Account",
    "adjustment": "Adjustment",
    "hours": "Hours",
    "execution": "Execution bars",
}


def statistics(result: dict[str, Any]) -> Markup:
    """All statistics by group, each with its definition at hand."""
    values = result.get("statistics") or {}
    columns = [join([_group(group, values) for group in groups]) for groups in _COLUMNS]
    return element("div", *(element("div", column) for column in columns), class_="groups")


def monthly_returns(returns: dict[int, dict[int, float]]) -> Markup:
    """A table of years and months."""
    if not returns:
        return Markup("")
    head = element("tr", *(element("th", name, scope="col") for name in ("Year", *MONTHS, "Total")))
    rows = [_year(year, returns[year]) for year in sorted(returns)]
    table = element("table", element("thead", head), element("tbody", join(rows)), class_="months")
    return join([element("h3", "Monthly returns"), element("div", table, class_="scroll", tabindex=0)])


def positions(result: dict[str, Any]) -> Markup:
    """What was still held at the end."""
    held = result.get("positions") or []
    resting = int(result.get("open_orders") or 0)
    orders = f"{resting:,} order{'s were' if resting != 1 else ' was'} still open." if resting else "No order was open."
    if not held:
        return element("p", f"No position was held at the end. {orders}", class_="quiet")
    titles = ("Symbol", "Direction", "Quantity", "Average price", "Last price", "Market value", "Unrealised")
    head = element("tr", *(element("th", name, scope="col") for name in titles))
    table = element(
        "table", element("thead", head), element("tbody", join([_position(item) for item in held])), class_="plain"
    )
    return join([element("div", table, class_="scroll", tabindex=0), element("p", orders, class_="quiet")])


def models(result: dict[str, Any]) -> Markup:
    """Every model that the run used."""
    entries = result.get("models") or {}
    rows = [_pair(name, _model_text(entries.get(key))) for key, name in _MODEL_TITLES.items() if key in entries]
    return element("dl", join(rows), class_="pairs")


def config(result: dict[str, Any]) -> Markup:
    """The config in full, as JSON, a section each."""
    document = result.get("config") or {}
    parts = [
        element(
            "details",
            element("summary", str(name)),
            element("pre", json.dumps(document[name], indent=2, ensure_ascii=False)),
            open=name != "core",
        )
        for name in document
    ]
    return join(parts)


def data(result: dict[str, Any]) -> Markup:
    """The series that were read, with their files' hashes."""
    entries = result.get("data") or []
    if not entries:
        return element("p", "This run read no bars.", class_="quiet")
    titles = ("Series", "Bars", "First", "Last", "Source", "Files")
    head = element("tr", *(element("th", name, scope="col") for name in titles))
    rows = [_series(entry) for entry in entries]
    table = element("table", element("thead", head), element("tbody", join(rows)), class_="plain")
    return element("div", table, class_="scroll", tabindex=0)


def logs(run: RunFiles) -> Markup:
    """The last lines that the strategy printed."""
    if not run.logs:
        return element("p", "The strategy printed nothing.", class_="quiet")
    left_out = run.log_lines - len(run.logs)
    note = f"The last {len(run.logs):,} of {run.log_lines:,} lines; all are in logs.jsonl." if left_out > 0 else None
    lines = [_log_line(entry) for entry in run.logs]
    return join(
        [
            element("p", note, class_="quiet") if note else Markup(""),
            element("ol", join(lines), class_="log", tabindex=0, aria_label="Log"),
        ]
    )


def provenance(result: dict[str, Any]) -> Markup:
    """What makes the result checkable: versions, hashes, speed."""
    strategy = result.get("strategy") or {}
    seconds, speed = result.get("elapsed_seconds"), result.get("bars_per_second")
    rows = [
        _pair("Result hash", element("code", str(result.get("hash") or text.NOTHING))),
        _pair("Strategy version", element("code", str(strategy.get("version") or text.NOTHING))),
        _pair("Strategy", str(strategy.get("path") or text.NOTHING)),
        _pair("Catalog", str(result.get("catalog") or text.NOTHING)),
        _pair("Engine", f"Periscope {result.get('engine_version') or text.NOTHING}"),
        _pair("Sandbox", sandbox(result)),
        _pair("Speed", f"{speed:,.0f} bars a second, {seconds:,.2f} s" if seconds and speed else text.NOTHING),
    ]
    return element("dl", join(rows), class_="pairs")


def _group(group: Group, values: dict[str, Any]) -> Markup:
    rows = [
        _statistic(name, definition, values.get(name))
        for name, definition in DEFINITIONS.items()
        if definition.group is group
    ]
    return element("div", element("h3", group.value), element("dl", join(rows), class_="statistics"))


def _statistic(name: str, definition: Definition, value: object) -> Markup:
    key = f"definition-{name}"
    tip = element("span", definition.text, element("small", definition.source), class_="tip", role="tooltip", id=key)
    term = element("span", definition.title, class_="term", tabindex=0, aria_describedby=key)
    exact = "undefined" if value is None else str(value)
    shown = moment(value, characters=16) if definition.unit is Unit.TIME else text.statistic(value, definition.unit)
    return element("div", element("dt", term, tip), element("dd", shown, title=exact))


def _year(year: int, months: dict[int, float]) -> Markup:
    total = 1.0
    for value in months.values():
        total *= 1.0 + value
    cells = [_month(months.get(month)) for month in range(1, 13)]
    return element("tr", element("th", str(year), scope="row"), *cells, _month(total - 1.0, strong=True))


def _month(value: float | None, *, strong: bool = False) -> Markup:
    if value is None:
        return element("td", "", class_="none")
    strength = min(4, 1 + int(abs(value) * 50)) if round(value, 4) != 0 else 0
    kind = "" if strength == 0 else f"{'gain' if value > 0 else 'loss'} s{strength}"
    return element("td", f"{value * 100:.2f}".replace("-", text.MINUS), class_=f"{kind}{' total' if strong else ''}")


def _position(item: dict[str, Any]) -> Markup:
    unrealised = item.get("unrealised_pnl")
    return element(
        "tr",
        element("th", str(item.get("symbol")), scope="row"),
        element("td", str(item.get("direction")).capitalize()),
        element("td", text.decimal(item.get("quantity"))),
        element("td", text.decimal(item.get("average_price"), at_least=2)),
        element("td", text.decimal(item.get("last_price"), at_least=2)),
        element("td", text.money(item.get("market_value"))),
        element("td", text.money(unrealised), class_=text.tone(unrealised)),
    )


def _model_text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_model_text(part)}" for key, part in value.items()) or text.NOTHING
    return text.NOTHING if value is None else str(value)


def _pair(name: str, value: str | Markup) -> Markup:
    return element("div", element("dt", name), element("dd", value))


def _series(entry: dict[str, Any]) -> Markup:
    files = [
        element(
            "li",
            element("span", f"{file.get('file')}, {counted(int(file.get('rows') or 0), 'row')}"),
            element("code", str(file.get("sha256"))),
        )
        for file in entry.get("files") or []
    ]
    listed = element(
        "details", element("summary", f"{len(files)} file{'s' if len(files) != 1 else ''}"), element("ul", join(files))
    )
    return element(
        "tr",
        element("th", f"{entry.get('symbol')} {entry.get('span')}", scope="row"),
        element("td", text.count(entry.get("bars"))),
        element("td", moment(entry.get("first"), characters=16)),
        element("td", moment(entry.get("last"), characters=16)),
        element("td", str(entry.get("source") or text.NOTHING), class_="words"),
        element("td", listed, class_="files"),
    )


def _log_line(entry: dict[str, Any]) -> Markup:
    return element(
        "li",
        moment(entry.get("time")),
        element("span", str(entry.get("line") or "")),
        class_="stderr" if entry.get("stream") == "stderr" else None,
    )
