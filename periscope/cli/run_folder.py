"""The folder of a finished run, named by its path, its name among the workspace's runs, or its number in the store."""

import atexit
import difflib
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail
from periscope.cli.workspace import Workspace, find_workspace

RUN_HELP = "The run: the folder of `backtest --out`, its name in the workspace, or the number of a kept run."


def find_run_folder(path: Path) -> Path:
    """The folder itself where it exists, else the one of that name in the workspace's `runs`, else the kept run.

    A kept run is laid out in a temporary folder that goes when the process ends.
    """
    workspace = find_workspace()
    places = [path, *([workspace.runs / path] if workspace is not None else [])]
    found = next((place for place in places if place.is_dir()), None)
    if found is not None:
        return found
    if workspace is None or not path.name.isdecimal() or not workspace.store.is_dir():
        _no_run(path, workspace)
    folder = Path(mkdtemp(prefix="periscope-run-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lay_out_run(int(path.name), folder)
    return folder


def lay_out_run(number: int, folder: Path) -> None:
    """Put the files of a kept run into a folder; ends the command where there is no such run, or it has no results."""
    from periscope.cli.store import allowed, open_desk
    from periscope.runs.kept import lay_out
    from periscope.runs.managing import find

    with open_desk() as desk:
        lay_out(desk.store, allowed(find(desk.store, number)), folder)


def _no_run(path: Path, workspace: Workspace | None) -> NoReturn:
    runs = workspace.runs if workspace is not None else None
    names = sorted(each.name for each in runs.iterdir() if each.is_dir()) if runs is not None and runs.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "name the folder that `periscope backtest --out` wrote"
    fail("RUN_NOT_FOUND", f"there is no run {str(path)!r}", exit_code=ExitCode.NOT_FOUND, hint=hint)
