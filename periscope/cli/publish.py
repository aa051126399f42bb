"""`periscope publish`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from periscope.cli.bundles import require_name
from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document, Keeper, ServerOption, open_keeper
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.workspace import shown
from periscope.instruments.words import counted


def publish(
    path: Annotated[Path, typer.Argument(help="The strategy: its folder, its name in the workspace, or an archive.")],
    name: Annotated[str | None, typer.Option(help="The strategy's name; default: that of the folder.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep a strategy as an immutable, numbered version.

    Everything that is wrong with it is said at once. The same contents again give the version that is there.
    """
    with open_keeper(server) as keeper:
        done = _publish(keeper, path, name)
    if as_json:
        print_json({"path": str(path.resolve())} | done)
    else:
        show_published(done, shown(path))
    return ExitCode.INVALID if done["problems"] else ExitCode.DONE


def _publish(keeper: Keeper, path: Path, name: str | None) -> Document:
    from periscope.cli.run_document import find_bundle

    if path.suffix == ".zip" and path.is_file():
        name = name or path.stem.partition("@")[0]
        require_name(name)
        return keeper.publish_archive(name, read_archive_file(path), shown(path))
    bundle = find_bundle(path)
    name = name or bundle.resolve().name
    require_name(name)
    return keeper.publish(name, bundle)


def read_archive_file(path: Path) -> bytes:
    """An archive's bytes, as far as one can be; ends the command where it can't be read."""
    from periscope.strategies.archive import MAX_ARCHIVE_BYTES

    try:
        with path.open("rb") as stream:
            return stream.read(MAX_ARCHIVE_BYTES + 1)
    except OSError as problem:
        fail("NOT_READABLE", f"can't read the archive: {problem}", exit_code=ExitCode.USAGE, where=str(path))


def show_published(done: Document, place: str) -> None:
    """Say what came of publishing what `place` names."""
    for problem in done["problems"]:
        say(f"error: {_words(problem)}" if problem["file"] == place else f"error: {place}/{_words(problem)}")
    for warning in done["warnings"]:
        say(f"warning: {place}/{_words(warning)}")
    if "version" not in done:
        say(f"{place}: {counted(len(done['problems']), 'problem')}, so nothing was published")
        return
    what = "published" if done["published"] else "nothing has changed since"
    say(f"{place}: {what} {done['version']} ({done['hash'][:12]})")
    say(f"Next: periscope runs create {done['version']}, or periscope backtest {done['version']}")


def _words(problem: dict[str, Any]) -> str:
    from periscope.strategies.problems import Problem

    return str(Problem(**problem))
