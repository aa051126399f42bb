"""What a process of ours is told when it is started: where the store and the data are, what strategies may import."""

from functools import cache
from pathlib import Path

import msgspec

from periscope.runs.store.refusals import Refused
from periscope.runs.store.store import StorePlace
from periscope.sandbox.packages import PackageError, resolve


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Handed over on standard input, since it may hold a database's password; folders are absolute.

    `catalog` may also be an address, such as s3://bucket/prefix; `packages` are the names of installed packages that
    strategies may import.
    """

    folder: str
    catalog: str
    url: str | None = None
    packages: list[str] = []

    @property
    def store(self) -> StorePlace:
        """Where the store is."""
        return StorePlace(Path(self.folder), self.url)

    def modules(self) -> frozenset[str] | Refused:
        """The modules that strategies may import from those packages."""
        return _modules(tuple(self.packages))

    def encode(self) -> bytes:
        """As it is handed over."""
        return msgspec.json.encode(self)


@cache
def _modules(packages: tuple[str, ...]) -> frozenset[str] | Refused:
    try:
        return frozenset(module for package in resolve(packages) for module, _ in package.modules)
    except PackageError as error:
        return Refused(error.code, error.message, error.hint)


def read_surroundings(data: bytes) -> Surroundings:
    """From what was handed over."""
    return msgspec.json.decode(data, type=Surroundings)
