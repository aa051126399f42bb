"""`periscope demo`: the five-minute tour."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.no_sandbox import require_platform
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.workspace import MARKER, Workspace, init_workspace, shown

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog

FIRST_EXAMPLE = "moving_averages"
_FIRST_RUN = "first"


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to make the workspace.")] = Path("periscope-demo"),
    open_report: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a workspace with examples and data, and run a backtest."""
    require_platform()
    from periscope.cli.backtest import execute, show
    from periscope.cli.run_document import read_run_file, run_config

    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        what = "the folder holds other files"
        fail("NOT_EMPTY", what, exit_code=ExitCode.USAGE, where=shown(folder), hint="name another: periscope demo DIR")
    workspace, _ = init_workspace(folder)
    remark(f"workspace   {shown(workspace.root)}")
    catalog = _sample_catalog(workspace)
    bundles = _copy_examples(workspace)
    remark(f"strategies  {', '.join(sorted(bundles))}")
    bundle = bundles.get(FIRST_EXAMPLE) or next(iter(bundles.values()))
    document = read_run_file(None, bundle)
    config = run_config(document, start=None, end=None, sets=(), cores=(), bundle=bundle, catalog=catalog)
    out = workspace.runs / _FIRST_RUN
    code, result, report = execute(bundle, config, catalog, out=out, quiet=False)
    if as_json:
        print_json({"workspace": str(workspace.root), "report": report and str(report.resolve()), "run": result})
    else:
        show(result, out=out, report=report)
        if code != ExitCode.NO_SANDBOX:
            _what_next(workspace, bundle)
    if open_report and report is not None:
        typer.launch(report.resolve().as_uri())
    return code


def _sample_catalog(workspace: Workspace) -> "Catalog":
    from periscope.market.catalog import Catalog
    from periscope.market.sample import make_sample

    catalog = Catalog.create(workspace.catalog)
    if not list(catalog.instruments.all()):
        make_sample(catalog)
    names = ", ".join(sorted({instrument.symbol for instrument in catalog.instruments.all()}))
    remark(f"data        {names} (invented prices)")
    return catalog


def _copy_examples(workspace: Workspace) -> dict[str, Path]:
    from periscope.cli.bundles import copy_bundle
    from periscope.strategies.starting import BUNDLE_TEMPLATE, example_bundles

    copied = {}
    for name, source in (example_bundles() or {"first_strategy": BUNDLE_TEMPLATE}).items():
        target = workspace.strategies / name
        if not target.exists():
            copy_bundle(source, target)
        copied[name] = target
    return copied


def _what_next(workspace: Workspace, bundle: Path) -> None:
    place = shown(workspace.root)
    name = bundle.name
    say()
    say("Next: open the report in a browser, then")
    if place != ".":
        say(f"  cd {place}")
    steps = {
        f"periscope backtest {name} --core slippage.ticks=5": "the same with another cost",
        "periscope new my_strategy": "one of your own",
        "periscope data import --help": "your own data",
    }
    width = max(map(len, steps))
    for command, purpose in steps.items():
        say(f"  {command:{width}}   {purpose}")
