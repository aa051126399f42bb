"""Importing bars from a Parquet file with the column names that CSV files have."""

from pathlib import Path

import numpy as np
import polars as pl

from periscope.market.catalog import Catalog
from periscope.market.columns import IntColumn
from periscope.market.importers.assemble import Assembler, Block
from periscope.market.importers.exact import Mask
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.importers.names import Roles, expected, roles_of
from periscope.market.importers.options import DEFAULTS, ImportOptions
from periscope.market.importers.storing import ImportSummary, Progress, store_series
from periscope.market.importers.timestamps import TimeReader, time_reader

_ROWS_AT_ONCE = 500_000


def import_parquet(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one Parquet file. Raises `ImportProblem`; then nothing was written.

    Floats become the shortest decimal that reads back as the same float; the summary says so.
    """
    findings, notes = Findings(), list[str]()
    assembler = Assembler(path, options, findings, notes)
    try:
        table = pl.scan_parquet(path, glob=False)
        schema = table.collect_schema()
        total = table.select(pl.len()).collect().item()
        roles = _roles(schema, path)
        _describe(schema, roles, assembler)
        reader: TimeReader | None = None
        for first in range(0, total, _ROWS_AT_ONCE):
            frame = table.slice(first, _ROWS_AT_ONCE).collect()
            reader = _add(frame, first, roles, assembler, reader)
            if progress is not None:
                progress(min(first + _ROWS_AT_ONCE, total), total, path.name)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ImportProblem("BAD_FILE", f"{path} can't be read as Parquet: {error}") from None
    series = assembler.finish(catalog)
    summaries = store_series(catalog, [series], replace_bars=options.replace)
    return ImportSummary("Parquet", str(path), summaries, findings, notes)


def _roles(schema: pl.Schema, path: Path) -> Roles:
    names = list(schema.names())
    roles = roles_of(names, path)
    if roles is None:
        raise ImportProblem(
            "COLUMNS_MISSING", f"{path}: expected columns for {expected()}; found {', '.join(names[:10])}"
        )
    return roles


def _describe(schema: pl.Schema, roles: Roles, assembler: Assembler) -> None:
    names = list(schema.names())
    assembler.describe(roles)
    numeric = (*roles.prices, *(() if roles.volume is None else (roles.volume,)))
    floats = [names[place] for place in numeric if schema[names[place]].is_float()]
    if floats:
        assembler.notes.append(
            f"{', '.join(floats)} are floats in the file; each became the shortest decimal that is read back as it"
        )


def _add(
    frame: pl.DataFrame, first: int, roles: Roles, assembler: Assembler, reader: TimeReader | None
) -> TimeReader | None:
    columns = frame.get_columns()
    lines = np.arange(first + 1, first + 1 + frame.height, dtype=np.int64)
    if roles.symbol is not None:
        keep = assembler.of_one_symbol(columns[roles.symbol].cast(pl.String))
        if keep is not None:
            columns, lines = [column.filter(pl.Series(keep)) for column in columns], lines[keep]
    stamps = _stamps(columns, roles)
    if stamps.dtype == pl.String and reader is None and len(stamps) > 0:
        reader = time_reader(stamps, assembler.path, date_format=assembler.options.date_format)
        assembler.zoned, assembler.dates = reader.zoned, reader.dates
    times, timed = _times(stamps, assembler, reader)
    open_, high, low, close = (_text(columns[place]) for place in roles.prices)
    volume = None if roles.volume is None else _text(columns[roles.volume])
    assembler.add(Block(times, timed, stamps.cast(pl.String), (open_, high, low, close), volume, lines))
    return reader


def _stamps(columns: list[pl.Series], roles: Roles) -> pl.Series:
    """The time column: a temporal one as it is, all others as text."""
    parts = [columns[place] for place in roles.time]
    if len(parts) == 2:
        return (parts[0].cast(pl.String) + " " + parts[1].cast(pl.String)).alias("time")
    return parts[0] if parts[0].dtype.is_temporal() else parts[0].cast(pl.String)


def _times(stamps: pl.Series, assembler: Assembler, reader: TimeReader | None) -> tuple[IntColumn, Mask]:
    if isinstance(stamps.dtype, pl.Datetime):
        assembler.zoned = stamps.dtype.time_zone is not None
        found = stamps.dt.cast_time_unit("us").to_physical()
    elif stamps.dtype == pl.Date:
        assembler.dates = True
        found = stamps.cast(pl.Datetime("us")).to_physical()
    elif stamps.dtype == pl.String:
        if reader is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
        return reader.read(stamps)
    else:
        raise ImportProblem("UNKNOWN_DATES", f"column {stamps.name!r} of type {stamps.dtype} is no time", exit_code=5)
    return found.fill_null(0).cast(pl.Int64).to_numpy(), found.is_not_null().to_numpy()


def _text(column: pl.Series) -> pl.Series:
    """Numbers as the text that stands for them exactly."""
    text = column.cast(pl.String)
    return text.str.strip_suffix(".0") if column.dtype.is_float() else text
