"""Bars and equity curves as Polars frames, exact to the last digit."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from periscope.client.errors import ApiError
from periscope.client.transport import Transport

if TYPE_CHECKING:
    import polars as pl

_TYPE = "application/vnd.periscope.columns"
_MAGIC = b"PSCOLS01"
_HEAD = 16
_MOST_BYTES = 64 << 20
MOST_ROWS = 100_000
"""What one answer can hold."""
_DEEPEST = 30
_FILL = 0.9
"""How full the parts of a long window are planned to be; bars are not spread evenly."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of a window. Times are UTC, numbers Polars Decimals, what is not known is null.

    `stored` is how many rows there are without merging or thinning; `about` is what else the server says, such as how
    many seconds a bar covers, and whether these are the very files that the run read.
    """

    frame: "pl.DataFrame"
    stored: int
    about: dict[str, Any]


def read_window(
    transport: Transport, path: str, parameters: dict[str, Any], start: datetime, end: datetime, most: int
) -> Window:
    """One window of at most `most` rows."""
    edges = {"start": _text(start), "end": _text(end), "max_points": most}
    body, _ = transport.fetch(path, (_TYPE,), parameters=parameters | edges, most=_MOST_BYTES)
    return decode(body)


def read_all(
    transport: Transport, path: str, parameters: dict[str, Any], start: datetime, end: datetime, *, both_ends: bool
) -> "pl.DataFrame":
    """Every row from `start` to `end`, in as many parts as it takes; `both_ends` says that `end` belongs to it."""
    import polars as pl

    parts = list(_parts(transport, path, parameters, (start, end), both_ends=both_ends))
    filled = [part for part in parts if len(part)]
    return pl.concat(filled) if filled else parts[0]


def _parts(
    transport: Transport,
    path: str,
    parameters: dict[str, Any],
    edges: tuple[datetime, datetime],
    *,
    both_ends: bool,
    depth: int = 0,
) -> "Iterator[pl.DataFrame]":
    start, end = edges
    window = read_window(transport, path, parameters, start, end, MOST_ROWS)
    if window.stored <= MOST_ROWS:
        yield window.frame
        return
    count = -(-window.stored // int(MOST_ROWS * _FILL))
    step = (end - start) / count
    if depth > _DEEPEST or step < 2 * _MICROSECOND:
        raise ApiError("SERVER_UNKNOWN", f"the server says that {window.stored:,} rows are of one moment")
    for number in range(count):
        first, stop = start + step * number, end if number == count - 1 else start + step * (number + 1)
        last = stop - _MICROSECOND if both_ends and stop != end else stop
        yield from _parts(transport, path, parameters, (first, last), both_ends=both_ends, depth=depth + 1)


def decode(body: bytes) -> Window:
    """The window in the bytes of an answer. Raises ApiError where they are none."""
    import polars as pl

    try:
        length = int.from_bytes(body[8:_HEAD], "little")
        header = json.loads(body[_HEAD : _HEAD + length])
        rows, columns = int(header.pop("rows")), list(header.pop("columns"))
        stored = int(header.pop("stored"))
        if body[:8] != _MAGIC or rows < 0 or len(body) != _HEAD + length + 8 * rows * len(columns):
            raise ValueError("its size is not what it says")
        places = range(_HEAD + length, len(body), 8 * rows or 1)
        frame = pl.DataFrame([_series(body, at, rows, each) for at, each in zip(places, columns, strict=False)])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, pl.exceptions.PolarsError) as error:
        raise ApiError("SERVER_UNKNOWN", f"the columns of a window can't be read: {str(error)[:200]}") from None
    return Window(frame, stored, header)


def _series(body: bytes, place: int, rows: int, column: dict[str, Any]) -> "pl.Series":
    import numpy as np
    import polars as pl

    values = pl.Series(str(column["name"]), np.frombuffer(body, "<i8", rows, place))
    if column["type"] == "time":
        return values.cast(pl.Datetime("us", "UTC"))
    scale, missing = int(column["scale"]), column["missing"]
    if not 0 <= scale <= 18:
        raise ValueError(f"{scale} decimals")
    if missing is not None:
        values = values.set(values == int(missing), None)
    return _decimals(values, scale)


def _decimals(values: "pl.Series", scale: int) -> "pl.Series":
    """Scaled integers as exact decimals."""
    import polars as pl

    kind = pl.Decimal(38, scale)
    return (values.cast(kind) / pl.Series([10**scale]).cast(pl.Decimal(38, 0))).cast(kind).rename(values.name)


def _text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ApiError("INVALID", "a time needs a time zone", "datetime(..., tzinfo=UTC)")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
