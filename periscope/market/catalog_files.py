"""Where the files of a catalog are: a folder on a disk of this machine, or a prefix in an object store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Protocol, TypeIs

type WriteContent = Callable[[Path | BytesIO], object]
"""Writes a file's content to a path, or into memory."""


class ChangedMeanwhileError(Exception):
    """A table was replaced by somebody else after it was read for a change; read it again and do the change anew."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was written and is named by its content; `name` is relative to the catalog's root."""

    name: str
    sha256: str
    size: int


class Staging(Protocol):
    """New files on their way into a catalog. Nothing refers to them before the manifest does."""

    def add(self, folder: str, stem: str, write: WriteContent) -> NewFile:
        """Write a file that will be `<folder>/<stem>-<hash>.parquet`."""

    def publish(self) -> None:
        """Let all files that were added have their names, durably."""

    def discard(self) -> None:
        """Clear away what was added and not published, as far as that is safe."""


class CatalogFiles(Protocol):
    """The files of one catalog. Names are relative to its root, with slashes.

    Raises FileNotFoundError for a name that is not there, and `CatalogUnreachableError` where a store does not answer.
    """

    @property
    def where(self) -> str:
        """The root as the user would write it: a path, or an address such as s3://bucket/prefix."""

    @property
    def scratch(self) -> Path:
        """A folder on a local disk for what needs room for a while."""

    def create(self) -> None:
        """Make the root where a store has folders."""

    def writing(self) -> AbstractContextManager[None]:
        """Change tables inside of this: of two that do, neither loses what the other wrote.

        On a local disk the second waits. In a store a table that somebody else replaced since it was read within
        `writing` is not replaced again: `ChangedMeanwhileError`.
        """

    def read(self, name: str) -> bytes:
        """The content of a small file."""

    def read_all(self, folder: str) -> dict[str, bytes]:
        """Content by name of all small files below a folder."""

    def replace(self, name: str, content: bytes) -> None:
        """Put a small file in the place of the one that is there, in one step."""

    def put(self, name: str, content: bytes) -> None:
        """Put a small file that nobody else puts with another content."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Size in bytes by name of all files below a folder, sorted; none where there is no such folder."""

    def checked(self, names: tuple[str, ...], sha256: str, size: int, *, afresh: bool = False) -> Path:
        """A local file with the content of the first of the names that is there, compared with its hash.

        It is compared once, or anew where `afresh`. Raises `WrongContentError`.
        """

    def staging(self) -> Staging:
        """A new set of files to be written."""

    def move(self, name: str, to: str) -> None:
        """Give a file another name; whoever looks for both always finds one."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def sweep(self, folder: str, current: frozenset[str], keep: Callable[[str, str], None]) -> None:
        """Clear a folder of what a writer that died left behind, where nobody else can be writing.

        `current` are names to leave; `keep` is called with name and hash of each other file that a catalog made.
        """


class WrongContentError(Exception):
    """A file is not what its hash says; `found` tells what it is instead."""

    def __init__(self, name: str, found: str) -> None:
        super().__init__(f"{name}: {found}")
        self.found = found


def is_address(where: Path | str) -> TypeIs[str]:
    """Whether it is an address such as s3://bucket/prefix, and not a path."""
    return isinstance(where, str) and "://" in where


def files_at(where: Path | str) -> CatalogFiles:
    """The files below a folder, or below an address such as s3://bucket/prefix; nothing is read yet.

    Raises `CatalogAddressError` for an address that no installed package opens.
    """
    if is_address(where):
        from periscope.market.object_files import ObjectFiles

        return ObjectFiles(where)
    from periscope.market.local_files import LocalFiles

    return LocalFiles(Path(where))
