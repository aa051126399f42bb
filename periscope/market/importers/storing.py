"""The last step of every import: bars into the catalog, and the summary of what went in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import in_pieces, rescaled
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns, Columns
from periscope.market.errors import CatalogConflictError, SymbolRefusedError
from periscope.market.importers.findings import Findings, ImportProblem
from periscope.market.mapped_bars import let_go

_ROWS_AT_ONCE = 1 << 20

type Progress = Callable[[int, int, str], None]
"""Called with how much is done, how much there is, and what is being read."""


@dataclass(frozen=True, slots=True)
class ImportedSeries:
    """Rows of one kind, instrument and span on their way into a catalog, scaled by the instrument's scales."""

    instrument: Instrument
    span: BarTimeSpan
    bars: Columns
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """What was imported of one instrument and span: the file's rows, and what was new to the catalog.

    `data` is what the rows are: bars, quote bars or open interest. `first` and `last` are starts, microseconds since
    1970-01-01 UTC; `volume` is the sum of the known volumes, None of what is no trade bars.
    """

    symbol: str
    asset_type: str
    span: str
    data: str
    rows: int
    first: int | None
    last: int | None
    volume: Decimal | None
    added: int
    unchanged: int
    replaced: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """The outcome of an import. `skipped_files` counts files that were left alone, by the reason."""

    format: str
    path: str
    series: list[SeriesSummary]
    findings: Findings
    notes: list[str] = field(default_factory=list)
    skipped_files: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The summary as a JSON document: decimals as strings, times in RFC 3339."""
        return {
            "format": self.format,
            "path": self.path,
            "series": [
                {name: _plain(getattr(item, name)) for name in SeriesSummary.__slots__}
                | {
                    name: None if at is None else time_text(at)
                    for name, at in (("first", item.first), ("last", item.last))
                }
                for item in self.series
            ],
            "findings": [
                {"code": found.code, "file": found.file, "line": found.line, "message": found.message}
                for found in self.findings.examples
            ],
            "finding_counts": dict(sorted(self.findings.counts.items())),
            "skipped_rows": self.findings.unusable,
            "skipped_files": self.skipped_files,
            "notes": self.notes,
        }


def store_series(catalog: Catalog, series: Sequence[ImportedSeries], *, replace_bars: bool) -> list[SeriesSummary]:
    """Write the series; importing the same again changes nothing.

    Raises `ImportProblem` CATALOG_CONFLICT if stored bars differ and are not to be replaced.
    """
    scaled = _with_common_scales(catalog, series)
    try:
        catalog.add_instruments(list({item.instrument.key: item.instrument for item in scaled}.values()))
    except SymbolRefusedError as error:
        raise ImportProblem(error.code, str(error), exit_code=2) from None
    return [_store(catalog, item, replace_bars=replace_bars) for item in scaled]


def _with_common_scales(catalog: Catalog, series: Sequence[ImportedSeries]) -> list[ImportedSeries]:
    """The series with the scales that hold their own digits, each other's and the catalog's."""
    price: dict[object, int] = {}
    volume: dict[object, int] = {}
    for item in series:
        key = item.instrument.key
        known = catalog.instruments.get(*key)
        for one in (item.instrument, known) if known is not None and known.key == key else (item.instrument,):
            price[key] = max(price.get(key, 0), one.price_scale)
            volume[key] = max(volume.get(key, 0), one.volume_scale)
    return [_rescaled(item, price[item.instrument.key], volume[item.instrument.key]) for item in series]


def _rescaled(item: ImportedSeries, price_scale: int, volume_scale: int) -> ImportedSeries:
    own = item.instrument
    if (own.price_scale, own.volume_scale) == (price_scale, volume_scale):
        return item
    return replace(
        item,
        instrument=replace(own, price_scale=price_scale, volume_scale=volume_scale),
        bars=rescaled(item.bars, price_scale - own.price_scale, volume_scale - own.volume_scale),
    )


def _store(catalog: Catalog, item: ImportedSeries, *, replace_bars: bool) -> SeriesSummary:
    bars, instrument = item.bars, item.instrument
    try:
        report = catalog.write_bars(instrument, item.span, bars, source=item.source, replace=replace_bars)
    except CatalogConflictError as error:
        raise ImportProblem(error.code, f"{error} (--replace)") from None
    return SeriesSummary(
        symbol=instrument.symbol,
        asset_type=instrument.asset_type.name,
        span=item.span.value,
        data=bars.WHAT,
        rows=len(bars),
        first=int(bars.start[0]) if len(bars) > 0 else None,
        last=int(bars.start[-1]) if len(bars) > 0 else None,
        volume=Decimal(_known_volume(bars)).scaleb(-instrument.volume_scale) if isinstance(bars, BarColumns) else None,
        added=report.added,
        unchanged=report.unchanged,
        replaced=report.replaced,
    )


def _known_volume(bars: BarColumns) -> int:
    """The sum of all known volumes, which 64 bits may not hold."""
    total = 0
    for piece in in_pieces(bars, _ROWS_AT_ONCE):
        known = piece.volume[piece.volume != UNKNOWN_VOLUME]
        total += (int((known >> 32).sum()) << 32) + int((known & 0xFFFFFFFF).sum())
        let_go(piece)
    return total


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value
