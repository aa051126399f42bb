"""Installed packages that an operator lets strategies import: found, checked, and named folder by folder.

Markers of requirements are not evaluated. One that names an `extra` is left out; any other is taken where it is
installed. So a package may bring along one that it needs on other platforms only, which does no harm.
"""

import csv
import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import PathFinder, all_suffixes
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from periscope.sandbox.confinement import Package

_OURS = frozenset({"libs", "msgspec", "periscope", "periscope_inside", "strategy"})
_THERE_ANYWAY = frozenset({"msgspec"})
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*(?:;(.*))?", re.DOTALL)
_NO_MODULES = (".dist-info", ".egg-info", ".data", "__pycache__")

ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "POLARS_MAX_THREADS",
    "POLARS_ASYNC_THREAD_COUNT",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
)
"""Variables by which NumPy, pandas, Polars and what they stand on are told to compute with one thread.

One, because how a sum is split over threads changes its last digits: a run must not depend on the number of processors.
And because every thread costs 8 MiB of stack, and OpenBLAS 40 MiB of buffers, of the memory that a run may have.
"""

_NO_SPILLING = {"POLARS_OVERRIDE_TOTAL_MEMORY_MB": "1000000"}
"""Polars writes to disk what exceeds most of the machine's memory. Here it can't see that memory, takes it for none,
and can't write. So it is told of more than there is, and the run's limit on memory holds it."""


class PackageError(Exception):
    """A package that strategies can't be allowed: a code, a sentence, and what to try."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def resolve(names: Sequence[str]) -> tuple[Package, ...]:
    """The installed packages of those names, then all that they require.

    Raises PackageError for one that is not installed, or that can't be given to a strategy by itself.
    """
    for name in names:
        if _normal(name) in _THERE_ANYWAY:
            raise _refused(name, "every strategy can import it already", f"take {name} out of the list")
    found: dict[str, Package] = {}
    waiting = [(name, "") for name in names]
    while waiting:
        name, asked_by = waiting.pop(0)
        if _normal(name) in found or _normal(name) in _THERE_ANYWAY:
            continue
        installed = _installed(name, asked_by)
        found[_normal(name)] = _package(installed)
        waiting += [(each, installed.name) for each in _required(installed)]
    return tuple(found.values())


def environment(packages: Sequence[Package]) -> dict[str, str]:
    """Variables for the strategy's process: where time zones are, and how packages are to share the machine."""
    zones = {"PYTHONTZPATH": str(zone_folder())}
    return zones | dict.fromkeys(ONE_THREAD, "1") | _NO_SPILLING if packages else zones


@cache
def zone_folder() -> Path:
    """The folder of the time zone data that came with us, so that no result depends on that of the machine."""
    spec = find_spec("tzdata")
    assert spec is not None and spec.submodule_search_locations, "tzdata is one of our dependencies"
    return (Path(spec.submodule_search_locations[0]) / "zoneinfo").resolve()


def _normal(name: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _refused(name: str, reason: str, hint: str = "") -> PackageError:
    return PackageError("PACKAGE_REFUSED", f"strategies can't be allowed the package {name}: {reason}", hint)


def _installed(name: str, asked_by: str) -> Distribution:
    if not _NAME.fullmatch(name):
        raise _refused(repr(name), "this is no package's name", "write the name alone, without a version")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        message = f"the package {name} is not installed"
        if asked_by:
            message = f"{asked_by} requires the package {name}, which is not installed"
        raise PackageError("PACKAGE_NOT_INSTALLED", message, _suggestion(name)) from None
    if not found.metadata.get("Name") or not found.metadata.get("Version"):
        raise _refused(name, "its installation is damaged: it has no name or no version", "install it again")
    return found


def _suggestion(name: str) -> str:
    """A name that is meant instead: of the package that has such a module, or one that is spelled nearly so."""
    is_module = PathFinder.find_spec(name) is not None  # whose it is takes reading the lists of all files
    by_module = [each for each in packages_distributions().get(name, ()) if each] if is_module else []
    known = sorted({_normal(found) for each in distributions() if (found := each.metadata.get("Name"))})
    near = by_module or difflib.get_close_matches(_normal(name), known, n=3)
    if near:
        return f"did you mean {', '.join(sorted(set(near)))}?"
    return f"install {name} beside periscope, in {sys.prefix}"


def _required(installed: Distribution) -> Iterator[str]:
    """Names that a package requires without an extra; one with a marker only if it is installed."""
    for line in installed.requires or ():
        match = _REQUIREMENT.match(line)
        if match is None or re.search(r"\bextra\b", match[2] or ""):
            continue
        if match[2] is None or _is_installed(match[1]):
            yield match[1]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _package(installed: Distribution) -> Package:
    name = installed.name
    if _is_editable(installed):
        raise _refused(name, "it is installed in editable form", "install it as a whole, without -e")
    record = installed.read_text("RECORD")
    if record is None:
        raise _refused(name, "its installation keeps no list of its files", "install it again, with pip or uv")
    top: dict[str, set[str]] = {}
    for file, *_ in csv.reader(record.splitlines()):
        first, _, rest = file.partition("/")
        if first not in {"..", ""} and not first.endswith(_NO_MODULES):
            top.setdefault(first, set()).add(rest.partition("/")[0])
    modules: list[tuple[str, Path]] = []
    folders: list[Path] = []
    for first, inside in sorted(top.items()):
        place = Path(str(installed.locate_file(first)))
        is_folder = inside != {""}
        module = _folder_module(name, first, inside) if is_folder else _file_module(first)
        if module is not None:
            _check_module(name, module, place)
            modules.append((module, place.resolve()))
        if module is not None or is_folder:
            folders.append(place.resolve())
    if not modules:
        raise _refused(name, "it has no modules")
    return Package(name, installed.version, tuple(modules), tuple(folders))


def _is_editable(installed: Distribution) -> bool:
    """Whether the modules are elsewhere, as the installer noted it."""
    origin = installed.read_text("direct_url.json")
    return origin is not None and bool(json.loads(origin).get("dir_info", {}).get("editable"))


def _folder_module(name: str, folder: str, inside: set[str]) -> str | None:
    """The folder's name if it is a package; None if it is none, such as the libraries beside one."""
    if "__init__.py" in inside:
        return folder
    if folder.isidentifier():
        raise _refused(name, f"its folder {folder} is no package of its own: it has no __init__.py")
    return None


def _file_module(file: str) -> str | None:
    """The name of the module in a file, None for any other file."""
    return file.partition(".")[0] if file.endswith(tuple(all_suffixes())) else None


def _check_module(name: str, module: str, place: Path) -> None:
    if module in sys.stdlib_module_names:
        raise _refused(name, f"its module {module} would stand in for that of the standard library")
    if module in _OURS:
        raise _refused(name, f"its module {module} has the name of one that is ours")
    if not place.exists():
        raise _refused(name, f"its {place.name} is missing from its installation", "install it again")
    if place.is_symlink() or (place / "__init__.py").is_symlink():
        raise _refused(name, "its files are links to another place", "install copies; with uv: --link-mode=copy")
