"""What a result says that its run read, read back; and the catalog as it was for that run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import unquote

import msgspec

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.catalog import Catalog
from periscope.market.columns import KINDS, Columns
from periscope.market.errors import CatalogError
from periscope.market.manifest import BarFile, series_name

_SECOND = 1_000_000


class RecordedError(Exception):
    """A document that is no result of a run, or that does not say what the run read."""


class VersionGoneError(CatalogError):
    """Files that a run read are in the catalog no more."""

    code = "VERSION_GONE"


class RecordedFile(msgspec.Struct, frozen=True):
    """A file that a run read."""

    file: str
    sha256: str
    rows: int


class _Line(msgspec.Struct):
    symbol: str
    asset_type: AssetType
    span: BarTimeSpan
    files: tuple[RecordedFile, ...]
    resampled_from: BarTimeSpan | None = None
    instrument: dict[str, Any] | None = None
    corporate_actions: str | msgspec.UnsetType | None = msgspec.UNSET


class _Also(msgspec.Struct):
    series: str
    files: tuple[RecordedFile, ...]


class _Models(msgspec.Struct, frozen=True):
    hours: Literal["regular", "extended"] = "regular"


class _Document(msgspec.Struct):
    data: tuple[_Line, ...]
    start: datetime
    end: datetime
    catalog: str | None = None
    also_read: tuple[_Also, ...] = ()
    models: _Models = _Models()


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """A series of a catalog as a run read it.

    `facts` are those of the instrument and `actions` the hash of its corporate actions; None, and False in the place
    of the hash, where the result does not tell. `is_stream` tells what the strategy saw from what was read besides.
    """

    symbol: str
    asset_type: AssetType
    span: BarTimeSpan
    kind: type[Columns]
    files: tuple[RecordedFile, ...]
    facts: dict[str, Any] | None
    actions: str | Literal[False] | None
    is_stream: bool

    @property
    def name(self) -> str:
        """The series' name in the manifest."""
        return series_name(self.symbol, self.asset_type, self.span, self.kind)

    @property
    def title(self) -> str:
        """The series in words, such as "SPY (ETF) minute bars"."""
        return f"{self.symbol} ({self.asset_type.name}) {self.span.value} {self.kind.WHAT}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run read: `start` and `end` are its window in microseconds UTC, `catalog` where it found the data."""

    start: int
    end: int
    extended: bool
    catalog: str | None
    series: tuple[RecordedSeries, ...]


def read_recorded(document: Mapping[str, Any]) -> Recorded:
    """What a result document says of its data. Raises `RecordedError`."""
    try:
        found = msgspec.convert(document, _Document)
        streams = {
            (line.symbol, line.asset_type, line.resampled_from or line.span): RecordedSeries(
                symbol=line.symbol,
                asset_type=line.asset_type,
                span=line.resampled_from or line.span,
                kind=KINDS[0],
                files=line.files,
                facts=line.instrument,
                actions=False if line.corporate_actions is msgspec.UNSET else line.corporate_actions,
                is_stream=True,
            )
            for line in found.data
        }
        others = [_other(also) for also in found.also_read]
    except (msgspec.ValidationError, ValueError) as error:
        raise RecordedError(f"this does not say what a run read: {error}") from None
    return Recorded(
        start=_microseconds(found.start),
        end=_microseconds(found.end),
        extended=found.models.hours == "extended",
        catalog=found.catalog,
        series=(*streams.values(), *others),
    )


def as_recorded(catalog: Catalog, recorded: Recorded) -> Catalog:
    """The catalog, to be read, with the very files that a run read. Raises `VersionGoneError`."""
    return catalog.with_files({series.name: recorded_files(catalog, series) for series in recorded.series})


def recorded_files(catalog: Catalog, series: RecordedSeries) -> tuple[BarFile, ...]:
    """The files of a series that a run read, current or earlier ones. Raises `VersionGoneError`."""
    known = {file.sha256: file for file in catalog.current_files(series.name)}
    if any(file.sha256 not in known for file in series.files):
        known |= {earlier.file.sha256: earlier.file for earlier in catalog.earlier_files(series.name)}
    gone = [file for file in series.files if file.sha256 not in known]
    if gone:
        raise VersionGoneError(
            f"{catalog.files.where} has {gone[0].file} (sha256 {gone[0].sha256[:12]}…, {gone[0].rows} rows) no more,"
            f" which the run read for {series.title}: it was cleared away, or this is another catalog"
        )
    return tuple(known[file.sha256] for file in series.files)


def _other(also: _Also) -> RecordedSeries:
    asset_type, folder, last = also.series.split("/")
    span, dash, suffix = last.partition("-")
    kind = next((kind for kind in KINDS if dash + suffix == kind.SUFFIX), None)
    if kind is None:
        raise ValueError(f"no kind of rows is called {suffix!r}")
    return RecordedSeries(
        symbol=unquote(folder),
        asset_type=AssetType(asset_type),
        span=BarTimeSpan(span),
        kind=kind,
        files=also.files,
        facts=None,
        actions=False,
        is_stream=False,
    )


def _microseconds(moment: datetime) -> int:
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * _SECOND + moment.microsecond
