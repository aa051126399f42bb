"""One door for every format: find out what a path holds and import it."""

import os
from pathlib import Path

from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem, no_room
from periscope.market.importers.lean_files import is_lean
from periscope.market.importers.opening import Text, unpacked
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary, Progress

FORMATS = ("csv", "json", "parquet", "arrow", "dbn", "lean")
_MAGICS = {b"PAR1": "parquet", b"ARROW1": "arrow", b"DBN": "dbn"}


def detect_format(path: Path) -> str:
    """One of `FORMATS`, from the folder's shape or the file's first bytes, unpacked if need be.

    Raises `ImportProblem` UNKNOWN_FORMAT for a folder that is not LEAN's, BAD_FILE for a damaged archive.
    """
    if is_lean(path):
        return "lean"
    if path.is_dir():
        raise ImportProblem(
            "UNKNOWN_FORMAT",
            f"{path} is a folder, but no LEAN data folder nor a part of one; name a single file of bars",
            exit_code=2,
        )
    with unpacked(path) as content:
        head = content.peek(6)
        for magic, name in _MAGICS.items():
            if head.startswith(magic):
                return name
        text = Text(content).read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        return "json" if text.startswith((b"{", b"[")) else "csv"


def import_path(
    path: Path,
    catalog: Catalog,
    options: ImportOptions,
    *,
    force_format: str | None = None,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import a file of bars or a LEAN folder. Raises `ImportProblem`; then nothing was written."""
    if not path.exists():
        raise ImportProblem("NOT_FOUND", f"{path} does not exist", exit_code=6)
    if not os.access(path, os.R_OK):
        raise ImportProblem("NOT_READABLE", f"{path} may not be read by this user", exit_code=5)
    try:
        chosen = detect_format(path) if force_format is None else force_format
        return _import(chosen, path, catalog, options, progress)
    except OSError as error:
        if not no_room(error):
            raise
        disk = catalog.files.scratch
        what = f"no room left on the disk of {disk}; nothing was imported. Make room and run the import again"
        raise ImportProblem("DISK_FULL", what) from None


def _import(
    name: str, path: Path, catalog: Catalog, options: ImportOptions, progress: Progress | None
) -> ImportSummary:
    match name:
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
        case "parquet" | "arrow":
            from periscope.market.importers import parquet_bars

            read = parquet_bars.import_parquet if name == "parquet" else parquet_bars.import_arrow
            return read(path, catalog, options, progress=progress)
        case "dbn":
            from periscope.market.importers.dbn_bars import import_dbn

            return import_dbn(path, catalog, options, progress=progress)
        case "json":
            from periscope.market.importers.json_bars import import_json

            return import_json(path, catalog, options, progress=progress)
        case "csv":
            from periscope.market.importers.csv_bars import import_csv

            return import_csv(path, catalog, options, progress=progress)
        case _:
            what = f"no format {name!r}; the formats are {', '.join(FORMATS)}"
            raise ImportProblem("UNKNOWN_FORMAT", what, exit_code=2)
