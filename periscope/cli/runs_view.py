"""Runs on the terminal."""

from typing import TYPE_CHECKING, Any

from periscope.cli.output import say
from periscope.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = ("run", "strategy", "status", "progress", "value", "trading", "started", "note")
_MOMENTS = ("created_at", "queued_at", "started_at", "ended_at")


def print_runs(runs: "Sequence[dict[str, Any]]") -> None:
    """A line for each run."""
    from periscope.cli.summary import moment, money

    rows = []
    for line in runs:
        value, trading = line["final_value"], line["net_trading_cash"]
        rows.append(
            {
                "run": line["run"],
                "strategy": line["version"],
                "status": line["status"],
                "progress": _progress(line),
                "value": "" if value is None else money(value),
                "trading": "" if trading is None else money(trading),
                "started": "" if line["started_at"] is None else moment(line["started_at"]),
                "note": line["reason"] or ("" if line["asked"] is None else f"{line['asked']} asked for"),
            }
        )
    print_table(_COLUMNS, rows, to_right={"run", "progress", "value", "trading"})
    if not rows:
        say("no runs: periscope runs create NAME@NUMBER makes one")


def print_run(document: dict[str, Any]) -> None:
    """One run: where it is, and what came of it."""
    from periscope.cli.summary import clean, print_summary

    say(f"run {document['run']} of {document['version']}: {document['status']} {_progress(document)}".rstrip())
    for name in ("reason", *_MOMENTS):
        if document[name] is not None:
            say(f"  {name.replace('_', ' ')}: {clean(document[name])}")
    result = document["result"]
    if result is not None and "statistics" in result:
        print_summary(result | {"issues": document["issues"]}, places={})
        return
    money = (document["progress"] or {}).get("portfolio") or {}
    for name in (name for name, value in money.items() if isinstance(value, str)):
        say(f"  {name.replace('_', ' ')}: {money[name]}")
    for issue in document["issues"]:
        say(f"  {issue['code']}: {clean(issue['message'])}")


def _progress(line: dict[str, Any]) -> str:
    if line["status"] == "starting" and line["started_at"] is None:
        return "waiting"
    fraction = (line["progress"] or {}).get("fraction")
    return "" if fraction is None else f"{fraction:.0%}"
