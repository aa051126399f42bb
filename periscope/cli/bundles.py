"""`periscope new` and `periscope check`."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.workspace import allowed_modules, find_workspace, shown
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from periscope.strategies.problems import Problem

_BUNDLE_FILES = ("*.py", "config_schema.json", "run.json")


def new(
    name: Annotated[str, typer.Argument(help="The strategy's name, which becomes its folder's.")],
    example: Annotated[str | None, typer.Option("--from", help="Start from this example instead.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a strategy to start from.

    Code, schema and a run's config, ready to run on the sample data.
    """
    require_name(name)
    workspace = find_workspace()
    folder = (workspace.strategies if workspace is not None else Path()) / name
    if folder.exists():
        fail("EXISTS", "this folder is there already", exit_code=ExitCode.USAGE, where=shown(folder))
    copy_bundle(_template(example), folder)
    place = shown(folder)
    files = sorted(path.name for path in folder.iterdir())
    if as_json:
        print_json({"path": str(folder.resolve()), "files": files})
        return
    say(f"Made {place} with {', '.join(files)}.")
    say("Next:")
    say(f"  periscope check {place}")
    say(f"  periscope backtest {place}")


def require_name(name: str) -> None:
    """End the command where a strategy can't be called so."""
    from periscope.strategies.versions import NAME_RULE, is_name

    if not is_name(name):
        what = f"{name!r} can't be a strategy's name"
        fail("BAD_NAME", what, exit_code=ExitCode.USAGE, why=f"it takes {NAME_RULE}")


def _template(example: str | None) -> Path:
    from periscope.strategies.starting import BUNDLE_TEMPLATE, example_bundles

    if example is None:
        return BUNDLE_TEMPLATE
    examples = example_bundles()
    if example not in examples:
        what = f"there is no example {example!r}"
        fail("NO_EXAMPLE", what, exit_code=ExitCode.NOT_FOUND, hint=f"there are {', '.join(examples) or 'none'}")
    return examples[example]


def copy_bundle(source: Path, target: Path) -> None:
    """Copy a bundle's own files, leaving test expectations and caches behind."""
    try:
        target.mkdir(parents=True)
        for pattern in _BUNDLE_FILES:
            for file in sorted(source.glob(pattern)):
                shutil.copyfile(file, target / file.name)
    except OSError as problem:
        fail("NOT_WRITABLE", f"can't make the folder: {problem}", exit_code=ExitCode.USAGE, where=str(target))


def check(
    path: Annotated[Path, typer.Argument(help="The strategy: its folder, or its name in the workspace.")],
    as_json: JsonOption = False,
) -> int:
    """Say everything that is wrong with a strategy.

    With file and line, and without running its code.
    """
    from periscope.cli.run_document import find_bundle
    from periscope.strategies.static_check import check_bundle

    bundle = find_bundle(path)
    result = check_bundle(bundle, allowed_modules(bundle))
    if as_json:
        from periscope.runs.documents import check_document

        print_json({"path": str(bundle.resolve())} | check_document(result))
    else:
        print_findings(shown(bundle), result.problems, result.warnings)
    return ExitCode.INVALID if result.problems else ExitCode.DONE


def print_findings(place: str, problems: "Sequence[Problem]", warnings: "Sequence[Problem]") -> None:
    """Say what a check of what `place` names has found."""
    for problem in problems:
        say(f"error: {place}/{problem}")
    for warning in warnings:
        say(f"warning: {place}/{warning}")
    say(f"{place}: {counted(len(problems), 'problem')}, {counted(len(warnings), 'warning')}")
