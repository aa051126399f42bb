"""A catalog in an object store, through fsspec: S3, Google Cloud Storage, Azure, or a store in memory.

Files of bars are named by their content and never change, so they are put first and the manifest last; a writer that
dies before that leaves files that nothing refers to. The few tables that do change are replaced on the condition that
nobody else did so since they were read, where the store can do that (docs/data-catalog.md says which).
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import fsspec

from periscope.market.catalog_files import ChangedMeanwhileError, NewFile, WriteContent, WrongContentError
from periscope.market.errors import CatalogAddressError, CatalogUnreachableError
from periscope.market.file_cache import CACHE_VARIABLE, FileCache, cache_folder

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
_REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_ATTEMPTS = 10
_one_at_a_time = threading.Lock()


class ObjectFiles:
    """A prefix in an object store as the place of a catalog; see `CatalogFiles`."""

    def __init__(self, address: str, cache: Path | None = None) -> None:
        self._store, root = _opened(address)
        self._where = address.rstrip("/")
        self._root = root.rstrip("/")
        self._folder = cache if cache is not None else cache_folder()
        self._cache = FileCache(self._folder / "files")
        self._marks: dict[str, str | None] | None = None

    @property
    def where(self) -> str:
        """The address."""
        return self._where

    @property
    def scratch(self) -> Path:
        """A folder beside the cache."""
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def create(self) -> None:
        """Nothing: prefixes need not be made, and the bucket is its owner's to make."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Tables that are read within are replaced only if they are still what was read."""
        self._marks = {}
        try:
            yield
        finally:
            self._marks = None

    def read(self, name: str) -> bytes:
        """An object's content."""
        path = self._path(name)
        with self._asking("read", name):
            if self._marks is None:
                return self._content(path)
            try:
                content, mark = self._marked(path)
            except FileNotFoundError:
                self._marks[name] = None
                raise
            self._marks[name] = mark
            return content

    def read_all(self, folder: str) -> dict[str, bytes]:
        """Content by name of the objects below a prefix, read side by side."""
        names = list(self.sizes(folder))
        with self._asking("read", folder):
            found = self._store.cat([self._path(name) for name in names]) if names else {}
        return {name: found[self._path(name)] for name in names}

    def replace(self, name: str, content: bytes) -> None:
        """Put an object; within `writing` only if nobody else has since it was read."""
        if self._marks is None:
            self.put(name, content)
            return
        assert name in self._marks, f"{name} is read before it is replaced"
        with self._asking("write", name):
            self._replace_marked(self._path(name), content, self._marks.pop(name))

    def put(self, name: str, content: bytes) -> None:
        """Put an object."""
        with self._asking("write", name):
            self._store.pipe_file(self._path(name), content)

    def sizes(self, folder: str) -> dict[str, int]:
        """The objects below a prefix."""
        with self._asking("list", folder):
            found = self._store.find(self._path(folder), detail=True)
        return {str(path)[len(self._root) + 1 :]: int(about["size"]) for path, about in sorted(found.items())}

    def checked(self, names: tuple[str, ...], sha256: str, size: int, *, afresh: bool = False) -> Path:
        """The copy in the cache, fetched if it is not there."""

        def fetch(target: Path) -> None:
            for name in names:
                try:
                    with self._asking("read", name):
                        self._store.get_file(self._path(name), str(target))
                except FileNotFoundError:
                    continue
                found = target.stat().st_size
                if found != size:
                    raise WrongContentError(name, f"a size of {found} instead of {size} bytes")
                return
            raise FileNotFoundError(names[0])

        with self._keeping():
            return self._cache.get(names[0], sha256, fetch, afresh=afresh)

    def staging(self) -> "ObjectStaging":
        """Files are put at once: they are named by their content, and nothing refers to them yet."""
        return ObjectStaging(self._put)

    def move(self, name: str, to: str) -> None:
        """Copy, then remove."""
        with self._asking("move", name):
            self._store.cp_file(self._path(name), self._path(to))
            self._store.rm_file(self._path(name))

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._asking("remove", name):
            self._store.rm_file(self._path(name))

    def sweep(self, folder: str, current: frozenset[str], keep: Callable[[str, str], None]) -> None:
        """Nothing: what looks abandoned may be another writer's, about to be referred to. `data prune` clears it."""

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _put(self, name: str, sha256: str, content: bytes) -> None:
        self.put(name, content)
        with self._keeping():
            self._cache.keep(sha256, content)

    def _content(self, path: str) -> bytes:
        content: bytes = self._store.cat_file(path)
        return content

    def _marked(self, path: str) -> tuple[bytes, str]:
        """An object's content and what tells it from any other."""
        if not self._conditional:
            content = self._content(path)
            return content, _digest(content)
        for _ in range(_ATTEMPTS):
            mark = str(self._store.info(path)["ETag"])
            content = self._content(path)
            if str(self._store.info(path)["ETag"]) == mark:
                return content, mark
        raise ChangedMeanwhileError(path)

    def _replace_marked(self, path: str, content: bytes, mark: str | None) -> None:
        """Put an object if the one that is there still has that mark, None for no object."""
        try:
            if mark is None:
                self._store.pipe_file(path, content, mode="create")
            elif self._conditional:
                self._store.pipe_file(path, content, IfMatch=mark)
            else:
                with _one_at_a_time:
                    if _digest(self._content(path)) != mark:
                        raise ChangedMeanwhileError(path)
                    self._store.pipe_file(path, content)
        except FileExistsError:
            raise ChangedMeanwhileError(path) from None
        except OSError as error:
            if _refusal(error) in _REFUSED:
                raise ChangedMeanwhileError(path) from None
            raise

    @property
    def _conditional(self) -> bool:
        """Whether the store replaces an object on a condition, by itself."""
        protocol = self._store.protocol
        return "s3" in ((protocol,) if isinstance(protocol, str) else protocol)

    @contextmanager
    def _asking(self, verb: str, name: str) -> Iterator[None]:
        """Tell what a store raises in our words: each has exceptions of its own."""
        try:
            yield
        except (FileNotFoundError, ChangedMeanwhileError):
            raise
        except Exception as error:
            raise CatalogUnreachableError(
                f"can't {verb} {self._where}/{name}: {error or type(error).__name__}. Look at the connection, the"
                " credentials and what they permit"
            ) from error

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise CatalogUnreachableError(
                f"can't keep a file of {self._where} in {self._folder}: {error}. Make room, or name another folder in"
                f" {CACHE_VARIABLE}"
            ) from error


