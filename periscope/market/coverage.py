"""How far the stored rows of a series reach."""

from dataclasses import dataclass

from periscope.market.manifest import BarFile


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which rows of one kind, instrument and span are stored.

    `first` and `last` are the starts of the first and last row, `until` the latest end, microseconds since 1970-01-01
    UTC. Holes in between are not told here.
    """

    first: int
    last: int
    until: int
    rows: int
    sha256s: tuple[str, ...]


def coverage_of(stored: tuple[BarFile, ...]) -> Coverage:
    """What the files of a series, of which there is at least one, hold together."""
    return Coverage(
        first=stored[0].first,
        last=stored[-1].last,
        until=max(file.until for file in stored),
        rows=sum(file.rows for file in stored),
        sha256s=tuple(file.sha256 for file in stored),
    )
