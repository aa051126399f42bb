"""Files that are no longer current: what is known of them, what replaced them, and clearing them away."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec

from periscope.market.catalog_files import CatalogFiles
from periscope.market.errors import CatalogDamagedError
from periscope.market.manifest import BarFile, Manifest
from periscope.market.storing import Change, superseded_name

_FOLDER = "superseded/records"
_MADE_HERE = re.compile(r"(bars/.*/\d{4}-[0-9a-f]{12}|superseded/[0-9a-f]{64})\.parquet")

type Count = Annotated[int, msgspec.Meta(ge=0)]


class EarlierFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file that was current once, as the manifest had it.

    `replaced_by` are the hashes of the files that its rows are in now, `added` and `replaced` how many rows the write
    added and gave other values, and `source` where those came from.
    """

    file: BarFile
    replaced_by: tuple[str, ...]
    added: Count
    replaced: Count
    source: str


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that no current series has: its name and its size in bytes."""

    name: str
    size: int


def record_earlier(files: CatalogFiles, series: str, change: Change, source: str) -> None:
    """Keep what is known of the files that a write replaces; done before it, so that none is ever without."""
    for file in change.gone:
        year = file.file.rpartition("/")[2][:4]
        made = [each.sha256 for each in change.made if each.file.rpartition("/")[2].startswith(year)]
        earlier = EarlierFile(
            file=file,
            replaced_by=tuple(made),
            added=change.report.added,
            replaced=change.report.replaced,
            source=source,
        )
        content = msgspec.json.format(msgspec.json.encode(earlier), indent=1)
        files.put(f"{_FOLDER}/{series}/{file.sha256}.json", content)


def earlier_files(files: CatalogFiles, series: str) -> list[EarlierFile]:
    """What is known of the earlier files of a series, by the time of their bars. Raises `CatalogDamagedError`."""
    found = []
    for name, content in files.read_all(f"{_FOLDER}/{series}").items():
        try:
            found.append(msgspec.json.decode(content, type=EarlierFile))
        except msgspec.DecodeError as error:
            raise CatalogDamagedError(f"{files.where}/{name} is damaged: {error}. Restore it from a backup") from None
    return sorted(found, key=lambda earlier: (earlier.file.first, earlier.file.rows, earlier.file.sha256))


def leftovers(files: CatalogFiles, manifest: Manifest) -> Iterator[Leftover]:
    """The files of bars that the manifest does not need, and what was noted about them."""
    current = {file.file: file.sha256 for stored in manifest.series.values() for file in stored}
    there = files.sizes("bars") | files.sizes("superseded")
    displaced = {superseded_name(sha256) for name, sha256 in current.items() if name not in there}
    for name, size in there.items():
        if name.startswith(f"{_FOLDER}/") or (
            _MADE_HERE.fullmatch(name) and name not in current and name not in displaced
        ):
            yield Leftover(name, size)
