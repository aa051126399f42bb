"""How strategies and their versions are named, and how two versions differ."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
NAME_RULE = "a letter, then at most 63 letters, digits, _ and -"

DRAFT_SUFFIX = "@draft"
"""`NAME@draft` is what is being edited, where a version could stand too."""

_REFERENCE = re.compile(rf"({NAME.pattern})@([1-9][0-9]{{0,8}})", re.ASCII)
_MAX_COMPARED_LINES = 20_000
_MAX_COMPARED_IN_ALL = 100_000
"""Comparing takes time that grows with the square of the lines that differ."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version is called: `moving_averages@3`."""

    strategy: str
    number: int

    def __str__(self) -> str:
        return f"{self.strategy}@{self.number}"


def is_name(text: str) -> bool:
    """Whether a strategy may be called so."""
    return NAME.fullmatch(text) is not None


def parse_reference(text: str) -> Reference | None:
    """`NAME@NUMBER`; None for any other text."""
    found = _REFERENCE.fullmatch(text)
    return None if found is None else Reference(found[1], int(found[2]))


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs: `added`, `removed` or `changed`, and the unified diff of its text without a line end.

    The diff is empty where a file is no text, or too long to be compared line by line.
    """

    file: str
    kind: str
    lines: tuple[str, ...]


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[FileChange]:
    """How the files of two bundles differ, by name."""
    changes: list[FileChange] = []
    budget = _MAX_COMPARED_IN_ALL
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        kind = "added" if before is None else "removed" if after is None else "changed"
        lines = _lines(before), _lines(after)
        budget -= max(len(each or ()) for each in lines)
        changes.append(FileChange(name, kind, _diff(name, before, after) if budget >= 0 else ()))
    return changes


def _diff(name: str, before: bytes | None, after: bytes | None) -> tuple[str, ...]:
    old, new = _lines(before), _lines(after)
    if old is None or new is None or max(len(old), len(new)) > _MAX_COMPARED_LINES:
        return ()
    origin = "/dev/null" if before is None else f"a/{name}"
    target = "/dev/null" if after is None else f"b/{name}"
    return tuple(difflib.unified_diff(old, new, origin, target, lineterm=""))


def _lines(content: bytes | None) -> list[str] | None:
    try:
        return [] if content is None else content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        return None
