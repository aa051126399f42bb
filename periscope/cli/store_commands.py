"""`periscope store`: check, back up and restore what is kept of versions and runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.store import open_desk
from periscope.cli.workspace import DATABASE_VARIABLE, find_workspace, shown
from periscope.instruments.words import counted

store_app = typer.Typer(help="Check, back up and restore the store of versions and runs.", no_args_is_help=True)

BackupArgument = Annotated[Path, typer.Argument(help="The backup's folder.")]


@store_app.command()
def check(
    backup: Annotated[Path | None, typer.Option(help="Check this backup instead of the store.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Read everything again, and name what is damaged or missing."""
    from periscope.runs.store.backup import backup_problems, store_problems

    if backup is not None:
        problems = backup_problems(backup)
    else:
        with open_desk() as desk:
            problems = store_problems(desk.store)
    if as_json:
        print_json({"problems": problems})
    for problem in problems if not as_json else ():
        say(f"error: {problem}")
    if not as_json and not problems:
        say("all is as it was written")
    return ExitCode.DATA if problems else ExitCode.DONE


@store_app.command()
def clean(as_json: JsonOption = False) -> None:
    """Remove files that nothing names any longer, and uploads cut short, as a process that was killed leaves them."""
    from periscope.runs.work_folders import clear_left

    with open_desk() as desk:
        removed = desk.store.files.collect(desk.store.names) + clear_left(desk.store.place.folder)
    if as_json:
        print_json({"removed": removed})
    else:
        say(f"{counted(removed, 'file')} removed")


@store_app.command("backup")
def back_up(folder: BackupArgument, as_json: JsonOption = False) -> None:
    """Copy the store into a new folder, while runs go on."""
    from periscope.runs.store.backup import back_up as copy_store

    with open_desk() as desk:
        try:
            counts = copy_store(desk.store, folder)
        except OSError as problem:
            fail("NOT_WRITABLE", f"can't write the backup: {problem}", exit_code=ExitCode.USAGE, where=str(folder))
    _say(counts, f"Backed up to {shown(folder)}", as_json=as_json)


@store_app.command()
def restore(folder: BackupArgument, as_json: JsonOption = False) -> None:
    """Fill the empty store of this workspace from a backup."""
    from periscope.runs.store.backup import restore as fill_store
    from periscope.runs.store.store import StorePlace

    workspace = find_workspace()
    if workspace is None:
        fail("NO_WORKSPACE", "there is no workspace here", exit_code=ExitCode.NOT_FOUND, hint="`periscope init`")
    place = StorePlace(workspace.store, os.environ.get(DATABASE_VARIABLE) or None)
    _say(fill_store(folder, place), f"Restored to {shown(place.folder)}", as_json=as_json)


def _say(counts: dict[str, int], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(counts)
    else:
        say(f"{what}: {counted(counts['versions'], 'version')}, {counted(counts['runs'], 'run')}")
