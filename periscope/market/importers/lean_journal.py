"""What an import of a LEAN folder has done so far, so that one that was interrupted goes on where it was.

A line for each series that is whole in the catalog: the hashes of its files and what the summary says of it. The
journal lies where the catalog keeps what it needs for a while, named by the folder and the options of the import, and
goes when the import is done. A half-written last line counts for nothing.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from periscope.market.bar_files import sha256_of
from periscope.market.catalog_files import CatalogFiles
from periscope.market.importers.findings import Finding, Findings
from periscope.market.importers.lean_files import LeanFile, LeanFolder
from periscope.market.importers.storing import SeriesSummary


class Done(msgspec.Struct):
    """A series of files that was imported, or one series for each contract in them."""

    files: dict[str, str]
    series: list[SeriesSummary]
    counts: dict[str, int]
    examples: list[Finding]

    def findings(self) -> Findings:
        """What the import found in these files."""
        found = Findings()
        found.counts.update(self.counts)
        found.examples += self.examples
        return found


class LeanJournal:
    """The journal of one import, with what an interrupted one before it had done."""

    def __init__(self, files: CatalogFiles, folder: LeanFolder, options: str) -> None:
        name = hashlib.sha256(f"{files.where}\n{folder.root}\n{options}".encode()).hexdigest()[:12]
        self._path = files.scratch / f"unfinished-import-{name}.jsonl"
        self._folder = folder
        self._done: dict[frozenset[str], Done] = {}
        for done in self._lines():
            self._done[frozenset(done.files)] = done

    def done(self, files: Sequence[LeanFile]) -> Done | None:
        """What was imported from exactly these files, as they still are; None if they are still to be imported."""
        found = self._done.get(frozenset(map(self._name, files)))
        return found if found is not None and found.files == self._hashes(files) else None

    def note(self, files: Sequence[LeanFile], series: Sequence[SeriesSummary], findings: Findings) -> None:
        """Note that these files are in the catalog."""
        line = Done(self._hashes(files), list(series), dict(findings.counts), findings.examples)
        with self._path.open("ab") as journal:
            journal.write(msgspec.json.encode(line) + b"\n")

    def finish(self) -> None:
        """The import is done, and nothing is left to go on with."""
        self._path.unlink(missing_ok=True)

    def _hashes(self, files: Sequence[LeanFile]) -> dict[str, str]:
        return {self._name(file): sha256_of(file.path) for file in files}

    def _name(self, file: LeanFile) -> str:
        """The file, with what of it is imported as what: the rows of a ticker may be those of several instruments."""
        days = "" if file.days is None else f" on {file.days} of {file.taken}"
        return f"{self._folder.name(file.path)} as {file.symbol}{days}"

    def _lines(self) -> list[Done]:
        found: list[Done] = []
        for line in self._path.read_bytes().split(b"\n") if self._path.is_file() else ():
            try:
                found.append(msgspec.json.decode(line, type=Done))
            except msgspec.DecodeError:
                continue
        return found
