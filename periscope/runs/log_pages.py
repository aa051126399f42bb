"""What a strategy printed, a page at a time from a place in the file on: also while the run still writes it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 8 << 20
"""A page ends after so much of the file was looked at, however few lines of it match."""
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines as the file has them; `after` is how many bytes of the file are done, `is_last` that it has no more now."""

    lines: list[dict[str, Any]]
    after: int
    is_last: bool


def log_page(path: Path, *, after: int, limit: int, search: str | None = None) -> LogPage | None:
    """At most `limit` lines that hold `search`, from a place on that an earlier page gave, or from 0.

    None where no line begins at that place.
    """
    found: list[dict[str, Any]] = []
    with path.open("rb") as file:
        if not _begins_line(file.seek(0, 2), file, after):
            return None
        at = file.seek(after)
        while len(found) < limit and at - after < MOST_BYTES:
            line = file.readline(_LONGEST_LINE)
            if not line.endswith(b"\n"):
                return LogPage(found, at, is_last=True)  # the end, or a line that is being written at this moment
            at += len(line)
            entry = json.loads(line)
            if search is None or search in entry["line"]:
                found.append(entry)
        return LogPage(found, at, is_last=False)


def _begins_line(size: int, file: Any, place: int) -> bool:
    if place == 0 or place > size:
        return place == 0
    file.seek(place - 1)
    return bool(file.read(1) == b"\n")
