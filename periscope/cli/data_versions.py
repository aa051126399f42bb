"""`periscope data versions` and `data prune`: earlier versions of a catalog's files."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.table import print_table
from periscope.cli.workspace import find_catalog, shown

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog
    from periscope.market.manifest import BarFile

CatalogOption = Annotated[str | None, typer.Option(help="The catalog's folder or address; else the workspace's.")]

_COLUMNS = ("series", "state", "rows", "first", "last", "sha256", "change")
_SHORT = 12


def versions(
    symbol: Annotated[str, typer.Argument(help="The symbol, such as SPY or ESZ13.")],
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """The files that hold an instrument's bars, and those that held them before."""
    from periscope.market.catalog import Catalog

    opened = Catalog.open(find_catalog(catalog, must_exist=True))
    name = symbol.strip().upper()
    found = [each for each in opened.instruments.all() if each.symbol == name]
    if not found:
        from libs.shared_ipc.src.protocol import AssetType

        what = opened.instruments.explain_unknown(name, AssetType.EQUITY)
        fail("UNKNOWN_INSTRUMENT", what, exit_code=ExitCode.NOT_FOUND)
    from periscope.market.columns import KINDS
    from periscope.market.manifest import series_name

    names = [
        series_name(each.symbol, each.asset_type, span, kind) for each in found for kind in KINDS for span in _spans()
    ]
    rows = [row for series in names for row in _rows(opened, series)]
    if as_json:
        print_json({"catalog": opened.files.where, "symbol": name, "files": rows})
        return ExitCode.DONE
    short = [
        row | {"sha256": row["sha256"][:_SHORT], "first": row["first"][:16], "last": row["last"][:16]} for row in rows
    ]
    print_table(_COLUMNS, short, to_right={"rows"})
    if not any(row["state"] == "earlier" for row in rows):
        remark(f"no earlier version of {name} is kept")
    return ExitCode.DONE


def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it they are only counted.")] = False,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """Remove earlier versions of all files: runs that read them can't be repeated with the same data any more."""
    from periscope.market.catalog import Catalog

    opened = Catalog.open(find_catalog(catalog, must_exist=True))
    found = opened.prune() if yes else opened.leftovers()
    size = sum(each.size for each in found)
    if as_json:
        names = [each.name for each in found]
        print_json({"catalog": opened.files.where, "removed": yes, "files": names, "bytes": size})
        return ExitCode.DONE
    files = [each for each in found if each.name.endswith(".parquet")]
    where = shown(opened.files.where)
    say(f"{'removed' if yes else 'could be removed'}: {len(files)} earlier files, {size:,} bytes, in {where}")
    if found and not yes:
        remark("--yes removes them. Results of runs that read them stay, but their data can't be looked at any more")
    return ExitCode.DONE


def _spans() -> Any:
    from periscope.market.catalog import FINEST_FIRST

    return FINEST_FIRST


def _rows(catalog: "Catalog", series: str) -> list[dict[str, Any]]:
    current = [_row(series, "current", file, "") for file in catalog.current_files(series)]
    earlier = []
    for each in catalog.earlier_files(series):
        by = ", ".join(sha256[:_SHORT] for sha256 in each.replaced_by)
        change = f"replaced by {by}: {each.added} added, {each.replaced} changed from {each.source}"
        earlier.append(_row(series, "earlier", each.file, change))
    return current + earlier


def _row(series: str, state: str, file: "BarFile", change: str) -> dict[str, Any]:
    from periscope.instruments.times import time_text

    return {
        "series": series,
        "state": state,
        "file": file.file,
        "sha256": file.sha256,
        "rows": file.rows,
        "first": time_text(file.first),
        "last": time_text(file.last),
        "sources": list(file.sources),
        "change": change,
    }
