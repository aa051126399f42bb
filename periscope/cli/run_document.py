"""From the options of `backtest` to a bundle's folder and a run's config."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.output import Complaint, fail
from periscope.cli.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog
    from periscope.runs.config import Problem, RunConfig

RUN_FILE = "run.json"


def find_bundle(path: Path) -> Path:
    """The bundle's folder: the path itself, the folder of a strategy.py, or a name among the workspace's strategies."""
    workspace = find_workspace()
    places = [path, *([workspace.strategies / path] if workspace is not None else [])]
    found = path.parent if path.name == "strategy.py" else next((place for place in places if place.is_dir()), None)
    if found is None or not found.is_dir():
        _no_bundle(path, workspace)
    return found


def _no_bundle(path: Path, workspace: Workspace | None) -> NoReturn:
    inside = workspace.strategies.iterdir() if workspace is not None and workspace.strategies.is_dir() else ()
    names = sorted(folder.name for folder in inside if folder.is_dir())
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"`periscope new {path.name}` makes one"
    fail("BUNDLE_NOT_FOUND", f"there is no strategy folder {str(path)!r}", exit_code=ExitCode.NOT_FOUND, hint=hint)


def read_run_file(file: Path | None, bundle: Path | None) -> Any:
    """The document of `--config`, else of the bundle's own run.json, else an empty one."""
    if file is None:
        file = None if bundle is None else bundle / RUN_FILE
        if file is None or not file.is_file():
            return {}
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        fail("CONFIG_NOT_FOUND", "there is no such config file", exit_code=ExitCode.NOT_FOUND, where=str(file))
    except (OSError, UnicodeDecodeError) as problem:
        fail(
            "CONFIG_INVALID", "the config can't be read", exit_code=ExitCode.INVALID, where=str(file), why=str(problem)
        )
    from periscope.runs.config import Problem, read_document

    document = read_document(text)
    if isinstance(document, Problem):
        refuse_config([document], str(file))
    return document


def lay_over(
    document: Any, *, start: str | None, end: str | None, sets: Sequence[str], cores: Sequence[str]
) -> dict[str, Any]:
    """Lay the options over a config document."""
    from periscope.runs.config import merge_overrides

    merged = merge_overrides(document, sets, cores)
    if isinstance(merged, list):
        refuse_config(merged)
    edges = {name: text for name, text in (("start", start), ("end", end)) if text is not None}
    if edges and isinstance(merged.get("environment"), dict | None):
        merged["environment"] = (merged.get("environment") or {}) | edges
    return merged


def run_config(
    document: Any,
    *,
    start: str | None,
    end: str | None,
    sets: Sequence[str],
    cores: Sequence[str],
    bundle: Path,
    catalog: "Catalog",
) -> "RunConfig":
    """Lay the options over a document and read the whole; everything that is wrong ends the command at once."""
    from periscope.runs.config import parse_run_config
    from periscope.runs.exchanges import exchanges_of

    merged = lay_over(document, start=start, end=end, sets=sets, cores=cores)
    config = parse_run_config(merged, exchanges=exchanges_of(bundle, merged.get("strategy"), catalog))
    if isinstance(config, list):
        refuse_config(config)
    return config


def refuse_config(problems: "Sequence[Problem]", where: str = "") -> NoReturn:
    """End the command with everything that is wrong with a run's config."""
    fail(
        "CONFIG_INVALID",
        "the run's config is not valid",
        exit_code=ExitCode.INVALID,
        where=where,
        hint="docs/core-keys.md lists every core key; --start and --end give the window",
        problems=[Complaint(problem.code, problem.path, problem.message) for problem in problems],
    )
