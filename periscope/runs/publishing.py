"""From a strategy's folder to an immutable version, and back to a folder that a run can use."""

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from periscope.market.durable import TEMPORARY_SUFFIX, sync_file, sync_folder
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.store import Store
from periscope.runs.store.version_rows import Version
from periscope.strategies.archive import read_archive, write_archive
from periscope.strategies.bundle import bundle_version
from periscope.strategies.problems import Problem
from periscope.strategies.static_check import CheckResult, check_bundle

_FOLDER_MODE, _FILE_MODE = 0o755, 0o644
"""A strategy's process, which has no rights, must be able to read its bundle."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing: the version (`is_new` unless one with the same contents was there), or the problems."""

    version: Version | None
    is_new: bool
    problems: list[Problem]
    warnings: list[Problem]


def publish(store: Store, name: str, folder: Path, packages: Collection[str] = ()) -> Published:
    """Check a strategy's folder and keep what it holds as the next version of strategy `name`.

    What is checked is what is kept: the files are read once. `packages` are modules that the operator lets strategies
    import. The same contents again give the version that is there.
    """
    checked = check_bundle(folder, packages)
    if checked.bundle is None:
        return Published(None, False, checked.problems, checked.warnings)
    bundle = checked.bundle
    with store.files.keeping():
        archive = store.files.put(write_archive(bundle.files))
        warnings = [asdict(warning) for warning in checked.warnings]
        version, is_new = store.versions.add(name, bundle.version, archive, warnings)
    return Published(version, is_new, [], checked.warnings)


def publish_archive(store: Store, name: str, data: bytes, shown: str, packages: Collection[str] = ()) -> Published:
    """Publish what an archive holds, by the same rules. `shown` is what problems call it."""
    unpacked = read_archive(data, shown)
    if unpacked.problems:
        return Published(None, False, unpacked.problems, [])
    return publish_files(store, name, unpacked.files, packages)


def publish_files(store: Store, name: str, files: Mapping[str, bytes], packages: Collection[str] = ()) -> Published:
    """Publish the files of a bundle by the same rules."""
    with _staged(files) as folder:
        return publish(store, name, folder, packages)


def check_archive(data: bytes, shown: str, packages: Collection[str] = ()) -> CheckResult:
    """Everything that publishing an archive would find."""
    unpacked = read_archive(data, shown)
    return CheckResult(unpacked.problems, [], None) if unpacked.problems else check_files(unpacked.files, packages)


def check_files(files: Mapping[str, bytes], packages: Collection[str] = ()) -> CheckResult:
    """Everything that publishing these files would find."""
    with _staged(files) as folder:
        return check_bundle(folder, packages)


@contextmanager
def _staged(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with the files, for as long as the block takes."""
    with tempfile.TemporaryDirectory(prefix="periscope-import-") as staging:
        _write_files(Path(staging), files)
        yield Path(staging)


def version_files(store: Store, version: Version) -> dict[str, bytes]:
    """The files of a version by name. Raises StoreError where they are not what was published."""
    unpacked = read_archive(store.files.read(version.archive))
    if unpacked.problems or bundle_version(unpacked.files) != version.hash:
        where = str(store.files.path(version.archive))
        raise StoreError("STORE_DAMAGED", f"the archive of {version} does not hold what was published", where)
    return unpacked.files


def version_folder(store: Store, version: Version) -> Path:
    """A folder that holds exactly the version, for a run to read; made where it is missing or was changed."""
    folder = store.place.folder / "bundles" / version.hash
    if _holds(folder, version.hash):
        return folder
    files = version_files(store, version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(suffix=TEMPORARY_SUFFIX, dir=folder.parent))
    try:
        made = staging / "bundle"
        made.mkdir()
        _write_files(made, files)
        sync_folder(made)
        if folder.exists():
            folder.rename(staging / "changed")
        made.rename(folder)
    except OSError:
        if not _holds(folder, version.hash):  # else somebody else was quicker
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def _holds(folder: Path, wanted: str) -> bool:
    try:
        files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name != "__pycache__"}
    except OSError:
        return False
    return bundle_version(files) == wanted


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.chmod(_FOLDER_MODE)
    for name, content in files.items():
        file = folder / name
        file.write_bytes(content)
        file.chmod(_FILE_MODE)
        sync_file(file)
