"""Files named by the SHA-256 of what they hold: results, logs, bundles.

A file appears under its name only once all of it is on the disk, so a crash leaves it whole or not at all; two who
write the same content write the same file. What no row of the database names is removed by `collect`.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from periscope.market.durable import (
    TEMPORARY_SUFFIX,
    exclusive,
    exclusive_if_free,
    replace_file,
    shared,
    sync_file,
    sync_folder,
)
from periscope.runs.store.refusals import StoreError

_READ_ONLY = 0o444
_NAME_LENGTH = 64
_MOST_SEEN = 10_000
"""How many files are remembered as whole."""
_MOST_WAITING = 1_000
"""So many names may be left to be removed later; then whoever adds one waits."""


class ContentFiles:
    """The folder of them. Whoever stores files and then names them in the database does both inside `keeping`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = folder / ".lock"
        self._seen: dict[str, tuple[int, int, int]] = {}
        self._waiting: set[str] = set()
        self._waiting_lock = threading.Lock()

    def create(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Nothing is collected while this lasts; the system ends it if the process dies."""
        with shared(self._lock):
            yield

    def put(self, data: bytes) -> str:
        """Store bytes; returns their name."""
        name = hashlib.sha256(data).hexdigest()
        path = self._place(name)
        if not self._is_there(path, len(data)):
            replace_file(path, lambda temporary: temporary.write_bytes(data))
            path.chmod(_READ_ONLY)
        return name

    def take(self, file: Path) -> tuple[str, int]:
        """Keep a file as it is, without copying it where the disk can do that; returns its name and size in bytes.

        The file must not be changed afterwards; it may be removed.
        """
        name, size = digest(file)
        path = self._place(name)
        if not self._is_there(path, size):
            sync_file(file)
            path.unlink(missing_ok=True)  # of another size, so damaged
            link_or_copy(file, path)
            sync_folder(path.parent)
        return name, size

    def path(self, name: str) -> Path:
        """Where the content of that name lies."""
        if len(name) != _NAME_LENGTH or not name.isalnum():
            raise ValueError(f"{name!r} is no name of content")
        return self.folder / name[:2] / name

    def read(self, name: str) -> bytes:
        """All of a file, checked. Raises StoreError where it is missing or damaged."""
        path = self.path(name)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _damaged(path, f"can't be read: {error.strerror or error}") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise _damaged(path, "does not hold what it held when it was written")
        return data

    def check(self, name: str) -> None:
        """Raise StoreError where a file is missing or damaged, without holding all of it."""
        path = self.path(name)
        try:
            found, _ = digest(path)
        except OSError as error:
            raise _damaged(path, f"can't be read: {error.strerror or error}") from error
        if found != name:
            raise _damaged(path, "does not hold what it held when it was written")

    def checked(self, name: str) -> Path:
        """Where a whole file lies. It is hashed when it is first asked for, and anew where it has been touched since.

        Raises StoreError where it is missing or damaged.
        """
        path = self.path(name)
        try:
            about = path.stat()
        except OSError as error:
            raise _damaged(path, f"can't be read: {error.strerror or error}") from error
        mark = (about.st_ino, about.st_size, about.st_mtime_ns)
        if self._seen.get(name) != mark:
            self.check(name)
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[name] = mark
        return path

    def collect(self, is_named: Callable[[str], bool]) -> int:
        """Remove what the database does not name, and what a crash left half written; returns how many."""
        removed = 0
        with exclusive(self._lock):
            for path in self.folder.glob("??/*"):
                unfinished = path.name.endswith(TEMPORARY_SUFFIX)
                if unfinished or not is_named(path.name):
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def forget(self, names: set[str], is_named: Callable[[str], bool]) -> None:
        """Remove those of the names that the database no longer names.

        While others are keeping files, which a backup does for as long as it takes, nobody is made to wait: the names
        are looked at the next time, and what is left when the process ends `collect` removes.
        """
        with self._waiting_lock:
            self._waiting |= names
            if not self._waiting:
                return
            take = exclusive_if_free if len(self._waiting) <= _MOST_WAITING else exclusive
            with suppress(OSError), take(self._lock):
                while self._waiting:
                    name = self._waiting.pop()
                    if not is_named(name):
                        self.path(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        path = self.path(name)
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            sync_folder(self.folder)
        return path

    def _is_there(self, path: Path, size: int) -> bool:
        try:
            return path.stat().st_size == size
        except FileNotFoundError:
            return False


def digest(file: Path) -> tuple[str, int]:
    """SHA-256 of a file in hexadecimal, and its size in bytes."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        return found, os.fstat(stream.fileno()).st_size


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second place, whole or not at all, without writing it again where the disk can do that."""
    try:
        os.link(source, target)
    except FileExistsError:
        pass  # somebody else was quicker, with the same content
    except OSError:
        replace_file(target, lambda temporary: shutil.copyfile(source, temporary))


def _damaged(path: Path, what: str) -> StoreError:
    hint = "restore it from a backup; `periscope store check` lists all that is damaged"
    return StoreError("STORE_DAMAGED", f"a file of the store {what}", str(path), hint)
