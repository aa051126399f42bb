"""Runs as JSON documents and on the terminal."""

from typing import TYPE_CHECKING, Any

from periscope.cli.output import say
from periscope.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from periscope.runs.store.run_rows import Run
    from periscope.runs.store.store import Store

_COLUMNS = ("run", "strategy", "status", "progress", "value", "trading", "started", "note")
_MOMENTS = ("created_at", "queued_at", "started_at", "ended_at")


def run_line(run: "Run") -> dict[str, Any]:
    """A run in short. Decimals are strings, times RFC 3339 UTC."""
    from periscope.instruments.times import time_text

    times = {name: getattr(run, name) for name in _MOMENTS}
    return {
        "run": run.id,
        "version": run.version,
        "mode": run.mode,
        "status": run.status.value,
        "asked": run.asked if run.is_active else None,
        "reason": run.reason,
        **{name: None if moment is None else time_text(moment) for name, moment in times.items()},
        "progress": _short(run.reading) if run.is_active else None,
        "final_value": None if run.final_value is None else format(run.final_value, "f"),
        "net_trading_cash": None if run.net_trading_cash is None else format(run.net_trading_cash, "f"),
        "copied_from": run.copied_from,
        "lost": run.lost,
    }


def run_document(store: "Store", run: "Run") -> dict[str, Any]:
    """Everything about a run but its long lists."""
    files = {file.name: file.bytes for file in store.runs.files(run.id)}
    issues = store.runs.issues(run.id)
    progress = run.reading if run.is_active else None
    parts = {"config": run.config, "progress": progress, "result": run.summary, "issues": issues, "files": files}
    return run_line(run) | parts


def print_runs(runs: "Sequence[Run]") -> None:
    """A line for each run."""
    from periscope.cli.summary import moment, money

    rows = []
    for run in runs:
        line = run_line(run)
        value, trading = line["final_value"], line["net_trading_cash"]
        rows.append(
            {
                "run": run.id,
                "strategy": run.version,
                "status": run.status.value,
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


def _short(reading: dict[str, Any] | None) -> dict[str, Any] | None:
    """A reading without what a list of runs has no room for."""
    return reading and {name: value for name, value in reading.items() if not isinstance(value, list | dict)}


def _progress(line: dict[str, Any]) -> str:
    if line["status"] == "starting" and line["started_at"] is None:
        return "waiting"
    fraction = (line["progress"] or {}).get("fraction")
    return "" if fraction is None else f"{fraction:.0%}"
