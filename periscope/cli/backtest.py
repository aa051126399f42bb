"""`periscope backtest`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.no_sandbox import TRUST_OPTION, require_platform, what_to_do
from periscope.cli.output import JsonOption, fail, print_json, remark
from periscope.cli.workspace import allowed_packages, find_catalog, find_workspace, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from periscope.runs.config import RunConfig
    from periscope.sandbox.confinement import Package

REPORT_FILE = "report.html"


def backtest(  # noqa: PLR0913, PLR0917 - each is an option of the command
    path: Annotated[
        Path, typer.Argument(help="The strategy: its folder, its name in the workspace, or a version as NAME@NUMBER.")
    ],
    start: Annotated[str | None, typer.Option(help="First day, or time with offset; instead of the config's.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day (included), or time with offset.")] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the strategy; repeatable.")
    ] = None,
    cores: Annotated[
        list[str] | None, typer.Option("--core", metavar="KEY=VALUE", help="A core key, like fill_model; repeatable.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The run's config; default: run.json in the strategy.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for orders, fills, equity, logs and the report.")] = None,
    catalog: Annotated[str | None, typer.Option(help="The data; default: the workspace's catalog.")] = None,
    open_report: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    trust: Annotated[
        bool, typer.Option(TRUST_OPTION, help="Run without a sandbox, for code that you wrote; the run is marked.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Run a strategy over past data."""
    require_platform()
    if trust:
        remark(f"no sandbox: with {TRUST_OPTION} this strategy runs with your rights")
    from periscope.cli.run_document import read_run_file, run_config
    from periscope.market.catalog import Catalog

    bundle, home, called = _find(path)
    document = read_run_file(config, home)
    stored = Catalog(find_catalog(catalog, must_exist=True))
    settings = run_config(
        document, start=start, end=end, sets=sets or (), cores=cores or (), bundle=bundle, catalog=stored
    )
    if out is None and open_report:
        workspace = find_workspace()
        out = (workspace.runs if workspace is not None else Path("runs")) / (called or bundle.resolve().name)
    packages = allowed_packages(bundle)
    code, result, report = execute(
        bundle, settings, stored, packages, out=out, quiet=quiet, trusted=trust, called=called
    )
    if as_json:
        print_json(result)
    else:
        show(result, out=out, report=report)
    if open_report and report is not None:
        typer.launch(report.resolve().as_uri())
    return code


def _find(path: Path) -> tuple[Path, Path, str | None]:
    """The bundle's folder, the folder that has its run.json, and the version's name if it is one."""
    from periscope.cli.run_document import find_bundle
    from periscope.strategies.versions import parse_reference

    if parse_reference(str(path)) is None or path.is_dir():
        bundle = find_bundle(path)
        return bundle, bundle, None
    from periscope.cli.store import allowed, open_desk
    from periscope.runs.managing import find_version
    from periscope.runs.publishing import version_folder

    with open_desk() as desk:
        version = allowed(find_version(desk.store, str(path)))
        return version_folder(desk.store, version), desk.workspace.strategies / version.strategy, str(version)


def execute(
    bundle: Path,
    config: "RunConfig",
    catalog: Any,
    packages: "Sequence[Package]" = (),
    *,
    out: Path | None,
    quiet: bool,
    trusted: bool = False,
    called: str | None = None,
) -> tuple[int, dict[str, Any], Path | None]:
    """Run it with progress on stderr; returns the exit code, the result's document, and the report's path if any."""
    from periscope.cli.live import watched
    from periscope.runs.backtest import run_backtest

    if out is not None:
        prepare_out(out)
    with watched(quiet=quiet) as watch:
        try:
            result = run_backtest(
                bundle,
                config,
                catalog,
                out=out,
                progress=watch,
                trusted=trusted,
                packages=packages,
                called=called,
            )
        except KeyboardInterrupt:
            reached = "before the first bar" if watch.reached is None else f"at {watch.reached}"
            remark(f"interrupted {reached}; there is no result")
            raise
    document = result.document()
    if document.get("status") == "stopped" and watch.reached is not None:
        remark(f"stopped at {watch.reached}")
    report = None if out is None else write_report_file(out, catalog.files.where)
    code = ExitCode.INTERRUPTED if document.get("status") == "stopped" else result.exit_code
    if code == ExitCode.NO_SANDBOX:
        remark("\n  ".join(["no strategy can be confined here; what helps:", *what_to_do()]))
    return code, document, report


def prepare_out(out: Path) -> None:
    """Make the folder of a run; one that holds other things than a run is left alone."""
    if out.exists() and not out.is_dir():
        fail(
            "OUT_IS_A_FILE",
            "--out names a file, and a run leaves a folder",
            exit_code=ExitCode.USAGE,
            where=str(out),
            hint="name a folder that is new, empty, or holds a run",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        foreign = any(out.iterdir()) and not (out / "result.json").exists()
    except OSError as problem:
        why = problem.strerror or str(problem)
        fail("NOT_WRITABLE", f"can't use the folder of --out: {why}", exit_code=ExitCode.USAGE, where=str(out))
    if foreign:
        fail(
            "OUT_NOT_EMPTY",
            "the folder of --out holds other files",
            exit_code=ExitCode.USAGE,
            where=str(out),
            hint="name a new folder, or one that an earlier run wrote",
        )


def write_report_file(out: Path, catalog_root: Path | str) -> Path | None:
    """Write report.html into a run's folder. A report that can't be made is said and costs nothing else."""
    from periscope.report.page import write_report
    from periscope.report.run_files import ReportError

    report = out / REPORT_FILE
    try:
        write_report(out, report, catalog_root=catalog_root)
    except (ReportError, OSError) as problem:
        remark(f"no report: {problem}")
        return None
    return report


def show(document: dict[str, Any], *, out: Path | None, report: Path | None) -> None:
    """Print the summary for people."""
    from periscope.cli.summary import print_summary

    places = {}
    if out is not None:
        places["Files"] = shown(out)
    if report is not None:
        places["Report"] = shown(report)
    print_summary(document, places=places)
