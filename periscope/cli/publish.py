"""`periscope publish`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.bundles import counted, require_name
from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.store import Desk, open_desk
from periscope.cli.workspace import allowed_packages, shown

if TYPE_CHECKING:
    from periscope.runs.publishing import Published


def publish(
    path: Annotated[Path, typer.Argument(help="The strategy: its folder, its name in the workspace, or an archive.")],
    name: Annotated[str | None, typer.Option(help="The strategy's name; default: that of the folder.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Keep a strategy as an immutable, numbered version.

    Everything that is wrong with it is said at once. The same contents again give the version that is there.
    """
    from periscope.runs.documents import published_document

    with open_desk() as desk:
        done = _publish(desk, path, name)
    if as_json:
        print_json({"path": str(path.resolve())} | published_document(done))
    else:
        _show(done, path)
    return ExitCode.INVALID if done.problems else ExitCode.DONE


def _publish(desk: Desk, path: Path, name: str | None) -> "Published":
    from periscope.cli.run_document import find_bundle
    from periscope.runs.publishing import publish as publish_folder
    from periscope.runs.publishing import publish_archive

    if path.suffix == ".zip" and path.is_file():
        name = name or path.stem.partition("@")[0]
        require_name(name)
        packages = {module for package in allowed_packages(path) for module, _ in package.modules}
        return publish_archive(desk.store, name, _read(path), shown(path), packages)
    bundle = find_bundle(path)
    name = name or bundle.resolve().name
    require_name(name)
    packages = {module for package in allowed_packages(bundle) for module, _ in package.modules}
    return publish_folder(desk.store, name, bundle, packages)


def _read(path: Path) -> bytes:
    from periscope.strategies.archive import MAX_ARCHIVE_BYTES

    try:
        with path.open("rb") as stream:
            return stream.read(MAX_ARCHIVE_BYTES + 1)
    except OSError as problem:
        fail("NOT_READABLE", f"can't read the archive: {problem}", exit_code=ExitCode.USAGE, where=str(path))


def _show(done: "Published", path: Path) -> None:
    place = shown(path)
    for problem in done.problems:
        say(f"error: {problem}" if problem.file == place else f"error: {place}/{problem}")
    for warning in done.warnings:
        say(f"warning: {place}/{warning}")
    if done.version is None:
        say(f"{place}: {counted(len(done.problems), 'problem')}, so nothing was published")
        return
    what = "published" if done.is_new else "nothing has changed since"
    say(f"{place}: {what} {done.version} ({done.version.hash[:12]})")
    say(f"Next: periscope runs create {done.version}, or periscope backtest {done.version}")
