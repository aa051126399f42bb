"""The catalog: Parquet files with exact prices, a table of instruments and a manifest of hashes.

Layout, below the root: `manifest.json`, `instruments.json`, `bars/<ASSET_TYPE>/<SYMBOL>/<span>/<year>-<hash>.parquet`,
and `superseded/<sha256>.parquet` for files that were replaced. What the files are is in docs/data-catalog.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from itertools import product
from pathlib import Path

import msgspec

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.master import InstrumentMaster
from periscope.instruments.times import time_text
from periscope.market.catalog_files import CatalogFiles, ChangedMeanwhileError, Staging, WrongContentError, files_at
from periscope.market.columns import KINDS, BarColumns, Columns, InterestColumns, QuoteColumns
from periscope.market.coverage import Coverage, coverage_of
from periscope.market.errors import CatalogAddressError, CatalogBusyError, CatalogConflictError, CatalogDamagedError
from periscope.market.instrument_table import INSTRUMENTS_NAME, load_instruments, save_instruments
from periscope.market.local_files import LocalFiles
from periscope.market.manifest import (
    MANIFEST_NAME,
    BarFile,
    Manifest,
    load_manifest,
    save_manifest,
    series_name,
    series_of,
)
from periscope.market.reading import CHUNK_ROWS, ChunkRows, at_scales, in_sessions, rows_of_file
from periscope.market.storing import Change, WriteReport, check_rows, put_away, stage, superseded_name
from periscope.market.versions import EarlierFile, Leftover, earlier_files, leftovers, record_earlier

_ATTEMPTS = 50
"""How often a change is tried anew where other writers of a store were quicker."""

FINEST_FIRST = (BarTimeSpan.SECOND, BarTimeSpan.MINUTE, BarTimeSpan.HOUR, BarTimeSpan.DAY)


class Catalog:
    """A catalog as it was when opened; writing through this object shows in it at once.

    It is in a folder, or at an address such as s3://bucket/prefix; `files` is where its files are. Raises
    `CatalogNotFoundError` where there is none, `CatalogDamagedError` where its tables can't be read. Files are compared
    with their hash when first read.
    """

    def __init__(self, where: Path | str) -> None:
        self.files = files_at(where)
        self._manifest = load_manifest(self.files)
        self._instruments = InstrumentMaster(load_instruments(self.files))
        self._read: dict[str, dict[str, BarFile]] = {}

    @classmethod
    def open(cls, where: Path | str) -> "Catalog":
        """The catalog at a path or address; the same as the constructor."""
        return cls(where)

    @classmethod
    def create(cls, where: Path | str) -> "Catalog":
        """The catalog at a path or address, made empty if there is none yet."""
        files = files_at(where)
        files.create()
        with suppress(ChangedMeanwhileError), files.writing():
            if not _has(files, MANIFEST_NAME):
                if not _has(files, INSTRUMENTS_NAME):
                    save_instruments(files, [])
                save_manifest(files, Manifest())
        return cls(where)

    @property
    def root(self) -> Path:
        """The folder of a catalog that is in one; raises `CatalogAddressError` for one in an object store."""
        if not isinstance(self.files, LocalFiles):
            raise CatalogAddressError(f"{self.files.where} is no folder of this machine")
        return self.files.root

    @property
    def instruments(self) -> InstrumentMaster:
        """All instruments of the catalog."""
        return self._instruments

    def spans(self, instrument: Instrument) -> dict[BarTimeSpan, Coverage]:
        """Which bars are stored of an instrument, finest span first."""
        return self._spans(BarColumns, instrument)

    def quote_spans(self, instrument: Instrument) -> dict[BarTimeSpan, Coverage]:
        """Which quote bars are stored of an instrument, finest span first."""
        return self._spans(QuoteColumns, instrument)

    def interest_spans(self, instrument: Instrument) -> dict[BarTimeSpan, Coverage]:
        """Which open interest is stored of an instrument, finest span first."""
        return self._spans(InterestColumns, instrument)

    def chunks(
        self,
        instrument: Instrument,
        span: BarTimeSpan,
        start: int,
        end: int,
        *,
        extended: bool,
        chunk_rows: ChunkRows = CHUNK_ROWS,
    ) -> Iterator[BarColumns]:
        """The bars with start >= `start` and end <= `end` inside the exchange's sessions, ascending, in pieces.

        DAY bars pass whatever the hours. Never more than a few pieces are in memory. Prices have the instrument's
        scale. An exchange without a session table raises `UnknownExchangeError`, a damaged file `CatalogDamagedError`.
        """
        rows = self.all_bars(instrument, span, start, end, chunk_rows=chunk_rows)
        return in_sessions(rows, instrument, span, extended=extended)

    def quote_chunks(
        self,
        instrument: Instrument,
        span: BarTimeSpan,
        start: int,
        end: int,
        *,
        extended: bool,
        chunk_rows: ChunkRows = CHUNK_ROWS,
    ) -> Iterator[QuoteColumns]:
        """The quote bars of a window inside the exchange's sessions, as `chunks` gives trade bars."""
        rows = self.all_quotes(instrument, span, start, end, chunk_rows=chunk_rows)
        return in_sessions(rows, instrument, span, extended=extended)

    def all_bars(
        self, instrument: Instrument, span: BarTimeSpan, start: int, end: int, *, chunk_rows: ChunkRows = CHUNK_ROWS
    ) -> Iterator[BarColumns]:
        """As `chunks`, but with the bars outside of all sessions too."""
        return self.rows(BarColumns, instrument, span, start, end, chunk_rows)

    def all_quotes(
        self, instrument: Instrument, span: BarTimeSpan, start: int, end: int, *, chunk_rows: ChunkRows = CHUNK_ROWS
    ) -> Iterator[QuoteColumns]:
        """As `quote_chunks`, but with the quote bars outside of all sessions too."""
        return self.rows(QuoteColumns, instrument, span, start, end, chunk_rows)

    def all_interest(
        self, instrument: Instrument, span: BarTimeSpan, start: int, end: int, *, chunk_rows: ChunkRows = CHUNK_ROWS
    ) -> Iterator[InterestColumns]:
        """The open interest told in a window, ascending, in pieces."""
        return self.rows(InterestColumns, instrument, span, start, end, chunk_rows)

    def rows[C: Columns](
        self,
        kind: type[C],
        instrument: Instrument,
        span: BarTimeSpan,
        start: int,
        end: int,
        chunk_rows: ChunkRows = CHUNK_ROWS,
    ) -> Iterator[C]:
        """All stored rows of a kind with start >= `start` and end <= `end`."""
        for file in self._files(instrument, span, kind):
            if file.last >= start and file.first < end:
                self._read.setdefault(series_of(file), {})[file.sha256] = file
                rows = rows_of_file(kind, self._checked(file), file, start, end, chunk_rows)
                yield from at_scales(rows, file, instrument)

    def finest_span(
        self, instrument: Instrument, start: int, end: int, *, extended: bool = False
    ) -> BarTimeSpan | None:
        """The finest span that has a bar in the window and in the sessions, None if there is none."""
        for span in self.spans(instrument):
            if next(self.chunks(instrument, span, start, end, extended=extended), None) is not None:
                return span
        return None

    def fingerprint(
        self,
        instrument: Instrument,
        span: BarTimeSpan,
        start: int | None = None,
        end: int | None = None,
        *,
        kind: type[Columns] = BarColumns,
    ) -> list[dict[str, str | int]]:
        """The files that hold a series, as {file, sha256, rows}; with a window only those that reach into it."""
        return [
            {"file": file.file, "sha256": file.sha256, "rows": file.rows}
            for file in self._files(instrument, span, kind)
            if (start is None or file.last >= start) and (end is None or file.first < end)
        ]

    def unavailable_reason(self, instrument: Instrument, span: BarTimeSpan) -> str:
        """What there is instead of bars of that span, in a sentence for the user."""
        name = f"{instrument.symbol} ({instrument.asset_type.name})"
        stored = [
            f"{other.value} bars {time_text(coverage.first)[:10]} to {time_text(coverage.last)[:10]}"
            for other, coverage in self.spans(instrument).items()
        ]
        if not stored:
            return f"the catalog has no bars of {name} at all"
        return f"the catalog has no {span.value} bars of {name} there; it has {', '.join(stored)}"

    def recording(self) -> "Catalog":
        """The same catalog, which keeps an account of its own of what is read through it."""
        other = copy(self)
        other._read = {}
        return other

    def files_read(self) -> dict[str, tuple[BarFile, ...]]:
        """The files of which rows were read through this object, by series."""
        return {series: tuple(found.values()) for series, found in sorted(self._read.items())}

    def current_files(self, series: str) -> tuple[BarFile, ...]:
        """The files that hold a series, named as by `series_name`."""
        return self._manifest.series.get(series, ())

    def earlier_files(self, series: str) -> list[EarlierFile]:
        """The files that held a series before, as far as they were not cleared away."""
        current = {file.sha256 for file in self.current_files(series)}
        known = [each for each in earlier_files(self.files, series) if each.file.sha256 not in current]
        there = self.files.sizes(f"bars/{series}") | self.files.sizes("superseded") if known else {}
        return [each for each in known if {each.file.file, superseded_name(each.file.sha256)} & there.keys()]

    def with_files(self, series: Mapping[str, tuple[BarFile, ...]]) -> "Catalog":
        """The same catalog, to be read, but with other files for some series: earlier ones, for example."""
        other = self.recording()
        other._manifest = msgspec.structs.replace(self._manifest, series=self._manifest.series | dict(series))
        return other

    def leftovers(self) -> list[Leftover]:
        """Files that no current series has: earlier versions, and what writers that died left behind."""
        return list(leftovers(self.files, self._manifest))

    def prune(self) -> list[Leftover]:
        """Remove the `leftovers`; what runs read of them can't be read again. Nobody may be writing to a store."""

        def remove() -> list[Leftover]:
            found = self.leftovers()
            # What was noted about files goes first: without it a file is not looked for.
            for leftover in sorted(found, key=lambda leftover: leftover.name.endswith(".parquet")):
                self.files.remove(leftover.name)
            return found

        return self._alone(remove)

    def verify(self) -> None:
        """Compare every file with the manifest; raises `CatalogDamagedError` for the first that differs."""
        for stored in self._manifest.series.values():
            for file in stored:
                self._checked(file, afresh=True)

    def add_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Add instruments, or replace what is known about them.

        Raises `CatalogConflictError` if an instrument with stored bars would lose decimals.
        """
        wanted = list(instruments)
        self._alone(lambda: self._add(wanted))

    def write_bars(
        self, instrument: Instrument, span: BarTimeSpan, bars: Columns, *, source: str, replace: bool = False
    ) -> WriteReport:
        """Store bars beside those already there; writing the same bars again changes nothing.

        Quote bars and open interest are stored alike, as series of their own: the type of the columns says which.
        The instrument is added if the catalog does not know it. `source` says where the bars come from. Bars must
        ascend strictly by start (`BarsRefusedError`). Where a stored bar of the same start has other values, nothing is
        written and `CatalogConflictError` raised; with `replace` the new bar wins and the old file is kept under
        `superseded`.
        """
        check_rows(bars)
        return self._alone(lambda: self._write(instrument, span, bars, source, replace=replace)).report

    def _write(self, instrument: Instrument, span: BarTimeSpan, bars: Columns, source: str, *, replace: bool) -> Change:
        folder = series_name(instrument.symbol, instrument.asset_type, span, type(bars))
        self._check_scales(instrument)
        stored = self._manifest.series.get(folder, ())
        current = frozenset(file.file for file in stored)
        self.files.sweep(f"bars/{folder}", current, lambda name, sha256: put_away(self.files, name, sha256))
        staging = self.files.staging()
        try:
            change = stage(staging, folder, stored, instrument, bars, source, self._checked)
            if change.report.replaced > 0 and not replace:
                raise _conflict(instrument, f"{span.value} {bars.WHAT}", change)
            if self._instruments.get(*instrument.key) is None:
                self._add([instrument])
            if change.made:
                self._commit(folder, change, staging, source)
        except BaseException:
            staging.discard()
            raise
        return change

    def _commit(self, folder: str, change: Change, staging: Staging, source: str) -> None:
        """Make the staged files current in one step, then put the replaced ones away."""
        kept = [file for file in self._manifest.series.get(folder, ()) if file not in change.gone]
        current = tuple(sorted([*kept, *change.made], key=lambda file: file.first))
        staging.publish()
        record_earlier(self.files, folder, change, source)
        manifest = msgspec.structs.replace(self._manifest, series=self._manifest.series | {folder: current})
        save_manifest(self.files, manifest)
        self._manifest = manifest
        for file in change.gone:
            put_away(self.files, file.file, file.sha256)

    def _add(self, instruments: list[Instrument]) -> None:
        for instrument in instruments:
            self._check_precision(instrument)
        known = {instrument.key: instrument for instrument in self._instruments.all()}
        wanted = known | {instrument.key: instrument for instrument in instruments}
        if wanted != known:
            save_instruments(self.files, list(wanted.values()))
            self._instruments = InstrumentMaster(wanted.values())

    def _check_scales(self, instrument: Instrument) -> None:
        known = self._instruments.get(*instrument.key)
        if known is None or known.key != instrument.key:
            return
        scales = (instrument.price_scale, instrument.volume_scale)
        if scales != (known.price_scale, known.volume_scale):
            raise CatalogConflictError(
                f"{instrument.symbol} is in the catalog with price scale {known.price_scale} and volume scale"
                f" {known.volume_scale}, these bars have {scales[0]} and {scales[1]}; scale them alike"
            )

    def _check_precision(self, instrument: Instrument) -> None:
        for span, kind in product(FINEST_FIRST, KINDS):
            for file in self._files(instrument, span, kind):
                if file.price_scale > instrument.price_scale or file.volume_scale > instrument.volume_scale:
                    raise CatalogConflictError(
                        f"{instrument.symbol} has {span.value} {kind.WHAT} with {file.price_scale} decimals in prices"
                        f" and {file.volume_scale} in volume; an instrument with {instrument.price_scale} and"
                        f" {instrument.volume_scale} can't hold them"
                    )

    def _alone[T](self, change: Callable[[], T]) -> T:
        """Do a change on top of what others wrote; anew where a store tells that one of them was quicker."""
        for _ in range(_ATTEMPTS):
            with suppress(ChangedMeanwhileError), self.files.writing():
                self._manifest = load_manifest(self.files)
                self._instruments = InstrumentMaster(load_instruments(self.files))
                return change()
        raise CatalogBusyError(
            f"others write to {self.files.where} all the time: {_ATTEMPTS} attempts were overtaken. Try again later"
        )

    def _spans(self, kind: type[Columns], instrument: Instrument) -> dict[BarTimeSpan, Coverage]:
        found = ((span, self._files(instrument, span, kind)) for span in FINEST_FIRST)
        return {span: coverage_of(stored) for span, stored in found if stored}

    def _files(
        self, instrument: Instrument, span: BarTimeSpan, kind: type[Columns] = BarColumns
    ) -> tuple[BarFile, ...]:
        return self._manifest.series.get(series_name(instrument.symbol, instrument.asset_type, span, kind), ())

    def _checked(self, file: BarFile, *, afresh: bool = False) -> Path:
        """A local file with the content that the manifest describes."""
        names = (file.file, superseded_name(file.sha256))
        try:
            return self.files.checked(names, file.sha256, file.size, afresh=afresh)
        except (OSError, WrongContentError) as error:
            found = error.found if isinstance(error, WrongContentError) else type(error).__name__
            raise CatalogDamagedError(
                f"{self.files.where}/{file.file} is not the file that {MANIFEST_NAME} describes"
                f" (expected sha256 {file.sha256[:12]}…, found {found}). Restore it from a backup or import again"
            ) from None


def _has(files: CatalogFiles, name: str) -> bool:
    try:
        files.read(name)
    except FileNotFoundError:
        return False
    return True


def _conflict(instrument: Instrument, what: str, change: Change) -> CatalogConflictError:
    assert change.first_differing is not None
    return CatalogConflictError(
        f"{change.report.replaced} {what} of {instrument.symbol} are stored with other values, the first at"
        f" {time_text(change.first_differing)}; nothing was written. Write with replace to let the new ones win",
        count=change.report.replaced,
        first=change.first_differing,
    )
