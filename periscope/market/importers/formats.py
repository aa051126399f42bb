"""One door for every format: find out what a path holds and import it."""

import os
from pathlib import Path

from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean_files import is_lean
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary, Progress

FORMATS = ("csv", "parquet", "lean")
_PARQUET_MAGIC = b"PAR1"


def detect_format(path: Path) -> str:
    """`lean`, `parquet` or `csv`, from the folder's shape or the file's first bytes.

    Raises `ImportProblem` UNKNOWN_FORMAT for a folder that is not LEAN's.
    """
    if is_lean(path):
        return "lean"
    if path.is_dir():
        raise ImportProblem(
            "UNKNOWN_FORMAT",
            f"{path} is a folder, but no LEAN data folder nor a part of one; name a single CSV or Parquet file",
            exit_code=2,
        )
    with path.open("rb") as content:
        return "parquet" if content.read(4) == _PARQUET_MAGIC else "csv"


def import_path(
    path: Path,
    catalog: Catalog,
    options: ImportOptions,
    *,
    force_format: str | None = None,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import a CSV or Parquet file or a LEAN folder. Raises `ImportProblem`; then nothing was written."""
    if not path.exists():
        raise ImportProblem("NOT_FOUND", f"{path} does not exist", exit_code=6)
    if not os.access(path, os.R_OK):
        raise ImportProblem("NOT_READABLE", f"{path} may not be read by this user", exit_code=5)
    chosen = detect_format(path) if force_format is None else force_format
    match chosen:
        case "lean":
            from periscope.market.importers.lean import import_lean

            return import_lean(
                path,
                catalog,
                symbol=options.symbol,
                span=options.span,
                skip_bad_rows=options.skip_bad_rows,
                replace_bars=options.replace,
                progress=progress,
            )
        case "parquet":
            from periscope.market.importers.parquet_bars import import_parquet

            return import_parquet(path, catalog, options, progress=progress)
        case "csv":
            from periscope.market.importers.csv_bars import import_csv

            return import_csv(path, catalog, options, progress=progress)
        case _:
            raise ImportProblem(
                "UNKNOWN_FORMAT", f"no format {chosen!r}; the formats are {', '.join(FORMATS)}", exit_code=2
            )
