"""The results of a run, out of the store again: as a folder, as tables a page at a time, as one archive."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from periscope.runs.launching import work_folder
from periscope.runs.lifecycle import ENDED
from periscope.runs.publishing import version_files
from periscope.runs.result_file import RESULT, result_text, without_place
from periscope.runs.store.content import link_or_copy
from periscope.runs.store.refusals import Refused, StoreError
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.runs.work_folders import working_folder

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_TABLES = {"orders": "orders.parquet", "fills": "fills.parquet", "trades": "trades.parquet"}


def lay_out(store: Store, run: Run, folder: Path) -> None:
    """Make the folder that `backtest --out` would have made. Raises StoreError where a file is missing or damaged."""
    for file in store.runs.files(run.id):
        content = store.files.checked(file.content)
        target = folder / _safe(file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(content, target)


@contextmanager
def laid_out(store: Store, run: Run) -> Iterator[Path]:
    """The run's folder for as long as it is needed, on the disk of the store, so that nothing is copied."""
    with working_folder(store.place.folder, "look") as folder:
        lay_out(store, run, folder)
        yield folder


def table_page(
    store: Store, run: Run, table: str, *, after: int, limit: int, match: dict[str, str] | None = None
) -> tuple[list[dict[str, Any]], int] | Refused:
    """Rows of `orders`, `fills` or `trades`, after so many, at most `limit`; and how many there are that match.

    `match` are columns with the text that they must hold.
    """
    path = results_file(store, run, _TABLES[table])
    return path if isinstance(path, Refused) else rows_of(path, after=after, limit=limit, match=match)


def rows_of(
    path: Path, *, after: int, limit: int, match: Mapping[str, str] | None = None
) -> tuple[list[dict[str, Any]], int]:
    """Rows of a Parquet file after so many that match, and how many match; it costs the same wherever the page is.

    Of the columns that are matched all is read, of the others only what the page needs.
    """
    import polars as pl

    rows = pl.scan_parquet(path, glob=False, cache=False)
    if not match:
        return rows.slice(after, limit).collect().to_dicts(), int(rows.select(pl.len()).collect().item())
    matches = pl.all_horizontal(pl.col(column) == wanted for column, wanted in match.items())
    found = rows.select(matches.arg_true()).collect().to_series()
    wanted = found.slice(after, limit)
    if wanted.is_empty():
        return [], len(found)
    first, last = int(wanted[0]), int(wanted[-1])
    return rows.slice(first, last - first + 1).filter(matches).collect().to_dicts(), len(found)


def log_lines(
    store: Store, run: Run, *, after: int, limit: int, search: str | None = None
) -> tuple[list[dict[str, Any]], int] | Refused:
    """What the strategy printed, after so many lines, at most `limit`; and how many lines there are that match.

    Of an active run what has been written so far.
    """
    path = log_file(store, run)
    if isinstance(path, Refused):
        return path
    if path is None:
        return [], 0
    found: list[dict[str, Any]] = []
    count = 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break  # being written at this moment
            entry = json.loads(line)
            if search is not None and search not in entry["line"]:
                continue
            if after <= count < after + limit:
                found.append(entry)
            count += 1
    return found, count


def log_file(store: Store, run: Run) -> Path | Refused | None:
    """What the strategy printed; of an active run what has been written so far, None while that is nothing."""
    if not run.is_active:
        return results_file(store, run, "logs.jsonl")
    path = work_folder(store.place.folder, run.id, run.attempt) / "out" / "logs.jsonl"
    return path if path.exists() else None


def export_run(store: Store, run: Run, path: Path) -> Refused | None:
    """Write the archive of `export_pieces` to a file that must not exist yet."""
    pieces = export_pieces(store, run)
    if isinstance(pieces, Refused):
        return pieces
    with path.open("xb") as target:
        target.writelines(pieces)
    return None


def export_pieces(store: Store, run: Run) -> Iterator[bytes] | Refused:
    """Everything about an ended run as one ZIP archive, piece by piece: results, version, config, and all hashes.

    It is made to be given away, and names no folder of this machine. All files are checked before the first piece.
    Raises StoreError where one is missing or damaged.
    """
    if run.status not in ENDED:
        return Refused("RUN_NOT_ENDED", f"run {run.id} is {run.status}, and only a run that has ended can be exported")
    version = store.versions.by_id(run.version_id)
    files = store.runs.files(run.id)
    paths = {file.name: store.files.checked(file.content) for file in files}
    hashes = {file.name: {"sha256": file.content, "bytes": file.bytes} for file in files}
    texts = {}
    if RESULT in paths:
        result = result_text(without_place(json.loads(paths.pop(RESULT).read_bytes()))).encode()
        hashes[RESULT] = {"sha256": hashlib.sha256(result).hexdigest(), "bytes": len(result)}
        texts[f"results/{RESULT}"] = result
    about = {
        "run": run.id,
        "version": str(version),
        "version_hash": version.hash,
        "status": run.status.value,
        "reason": run.reason,
        "config": run.config,
        "issues": store.runs.issues(run.id),
        "files": hashes,
    }
    texts["run.json"] = json.dumps(about, indent=2, sort_keys=True).encode()
    texts |= {f"bundle/{name}": content for name, content in sorted(version_files(store, version).items())}
    with ExitStack() as opened:
        contents = {f"results/{_safe(name)}": opened.enter_context(path.open("rb")) for name, path in paths.items()}
        return _zipped(texts, contents, opened.pop_all())


def _zipped(texts: Mapping[str, bytes], contents: Mapping[str, IO[bytes]], opened: ExitStack) -> Iterator[bytes]:
    """The archive. All its files are open from the beginning, so that it is whole though the run is reset meanwhile."""
    target = _Pieces()
    with opened, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, text in texts.items():
            with _member(archive, name) as member:
                member.write(text)
            yield target.taken()
        for name, file in contents.items():
            with _member(archive, name) as member:
                while piece := file.read(1 << 20):
                    member.write(piece)
                    yield target.taken()
    yield target.taken()


class _Pieces(io.RawIOBase):
    """A file that can't be sought in: what was written to it is taken away as it comes."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Take all of it."""
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        """What has come since the last time."""
        found = bytes(self._waiting)
        self._waiting.clear()
        return found


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    member = zipfile.ZipInfo(name, _EARLIEST)
    member.external_attr = 0o644 << 16
    return archive.open(member, "w", force_zip64=True)


def results_file(store: Store, run: Run, name: str) -> Path | Refused:
    """A file of a run's results, checked, to be read and not to be changed. Raises StoreError where it is damaged."""
    found = next((file for file in store.runs.files(run.id) if file.name == name), None)
    if found is not None:
        return store.files.checked(found.content)
    hint = "" if run.status in ENDED else f"`periscope runs show {run.id}` shows how far it is"
    return Refused("NO_RESULTS", f"run {run.id} is {run.status} and has left no {name}", hint)


def _safe(name: str) -> PurePosixPath:
    """A stored name as a relative path. Whoever can write to the database still can't name a place outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise StoreError("STORE_DAMAGED", f"a file of a run is called {name!r}", name)
    return path
