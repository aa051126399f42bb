"""The workspace: a folder with a `periscope.toml`, in which strategies, data and runs have their places."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail

MARKER = "periscope.toml"
CATALOG_VARIABLE = "PERISCOPE_CATALOG"

_MARKER_TEXT = """\
# This folder is a Periscope workspace: commands that run in it, or below it, use these places.
[workspace]
catalog = "catalog"        # bars and instruments
strategies = "strategies"  # one folder for each strategy
runs = "runs"              # what backtests leave with --out
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace's folders, all absolute."""

    root: Path
    catalog: Path
    strategies: Path
    runs: Path


def find_workspace(start: Path | None = None) -> Workspace | None:
    """The workspace that `start` (default: the current folder) lies in, or None."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            return read_workspace(folder)
    return None


def read_workspace(root: Path) -> Workspace:
    """Read a workspace's marker file."""
    marker = root / MARKER
    try:
        places = tomllib.loads(marker.read_text()).get("workspace", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        fail(
            "WORKSPACE_UNREADABLE",
            f"{MARKER} can't be read",
            exit_code=ExitCode.USAGE,
            where=str(marker),
            why=str(problem),
        )
    names = {
        name: places.get(name, name) if isinstance(places, dict) else name for name in ("catalog", "strategies", "runs")
    }
    wrong = [name for name, place in names.items() if not isinstance(place, str) or not place]
    if wrong:
        fail(
            "WORKSPACE_UNREADABLE",
            f"{', '.join(wrong)} in [workspace] must be a folder's name",
            exit_code=ExitCode.USAGE,
            where=str(marker),
        )
    return Workspace(root, **{name: root / place for name, place in names.items()})


def find_catalog(option: Path | None = None, *, must_exist: bool = False) -> Path:
    """The catalog's folder: the `--catalog` option, else PERISCOPE_CATALOG, else the workspace's."""
    if option is not None:
        found = option
    elif os.environ.get(CATALOG_VARIABLE):
        found = Path(os.environ[CATALOG_VARIABLE])
    else:
        workspace = find_workspace()
        if workspace is None:
            fail(
                "NO_WORKSPACE",
                "there is no workspace here, so it is not clear where the data is",
                exit_code=ExitCode.NOT_FOUND,
                where=str(Path.cwd()),
                hint="`periscope init` makes a workspace, `periscope demo` one with data; or use --catalog",
            )
        found = workspace.catalog
    if must_exist and not found.is_dir():
        fail(
            "NO_CATALOG",
            "there is no data yet",
            exit_code=ExitCode.DATA,
            where=str(found),
            hint="`periscope data sample` makes a sample market, `periscope data import` brings in your own bars",
        )
    return found


def init_workspace(root: Path) -> tuple[Workspace, bool]:
    """Make a folder a workspace, leaving alone what is there already. Returns it and whether it is new."""
    marker = root / MARKER
    is_new = not marker.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        if is_new:
            marker.write_text(_MARKER_TEXT)
        workspace = read_workspace(root.resolve())
        workspace.strategies.mkdir(parents=True, exist_ok=True)
        workspace.runs.mkdir(parents=True, exist_ok=True)
        ignore = root / ".gitignore"
        if is_new and not ignore.exists():
            ignore.write_text("catalog/\nruns/\n")
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't make a workspace: {problem}", exit_code=ExitCode.USAGE, where=str(root))
    return workspace, is_new


def shown(path: Path) -> str:
    """The path as a user would type it: relative to the current folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
