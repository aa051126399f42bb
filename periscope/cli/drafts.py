"""`periscope drafts`: bundles that are being edited, kept in the store."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.bundles import print_findings
from periscope.cli.exits import ExitCode
from periscope.cli.output import Complaint, JsonOption, fail, print_json, say
from periscope.cli.publish import read_archive_file, show_published
from periscope.cli.store import Desk, open_desk, refuse
from periscope.cli.table import print_table
from periscope.cli.workspace import allowed_packages, shown
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from periscope.runs.store.draft_rows import Draft
    from periscope.runs.store.refusals import Refused
    from periscope.strategies.problems import Problem

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
    as_json: JsonOption = False,
) -> None:
    """List drafts by name."""
    from periscope.runs.documents import draft_document

    with open_desk() as desk:
        found = desk.store.drafts.page(after=after, limit=limit)
    listed = [draft_document(draft) for draft in found]
    if as_json:
        print_json({"drafts": listed, "next": found[-1].strategy if len(found) == limit else None})
        return
    rows = [row | {"files": len(row["files"]), "bytes": sum(file["bytes"] for file in row["files"])} for row in listed]
    print_table(("draft", "based_on", "changed_at", "files", "bytes"), rows, to_right={"files", "bytes"})
    if not rows:
        say("no drafts here: periscope drafts create NAME makes one")


@drafts_app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show a draft and its files."""
    from periscope.runs import drafts

    with open_desk() as desk:
        found = drafts.find(desk.store, name)
    _show(_good(found), as_json=as_json)


@drafts_app.command()
def create(
    name: NameArgument,
    source: Annotated[
        str | None,
        typer.Option("--from", help="An example, a version as NAME@NUMBER, an archive or a folder; else a template."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start a draft."""
    with open_desk() as desk:
        draft = _good(_start(desk, name, source))
    _show(draft, as_json=as_json)


def _start(desk: Desk, name: str, source: str | None) -> "Draft | Refused | list[Problem]":
    from periscope.runs import drafts
    from periscope.strategies.bundle import read_folder

    path = Path(source or "")
    if source is not None and path.suffix == ".zip" and path.is_file():
        return drafts.start_from_archive(desk.store, name, read_archive_file(path), shown(path))
    folders = [] if source is None else [place for place in (path, desk.workspace.strategies / path) if place.is_dir()]
    if folders:
        return drafts.start(desk.store, name, read_folder(folders[0]).files)
    return drafts.start_from(desk.store, name, source)


@drafts_app.command()
def get(
    name: NameArgument,
    file: Annotated[str | None, typer.Argument(help="The file; default: all of them.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, or all files to this new folder.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a file of a draft, or write files out."""
    from periscope.runs import drafts

    with open_desk() as desk:
        draft, contents = _good(drafts.read(desk.store, name))
    if file is not None and file not in contents:
        refuse(drafts.no_file(name))
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
    as_json: JsonOption = False,
) -> None:
    """Add a file to a draft, or replace one."""
    from periscope.runs import drafts
    from periscope.strategies.bundle import MAX_FILE_BYTES

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        fail("NOT_READABLE", f"can't read the file: {problem}", exit_code=ExitCode.USAGE, where=str(path))
    with open_desk() as desk:
        draft = _good(drafts.put_file(desk.store, name, as_name or path.name, data, _seen(tag, overwrite=overwrite)))
    _show(draft, as_json=as_json)


@drafts_app.command()
def remove(name: NameArgument, file: FileArgument, tag: SeenOption = None, as_json: JsonOption = False) -> None:
    """Take a file out of a draft."""
    from periscope.runs import drafts

    with open_desk() as desk:
        draft = _good(drafts.remove_file(desk.store, name, file, drafts.ANY if tag is None else (tag,)))
    _show(draft, as_json=as_json)


@drafts_app.command()
def check(name: NameArgument, as_json: JsonOption = False) -> int:
    """Say everything that is wrong with a draft, as publishing it would."""
    from periscope.runs import drafts
    from periscope.runs.documents import check_document

    with open_desk() as desk:
        checked = _good(drafts.check(desk.store, name, _packages(desk)))
    if as_json:
        print_json({"draft": name, "tag": checked.tag} | check_document(checked.result))
    else:
        print_findings(name, checked.result)
    return ExitCode.INVALID if checked.result.problems else ExitCode.DONE


@drafts_app.command()
def publish(name: NameArgument, tag: SeenOption = None, as_json: JsonOption = False) -> int:
    """Keep a draft as the strategy's next version; the draft stays."""
    from periscope.runs import drafts
    from periscope.runs.documents import published_document

    with open_desk() as desk:
        done = _good(drafts.publish(desk.store, name, _packages(desk), _seen(tag, overwrite=True)))
    document = published_document(done)
    if as_json:
        print_json({"draft": name} | document)
    else:
        show_published(document, name)
    return ExitCode.INVALID if done.problems else ExitCode.DONE


@drafts_app.command()
def delete(name: NameArgument, tag: SeenOption = None, as_json: JsonOption = False) -> None:
    """Remove a draft with its files; versions stay."""
    from periscope.runs import drafts

    with open_desk() as desk:
        refused = drafts.delete(desk.store, name, drafts.ANY if tag is None else (tag,))
    if refused is not None:
        refuse(refused)
    if as_json:
        print_json({"draft": name, "deleted": True})
    else:
        say(f"draft {name} is gone")


def _seen(tag: str | None, *, overwrite: bool) -> Sequence[str] | None:
    if tag is not None:
        return (tag,)
    return ("*",) if overwrite else None


def _packages(desk: Desk) -> set[str]:
    """The modules that the workspace allows strategies; a draft lies in the store, so it brings no workspace along."""
    return {module for package in allowed_packages(desk.store.place.folder) for module, _ in package.modules}


def _good[T](found: "T | Refused | list[Problem]") -> T:
    """What was asked for; ends the command where there are reasons against it."""
    from periscope.runs.store.refusals import Refused

    if isinstance(found, Refused):
        refuse(found)
    if isinstance(found, list):
        problems = [Complaint(each.code, each.file, f"{each.rule}. {each.mend}") for each in found]
        fail("DRAFT_INVALID", "a draft can't hold that", exit_code=ExitCode.INVALID, problems=problems)
    return found


def _show(draft: "Draft", *, as_json: bool) -> None:
    from periscope.runs.documents import draft_document

    document = draft_document(draft)
    if as_json:
        print_json(document)
        return
    based = f", based on {draft.based_on}" if draft.based_on else ""
    say(f"draft {draft.strategy}{based}: {counted(len(draft.files), 'file')}")
    rows = [row | {"tag": row["tag"][:12]} for row in document["files"]]
    print_table(("file", "bytes", "changed_at", "tag"), rows, to_right={"bytes"})


def _write(out: Path, contents: bytes | dict[str, bytes]) -> None:
    try:
        if isinstance(contents, bytes):
            out.write_bytes(contents)
            return
        out.mkdir(parents=True)
        for name, content in contents.items():
            (out / name).write_bytes(content)
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't write: {problem}", exit_code=ExitCode.USAGE, where=str(out))
