"""Where things lie in a LEAN data folder: which files of bars a path names, by symbol, span and what they hold."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.columns import BarColumns, Columns, InterestColumns, QuoteColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.opening import EXPANSION_FREE, MOST_EXPANSION

_KINDS = ("equity", "future")
_WHOLE = {"daily": BarTimeSpan.DAY, "hour": BarTimeSpan.HOUR}
_ROWS: dict[str, type[Columns]] = {"trade": BarColumns, "quote": QuoteColumns, "openinterest": InterestColumns}
_BY_DAY = {"minute": BarTimeSpan.MINUTE, "second": BarTimeSpan.SECOND}


@dataclass(frozen=True, slots=True)
class LeanFile:
    """One zip: `rows` says what is in it, `day` is the date in the name of files that hold one day.

    `symbol` is the instrument, or the root of futures, and `ticker` what the path names. Where an equity's map file
    says so, only rows of some `days` (the first and last of each period, as days since 1970-01-01) are the
    instrument's; `taken` are then those that are any instrument's.
    """

    path: Path
    kind: str
    market: str
    symbol: str
    span: BarTimeSpan
    rows: type[Columns]
    day: date | None
    ticker: str
    days: tuple[tuple[int, int], ...] | None = None
    taken: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class LeanFolder:
    """The files of bars below a path, and how many others were left alone, by what they hold."""

    root: Path
    files: list[LeanFile] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """A path as it reads inside the data folder."""
        return path.relative_to(self.root).as_posix()


def data_root(path: Path) -> Path | None:
    """The data folder that a path is or lies in: the one that holds `equity` or `future`; None if it is in none."""
    path = path.absolute()
    if any((path / kind).is_dir() for kind in _KINDS):
        return path
    for place in (path, *path.parents):
        if place.name in _KINDS:
            return place.parent
    return None


def is_lean(path: Path) -> bool:
    """Whether the path is a LEAN data folder, a part of one, or a trade zip inside one."""
    if not path.exists() or data_root(path) is None:
        return False
    return path.is_dir() or path.suffix == ".zip"


def find_files(path: Path) -> LeanFolder:
    """The files of bars at or below a path in a LEAN data folder, each by the name in its path.

    Raises `ImportProblem` NOT_A_LEAN_FOLDER, or NO_TRADE_FILES when there is nothing to import.
    """
    root = data_root(path)
    if root is None:
        raise ImportProblem(
            "NOT_A_LEAN_FOLDER", f"{path} is not in a LEAN data folder (one that holds equity or future)", exit_code=2
        )
    folder = LeanFolder(root)
    for found in sorted(path.absolute().rglob("*.zip")) if path.is_dir() else [path.absolute()]:
        _take(folder, found)
    if not folder.files:
        raise ImportProblem("NO_TRADE_FILES", f"no bars of equities or futures at {path}", exit_code=5)
    universes = sum(1 for found in path.rglob("*.csv") if "universes" in found.parts[-3:-1]) if path.is_dir() else 0
    if universes > 0:
        folder.skipped["universe files (each holds figures of the session after its date)"] = universes
    return folder


def series_of(file: LeanFile) -> tuple[str, str, str, str, str]:
    """What files must have in common to hold one series, or one series for each contract of a root."""
    return file.kind, file.market, file.symbol, file.span.value, file.rows.WHAT


def _take(folder: LeanFolder, path: Path) -> None:
    parts = path.relative_to(folder.root).parts
    file = _described(path, parts)
    if isinstance(file, LeanFile):
        folder.files.append(file)
    else:
        folder.skipped[file] = folder.skipped.get(file, 0) + 1


def _described(path: Path, parts: tuple[str, ...]) -> LeanFile | str:
    """What a zip is by its place and name, or the reason to leave it alone."""
    if len(parts) < 4 or parts[0] not in _KINDS:
        return "not equity or future bars"
    kind, market, resolution = parts[0], parts[1], parts[2]
    name, *words = path.stem.split("_")
    rows = _ROWS.get(words[0] if words else "trade") if len(words) <= 1 else None
    if rows is None or (rows is InterestColumns and kind != "future"):
        return "files with an unknown name"
    if resolution in _WHOLE and len(parts) == 4:
        return LeanFile(path, kind, market, name.upper(), _WHOLE[resolution], rows, None, name.upper())
    if resolution in _BY_DAY and len(parts) == 5 and words and len(name) == 8:
        try:
            day = datetime.strptime(name, "%Y%m%d").date()  # noqa: DTZ007 - a date, no moment
        except ValueError:
            return "files with an unknown name"
        ticker = parts[3].upper()
        return LeanFile(path, kind, market, ticker, _BY_DAY[resolution], rows, day, ticker)
    return "files with an unknown name"


def entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a zip, by name; raises `ImportProblem` BAD_ZIP for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in sorted(archive.infolist(), key=lambda each: each.filename):
                if entry.file_size > max(EXPANSION_FREE, MOST_EXPANSION * entry.compress_size):
                    what = f"{path}#{entry.filename} grows by more than {MOST_EXPANSION} times: no table of bars does"
                    raise ImportProblem("BAD_ZIP", what)
                if not entry.is_dir():
                    yield entry.filename, archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
        raise ImportProblem("BAD_ZIP", f"{path} is damaged or no zip file: {error}") from None
