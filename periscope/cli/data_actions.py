"""`periscope data actions`: splits, dividends, ticker changes and delistings from a table of them."""

from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark
from periscope.cli.workspace import find_catalog
from periscope.instruments.words import counted


def actions(
    path: Annotated[Path, typer.Argument(help="A CSV or JSON file: symbol, ex_date, kind, ratio, amount, ticker.")],
    replace: Annotated[bool, typer.Option("--replace", help="Let these rows win over others of the day.")] = False,
    catalog: Annotated[str | None, typer.Option(help="The catalog's folder or address; else the workspace's.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Keep corporate actions beside the catalog's bars. Nothing is stored unless every row is understood."""
    from periscope.market.catalog import Catalog
    from periscope.market.importers.action_tables import import_actions
    from periscope.market.importers.findings import ImportProblem

    opened = Catalog.open(find_catalog(catalog, must_exist=True))
    if not path.exists():
        fail("NOT_FOUND", f"{path} does not exist", exit_code=ExitCode.NOT_FOUND)
    try:
        done = import_actions(path, opened, replace_known=replace)
    except ImportProblem as problem:
        fail(problem.code, str(problem), exit_code=ExitCode.DATA)
    if as_json:
        print_json(
            {
                "catalog": opened.files.where,
                "file": str(path),
                "rows": done.rows,
                "added": done.added,
                "replaced": done.replaced,
                "symbols": list(done.symbols),
            }
        )
        return ExitCode.DONE
    remark(f"{counted(done.rows, 'row')}: {done.added} new, {done.replaced} replaced; of {', '.join(done.symbols)}")
    return ExitCode.DONE
