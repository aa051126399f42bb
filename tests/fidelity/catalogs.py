"""A catalog of just the files that a case names, made by the project's own importer."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.lean import import_lean
from tests.fidelity.cases import BadCaseError, Case, microseconds

_FACTS = ("market-hours", "symbol-properties", "map_files", "factor_files", "margins")
"""Folders of facts that are linked whole: they hold no prices, and a case need not name them all."""


class Catalogs:
    """Catalogs below a folder, one for each set of files, made when first asked for."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data = data.absolute()
        self._folder = folder
        self._made: dict[str, Catalog] = {}

    def of(self, case: Case) -> Catalog:
        """The catalog of a case. Raises `BadCaseError` where a file is missing or can't be read."""
        prices = sorted(name for name in case.files if name.endswith(".zip") and not name.endswith("_openinterest.zip"))
        if not prices:
            raise BadCaseError(f"{case.name} names no zip files")
        key = hashlib.sha256("\n".join(prices).encode()).hexdigest()[:16]
        if key not in self._made:
            self._made[key] = self._make(case, prices, self._folder / key)
        return self._made[key]

    def _make(self, case: Case, prices: list[str], folder: Path) -> Catalog:
        links = folder / "lean"
        for name in prices:
            source = self._data / name
            if not source.is_file():
                raise BadCaseError(f"{case.name} needs {name}, which is not below {self._data}")
            _link(source, links / _inside(name))
        for facts in {fact for name in case.files for fact in self._facts(name)}:
            _link(self._data / facts, links / _inside(facts))
        catalog = Catalog.create(folder / "catalog")
        try:
            import_lean(links, catalog)
        except ImportProblem as problem:
            raise BadCaseError(f"{case.name}: its data can't be imported: {problem}") from None
        catalog = Catalog.open(folder / "catalog")
        catalog.add_instruments(_with_expiries(catalog.instruments.all(), case))
        return catalog

    def _facts(self, name: str) -> list[str]:
        """The folders of facts around a file."""
        parts = Path(name).parts
        kinds = [place for place, part in enumerate(parts) if part in ("equity", "future")]
        if not kinds:
            return []
        root, market = Path(*parts[: kinds[0]]), Path(*parts[: kinds[0] + 2])
        found = [root / fact for fact in _FACTS[:2]] + [market / fact for fact in _FACTS[2:]]
        return [each.as_posix() for each in found if (self._data / each).is_dir()]


def _with_expiries(instruments: list[Instrument], case: Case) -> list[Instrument]:
    """Contracts for whose root no rule of expiry is known, with the date that the case tells.

    Noon UTC is that date on every exchange's clock; LEAN lets a contract trade until the date is over.
    """
    return [
        replace(each, expires_at=microseconds(datetime.combine(case.expiries[each.symbol], time(12), UTC)))
        for each in instruments
        if each.expires_at is None and each.symbol in case.expiries
    ]


def _inside(name: str) -> Path:
    """Where a file lies in LEAN's data folder: from equity or future on, or as it is for facts of all kinds."""
    parts = Path(name).parts
    starts = [place for place, part in enumerate(parts) if part in ("equity", "future", *_FACTS[:2])]
    return Path(*parts[starts[0] :]) if starts else Path(name)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source.absolute(), target_is_directory=source.is_dir())
