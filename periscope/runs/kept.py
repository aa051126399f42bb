"""The results of a run, out of the store again: as a folder, as tables a page at a time, as one archive."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from periscope.runs.lifecycle import ENDED
from periscope.runs.publishing import version_files
from periscope.runs.store.content import link_or_copy
from periscope.runs.store.refusals import Refused, StoreError
from periscope.runs.store.run_rows import Run, StoredFile
from periscope.runs.store.store import Store

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_TABLES = {"orders": "orders.parquet", "fills": "fills.parquet", "trades": "trades.parquet"}


def lay_out(store: Store, run: Run, folder: Path) -> None:
    """Make the folder that `backtest --out` would have made. Raises StoreError where a file is missing or damaged."""
    for file in store.runs.files(run.id):
        store.files.check(file.content)
        target = folder / _safe(file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(store.files.path(file.content), target)


@contextmanager
def laid_out(store: Store, run: Run) -> Iterator[Path]:
    """The run's folder for as long as it is needed, on the disk of the store, so that nothing is copied."""
    above = store.place.folder / "work"
    above.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="look-", dir=above) as folder:
        lay_out(store, run, Path(folder))
        yield Path(folder)


def table_page(
    store: Store, run: Run, table: str, *, after: int, limit: int, match: dict[str, str] | None = None
) -> tuple[list[dict[str, Any]], int] | Refused:
    """Rows of `orders`, `fills` or `trades`, after so many, at most `limit`; and how many there are that match.

    Only the part of the file that is asked for is read. `match` are columns with the text that they must hold.
    """
    file = _file(store, run, _TABLES[table])
    if isinstance(file, Refused):
        return file
    rows = pl.scan_parquet(store.files.path(file.content))
    for column, wanted in (match or {}).items():
        rows = rows.filter(pl.col(column) == wanted)
    count = int(rows.select(pl.len()).collect(engine="streaming").item())
    page = rows.slice(after, limit).collect(engine="streaming")
    return page.to_dicts(), count


def log_lines(
    store: Store, run: Run, *, after: int, limit: int, search: str | None = None
) -> tuple[list[dict[str, Any]], int] | Refused:
    """What the strategy printed, after so many lines, at most `limit`; and how many lines there are that match.

    Of an active run what has been written so far.
    """
    if run.is_active:
        path = store.place.folder / "work" / f"{run.id}.{run.attempt}" / "out" / "logs.jsonl"
        if not path.exists():
            return [], 0
    else:
        file = _file(store, run, "logs.jsonl")
        if isinstance(file, Refused):
            return file
        path = store.files.path(file.content)
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


def export_run(store: Store, run: Run, path: Path) -> Refused | None:
    """Write everything about an ended run into one ZIP archive: results, version, config, and all hashes."""
    if run.status not in ENDED:
        return Refused("RUN_NOT_ENDED", f"run {run.id} is {run.status}, and only a run that has ended can be exported")
    version = store.versions.by_id(run.version_id)
    files = store.runs.files(run.id)
    about = {
        "run": run.id,
        "version": str(version),
        "version_hash": version.hash,
        "status": run.status.value,
        "reason": run.reason,
        "config": run.config,
        "issues": store.runs.issues(run.id),
        "files": {file.name: {"sha256": file.content, "bytes": file.bytes} for file in files},
    }
    with path.open("xb") as target, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, "run.json", io.BytesIO(json.dumps(about, indent=2, sort_keys=True).encode()))
        for name, content in sorted(version_files(store, version).items()):
            _write(archive, f"bundle/{name}", io.BytesIO(content))
        for file in files:
            store.files.check(file.content)
            with store.files.path(file.content).open("rb") as content_file:
                _write(archive, f"results/{_safe(file.name)}", content_file)
    return None


def _write(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    member = zipfile.ZipInfo(name, _EARLIEST)
    member.external_attr = 0o644 << 16
    with archive.open(member, "w", force_zip64=True) as target:
        while chunk := content.read(1 << 20):
            target.write(chunk)


def _file(store: Store, run: Run, name: str) -> StoredFile | Refused:
    found = next((file for file in store.runs.files(run.id) if file.name == name), None)
    if found is not None:
        store.files.check(found.content)
        return found
    hint = "" if run.status in ENDED else f"`periscope runs show {run.id}` shows how far it is"
    return Refused("NO_RESULTS", f"run {run.id} is {run.status} and has left no {name}", hint)


def _safe(name: str) -> PurePosixPath:
    """A stored name as a relative path. Whoever can write to the database still can't name a place outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise StoreError("STORE_DAMAGED", f"a file of a run is called {name!r}", name)
    return path
