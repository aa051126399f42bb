"""What differs between two versions of the same rows: how many, and where the first is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from periscope.market.bar_files import take
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, Columns, IntColumn

_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first row that differs, by its start (microseconds UTC).

    `column` is the first of its columns that does, `before` and `after` the scaled integers there; all three are None
    where the row is in one version only, which `added` tells.
    """

    start: int
    column: str | None
    before: int | None
    after: int | None
    added: bool


@dataclass(frozen=True, slots=True)
class RowDifference:
    """How many rows were added, removed and given other values."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    first: FirstDifference | None = None


def row_difference[C: Columns](before: Iterable[C], after: Iterable[C]) -> RowDifference:
    """Compare rows that come in ascending pieces, as many at a time as both have read; memory is bounded by a piece."""
    found = RowDifference()
    for old, new in _side_by_side(iter(before), iter(after)):
        found = _together(found, _compare(old, new))
    return found


def _side_by_side[C: Columns](before: Iterator[C], after: Iterator[C]) -> Iterator[tuple[C | None, C | None]]:
    """The rows of both up to the same start; None for a side that has none there."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        until = min(_END if rows is None else int(rows.start[-1]) for rows in (old, new))
        (old_part, old), (new_part, new) = _split(old, until), _split(new, until)
        yield old_part, new_part
        old = next(before, None) if old is None else old
        new = next(after, None) if new is None else new


def _split[C: Columns](rows: C | None, until: int) -> tuple[C | None, C | None]:
    """The rows that start up to a time, and those after it; None for no rows."""
    if rows is None:
        return None, None
    count = int(np.searchsorted(rows.start, until, side="right"))
    head, tail = take(rows, slice(0, count)), take(rows, slice(count, None))
    return (head if len(head) > 0 else None), (tail if len(tail) > 0 else None)


def _compare[C: Columns](old: C | None, new: C | None) -> RowDifference:
    empty = np.empty(0, dtype=np.int64)
    before, after = (empty if rows is None else rows.start for rows in (old, new))
    common, at_old, at_new = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    removed, added = np.setdiff1d(before, common), np.setdiff1d(after, common)
    candidates = [_only(removed, added=False), _only(added, added=True)]
    changed = 0
    if old is not None and new is not None:
        matched_old, matched_new = take(old, at_old), take(new, at_new)
        other = np.zeros(len(common), dtype=np.bool_)
        for name in old.NAMES[1:]:
            other |= getattr(matched_old, name) != getattr(matched_new, name)
        changed = int(np.count_nonzero(other))
        candidates.append(_first_changed(matched_old, matched_new, np.flatnonzero(other)))
    first = min((each for each in candidates if each is not None), key=lambda each: each.start, default=None)
    return RowDifference(len(added), len(removed), changed, first)


def _only(starts: IntColumn, *, added: bool) -> FirstDifference | None:
    return FirstDifference(int(starts[0]), None, None, None, added) if len(starts) > 0 else None


def _first_changed[C: Columns](old: C, new: C, rows: IntColumn) -> FirstDifference | None:
    if len(rows) == 0:
        return None
    row = int(rows[0])
    for name in old.NAMES[1:]:
        before, after = int(getattr(old, name)[row]), int(getattr(new, name)[row])
        if before != after:
            return FirstDifference(int(old.start[row]), name, before, after, added=False)
    raise AssertionError("a row that differs has a column that differs")


def _together(one: RowDifference, other: RowDifference) -> RowDifference:
    return RowDifference(
        one.added + other.added,
        one.removed + other.removed,
        one.changed + other.changed,
        one.first if one.first is not None else other.first,
    )


def is_missing(kind: type[Columns], column: str, value: int) -> bool:
    """Whether a scaled integer stands for no value in that column."""
    return (column in kind.PRICES and value == NO_PRICE) or (column in kind.SIZES and value == UNKNOWN_VOLUME)
