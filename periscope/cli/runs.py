"""`periscope runs`: runs that are kept, started, stopped, copied and looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document, ServerOption, open_keeper
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.runs_view import print_run, print_runs

runs_app = typer.Typer(
    help="Keep runs of published versions: create, start, stop, copy, look at.", no_args_is_help=True
)

RunArgument = Annotated[int, typer.Argument(help="The run's number.", min=1)]
RunsArgument = Annotated[list[int], typer.Argument(help="The runs' numbers.", min=1)]
CatalogOption = Annotated[str | None, typer.Option(help="The data; default: the workspace's catalog.")]
StartOption = Annotated[str | None, typer.Option(help="First day, or time with offset; instead of the config's.")]
EndOption = Annotated[str | None, typer.Option(help="Last day (included), or time with offset.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the strategy; repeatable.")
]
CoreOption = Annotated[
    list[str] | None, typer.Option("--core", metavar="KEY=VALUE", help="A core key, like fill_model; repeatable.")
]
ConfigOption = Annotated[Path | None, typer.Option(help="The run's config, as a JSON file.")]


@runs_app.command("list")
def list_runs(
    status: Annotated[str | None, typer.Option(help="Only runs of this status.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Only runs of this strategy.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 50,
    before: Annotated[int | None, typer.Option(help="Only runs with a smaller number: the next page.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List runs, the newest first."""
    from periscope.runs.lifecycle import Status

    if status is not None and status not in set(Status):
        known = ", ".join(Status)
        fail("USAGE", f"there is no status {status!r}", exit_code=ExitCode.USAGE, hint=f"there are {known}")
    with open_keeper(server) as keeper:
        document = keeper.runs(status=status, strategy=strategy, before=before, limit=limit)
    if as_json:
        print_json(document)
    else:
        print_runs(document["runs"])


@runs_app.command()
def show(number: RunArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show a run: status, config, progress, and what came of it."""
    with open_keeper(server) as keeper:
        document = keeper.run(number)
    if as_json:
        print_json(document)
    else:
        print_run(document)


@runs_app.command()
def create(  # noqa: PLR0913, PLR0917 - each is an option of the command
    version: Annotated[str, typer.Argument(help="The version as NAME@NUMBER, or NAME for the newest.")],
    start: StartOption = None,
    end: EndOption = None,
    sets: SetOption = None,
    cores: CoreOption = None,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new run of a version.

    Without --config, the run.json in the workspace's folder of the strategy is taken, if there is one.
    """
    from periscope.cli.run_document import lay_over, read_run_file
    from periscope.cli.workspace import find_workspace
    from periscope.strategies.versions import parse_reference

    workspace, reference = find_workspace(), parse_reference(version)
    strategy = version if reference is None else reference.strategy
    document = read_run_file(config, None if workspace is None else workspace.strategies / strategy)
    document = lay_over(document, start=start, end=end, sets=sets or (), cores=cores or ())
    with open_keeper(server) as keeper:
        _show_changed(keeper.create(version, document, catalog), "is new", as_json=as_json)


@runs_app.command()
def edit(  # noqa: PLR0913, PLR0917 - each is an option of the command
    number: RunArgument,
    start: StartOption = None,
    end: EndOption = None,
    sets: SetOption = None,
    cores: CoreOption = None,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the config of a run that is still new."""
    from periscope.cli.run_document import lay_over, read_run_file

    with open_keeper(server) as keeper:
        document = keeper.run(number)["config"] if config is None else read_run_file(config, None)
        document = lay_over(document, start=start, end=end, sets=sets or (), cores=cores or ())
        _show_changed(keeper.edit(number, document, catalog), "was changed", as_json=as_json)


@runs_app.command()
def start(
    numbers: RunsArgument,
    catalog: CatalogOption = None,
    at_once: Annotated[
        int | None, typer.Option(help="How many may run together; default: the number of processors.", min=1)
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until all have ended.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Start new runs. They run in the background; what does not run yet waits its turn."""
    from periscope.cli.no_sandbox import require_platform
    from periscope.cli.runs_wait import wait_for

    if not server:
        require_platform()
    with open_keeper(server) as keeper:
        started = keeper.start(numbers, catalog=catalog, at_once=at_once)
        if wait:
            return wait_for(keeper, numbers, as_json=as_json)
    if as_json:
        print_json({"runs": started})
    for run in started if not as_json else ():
        say(f"run {run['run']} of {run['version']} was started")
    return ExitCode.DONE


@runs_app.command()
def stop(numbers: RunsArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Stop runs gracefully: `on_stop` runs, and what there is of results is kept."""
    with open_keeper(server) as keeper:
        _ask(numbers, keeper.stop, "is to stop", as_json=as_json)


@runs_app.command()
def kill(numbers: RunsArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """End runs at once, without waiting for anything; nothing of their results is kept."""
    with open_keeper(server) as keeper:
        _ask(numbers, keeper.kill, "is to be killed", as_json=as_json)


@runs_app.command()
def reset(number: RunArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Put an ended run back to new, and drop its results."""
    with open_keeper(server) as keeper:
        _show_changed(keeper.reset(number), "is new again", as_json=as_json)


@runs_app.command()
def copy(number: RunArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Make a new run of the same version with the same config."""
    with open_keeper(server) as keeper:
        _show_changed(keeper.copy(number), f"is new, a copy of run {number}", as_json=as_json)


@runs_app.command()
def delete(number: RunArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Remove a run with all its results. It can't be undone."""
    with open_keeper(server) as keeper:
        keeper.delete(number)
    if as_json:
        print_json({"deleted": number})
    else:
        say(f"run {number} was deleted")


def _ask(numbers: list[int], ask: Callable[[int], Document], what: str, *, as_json: bool) -> None:
    asked = [ask(number) for number in numbers]
    if as_json:
        print_json({"runs": asked})
        return
    for run in asked:
        is_active = run["status"] in ("starting", "running")
        say(f"run {run['run']} {what if is_active else 'has not begun, and is stopped'}")


def _show_changed(run: Document, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(run)
    else:
        say(f"run {run['run']} of {run['version']} {what}")
