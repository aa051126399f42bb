"""Versions, runs and what runs have left as JSON documents: those of `--json`, which are also those of the API.

Decimals are text, times RFC 3339 UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from periscope.instruments.times import time_text
from periscope.portfolio.exact import plain

if TYPE_CHECKING:
    from periscope.runs.comparison import Difference
    from periscope.runs.ledger_file import Balance
    from periscope.runs.publishing import Published
    from periscope.runs.store.draft_rows import Draft, DraftFile
    from periscope.runs.store.run_rows import Run
    from periscope.runs.store.store import Store
    from periscope.runs.store.strategy_rows import Strategy
    from periscope.runs.store.token_rows import Token
    from periscope.runs.store.version_rows import Version
    from periscope.runs.verification import Verdict
    from periscope.strategies.problems import Problem
    from periscope.strategies.static_check import CheckResult
    from periscope.strategies.versions import FileChange

_MOMENTS = ("created_at", "queued_at", "started_at", "ended_at")


def version_line(version: "Version") -> dict[str, Any]:
    """A version in short."""
    return {
        "version": str(version),
        "strategy": version.strategy,
        "number": version.number,
        "hash": version.hash,
        "published_at": time_text(version.published_at),
        "warnings": list(version.warnings),
    }


def version_document(store: "Store", version: "Version") -> dict[str, Any]:
    """A version with its files and their sizes in bytes."""
    from periscope.runs.publishing import version_files

    files = version_files(store, version)
    return version_line(version) | {"files": {name: len(files[name]) for name in sorted(files)}}


def published_document(done: "Published") -> dict[str, Any]:
    """What came of publishing: the version if there is one, and everything that was found."""
    about = {} if done.version is None else version_line(done.version)
    return {"published": done.is_new, **about, **findings_document(done.problems, done.warnings)}


def check_document(result: "CheckResult") -> dict[str, Any]:
    """What a check of a bundle found."""
    version = None if result.bundle is None else result.bundle.version
    return {"valid": not result.problems, "version": version} | findings_document(result.problems, result.warnings)


def findings_document(problems: "Iterable[Problem]", warnings: "Iterable[Problem]") -> dict[str, Any]:
    """What is wrong with a bundle, and what may be."""
    return {"problems": [asdict(each) for each in problems], "warnings": [asdict(each) for each in warnings]}


def strategy_document(strategy: "Strategy") -> dict[str, Any]:
    """A strategy: its newest version, and whether it is being edited."""
    return {
        "strategy": strategy.name,
        "created_at": time_text(strategy.created_at),
        "newest_version": strategy.newest,
        "has_draft": strategy.has_draft,
    }


def draft_document(draft: "Draft") -> dict[str, Any]:
    """A draft with its files. A `tag` stands for contents: who changes them says which they have seen."""
    return {
        "draft": draft.strategy,
        "based_on": draft.based_on,
        "tag": draft.tag,
        "created_at": time_text(draft.created_at),
        "changed_at": time_text(draft.changed_at),
        "files": [draft_file_document(file) for file in draft.files.values()],
    }


def draft_file_document(file: "DraftFile") -> dict[str, Any]:
    """A file of a draft."""
    return {"file": file.name, "bytes": file.bytes, "tag": file.content, "changed_at": time_text(file.changed_at)}


def changes_document(old: str, new: str, changes: "Sequence[FileChange]") -> dict[str, Any]:
    """In what two versions differ, file by file."""
    files = [{"file": each.file, "change": each.kind, "diff": list(each.lines)} for each in changes]
    return {"old": old, "new": new, "same": not changes, "files": files}


def run_line(run: "Run") -> dict[str, Any]:
    """A run in short."""
    times = {name: getattr(run, name) for name in _MOMENTS}
    return {
        "run": run.id,
        "version": run.version,
        "mode": run.mode,
        "status": run.status.value,
        "asked": run.asked if run.is_active else None,
        "reason": run.reason,
        **{name: None if moment is None else time_text(moment) for name, moment in times.items()},
        "progress": short_progress(run.reading) if run.is_active else None,
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


def run_issues(store: "Store", run: "Run") -> list[dict[str, Any]]:
    """The issues of a run: of one that has ended those of its result, of an active one those so far."""
    return store.runs.issues(run.id) or list((run.reading or {}).get("issues") or [])


def token_document(token: "Token") -> dict[str, Any]:
    """A token, without its secret."""
    return {
        "name": token.name,
        "scope": token.scope.value,
        "created_at": time_text(token.created_at),
        "expires_at": None if token.expires_at is None else time_text(token.expires_at),
        "expired": token.is_expired,
        "used_on": None if token.used_on is None else (date(1970, 1, 1) + timedelta(days=token.used_on)).isoformat(),
    }


def row_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of orders, fills or trades."""
    return {name: _cell(value) for name, value in row.items()}


def posting_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A posting of a ledger: its account, what is debited or credited there, and why."""
    amount, account, symbol = row["amount"], row["account"], row["symbol"]
    return {
        "entry": row["entry"],
        "time": _cell(row["time"]),
        "account": None if account is None else account_name(account, symbol),
        "debit": _cell(amount) if amount is not None and amount > 0 else None,
        "credit": _cell(-amount) if amount is not None and amount < 0 else None,
        "reason": row["reason"],
    }


def balance_document(line: "Balance") -> dict[str, Any]:
    """A line of a trial balance."""
    return row_document(asdict(line))


def account_name(account: str, symbol: str | None) -> str:
    """An account as it is written, such as realised:SPY."""
    return account if symbol is None else f"{account}:{symbol}"


def verdict_document(verdict: "Verdict", *, strict: bool) -> dict[str, Any]:
    """What came of running a run again."""
    return {
        "verified": verdict.holds,
        "strict": strict,
        "hash": verdict.hash,
        "hash_again": verdict.hash_again,
        "stopped": verdict.stopped,
        "data_changed": list(verdict.data),
        "difference": _difference(verdict.difference),
        "findings": _findings(verdict),
    }


def comparison_document(difference: "Difference | None", facts: Sequence[str]) -> dict[str, Any]:
    """In what two runs differ."""
    return {"same": difference is None, "difference": _difference(difference), "facts": list(facts)}


def _findings(verdict: "Verdict") -> list[str]:
    findings = [*verdict.tampered, *verdict.facts]
    if verdict.difference is not None:
        findings.append(f"the first event that differs: {verdict.difference}")
    elif not verdict.holds and not findings:
        findings.append(f"the result names the hash {verdict.hash}, the repetition has {verdict.hash_again}")
    return findings


def _difference(difference: "Difference | None") -> dict[str, Any] | None:
    if difference is None:
        return None
    return {"bars": difference.bars, "first": difference.here, "second": difference.there, "text": str(difference)}


def short_progress(reading: dict[str, Any] | None) -> dict[str, Any] | None:
    """A reading without what a list of runs has no room for."""
    return reading and {name: value for name, value in reading.items() if not isinstance(value, list | dict)}


def _cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(plain(value), "f")
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
