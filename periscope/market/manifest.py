"""The catalog's table of contents: which files hold which bars, each with its hash."""

import re
from typing import Annotated

import msgspec

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.catalog_files import CatalogFiles
from periscope.market.columns import BarColumns, Columns
from periscope.market.errors import (
    CatalogDamagedError,
    CatalogNotFoundError,
    CatalogVersionError,
    SymbolRefusedError,
)

MANIFEST_NAME = "manifest.json"
FORMAT = 2
"""Layout 1 had row groups of 131,072 rows and did not say so; it is still read."""

READABLE = (1, FORMAT)
LONGEST_SYMBOL = 64

_PLAIN = re.compile(rb"[A-Za-z0-9_-]")

type Count = Annotated[int, msgspec.Meta(ge=0)]


class BarFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One Parquet file of a series.

    `file` is relative to the root; `first` and `last` are the starts of its first and last bar and `until` the latest
    end, microseconds since 1970-01-01 UTC; `groups` has the start of the first bar of each row group, which
    all have `group_rows` rows but for the last; `sources` say where the bars came from.
    """

    file: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size: Count
    rows: Count
    first: int
    last: int
    until: int
    groups: tuple[int, ...]
    group_rows: Annotated[int, msgspec.Meta(ge=1)] = 131_072
    price_scale: Annotated[int, msgspec.Meta(ge=0, le=18)]
    volume_scale: Annotated[int, msgspec.Meta(ge=0, le=18)]
    sources: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All current files by series (the series' folder under `bars`), ascending in time within each."""

    format: int = FORMAT
    series: dict[str, tuple[BarFile, ...]] = {}


class _Version(msgspec.Struct):
    format: int


def series_name(symbol: str, asset_type: AssetType, span: BarTimeSpan, kind: type[Columns] = BarColumns) -> str:
    """The folder of a series below `bars`, safe for any symbol."""
    return f"{asset_type.name}/{folder_name(symbol)}/{span.value}{kind.SUFFIX}"


def series_of(file: BarFile) -> str:
    """The series that a file belongs to, or belonged to."""
    return file.file.removeprefix("bars/").rpartition("/")[0]


def folder_name(symbol: str) -> str:
    """A symbol as a folder's name: letters, digits, dash, underscore and inner dots as they are, the rest as %XX.

    Distinct symbols give distinct names. Raises `SymbolRefusedError` for an empty symbol, for more than 64 characters
    and for control characters.
    """
    if not 0 < len(symbol) <= LONGEST_SYMBOL or not symbol.isprintable():
        raise SymbolRefusedError(
            f"can't store the symbol {symbol[:LONGEST_SYMBOL]!r}: it needs 1 to {LONGEST_SYMBOL} printable characters"
        )
    encoded = symbol.encode()
    return "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) or (byte == ord(".") and place > 0) else f"%{byte:02X}"
        for place, byte in enumerate(encoded)
    )


def load_manifest(files: CatalogFiles) -> Manifest:
    """Read a catalog's manifest; raises `CatalogNotFoundError`, `CatalogVersionError` or `CatalogDamagedError`."""
    path = f"{files.where}/{MANIFEST_NAME}"
    try:
        content = files.read(MANIFEST_NAME)
    except FileNotFoundError:
        raise CatalogNotFoundError(
            f"no catalog at {files.where}: it has no {MANIFEST_NAME}."
            " Make one with `periscope data import` or `data sample`"
        ) from None
    try:
        version = msgspec.json.decode(content, type=_Version).format
        if version not in READABLE:
            raise CatalogVersionError(
                f"{path} is of layout {version}; this version of Periscope reads layouts {READABLE[0]} to {FORMAT}"
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise CatalogDamagedError(f"{path} is damaged: {error}. Restore it from a backup or import again") from None


def save_manifest(files: CatalogFiles, manifest: Manifest) -> None:
    """Replace the manifest in one step."""
    current = msgspec.structs.replace(manifest, format=FORMAT)
    content = msgspec.json.format(msgspec.json.encode(current, order="sorted"), indent=1)
    files.replace(MANIFEST_NAME, content)
