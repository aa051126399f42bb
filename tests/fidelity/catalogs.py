"""A catalog of just the files that a case names, made by the project's own importer."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path, PurePosixPath

from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean import import_lean
from tests.fidelity.cases import BadCaseError, Case, microseconds

_FACTS = ("market-hours", "symbol-properties", "map_files", "factor_files", "margins")
"""Folders of facts that are linked whole: they hold no prices, and a case need not name them all."""
_KINDS = ("equity", "future")
_PACKED = ("map_files", "factor_files")


class Catalogs:
    """Catalogs below a folder, one for each set of files, made when first asked for."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data = data.absolute()
        self._folder = folder
        self._made: dict[str, Catalog] = {}
        self._tried = 0

    def of(self, case: Case) -> Catalog:
        """The catalog of a case. Raises `BadCaseError` where a file is missing or can't be read."""
        found = {_inside(path): path for name in case.files for path in self._files(case, name)}
        prices = {place: path for place, path in found.items() if _holds_prices(place)}
        if not prices:
            raise BadCaseError(f"{case.name} names no zip files of prices in data_files")
        told = [*map(str, sorted(prices.items())), *map(str, sorted(case.expiries.items()))]
        key = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        if key not in self._made:
            self._tried += 1
            self._made[key] = self._make(case, prices, self._folder / f"{key}-{self._tried}")
        return self._made[key]

    def _files(self, case: Case, name: str) -> Iterator[Path]:
        """The file that a case names, or all files of a folder.

        Raises `BadCaseError` where there is none; of facts and open interest a case may name what is not there.
        """
        found = self._find(name)
        word = name.lower()
        if found is None and (word.endswith((".csv", ".json", "_openinterest.zip")) or "universes" in word):
            return
        if found is None:
            raise BadCaseError(f"{case.name} needs {name}, which is not below {self._data}")
        yield from sorted(path for path in found.rglob("*") if path.is_file()) if found.is_dir() else [found]

    def _find(self, name: str) -> Path | None:
        """A file below the data folder, in whatever case its name is written.

        The data folder may lie deeper than what the names begin with: as `lean` does for `data/lean/equity/...`.
        """
        parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".")]
        for skipped in range(len(parts)):
            found = _below(self._data, parts[skipped:])
            if found is not None:
                return found
        return None

    def _make(self, case: Case, prices: dict[Path, Path], folder: Path) -> Catalog:
        links = folder / "lean"
        for place, source in prices.items():
            _link(source, links / place)
        for there, here in {fact for place, source in prices.items() for fact in _facts(place, source)}:
            _link_facts(case, here, links / there)
        catalog = Catalog.create(folder / "catalog")
        try:
            import_lean(links, catalog)
        except ImportProblem as problem:
            told = str(problem).replace(f"{links}/", "")
            raise BadCaseError(f"{case.name}: its data can't be imported: {told}") from None
        catalog = Catalog.open(folder / "catalog")
        catalog.add_instruments(_with_expiries(catalog.instruments.all(), case))
        return catalog


def _holds_prices(place: Path) -> bool:
    return (
        place.suffix == ".zip"
        and place.parts[0] in _KINDS
        and not place.name.endswith("_openinterest.zip")
        and not set(_FACTS) & set(place.parts)
    )


def _below(folder: Path, parts: list[str]) -> Path | None:
    """The path below a folder, each part as it is written or in another case; None where there is none."""
    for part in parts:
        exact = folder / part
        if not exact.exists():
            if not folder.is_dir():
                return None
            alike = sorted(path for path in folder.iterdir() if path.name.lower() == part.lower())
            if not alike:
                return None
            exact = alike[0]
        folder = exact
    return folder


def _facts(place: Path, source: Path) -> list[tuple[Path, Path]]:
    """The folders of facts around a file of prices: where each goes and where it is."""
    root = source.parents[len(place.parts) - 1]
    market = place.parts[:2]
    found = [(Path(fact), root / fact) for fact in _FACTS[:2]]
    found += [(Path(*market, fact), root.joinpath(*source.parts[len(root.parts) :][:2], fact)) for fact in _FACTS[2:]]
    return [(there, here) for there, here in found if here.is_dir()]


def _with_expiries(instruments: list[Instrument], case: Case) -> list[Instrument]:
    """Contracts with the expiry date that the case tells, whatever our own rules say of their root.

    Noon UTC is that date on every exchange's clock; LEAN lets a contract trade until the date is over.
    """
    return [
        replace(each, expires_at=microseconds(datetime.combine(case.expiries[each.symbol], time(12), UTC)))
        for each in instruments
        if each.is_future and each.symbol in case.expiries
    ]


def _inside(path: Path) -> Path:
    """Where a file lies in LEAN's data folder: from equity or future on, or from facts of all kinds; in lower case.

    Margins keep their case, as LEAN looks for them under the root in capitals.
    """
    parts = path.parts
    starts = [place for place, part in enumerate(parts) if part.lower() in (*_KINDS, *_FACTS[:2])]
    chosen = parts[starts[-1] :] if starts else parts[-1:]
    return Path(*(part if "margins" in chosen[:-1] and part is chosen[-1] else part.lower() for part in chosen))


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source.absolute(), target_is_directory=source.is_dir())


def _link_facts(case: Case, source: Path, target: Path) -> None:
    """A folder of facts; map and factor files may also lie in zips, of which the latest counts, as in LEAN."""
    packed = sorted(source.glob("*.zip")) if source.name in _PACKED else []
    if not packed:
        _link(source, target)
        return
    target.mkdir(parents=True)
    try:
        with zipfile.ZipFile(packed[-1]) as archive:
            for name in archive.namelist():
                if name.endswith(".csv"):
                    (target / PurePosixPath(name).name).write_bytes(archive.read(name))
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise BadCaseError(f"{case.name}: {packed[-1]} can't be read: {error}") from None
    for path in source.glob("*.csv"):
        target.joinpath(path.name).unlink(missing_ok=True)
        _link(path, target / path.name)
