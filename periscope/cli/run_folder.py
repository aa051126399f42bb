"""The folder of a finished run, named by its path or by its name among the workspace's runs."""

import difflib
from pathlib import Path
from typing import NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail
from periscope.cli.workspace import Workspace, find_workspace


def find_run_folder(path: Path) -> Path:
    """The folder itself where it exists, else the one of that name in the workspace's `runs`."""
    workspace = find_workspace()
    places = [path, *([workspace.runs / path] if workspace is not None else [])]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        _no_run(path, workspace)
    return found


def _no_run(path: Path, workspace: Workspace | None) -> NoReturn:
    runs = workspace.runs if workspace is not None else None
    names = sorted(each.name for each in runs.iterdir() if each.is_dir()) if runs is not None and runs.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "name the folder that `periscope backtest --out` wrote"
    fail("RUN_NOT_FOUND", f"there is no run {str(path)!r}", exit_code=ExitCode.NOT_FOUND, hint=hint)
