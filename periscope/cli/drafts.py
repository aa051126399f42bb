"""`periscope drafts`: bundles that are being edited, kept in the store."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.bundles import print_findings
from periscope.cli.drafts_keeper import ANY, open_drafts
from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document, ServerOption
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.publish import read_archive_file, show_published
from periscope.cli.store import refuse
from periscope.cli.table import print_table
from periscope.cli.workspace import find_workspace, shown
from periscope.instruments.words import counted

drafts_app = typer.Typer(help="Edit strategies in the store, file by file, and publish them.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The strategy whose draft it is.")]
FileArgument = Annotated[str, typer.Argument(help="The file's name in the draft.")]
SeenOption = Annotated[
    str | None, typer.Option("--tag", help="The tag of the contents that you have seen; with others, nothing is done.")
]


@drafts_app.command("list")
def list_drafts(
    after: Annotated[str | None, typer.Option(help="Only names after this one: the next page.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 100,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List drafts by name."""
    with open_drafts(server) as keeper:
        document = keeper.page(after, limit)
    if as_json:
        print_json(document)
        return
    listed = document["drafts"]
    rows = [row | {"files": len(row["files"]), "bytes": sum(file["bytes"] for file in row["files"])} for row in listed]
    print_table(("draft", "based_on", "changed_at", "files", "bytes"), rows, to_right={"files", "bytes"})
    if not rows:
        say("no drafts here: periscope drafts create NAME makes one")


@drafts_app.command()
def show(name: NameArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show a draft and its files."""
    with open_drafts(server) as keeper:
        found = keeper.draft(name)
    _show(found, as_json=as_json)


@drafts_app.command()
def create(
    name: NameArgument,
    source: Annotated[
        str | None,
        typer.Option("--from", help="An example, a version as NAME@NUMBER, an archive or a folder; else a template."),
    ] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a draft."""
    with open_drafts(server) as keeper:
        files = None if source is None else _files(source)
        draft = keeper.create(name, source) if files is None else keeper.create_of(name, files)
    _show(draft, as_json=as_json)


def _files(source: str) -> dict[str, bytes] | None:
    """What an archive or a folder here holds; None where it is neither."""
    from periscope.strategies.archive import read_archive
    from periscope.strategies.bundle import read_folder

    path, workspace = Path(source), find_workspace()
    if path.suffix == ".zip" and path.is_file():
        unpacked = read_archive(read_archive_file(path), shown(path))
        if unpacked.problems:
            from periscope.cli.drafts_local import refuse_draft

            refuse_draft(unpacked.problems)
        return unpacked.files
    places = [path] if workspace is None else [path, workspace.strategies / path]
    folder = next((place for place in places if place.is_dir()), None)
    return None if folder is None else read_folder(folder).files


@drafts_app.command()
def get(
    name: NameArgument,
    file: Annotated[str | None, typer.Argument(help="The file; default: all of them.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, or all files to this new folder.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a file of a draft, or write files out."""
    with open_drafts(server) as keeper:
        draft, contents = keeper.contents(name)
    if file is not None and file not in contents:
        from periscope.runs.drafts import no_file

        refuse(no_file(name))
    if out is None and file is not None and not as_json:
        sys.stdout.buffer.write(contents[file])
        return
    if out is None:
        _show(draft, as_json=as_json)
        return
    _write(out, contents if file is None else contents[file])
    _show(draft, as_json=as_json)


@drafts_app.command()
def put(
    name: NameArgument,
    path: Annotated[Path, typer.Argument(help="The file to take in.")],
    as_name: Annotated[str | None, typer.Option("--as", help="Its name in the draft; default: the file's own.")] = None,
    tag: SeenOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace whatever it holds in the draft.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a file to a draft, or replace one."""
    from periscope.strategies.bundle import MAX_FILE_BYTES

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        fail("NOT_READABLE", f"can't read the file: {problem}", exit_code=ExitCode.USAGE, where=str(path))
    with open_drafts(server) as keeper:
        draft = keeper.put(name, as_name or path.name, data, tag or (ANY if overwrite else None))
    _show(draft, as_json=as_json)


@drafts_app.command()
def remove(
    name: NameArgument,
    file: FileArgument,
    tag: SeenOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a file out of a draft."""
    with open_drafts(server) as keeper:
        draft = keeper.remove(name, file, tag or ANY)
    _show(draft, as_json=as_json)


@drafts_app.command()
def check(name: NameArgument, server: ServerOption = None, as_json: JsonOption = False) -> int:
    """Say everything that is wrong with a draft, as publishing it would."""
    from periscope.strategies.problems import Problem

    with open_drafts(server) as keeper:
        found = keeper.check(name)
    if as_json:
        print_json(found)
    else:
        problems, warnings = ([Problem(**each) for each in found[kind]] for kind in ("problems", "warnings"))
        print_findings(name, problems, warnings)
    return ExitCode.INVALID if found["problems"] else ExitCode.DONE


@drafts_app.command()
def publish(
    name: NameArgument, tag: SeenOption = None, server: ServerOption = None, as_json: JsonOption = False
) -> int:
    """Keep a draft as the strategy's next version; the draft stays."""
    with open_drafts(server) as keeper:
        document = keeper.publish(name, tag or ANY)
    if as_json:
        print_json({"draft": name} | document)
    else:
        show_published(document, name)
    return ExitCode.INVALID if document["problems"] else ExitCode.DONE


@drafts_app.command()
def delete(
    name: NameArgument, tag: SeenOption = None, server: ServerOption = None, as_json: JsonOption = False
) -> None:
    """Remove a draft with its files; versions stay."""
    with open_drafts(server) as keeper:
        keeper.delete(name, tag or ANY)
    if as_json:
        print_json({"draft": name, "deleted": True})
    else:
        say(f"draft {name} is gone")


def _show(draft: Document, *, as_json: bool) -> None:
    if as_json:
        print_json(draft)
        return
    based = f", based on {draft['based_on']}" if draft["based_on"] else ""
    say(f"draft {draft['draft']}{based}: {counted(len(draft['files']), 'file')}")
    rows = [row | {"tag": row["tag"][:12]} for row in draft["files"]]
    print_table(("file", "bytes", "changed_at", "tag"), rows, to_right={"bytes"})


def _write(out: Path, contents: bytes | Mapping[str, bytes]) -> None:
    try:
        if isinstance(contents, bytes):
            out.write_bytes(contents)
            return
        out.mkdir(parents=True)
        for name, content in contents.items():
            (out / name).write_bytes(content)
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't write: {problem}", exit_code=ExitCode.USAGE, where=str(out))
