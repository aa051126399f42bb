"""The top of the page: what ran, how it ended, its issues, and the numbers to look at first."""

from typing import Any

from periscope.instruments.words import counted
from periscope.portfolio.statistics_definitions import DEFINITIONS
from periscope.report import text
from periscope.report.markup import Markup, element, escape, join, moment
from periscope.runs.issues import ISSUE_CODES

STATUS = {
    "complete": "Complete",
    "stopped": "Stopped before its end",
    "error": "Failed",
}
_SEVERITIES = {"fatal": "Ended the run", "refusal": "Refusal", "warning": "Warning", "note": "Note"}

_SANDBOXES = {
    "sealed": "sealed: confined, in namespaces of its own",
    "confined": "confined: no rights, Landlock, allowed system calls only",
    "unconfined": "none: a process with its user's rights, because --trust-this-code asked for it",
    "in_process": "none: the strategy ran inside the engine's own process",
}
_UNCONFINED = (
    "This strategy ran without a sandbox, because --trust-this-code asked for it: it could read and write files and "
    "use the network, as the user who ran it can."
)

_COMPONENTS = {"strategy": "while running your code", "simulation": "in the simulation"}


def title(result: dict[str, Any]) -> str:
    """The run's name: the strategy's class, or its folder where every class is called Strategy."""
    strategy = result.get("strategy") or {}
    name = str(strategy.get("class") or "")
    folder = str(strategy.get("path") or "").rstrip("/").rsplit("/", 1)[-1].removesuffix(".py")
    return folder if folder and name in {"", "Strategy"} else name or "Run"


def tier(result: dict[str, Any]) -> str:
    """How well the strategy was confined; empty where nothing of it ran, or the result does not say."""
    return str((result.get("sandbox") or {}).get("tier") or "")


def sandbox(result: dict[str, Any]) -> str:
    """How well the strategy was confined, in words, and which installed packages it could import."""
    words = _SANDBOXES.get(tier(result), tier(result)) or text.NOTHING
    packages = (result.get("sandbox") or {}).get("packages") or []
    named = ", ".join(f"{package.get('name')} {package.get('version')}" for package in packages)
    return f"{words}; allowed packages: {named}" if named else words


def header(result: dict[str, Any]) -> Markup:
    """Name, status, window and the result's hash; a run without a sandbox is marked here, above all its numbers."""
    status = str(result.get("status") or "")
    core = (result.get("config") or {}).get("core") or {}
    symbols = list(dict.fromkeys(str(entry.get("symbol")) for entry in result.get("data") or []))
    shown = ", ".join(symbols[:4]) + (f" and {len(symbols) - 4} more" if len(symbols) > 4 else "")
    facts = [
        element("span", shown) if shown else Markup(""),
        element("span", _window(result.get("start")), " to ", _window(result.get("end"))),
        element("span", counted(int(result.get("bars") or 0), "bar")),
        element("span", f"amounts in {core.get('currency') or 'USD'}"),
        element("span", "hash ", element("code", str(result.get("hash") or text.NOTHING)[:12]), class_="hash"),
    ]
    unconfined = tier(result) == "unconfined"
    masthead = element(
        "div",
        element("h1", title(result)),
        element("span", STATUS.get(status, status), class_=f"status {status}"),
        element("span", "Unconfined", class_="status unconfined") if unconfined else None,
        element("p", join(facts), class_="facts"),
        class_="masthead",
    )
    return join([masthead, element("p", _UNCONFINED, class_="problem") if unconfined else None])


def issues(result: dict[str, Any]) -> Markup:
    """All issues, in the order of the result document: what ended the run comes first."""
    entries = result.get("issues") or []
    if not entries:
        return Markup("")
    failed = result.get("status") == "error"
    heading = "This run failed" if failed else "Issues"
    return element(
        "section",
        element("h2", heading, element("span", str(len(entries)), class_="count")),
        element("ol", join([_issue(entry) for entry in entries]), class_="issues"),
        id="issues",
        class_="failed" if failed else None,
    )


def key_figures(result: dict[str, Any]) -> Markup:
    """The numbers to look at first."""
    values = result.get("statistics") or {}
    tiles = [
        _tile("Final value", text.money(result.get("final_value")), None, "Cash and positions at the last prices.")
    ]
    for name in ("net_profit", "total_return", "annualised_return", "sharpe", "max_drawdown", "trades", "win_rate"):
        value, definition = values.get(name), DEFINITIONS[name]
        tone = text.tone(value) if name in {"net_profit", "total_return", "annualised_return"} else None
        tiles.append(_tile(definition.title, text.statistic(value, definition.unit), tone, definition.text))
    return element("div", join(tiles), class_="tiles", role="list")


def caveats(result: dict[str, Any]) -> Markup:
    """What a reader must know about data and models before believing a number."""
    sources = dict.fromkeys(str(entry.get("source") or "") for entry in result.get("data") or [])
    invented = [source for source in sources if "synthetic" in source.lower()]
    notes = [*invented, *((result.get("models") or {}).get("notes") or [])]
    if not notes:
        return Markup("")
    return element("ul", join([element("li", str(note)) for note in notes]), class_="notes", aria_label="Notes")


def _tile(name: str, value: str, tone: str | None, meaning: str) -> Markup:
    return element(
        "div",
        element("div", name, class_="name", title=meaning),
        element("div", value, class_=f"value {tone or ''}".strip()),
        class_="tile",
        role="listitem",
    )


def _issue(entry: dict[str, Any]) -> Markup:
    code = str(entry.get("code") or "")
    kind = ISSUE_CODES.get(code)
    severity = str(entry.get("severity") or (kind.severity.value if kind is not None else "note"))
    where = _COMPONENTS.get(str(entry.get("component")), "")
    who = "yours to mend" if entry.get("classification") == "user_error" else "a fault of Periscope"
    times = int(entry.get("count") or 1)
    when = [moment(entry.get("first"))]
    if times > 1:
        when = [escape(f"{times:,} times, "), *when, escape(" to "), moment(entry.get("last"))]
    return element(
        "li",
        element(
            "div",
            element("span", _SEVERITIES.get(severity, severity), class_=f"severity {severity}"),
            element("code", code),
            element("span", f"{where}, {who}", class_="who"),
            element("span", *when, class_="when"),
            class_="line",
        ),
        element("p", str(entry.get("message") or ""), class_="message"),
        _place(entry.get("location")),
        None if kind is None else element("p", kind.mend, class_="mend"),
        class_=severity,
    )


def _place(location: dict[str, Any] | None) -> Markup:
    if not location:
        return Markup("")
    function = location.get("function")
    where = f"{location.get('file')}, line {location.get('line')}" + (f", in {function}" if function else "")
    return element("p", element("code", where), class_="place")


def _window(value: object) -> Markup:
    return moment(value, characters=10 if str(value).endswith("T00:00:00Z") else 16)
