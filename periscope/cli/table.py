"""Tables on stdout."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from periscope.cli.output import say


def print_table(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, to_right: Collection[str] = frozenset()
) -> None:
    """A table that is never cut: text to the left, the columns `to_right` to the right. Nothing if there is no row."""
    if not rows:
        return
    cells = [list(columns), *(["" if row[name] is None else str(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = (
            text.rjust(width) if name in to_right else text.ljust(width)
            for name, text, width in zip(columns, line, widths, strict=True)
        )
        say("  ".join(padded).rstrip())
