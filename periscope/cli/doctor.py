"""`periscope doctor`: what this machine can and can't do."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, print_json, say
from periscope.cli.release import release
from periscope.cli.workspace import CATALOG_VARIABLE, find_workspace

_PACKAGES = ("jsonschema-rs", "msgspec", "numpy", "polars", "rich", "typer", "tzdata")


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
    findings = list(_findings())
    bad = [finding for finding in findings if finding.state is State.BAD]
    if as_json:
        print_json({"healthy": not bad, "findings": [asdict(finding) for finding in findings]})
    else:
        marks = {State.GOOD: "ok", State.NOTE: "--", State.BAD: "NO"}
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            say(f"{marks[finding.state]}  {finding.name:<{width}}  {finding.detail}")
    return _exit_code(bad)


def _exit_code(bad: list[Finding]) -> ExitCode:
    if not bad:
        return ExitCode.DONE
    return ExitCode.NO_SANDBOX if any(finding.name == "strategy process" for finding in bad) else ExitCode.OUR_FAULT


def _findings() -> Iterator[Finding]:
    yield Finding("periscope", State.GOOD, release())
    supported = sys.version_info >= (3, 13)
    yield Finding("python", State.GOOD if supported else State.BAD, f"{platform.python_version()}, {sys.executable}")
    yield Finding("platform", State.GOOD if sys.platform == "linux" else State.NOTE, platform.platform())
    yield Finding("processors", State.GOOD, f"{os.process_cpu_count() or 1} of {os.cpu_count() or 1} usable")
    yield _tried("packages", _packages)
    yield _tried("sessions", _sessions)
    yield _tried("strategy process", _strategy_process)
    yield Finding(
        "confinement", State.NOTE, "not in this release: strategies run in a process of their own, with your rights"
    )
    yield _workspace()


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

    from periscope.cli.release import BUNDLE_TEMPLATE
    from periscope.cli.run_document import read_run_file
    from periscope.market.catalog import Catalog
    from periscope.market.sample import make_sample
    from periscope.runs.backtest import run_backtest
    from periscope.runs.config import RunConfig, parse_run_config

    with tempfile.TemporaryDirectory(prefix="periscope-doctor-") as folder:
        catalog = Catalog.create(Path(folder))
        make_sample(catalog)
        config = parse_run_config(read_run_file(None, BUNDLE_TEMPLATE))
        assert isinstance(config, RunConfig), config
        result = run_backtest(BUNDLE_TEMPLATE, config, catalog, out=None, progress=None).document()
    if result["status"] != "complete":
        first = next(iter(result["issues"]), {"code": "no issue", "message": "it gave no reason"})
        raise RuntimeError(f"{first['code']}: {first['message']}")
    return f"starts, and handled {result['bars']:,} bars in {result['elapsed_seconds']:.1f} s"


def _workspace() -> Finding:
    named = os.environ.get(CATALOG_VARIABLE)
    workspace = find_workspace()
    if workspace is None:
        where = f"none here; {CATALOG_VARIABLE} names {named}" if named else "none here; `periscope init` makes one"
        return Finding("workspace", State.NOTE, where)
    return Finding("workspace", State.GOOD, f"{workspace.root}, data in {named or workspace.catalog}")
