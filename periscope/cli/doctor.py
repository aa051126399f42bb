"""`periscope doctor`: what this machine can and can't do."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from periscope.cli.exits import ExitCode
from periscope.cli.no_sandbox import on_linux, what_to_do
from periscope.cli.output import JsonOption, print_json, say
from periscope.cli.release import release
from periscope.cli.workspace import CATALOG_VARIABLE, find_workspace

if TYPE_CHECKING:
    from periscope.sandbox.confinement import Attempt, Tier

_PACKAGES = ("jsonschema-rs", "msgspec", "numpy", "polars", "rich", "typer", "tzdata")


_TIERS = {
    "sealed": "sealed: confined, and in namespaces of its own",
    "confined": "confined: no rights, Landlock, allowed system calls only",
}


class State(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    state: State
    detail: str


def doctor(as_json: JsonOption = False) -> int:
    """Tell what this machine can and can't do."""
    machine = list(_machine())
    tier, attempts = _probe()
    tried = list(_sandbox(tier, attempts))
    bad = [finding for finding in (*machine, *tried) if finding.state is State.BAD]
    advice = what_to_do() if tier is None else []
    if as_json:
        sandbox = {"tier": tier, "attempts": [asdict(attempt) for attempt in attempts], "what_to_do": advice}
        findings = [asdict(finding) for finding in (*machine, *tried)]
        print_json({"healthy": not bad, "findings": findings, "sandbox": sandbox})
    else:
        _print(machine, tried, advice)
    if any(finding in bad for finding in tried):
        return ExitCode.NO_SANDBOX
    return ExitCode.OUR_FAULT if bad else ExitCode.DONE


def _print(machine: list[Finding], tried: list[Finding], advice: list[str]) -> None:
    marks = {State.GOOD: "ok", State.NOTE: "--", State.BAD: "NO"}
    for number, group in enumerate((machine, tried)):
        if number:
            say()
        width = max(len(finding.name) for finding in group)
        for finding in group:
            say(f"{marks[finding.state]}  {finding.name:<{width}}  {finding.detail}")
    if advice:
        say()
        say("Strategies can't be run in a sandbox here. What helps:")
        for line in advice:
            say(f"  {line}")
        say("docs/sandbox.md says more.")


def _machine() -> Iterator[Finding]:
    yield Finding("periscope", State.GOOD, release())
    supported = sys.version_info >= (3, 13)
    yield Finding("python", State.GOOD if supported else State.BAD, f"{platform.python_version()}, {sys.executable}")
    yield Finding("platform", State.GOOD if sys.platform == "linux" else State.NOTE, platform.platform())
    yield Finding("processors", State.GOOD, f"{os.process_cpu_count() or 1} of {os.cpu_count() or 1} usable")
    yield _tried("packages", _packages)
    yield _tried("sessions", _sessions)
    yield _workspace()


def _probe() -> "tuple[Tier | None, tuple[Attempt, ...]]":
    """Which tier of confinement can be had, found out by starting processes in it."""
    from periscope.sandbox.confinement import Attempt, not_linux

    if not on_linux():
        return None, (not_linux(),)
    try:
        from periscope.sandbox.probe import probe

        found = probe()
    except Exception as problem:  # a doctor reports every failure, of whatever kind
        return None, (Attempt("probe", False, f"{type(problem).__name__}: {problem}"),)
    return found.tier, found.attempts


def _sandbox(tier: "Tier | None", attempts: "tuple[Attempt, ...]") -> Iterator[Finding]:
    """What came of trying, the failures of a better tier being no more than notes where there is another."""
    failed = State.BAD if tier is None else State.NOTE
    yield Finding("sandbox", State.BAD, "none") if tier is None else Finding("sandbox", State.GOOD, _TIERS[tier])
    for attempt in attempts:
        yield Finding(f"  {attempt.name}", State.GOOD if attempt.good else failed, attempt.detail)
    if tier is None:
        yield Finding("strategy process", State.NOTE, "not started, since there is no sandbox for it")
    else:
        yield _tried("strategy process", _strategy_process)


def _tried(name: str, look: Callable[[], str]) -> Finding:
    """What `look` tells, or the failure that it met: a doctor reports every failure, of whatever kind."""
    try:
        return Finding(name, State.GOOD, look())
    except Exception as problem:
        return Finding(name, State.BAD, f"{type(problem).__name__}: {problem}")


def _packages() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in _PACKAGES)


def _sessions() -> str:
    from periscope.instruments.hours import EXCHANGES

    known = {hours.code: f"{hours.code} {hours.first_day} to {hours.last_day}" for hours in EXCHANGES.values()}
    return ", ".join(known.values())


def _strategy_process() -> str:
    """Start a real strategy's process on the smallest possible run."""
    import tempfile
    from pathlib import Path

    from periscope.cli.run_document import read_run_file
    from periscope.market.catalog import Catalog
    from periscope.market.sample import make_sample
    from periscope.runs.backtest import run_backtest
    from periscope.runs.config import RunConfig, parse_run_config
    from periscope.strategies.starting import BUNDLE_TEMPLATE

    with tempfile.TemporaryDirectory(prefix="periscope-doctor-") as folder:
        catalog = Catalog.create(Path(folder))
        config = parse_run_config(read_run_file(None, BUNDLE_TEMPLATE))
        assert isinstance(config, RunConfig), config
        make_sample(catalog, equity=str(config.strategy["symbol"]))
        result = run_backtest(BUNDLE_TEMPLATE, config, catalog, out=None, progress=None).document()
    if result["status"] != "complete":
        first = next(iter(result["issues"]), {"code": "no issue", "message": "it gave no reason"})
        raise RuntimeError(f"{first['code']}: {first['message']}")
    tier, bars = result["sandbox"]["tier"], result["bars"]
    return f"starts {tier}, and handled {bars:,} bars in {result['elapsed_seconds']:.1f} s"


def _workspace() -> Finding:
    named = os.environ.get(CATALOG_VARIABLE)
    workspace = find_workspace()
    if workspace is None:
        where = f"none here; {CATALOG_VARIABLE} names {named}" if named else "none here; `periscope init` makes one"
        return Finding("workspace", State.NOTE, where)
    return Finding("workspace", State.GOOD, f"{workspace.root}, data in {named or workspace.catalog}")
