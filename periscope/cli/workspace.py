"""The workspace: a folder with a `periscope.toml`, in which strategies, data and runs have their places."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail
from periscope.market.catalog_files import is_address

if TYPE_CHECKING:
    from periscope.sandbox.confinement import Package

MARKER = "periscope.toml"
CATALOG_VARIABLE = "PERISCOPE_CATALOG"
DATABASE_VARIABLE = "PERISCOPE_DATABASE"
"""The URL of a PostgreSQL database for the store's tables. It may hold a password, so no file of ours has it."""

_PLACES = ("catalog", "strategies", "runs", "store")

_MARKER_TEXT = """\
# This folder is a Periscope workspace: commands that run in it, or below it, use these places.
[workspace]
catalog = "catalog"        # bars and instruments
strategies = "strategies"  # one folder for each strategy
runs = "runs"              # what backtests leave with --out
store = "store"            # published versions, runs and their results

[sandbox]
packages = []              # installed packages that strategies may import, such as ["numpy"]
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace's folders, all absolute, and the names of the packages that its strategies may import."""

    root: Path
    catalog: Path | str
    strategies: Path
    runs: Path
    store: Path
    packages: tuple[str, ...] = ()


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
        written = tomllib.loads(marker.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        _unreadable(marker, f"{MARKER} can't be read", str(problem))
    places = written.get("workspace", {})
    names = {name: places.get(name, name) if isinstance(places, dict) else name for name in _PLACES}
    wrong = [name for name, place in names.items() if not isinstance(place, str) or not place]
    if wrong:
        _unreadable(marker, f"{', '.join(wrong)} in [workspace] must be a folder's name")
    packages = _packages(marker, written.get("sandbox", {}))
    folders = {name: root / place for name, place in names.items() if name != "catalog"}
    return Workspace(root, catalog=_place(names["catalog"], root), **folders, packages=packages)


def _packages(marker: Path, table: Any) -> tuple[str, ...]:
    """The names in `packages` of the table `[sandbox]`, which has no other key."""
    if not isinstance(table, dict) or not table.keys() <= {"packages"}:
        _unreadable(marker, "[sandbox] takes one key, packages", f"found {table!r}")
    names = table.get("packages", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        _unreadable(marker, 'packages in [sandbox] must be a list of names, such as ["numpy"]', f"found {names!r}")
    return tuple(names)


def _unreadable(marker: Path, what: str, why: str = "") -> NoReturn:
    fail("WORKSPACE_UNREADABLE", what, exit_code=ExitCode.USAGE, where=str(marker), why=why)


def allowed_packages(bundle: Path) -> "tuple[Package, ...]":
    """The installed packages that the workspace allows the strategy in `bundle`; none outside of a workspace.

    What a strategy may use is up to whoever runs it, so a workspace file that came with the strategy is refused.
    """
    workspace = find_workspace()
    if workspace is None or not workspace.packages:
        return ()
    from periscope.sandbox.packages import PackageError, resolve

    where = f"packages in [sandbox] of {workspace.root / MARKER}"
    if workspace.root.is_relative_to(bundle.resolve()):
        what = "this setting lies in the strategy's own folder, and a strategy can't allow itself packages"
        fail("PACKAGE_REFUSED", what, exit_code=ExitCode.USAGE, where=where, hint=f"move {MARKER} to a folder above")
    try:
        return resolve(workspace.packages)
    except PackageError as problem:
        fail(problem.code, problem.message, exit_code=ExitCode.USAGE, where=where, hint=problem.hint)


def allowed_modules(bundle: Path) -> set[str]:
    """The modules of those packages, which the strategy may import besides the standard library."""
    return {module for package in allowed_packages(bundle) for module, _ in package.modules}


def find_catalog(option: Path | str | None = None, *, must_exist: bool = False) -> Path | str:
    """The catalog's folder or address: the `--catalog` option, else PERISCOPE_CATALOG, else the workspace's."""
    if option is not None:
        found = _place(option)
    elif os.environ.get(CATALOG_VARIABLE):
        found = _place(os.environ[CATALOG_VARIABLE])
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
    if must_exist and isinstance(found, Path) and not found.is_dir():
        fail(
            "NO_CATALOG",
            "there is no data yet",
            exit_code=ExitCode.DATA,
            where=str(found),
            hint="`periscope data sample` makes a sample market, `periscope data import` brings in your own bars",
        )
    return found


def _place(named: Path | str, base: Path | None = None) -> Path | str:
    """A folder, or an address such as s3://bucket/prefix as it stands."""
    return named if is_address(named) else (base or Path()) / named


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
            ignore.write_text("catalog/\nruns/\nstore/\n")
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't make a workspace: {problem}", exit_code=ExitCode.USAGE, where=str(root))
    return workspace, is_new


def shown(path: Path | str) -> str:
    """The path as a user would type it: relative to the current folder where it lies below it; an address as it is."""
    if is_address(path):
        return path
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
