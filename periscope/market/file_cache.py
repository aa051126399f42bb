"""Files of object stores that were read before, kept on the local disk by the hash of their content."""

import os
from collections.abc import Callable
from pathlib import Path

from periscope.market.bar_files import sha256_of
from periscope.market.catalog_files import WrongContentError
from periscope.market.durable import TEMPORARY_SUFFIX, exclusive

CACHE_VARIABLE = "PERISCOPE_CACHE"


def cache_folder() -> Path:
    """Where files are kept: PERISCOPE_CACHE, else periscope below XDG_CACHE_HOME or ~/.cache."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "periscope"


class FileCache:
    """A folder of files named by their SHA-256. It may be emptied at any time: what is missing is fetched again.

    Several processes may share it; a file is fetched by one of them. A kept file is hashed before this object first
    hands it out, so that a damaged one is never used. Raises OSError where the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._verified: set[str] = set()

    def get(self, name: str, sha256: str, fetch: Callable[[Path], None], *, afresh: bool = False) -> Path:
        """The file with that content; where it is not kept, `fetch` fills a new file with it.

        Raises `WrongContentError`, naming `name`, where what was fetched is something else; then nothing is kept.
        """
        path = self.folder / sha256[:2] / sha256
        if sha256 in self._verified and not afresh and path.is_file():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.parent / ".lock"):
            if afresh or not path.is_file() or sha256_of(path) != sha256:
                _fetch(name, sha256, fetch, path)
        self._verified.add(sha256)
        return path

    def keep(self, sha256: str, content: bytes) -> None:
        """Keep content that this process has just made."""
        self.get(sha256, sha256, lambda path: _write(path, content))


def _fetch(name: str, sha256: str, fetch: Callable[[Path], None], path: Path) -> None:
    temporary = path.with_name(f".{sha256}{TEMPORARY_SUFFIX}")
    try:
        fetch(temporary)
        found = sha256_of(temporary)
        if found != sha256:
            raise WrongContentError(name, found)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
