"""A finished backtest on the terminal."""

from typing import TYPE_CHECKING, Any

from periscope.cli.output import console
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from rich.table import Table

_STATUS_STYLES = {"complete": "bold green", "stopped": "bold yellow", "error": "bold red"}
_SEVERITY_STYLES = {"fatal": "bold red", "refusal": "yellow", "warning": "yellow"}
_MOST_ISSUES = 8
_SANDBOXES = {
    "sealed": "sealed",
    "confined": "confined",
    "unconfined": "UNCONFINED: the strategy ran with your rights, because --trust-this-code asked for it",
    "in_process": "none: the strategy ran inside the engine's own process",
}
_MODELS = (
    ("Fills", "fill"),
    ("Slippage", "slippage"),
    ("Fees", "fees"),
    ("Account", "account"),
    ("Prices", "adjustment"),
    ("Hours", "hours"),
)


def clean(text: object) -> str:
    """Text from elsewhere with everything that a terminal might obey taken out."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def percent(value: object) -> str:
    """A fraction as per cent; a dash where it is undefined."""
    return "–" if not isinstance(value, int | float) else f"{value:.2%}"


def money(value: object) -> str:
    """An exact amount, to the cent for reading; a dash where there is none."""
    from decimal import Decimal, InvalidOperation

    try:
        return f"{Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return "–"


def number(value: object) -> str:
    """A ratio or a count; a dash where it is undefined."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return "–" if value is None else clean(value)


def moment(text: object) -> str:
    """An RFC 3339 time, to the minute."""
    return clean(text)[:16].replace("T", " ")


def print_summary(document: dict[str, Any], *, places: dict[str, str]) -> None:
    """Print what a user wants to know first: how it ended, what went wrong, what came out, and where the rest is.

    `document` is that of result.json; `places` are further lines, such as where files were written.
    """
    from rich.text import Text

    screen = console()
    status = clean(document.get("status"))
    name = clean(document.get("strategy", {}).get("path", "")).rstrip("/").rpartition("/")[2]
    window = f"{moment(document.get('start'))} to {moment(document.get('end'))} UTC"
    speed = document.get("bars_per_second") or 0
    screen.print()
    screen.print(Text.assemble((name, "bold"), "  ", (status, _STATUS_STYLES.get(status, "bold"))))
    screen.print(Text(f"{window} · {counted(document.get('bars', 0), 'bar')} · {speed:,.0f} bars/s", style="dim"))
    issues = document.get("issues") or []
    if issues:
        screen.print()
        screen.print(_issues(issues))
    screen.print()
    tier = (document.get("sandbox") or {}).get("tier")
    if status == "error" and tier is None:
        screen.print(Text("The run did not start: nothing of the strategy was executed.", style="dim"))
        return
    screen.print(_figures(document))
    screen.print()
    screen.print(_details(document, places))


def _issues(issues: list[dict[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for issue in issues[:_MOST_ISSUES]:
        place = issue.get("location")
        where = f"{clean(place['file'])}:{place['line']}: " if place else ""
        count = issue.get("count", 1)
        style = _SEVERITY_STYLES.get(str(issue.get("severity")), "")
        message = "\n".join(clean(line) for line in str(issue.get("message")).splitlines()[:12])
        table.add_row(
            Text(clean(issue.get("code")), style=style), f"×{count:,}" if count > 1 else "", Text(where + message)
        )
    if len(issues) > _MOST_ISSUES:
        table.add_row(Text(f"and {len(issues) - _MOST_ISSUES} more kinds", style="dim"), "", "")
    return table


def _figures(document: dict[str, Any]) -> "Table":
    from rich.table import Table

    statistics = document.get("statistics") or {}
    rows = (
        ("Value", money(document.get("final_value")), "Return", percent(statistics.get("total_return"))),
        ("Net profit", money(statistics.get("net_profit")), "Max drawdown", percent(statistics.get("max_drawdown"))),
        ("Fees", money(statistics.get("fees")), "Sharpe", number(statistics.get("sharpe"))),
        ("Trades", number(statistics.get("trades")), "Win rate", percent(statistics.get("win_rate"))),
        ("Orders", number(document.get("orders")), "Fills", number(document.get("fills"))),
    )
    table = Table.grid(padding=(0, 2))
    for style, side in (("dim", "left"), ("bold", "right"), ("dim", "left"), ("bold", "right")):
        table.add_column(style=style, justify="left" if side == "left" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _details(document: dict[str, Any], places: dict[str, str]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    models = document.get("models") or {}
    for title, key in _MODELS:
        if models.get(key):
            table.add_row(title, Text(clean(models[key])))
    notes = [clean(note) for note in models.get("notes") or []]
    if notes:
        table.add_row("Notes", Text("\n".join(notes)))
    sandbox = document.get("sandbox") or {}
    tier = clean(sandbox.get("tier"))
    packages = ", ".join(clean(f"{package['name']} {package['version']}") for package in sandbox.get("packages") or [])
    words = _SANDBOXES.get(tier, tier) + (f"; allowed packages: {packages}" if packages else "")
    table.add_row("Sandbox", Text(words, style="bold yellow" if tier == "unconfined" else ""))
    table.add_row("Hash", Text(clean(document.get("hash"))))
    for name, place in places.items():
        table.add_row(name, Text(clean(place), style="cyan"))
    return table
