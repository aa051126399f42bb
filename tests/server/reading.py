"""Reads the columns that the API sends, as docs/rest-bars.md describes them."""

import json
from typing import Any

import numpy as np


def read_columns(data: bytes) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The header, and the columns by name."""
    assert data[:8] == b"PSCOLS01"
    length = int.from_bytes(data[8:16], "little")
    assert length % 8 == 0
    header = json.loads(data[16 : 16 + length])
    rows, at = header["rows"], 16 + length
    columns = {}
    for column in header["columns"]:
        columns[column["name"]] = np.frombuffer(data, "<i8", rows, at).tolist()
        at += 8 * rows
    assert at == len(data)
    return header, columns
