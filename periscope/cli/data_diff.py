"""`periscope data diff`: whether the data that a run read is still the same, and if not, what changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.run_folder import find_run_folder
from periscope.cli.workspace import find_catalog, shown
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog
    from periscope.runs.recorded import Recorded


def diff(
    result: Annotated[Path, typer.Argument(help="The run's folder, its name in the workspace, or a result.json.")],
    catalog: Annotated[
        str | None, typer.Option(help="The catalog to compare with. Without it: the one that the run read.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Say what changed in the data since a run read it; exit code 10 if anything did."""
    from periscope.runs.data_difference import data_difference
    from periscope.runs.result_file import RESULT

    path = result if result.is_file() else find_run_folder(result) / RESULT
    recorded = _recorded(path)
    opened = _catalog(catalog, recorded)
    found = data_difference(recorded, opened)
    if as_json:
        print_json(
            {
                "result": str(path),
                "catalog": opened.files.where,
                "series": len(recorded.series),
                "same": not found,
                "differences": [each.to_json() for each in found],
            }
        )
    else:
        for each in found:
            say(f"{each.code}: {each.message}")
        if not found:
            say(f"the same: {counted(len(recorded.series), 'series', 'series')} that the run read, as they were")
    return ExitCode.DIFFERENCE if found else ExitCode.DONE


def _recorded(path: Path) -> "Recorded":
    from periscope.runs.recorded import RecordedError, read_recorded
    from periscope.runs.result_file import NotARunError, read_result

    if not path.exists():
        fail("NOT_FOUND", "there is no such result", exit_code=ExitCode.NOT_FOUND, where=str(path))
    try:
        return read_recorded(read_result(path))
    except (NotARunError, RecordedError) as error:
        fail("RESULT_UNREADABLE", str(error), exit_code=ExitCode.USAGE, where=str(path))


def _catalog(named: str | None, recorded: "Recorded") -> "Catalog":
    from periscope.market.catalog import Catalog

    if named is None and recorded.catalog is not None:
        where = find_catalog(recorded.catalog)
        if isinstance(where, str) or where.is_dir():
            remark(f"compared with the catalog {shown(where)}")
            return Catalog.open(where)
    return Catalog.open(find_catalog(named, must_exist=True))
