"""`periscope versions` and `periscope diff`."""

from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Keeper, ServerOption, open_keeper
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.table import print_table
from periscope.cli.workspace import shown


def versions(
    name: Annotated[str | None, typer.Argument(help="A strategy, or a version as NAME@NUMBER; default: all.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write the version to this file, as a ZIP archive.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List published versions, show one, or export it."""
    from periscope.strategies.versions import parse_reference

    with open_keeper(server) as keeper:
        if name is not None and (export is not None or parse_reference(name) is not None):
            document = keeper.version(name)
            if export is not None:
                _write(export, keeper.archive(document["version"]))
                document["exported_to"] = str(export.resolve())
            listed = [document]
        elif export is not None:
            fail("USAGE", "--export needs a version, as NAME@NUMBER", exit_code=ExitCode.USAGE)
        else:
            document = None
            listed = keeper.versions(name)
    if as_json:
        print_json(document or {"versions": listed})
        return
    rows = [row | {"hash": row["hash"][:12], "warnings": len(row["warnings"])} for row in listed]
    print_table(("version", "hash", "published_at", "warnings"), rows, to_right={"warnings"})
    if document is not None:
        print_table(("file", "bytes"), [{"file": k, "bytes": v} for k, v in document["files"].items()])
    if export is not None:
        say(f"Exported to {shown(export)}")
    if not listed:
        say("no versions yet: periscope publish PATH makes the first")


def diff(
    old: Annotated[str, typer.Argument(help="A version as NAME@NUMBER, a draft as NAME@draft, or a folder.")],
    new: Annotated[str, typer.Argument(help="The other one; a draft or folder: what publishing it would change.")],
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show how two versions differ, or a version and a draft or folder.

    Ends with 10 if they do.
    """
    from periscope.runs.documents import changes_document
    from periscope.strategies.versions import differences

    with open_keeper(server) as keeper:
        changes = differences(_files(keeper, old), _files(keeper, new))
    if as_json:
        print_json(changes_document(old, new, changes))
    else:
        for change in changes:
            say(f"{change.kind}: {change.file}")
            for line in change.lines:
                say(line)
        if not changes:
            say(f"{old} and {new} are the same")
    return ExitCode.DIFFERENCE if changes else ExitCode.DONE


def _files(keeper: Keeper, text: str) -> dict[str, bytes]:
    from periscope.cli.run_document import find_bundle
    from periscope.strategies.archive import read_archive
    from periscope.strategies.bundle import read_folder
    from periscope.strategies.versions import DRAFT_SUFFIX, parse_reference

    if parse_reference(text) is not None or text.endswith(DRAFT_SUFFIX):
        return read_archive(keeper.archive(text), text).files
    folder = read_folder(find_bundle(Path(text)))
    return folder.files


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't write the file: {problem}", exit_code=ExitCode.USAGE, where=str(path))
