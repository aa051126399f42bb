"""`periscope verify` and `periscope compare`: is a run what it says it is, and where do two runs part."""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption
from periscope.cli.no_sandbox import require_platform
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.run_folder import RUN_HELP, find_run_folder
from periscope.cli.workspace import allowed_packages, find_catalog


def verify(
    run: Annotated[Path, typer.Argument(help=RUN_HELP)],
    strict: Annotated[
        bool, typer.Option("--strict", help="Hand over one bar at a time: finds strategies that look into the future.")
    ] = False,
    catalog: Annotated[str | None, typer.Option(help="The data; default: the run's own catalog.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a finished run again from what it kept, and compare event by event. Ends with 10 if they differ."""
    if server:
        from periscope.cli.evidence_remote import remote_verdict

        document = remote_verdict(server, run, strict=strict, catalog=catalog, quiet=quiet)
    else:
        document = _verified(run, strict=strict, catalog=catalog, quiet=quiet)
    if as_json:
        print_json(document)
    else:
        _show(document)
    return ExitCode.DONE if document["verified"] else ExitCode.DIFFERENCE


def _verified(run: Path, *, strict: bool, catalog: str | None, quiet: bool) -> dict[str, Any]:
    require_platform()
    from periscope.cli.live import watched
    from periscope.market.catalog import Catalog
    from periscope.runs.documents import verdict_document
    from periscope.runs.evidence import STRATEGY
    from periscope.runs.journal import JournalDamagedError
    from periscope.runs.result_file import NotARunError, read_result
    from periscope.runs.verification import verify as run_again

    folder = find_run_folder(run)
    try:
        recorded = read_result(folder)
        stored = Catalog(find_catalog(catalog or recorded.get("catalog"), must_exist=True))
        packages = allowed_packages(folder / STRATEGY)
        with watched(quiet=quiet) as watch:
            verdict = run_again(folder, stored, packages, strict=strict, progress=watch)
            if watch.is_stopped:
                raise KeyboardInterrupt
    except (NotARunError, JournalDamagedError) as error:
        _unreadable(error)
    return verdict_document(verdict, strict=strict)


def _show(document: dict[str, Any]) -> None:
    for change in document["data_changed"]:
        say(f"the data has changed since: {change}")
    if document["verified"]:
        extent = "as far as it went before it was stopped" if document["stopped"] else f"hash {document['hash']}"
        say(f"verified: the repetition is the same, event by event ({extent})")
    else:
        say("not verified: the repetition differs")
        for finding in document["findings"]:
            say(f"  - {finding}")


def compare(
    first: Annotated[Path, typer.Argument(help=RUN_HELP)],
    second: Annotated[Path, typer.Argument(help="The other run.")],
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say in what two runs differ, and from which event on. Ends with 10 if they do."""
    if server:
        from periscope.cli.evidence_remote import remote_comparison

        document = remote_comparison(server, first, second)
    else:
        document = _compared(first, second)
    if as_json:
        print_json(document)
    else:
        for fact in document["facts"]:
            say(fact)
        difference = document["difference"]
        same = "the same, event by event"
        say(same if difference is None else f"the first event that differs: {difference['text']}")
    return ExitCode.DONE if document["same"] else ExitCode.DIFFERENCE


def _compared(first: Path, second: Path) -> dict[str, Any]:
    from periscope.runs.comparison import differing_facts, first_difference
    from periscope.runs.documents import comparison_document
    from periscope.runs.journal import JournalDamagedError
    from periscope.runs.result_file import NotARunError, read_result

    folders = find_run_folder(first), find_run_folder(second)
    try:
        results = [read_result(folder) for folder in folders]
        difference = first_difference(*folders)
    except (NotARunError, JournalDamagedError) as error:
        _unreadable(error)
    return comparison_document(difference, list(differing_facts(*results)))


def _unreadable(error: Exception) -> NoReturn:
    fail("RUN_NOT_READABLE", str(error), exit_code=ExitCode.NOT_FOUND, hint="run it again with `backtest --out DIR`")
