"""Files that are either the old ones or the new ones, never half of each, and one writer at a time."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EDEADLK}:  # after ten seconds of waiting
                    raise
            else:
                return

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    _lock_shared = _lock  # There is no lock to share: whoever could share it waits.

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _lock_shared(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


TEMPORARY_SUFFIX = ".partial"


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder survive a power cut, where the system has a way to ask for that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file beside `path`, sync it and move it into place. Threads may do so at once."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{TEMPORARY_SUFFIX}")
    try:
        write(temporary)
        sync_file(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def exclusive(lock: Path) -> AbstractContextManager[None]:
    """Hold the lock file, waiting for whoever has it; the system releases it if the process dies."""
    return _held(lock, _lock)


def exclusive_if_free(lock: Path) -> AbstractContextManager[None]:
    """Hold the lock file if nobody has it. Raises OSError where somebody has."""
    return _held(lock, _try_lock)


def shared(lock: Path) -> AbstractContextManager[None]:
    """Hold the lock file together with others who share it, while nobody holds it alone."""
    return _held(lock, _lock_shared)


@contextmanager
def _held(lock: Path, take: Callable[[int], None]) -> Iterator[None]:
    with lock.open("a") as held:
        take(held.fileno())
        try:
            yield
        finally:
            _unlock(held.fileno())
