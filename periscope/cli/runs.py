"""`periscope runs`: runs that are kept, started, stopped, copied and looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.runs_view import print_run, print_runs
from periscope.cli.store import Desk, find_version, open_desk, refuse

if TYPE_CHECKING:
    from periscope.runs.store.refusals import Refused
    from periscope.runs.store.run_rows import Run
    from periscope.runs.store.store import Store

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
    as_json: JsonOption = False,
) -> None:
    """List runs, the newest first."""
    from periscope.runs.documents import run_line
    from periscope.runs.lifecycle import Status

    if status is not None and status not in set(Status):
        known = ", ".join(Status)
        fail("USAGE", f"there is no status {status!r}", exit_code=ExitCode.USAGE, hint=f"there are {known}")
    with open_desk() as desk:
        wanted = None if status is None else Status(status)
        found = desk.store.runs.page(status=wanted, strategy=strategy, before=before, limit=limit)
        _keep_going(desk, found)
    if as_json:
        more = found[-1].id if len(found) == limit else None
        print_json({"runs": [run_line(run) for run in found], "next": more})
    else:
        print_runs([run_line(run) for run in found])


@runs_app.command()
def show(number: RunArgument, as_json: JsonOption = False) -> None:
    """Show a run: status, config, progress, and what came of it."""
    from periscope.runs.documents import run_document

    with open_desk() as desk:
        run = find_run(desk.store, number)
        _keep_going(desk, [run])
        document = run_document(desk.store, run)
    if as_json:
        print_json(document)
    else:
        print_run(document)


@runs_app.command()
def create(
    version: Annotated[str, typer.Argument(help="The version as NAME@NUMBER, or NAME for the newest.")],
    start: StartOption = None,
    end: EndOption = None,
    sets: SetOption = None,
    cores: CoreOption = None,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new run of a version.

    Without --config, the run.json in the workspace's folder of the strategy is taken, if there is one.
    """
    from periscope.cli.run_document import lay_over, read_run_file, refuse_config
    from periscope.cli.workspace import find_catalog
    from periscope.market.catalog import Catalog
    from periscope.runs import managing

    with open_desk() as desk:
        found = find_version(desk.store, version)
        document = read_run_file(config, desk.workspace.strategies / found.strategy)
        document = lay_over(document, start=start, end=end, sets=sets or (), cores=cores or ())
        run = managing.create(desk.store, found, document, Catalog(find_catalog(catalog, must_exist=True)))
        if isinstance(run, list):
            refuse_config(run)
        _show_changed(desk.store, run, "is new", as_json=as_json)


@runs_app.command()
def edit(
    number: RunArgument,
    start: StartOption = None,
    end: EndOption = None,
    sets: SetOption = None,
    cores: CoreOption = None,
    config: ConfigOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the config of a run that is still new."""
    from periscope.cli.run_document import lay_over, read_run_file, refuse_config
    from periscope.cli.workspace import find_catalog
    from periscope.market.catalog import Catalog
    from periscope.runs import managing

    with open_desk() as desk:
        document = find_run(desk.store, number).config if config is None else read_run_file(config, Path())
        document = lay_over(document, start=start, end=end, sets=sets or (), cores=cores or ())
        changed = managing.edit(desk.store, number, document, Catalog(find_catalog(catalog, must_exist=True)))
        if isinstance(changed, list):
            refuse_config(changed)
        _show_changed(desk.store, _allowed(changed), "was changed", as_json=as_json)


@runs_app.command()
def start(
    numbers: RunsArgument,
    catalog: CatalogOption = None,
    at_once: Annotated[
        int | None, typer.Option(help="How many may run together; default: the number of processors.", min=1)
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until all have ended.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Start new runs. They run in the background; what does not run yet waits its turn."""
    from periscope.cli.no_sandbox import require_platform
    from periscope.cli.runs_wait import wait_for
    from periscope.runs import managing
    from periscope.runs.documents import run_line
    from periscope.runs.supervise import ensure_supervisor

    require_platform()
    with open_desk() as desk:
        surroundings = desk.surroundings(catalog)
        try:
            started = [_allowed(managing.start(desk.store, number)) for number in numbers]
        finally:  # also for those that were started before one that could not be
            ensure_supervisor(desk.store, surroundings, at_once=at_once)
        if wait:
            return wait_for(desk.store, surroundings, numbers, as_json=as_json)
        if as_json:
            print_json({"runs": [run_line(run) for run in started]})
        for run in started if not as_json else ():
            say(f"run {run.id} of {run.version} was started")
    return ExitCode.DONE


@runs_app.command()
def stop(numbers: RunsArgument, as_json: JsonOption = False) -> None:
    """Stop runs gracefully: `on_stop` runs, and what there is of results is kept."""
    from periscope.runs import managing

    _ask(numbers, managing.stop, "is to stop", as_json=as_json)


@runs_app.command()
def kill(numbers: RunsArgument, as_json: JsonOption = False) -> None:
    """End runs at once, without waiting for anything; nothing of their results is kept."""
    from periscope.runs import managing

    _ask(numbers, managing.kill, "is to be killed", as_json=as_json)


@runs_app.command()
def reset(number: RunArgument, as_json: JsonOption = False) -> None:
    """Put an ended run back to new, and drop its results."""
    from periscope.runs import managing

    with open_desk() as desk:
        _show_changed(desk.store, _allowed(managing.reset(desk.store, number)), "is new again", as_json=as_json)


@runs_app.command()
def copy(number: RunArgument, as_json: JsonOption = False) -> None:
    """Make a new run of the same version with the same config."""
    from periscope.runs import managing

    with open_desk() as desk:
        what = f"is new, a copy of run {number}"
        _show_changed(desk.store, _allowed(managing.copy(desk.store, number)), what, as_json=as_json)


@runs_app.command()
def delete(number: RunArgument, as_json: JsonOption = False) -> None:
    """Remove a run with all its results. It can't be undone."""
    from periscope.runs import managing

    with open_desk() as desk:
        refused = managing.delete(desk.store, number)
    if refused is not None:
        refuse(refused)
    if as_json:
        print_json({"deleted": number})
    else:
        say(f"run {number} was deleted")


def _ask(numbers: list[int], ask: "Callable[[Store, int], Run | Refused]", what: str, *, as_json: bool) -> None:
    from periscope.runs.documents import run_line

    with open_desk() as desk:
        asked = [_allowed(ask(desk.store, number)) for number in numbers]
        _keep_going(desk, asked)
    if as_json:
        print_json({"runs": [run_line(run) for run in asked]})
        return
    for run in asked:
        say(f"run {run.id} {what if run.is_active else 'has not begun, and is stopped'}")


def find_run(store: "Store", number: int) -> "Run":
    """The run of that number; ends the command where there is none."""
    from periscope.runs.managing import find

    return _allowed(find(store, number))


def _allowed(answer: "Run | Refused") -> "Run":
    from periscope.runs.store.refusals import Refused

    if isinstance(answer, Refused):
        refuse(answer)
    return answer


def _show_changed(store: "Store", run: "Run", what: str, *, as_json: bool) -> None:
    from periscope.runs.documents import run_document

    if as_json:
        print_json(run_document(store, run))
    else:
        say(f"run {run.id} of {run.version} {what}")


def _keep_going(desk: Desk, seen: "list[Run]") -> None:
    """Where active runs have lost their supervisor, start one: no run stays where it is because somebody was killed."""
    from periscope.runs.supervise import ensure_supervisor

    if any(run.is_active for run in seen):
        ensure_supervisor(desk.store, desk.surroundings())
