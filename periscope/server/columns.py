"""Columns of whole numbers as the API sends them: in bytes for charts and programs, in JSON for the eye.

The bytes are made so that a browser and NumPy can look at them without copying; docs/rest-bars.md describes them.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from fastapi import Response

from periscope.instruments.times import time_text
from periscope.market.columns import IntColumn
from periscope.portfolio.exact import unscaled

MEDIA_TYPE = "application/vnd.periscope.columns"
MAGIC = b"PSCOLS01"

Format = Literal["binary", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: times in microseconds since 1970-01-01 UTC, or numbers of so many decimals.

    `missing` stands for no value.
    """

    name: str
    values: IntColumn
    scale: int | None = None
    missing: int | None = None

    def header(self) -> dict[str, Any]:
        """What must be known to read it."""
        kind = {"type": "time"} if self.scale is None else {"type": "number", "scale": self.scale}
        return {"name": self.name, **kind, "missing": self.missing}

    def texts(self) -> list[str | None]:
        """The values as they stand in JSON: RFC 3339, or exact decimals."""
        values = self.values.tolist()
        if self.scale is None:
            return [time_text(value) for value in values]
        scale = self.scale
        return [None if value == self.missing else format(unscaled(value, scale), "f") for value in values]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of the same length, with what is to be said about them."""

    columns: tuple[Column, ...]
    about: dict[str, Any] = field(default_factory=dict)

    def answer(self, form: Format) -> Response:
        """The answer that it is."""
        header = {"rows": len(self.columns[0].values), **self.about}
        if form == "json":
            columns = {column.name: column.texts() for column in self.columns}
            return Response(json.dumps(header | {"columns": columns}), media_type="application/json")
        text = json.dumps(header | {"columns": [column.header() for column in self.columns]}).encode()
        text += b" " * (-len(text) % 8)
        parts = [MAGIC, len(text).to_bytes(8, "little"), text]
        parts += [np.ascontiguousarray(column.values, dtype="<i8").tobytes() for column in self.columns]
        return Response(b"".join(parts), media_type=MEDIA_TYPE)


def described(what: str) -> dict[int | str, dict[str, Any]]:
    """The description of such an answer, for `responses`."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    readable = {"schema": {"type": "object", "additionalProperties": True}}
    return {200: {"description": what, "content": {MEDIA_TYPE: binary, "application/json": readable}}}
