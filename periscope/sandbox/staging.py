"""A copy of a bundle that a user without rights can read, where the original lies in a folder that only root enters."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOR_OTHERS = stat.S_IROTH | stat.S_IXOTH
_FOLDER_FOR_GROUP, _FILE_FOR_GROUP = 0o750, 0o640
_OPEN_TO_ALL = 0o777
_MOST_BYTES, _MOST_DEPTH = 1 << 30, 64
"""What is copied at most, and folders within folders: a file may say of itself that it is larger than any disk."""


def is_readable_by_all(bundle: Path) -> bool:
    """Whether a user without rights can read all of the bundle."""
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in bundle.parents):
        return False
    for folder, _, files in bundle.walk():
        if folder.stat().st_mode & _FOR_OTHERS != _FOR_OTHERS:
            return False
        modes = ((folder / name).lstat().st_mode for name in files)
        if any(stat.S_ISREG(mode) and not mode & stat.S_IROTH for mode in modes):
            return False
    return True


def make_copy(bundle: Path, group: int) -> Path:
    """Copy the bundle's folders and files; returns the copy, in a folder of its own that the caller removes.

    The group can read it, and nobody else: the original may lie where it does to be kept from others. Links, devices
    and pipes stay behind: whatever a link leads to was never part of the bundle. Raises OSError, also for too much.
    """
    _check_size(bundle)
    above = Path(tempfile.mkdtemp(prefix="periscope-bundle-"))
    try:
        copy = above / bundle.name
        shutil.copytree(bundle, copy, ignore=_not_plain, copy_function=shutil.copyfile)
        for folder, _, files in above.walk():
            _open_to(group, folder, _FOLDER_FOR_GROUP)
            for name in files:
                _open_to(group, folder / name, _FILE_FOR_GROUP)
    except BaseException:
        shutil.rmtree(above, ignore_errors=True)
        raise
    return copy


def _check_size(bundle: Path) -> None:
    size = 0
    for folder, _, files in bundle.walk():
        size += sum((folder / name).lstat().st_size for name in files)
        if size > _MOST_BYTES or len(folder.parts) - len(bundle.parts) > _MOST_DEPTH:
            text = "too much to be copied to where a user without rights can read it; let others read the folder itself"
            raise OSError(errno.EFBIG, text, str(bundle))


def _open_to(group: int, path: Path, mode: int) -> None:
    os.chown(path, -1, group)
    path.chmod(mode)


def _not_plain(folder: str, names: list[str]) -> set[str]:
    modes = {name: (Path(folder) / name).lstat().st_mode for name in names}
    return {name for name, mode in modes.items() if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)}


@contextmanager
def canary() -> Iterator[str]:
    """A folder that everybody may write to, with a name that nobody can guess."""
    folder = Path(tempfile.mkdtemp(prefix="periscope-canary-"))
    try:
        folder.chmod(_OPEN_TO_ALL)
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
