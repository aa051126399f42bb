"""Importing bars from Parquet and Arrow files with the column names that CSV files have, batch by batch."""

from pathlib import Path

import numpy as np
import polars as pl

from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, IntColumn, Mask
from periscope.market.importers.assemble import store_file
from periscope.market.importers.by_symbol import BySymbol
from periscope.market.importers.exact import LARGEST, MOST_DECIMALS, shortened
from periscope.market.importers.findings import ImportProblem, is_panic, no_room
from periscope.market.importers.names import Roles, expected, roles_of
from periscope.market.importers.number_style import NumberStyle
from periscope.market.importers.options import DEFAULTS, ImportOptions
from periscope.market.importers.rows import Block, Rows
from periscope.market.importers.storing import ImportSummary, Progress
from periscope.market.importers.timestamps import EARLIEST, LATEST, TimeReader, time_reader

_ROWS_AT_ONCE = 250_000


def import_parquet(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one Parquet file. Raises `ImportProblem`; then nothing was written.

    Floats become the shortest decimal that reads back as the same float; a finding says so.
    """
    return _import("Parquet", path, catalog, options, progress)


def import_arrow(
    path: Path, catalog: Catalog, options: ImportOptions = DEFAULTS, *, progress: Progress | None = None
) -> ImportSummary:
    """Import one Arrow IPC file (also called Feather, version 2), as `import_parquet` does."""
    return _import("Arrow", path, catalog, options, progress)


def _import(
    kind: str, path: Path, catalog: Catalog, options: ImportOptions, progress: Progress | None
) -> ImportSummary:
    size, style = path.stat().st_size, NumberStyle(path, options.decimal)
    try:
        table = pl.scan_parquet(path, glob=False) if kind == "Parquet" else pl.scan_ipc(path)
        schema = table.collect_schema()
        total = table.select(pl.len()).collect().item()
        series = BySymbol.of_file(path, options, _roles(schema, path, options.kind), catalog)
        _describe(schema, series)
        reader: TimeReader | None = None
        done = 0
        for frame in table.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
            reader = _add(frame, done, series, style, reader)
            done += frame.height
            if progress is not None:
                progress(size * done // max(total, 1), size, path.name)
    except BaseException as error:
        damaged = isinstance(error, pl.exceptions.PolarsError | OSError) or is_panic(error)
        if not damaged or no_room(error):
            raise
        what = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ImportProblem("BAD_FILE", f"{path} can't be read as {kind}: {what}") from None
    if done != total:
        raise ImportProblem("BAD_FILE", f"{path} holds {done} rows where it says {total}")
    return store_file(kind, series.assemblers(), catalog, progress=progress)


def _roles(schema: pl.Schema, path: Path, kind: str | None) -> Roles:
    names = list(schema.names())
    roles = roles_of(names, path, kind)
    if roles is None:
        raise ImportProblem(
            "COLUMNS_MISSING", f"{path}: expected columns for {expected()}; found {', '.join(names[:10])}"
        )
    return roles


def _describe(schema: pl.Schema, series: BySymbol) -> None:
    names, roles = list(schema.names()), series.roles
    numeric = (*roles.prices, *(place for place in roles.sizes if place is not None))
    floats = [names[place] for place in numeric if schema[names[place]].is_float()]
    if floats:
        what = f"{', '.join(floats)} are floats in the file; each became the shortest decimal that is read back as it"
        series.findings.add("FLOAT_PRICES", series.path.name, None, what)


def _add(
    frame: pl.DataFrame, first: int, series: BySymbol, style: NumberStyle, reader: TimeReader | None
) -> TimeReader | None:
    columns, roles = frame.get_columns(), series.roles
    lines = np.arange(first + 1, first + 1 + frame.height, dtype=np.int64)
    symbols = None if roles.symbol is None else columns[roles.symbol].cast(pl.String)
    stamps = _possible(_stamps(columns, roles))
    if stamps.dtype == pl.String and reader is None and len(stamps) > 0:
        reader = time_reader(stamps, series.path, date_format=series.options.date_format)
        series.take_reader(reader)
    times, timed = _times(stamps, series, reader)
    exact = _exact_rows(columns, roles, times, timed, lines)
    if exact is not None:
        series.add_rows(exact, symbols)
        return reader
    prices = tuple(_text(columns[place]) for place in roles.prices)
    sizes = tuple(None if place is None else _text(columns[place]) for place in roles.sizes)
    block = Block(times, timed, stamps.cast(pl.String), prices, sizes, lines, kind=roles.kind)
    series.add_block(block, symbols, style)
    return reader


def _stamps(columns: list[pl.Series], roles: Roles) -> pl.Series:
    """The time column: a temporal one as it is, all others as text."""
    parts = [columns[place] for place in roles.time]
    if len(parts) == 2:
        return (parts[0].cast(pl.String) + " " + parts[1].cast(pl.String)).alias("time")
    return parts[0] if parts[0].dtype.is_temporal() else parts[0].cast(pl.String)


def _possible(stamps: pl.Series) -> pl.Series:
    """The stamps with null for moments that no calendar has."""
    if not isinstance(stamps.dtype, pl.Datetime | pl.Date):
        return stamps
    micros = stamps.cast(pl.Datetime("us")) if stamps.dtype == pl.Date else stamps.dt.cast_time_unit("us")
    within = micros.to_physical().is_between(EARLIEST, LATEST)
    return stamps if within.all() else stamps.zip_with(within, pl.Series([None], dtype=stamps.dtype))


def _times(stamps: pl.Series, series: BySymbol, reader: TimeReader | None) -> tuple[IntColumn, Mask]:
    if isinstance(stamps.dtype, pl.Datetime):
        series.zoned = stamps.dtype.time_zone is not None
        found = stamps.dt.cast_time_unit("us").to_physical()
    elif stamps.dtype == pl.Date:
        series.dates = True
        found = stamps.cast(pl.Datetime("us")).to_physical()
    elif stamps.dtype == pl.String:
        if reader is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
        return reader.read(stamps)
    else:
        raise ImportProblem("UNKNOWN_DATES", f"column {stamps.name!r} of type {stamps.dtype} is no time", exit_code=5)
    return found.fill_null(0).cast(pl.Int64).to_numpy(), found.is_not_null().to_numpy()


def _exact_rows(columns: list[pl.Series], roles: Roles, times: IntColumn, timed: Mask, lines: IntColumn) -> Rows | None:
    """Whole numbers and decimals as they are, None if there are others, or a row that can't be used."""
    prices = [columns[place] for place in roles.prices]
    sizes = [columns[place] for place in roles.sizes if place is not None]
    numeric = [*prices, *sizes]
    if not bool(timed.all()) or not all(column.dtype.is_integer() or column.dtype.is_decimal() for column in numeric):
        return None
    scale, size_scale = (max((_scale(column) for column in group), default=0) for group in (prices, sizes))
    values = [each for column in prices if (each := _integers(column, scale)) is not None]
    amounts = [each for column in sizes if (each := _integers(column, size_scale)) is not None]
    lost = len(values) + len(amounts) < len(numeric)
    if lost or scale > MOST_DECIMALS or any(bool(np.any(each < 0)) for each in amounts):
        return None
    values, scale = shortened(values, scale)
    amounts, size_scale = shortened(amounts, size_scale) if amounts else ([], 0)
    unknown = np.full(len(times), UNKNOWN_VOLUME, dtype=np.int64)
    given = iter(amounts)
    found = dict(zip(roles.kind.PRICES, values, strict=True))
    found |= {
        name: unknown if place is None else next(given)
        for name, place in zip(roles.kind.SIZES, roles.sizes, strict=True)
    }
    ordered = (found[name] for name in roles.kind.NAMES[2:])
    return Rows.of(roles.kind, (times, *ordered, lines), scale, size_scale)


def _scale(column: pl.Series) -> int:
    return column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0


def _integers(column: pl.Series, scale: int) -> IntColumn | None:
    """A column times ten to the scale; None if a value is missing or has too many digits."""
    values = column.to_physical()
    if values.null_count() > 0 or len(values) == 0:
        return None
    lowest, highest, factor = values.min(), values.max(), 10 ** (scale - _scale(column))
    assert isinstance(lowest, int)
    assert isinstance(highest, int)
    if max(-lowest, highest) * factor > LARGEST:
        return None
    whole: IntColumn = values.cast(pl.Int64).to_numpy()
    return whole * np.int64(factor)


def _text(column: pl.Series) -> pl.Series:
    """Numbers as the text that stands for them exactly."""
    text = column.cast(pl.String)
    return text.str.strip_suffix(".0") if column.dtype.is_float() else text
