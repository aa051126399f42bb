"""A catalog in a folder: renames, fsync, and a lock that the system gives back if its holder dies."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from periscope.market.bar_files import sha256_of
from periscope.market.catalog_files import NewFile, WriteContent, WrongContentError
from periscope.market.durable import TEMPORARY_SUFFIX, exclusive, replace_file, sync_file, sync_folder

LOCK_NAME = ".lock"

_OUR_FILE = re.compile(r"\d{4}-[0-9a-f]{12}\.parquet")


class LocalFiles:
    """A folder of this machine as the place of a catalog; see `CatalogFiles`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: set[tuple[str, str]] = set()

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self.root)

    @property
    def scratch(self) -> Path:
        """The folder itself: it is on the disk that the files go to anyway."""
        return self.root

    def create(self) -> None:
        """Make the folder."""
        self.root.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, waiting for whoever has it."""
        with exclusive(self.root / LOCK_NAME):
            yield

    def read(self, name: str) -> bytes:
        """A file's content."""
        try:
            return (self.root / name).read_bytes()
        except NotADirectoryError as error:
            raise FileNotFoundError(str(error)) from None

    def read_all(self, folder: str) -> dict[str, bytes]:
        """Content by name of the files below a folder."""
        return {name: self.read(name) for name in self.sizes(folder)}

    def replace(self, name: str, content: bytes) -> None:
        """Write beside the file and rename."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, lambda temporary: temporary.write_bytes(content))

    def put(self, name: str, content: bytes) -> None:
        """As `replace`."""
        self.replace(name, content)

    def sizes(self, folder: str) -> dict[str, int]:
        """The files below a folder, but for unfinished ones."""
        found = (path for path in sorted((self.root / folder).rglob("*")) if path.is_file())
        return {
            path.relative_to(self.root).as_posix(): path.stat().st_size
            for path in found
            if not path.name.endswith(TEMPORARY_SUFFIX)
        }

    def checked(self, names: tuple[str, ...], sha256: str, size: int, *, afresh: bool = False) -> Path:
        """The file itself, hashed when it is first asked for."""
        name = next((name for name in names if (self.root / name).is_file()), names[0])
        path = self.root / name
        if (name, sha256) in self._verified and not afresh:
            return path
        found_size = path.stat().st_size
        found = sha256_of(path) if found_size == size else f"a size of {found_size} instead of {size} bytes"
        if found != sha256:
            raise WrongContentError(name, found)
        self._verified.add((name, sha256))
        return path

    def staging(self) -> "LocalStaging":
        """Files are temporary ones until they are published; the next writer clears them away if this one dies."""
        return LocalStaging(self.root)

    def move(self, name: str, to: str) -> None:
        """Rename."""
        target = self.root / to
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).replace(target)

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.root / name).unlink()

    def sweep(self, folder: str, current: frozenset[str], keep: Callable[[str, str], None]) -> None:
        """Remove unfinished files and hand the unknown ones to `keep`; files that are not ours stay."""
        target = self.root / folder
        for path in target.iterdir() if target.is_dir() else ():
            name = f"{folder}/{path.name}"
            if path.name.endswith(TEMPORARY_SUFFIX):
                path.unlink()
            elif _OUR_FILE.fullmatch(path.name) and name not in current:
                keep(name, sha256_of(path))


class LocalStaging:
    """New files of a folder; see `Staging`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._waiting: list[tuple[Path, Path]] = []

    def add(self, folder: str, stem: str, write: WriteContent) -> NewFile:
        """Write a temporary file in the folder where it will stay, and sync it."""
        temporary = self._root / folder / f".{stem}-{len(self._waiting)}{TEMPORARY_SUFFIX}"
        temporary.parent.mkdir(parents=True, exist_ok=True)
        self._waiting.append((temporary, temporary))
        write(temporary)
        sync_file(temporary)
        digest = sha256_of(temporary)
        name = f"{folder}/{stem}-{digest[:12]}.parquet"
        self._waiting[-1] = (temporary, self._root / name)
        return NewFile(name, digest, temporary.stat().st_size)

    def publish(self) -> None:
        """Rename all and sync their folders."""
        for temporary, path in self._waiting:
            temporary.replace(path)
        for folder in sorted({path.parent for _, path in self._waiting}):
            sync_folder(folder)
        self._waiting.clear()

    def discard(self) -> None:
        """Remove the temporary files."""
        for temporary, _ in self._waiting:
            temporary.unlink(missing_ok=True)
        self._waiting.clear()