class ObjectStaging:
    """New objects; see `Staging`."""

    def __init__(self, put: Callable[[str, str, bytes], None]) -> None:
        self._put = put

    def add(self, folder: str, stem: str, write: WriteContent) -> NewFile:
        """Make the content in memory and put it."""
        made = BytesIO()
        write(made)
        content = made.getvalue()
        digest = _digest(content)
        name = f"{folder}/{stem}-{digest[:12]}.parquet"
        self._put(name, digest, content)
        return NewFile(name, digest, len(content))

    def publish(self) -> None:
        """Nothing: the objects have their names."""

    def discard(self) -> None:
        """Nothing: another writer may have put the same object, and refer to it. `data prune` clears it."""


def _opened(address: str) -> tuple[Any, str]:
    protocol, _, place = address.partition("://")
    if "::" in address:
        raise CatalogAddressError(f"{address} is an address through another; name the store itself")
    if not place.strip("/"):
        raise CatalogAddressError(f"{address} names no place in a store, such as {protocol}://bucket/prefix")
    try:
        store, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except ImportError:
        extra = _EXTRAS.get(protocol)
        hint = f"pip install 'periscope-trading[{extra}]'" if extra else f"install the fsspec package for {protocol}"
        raise CatalogAddressError(f"{address} can't be opened without a further package: {hint}") from None
    except ValueError as error:
        raise CatalogAddressError(f"{address} can't be opened: {error}") from None
    return store, str(root)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refusal(error: OSError) -> str:
    """The code with which S3 refused, empty for other errors."""
    response = getattr(error.__cause__, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
