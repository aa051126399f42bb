"""What changed between the data that a run read and the data that is there now, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_difference import FirstDifference, RowDifference, is_missing, row_difference
from periscope.market.catalog import Catalog
from periscope.market.columns import Columns
from periscope.market.manifest import BarFile
from periscope.market.reading import in_sessions
from periscope.portfolio.exact import unscaled
from periscope.runs.data_read import actions_hash, facts_of
from periscope.runs.recorded import Recorded, RecordedFile, RecordedSeries, VersionGoneError, recorded_files


@dataclass(frozen=True, slots=True)
class DataDifference:
    """One thing that is not as the run read it.

    `code` is INSTRUMENT_GONE, INSTRUMENT_CHANGED, CORPORATE_ACTIONS_CHANGED, BARS_CHANGED or VERSION_GONE; `message`
    says it in a sentence. `added`, `removed` and `changed` count rows of the run's window, `first` is the first of them
    (time, column, before, after); `files_before` and `files_now` are the files that hold them.
    """

    code: str
    series: str
    message: str
    added: int = 0
    removed: int = 0
    changed: int = 0
    first: dict[str, str | None] | None = None
    files_before: tuple[str, ...] = ()
    files_now: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The difference as a JSON document."""
        return asdict(self)


def data_difference(recorded: Recorded, catalog: Catalog) -> list[DataDifference]:
    """What of the data that a run read is different now; nothing where the run would read the same again.

    Files that were joined, and bars that were added outside of the run's window or hours, are no difference. Raises
    `CatalogDamagedError` for a file that is not what the manifest says.
    """
    found: list[DataDifference] = []
    there = catalog.files.sizes("corporate_actions")
    facts_told = set()
    for series in recorded.series:
        instrument = catalog.instruments.get(series.symbol, series.asset_type)
        if instrument is None:
            text = f"{series.title}: the catalog does not know the instrument any more"
            found.append(DataDifference("INSTRUMENT_GONE", series.title, text, files_before=_names(series.files)))
            continue
        if instrument.key not in facts_told:
            facts_told.add(instrument.key)
            found += _of_facts(series, instrument)
            found += _of_actions(series, instrument, catalog, there)
        found += _of_bars(series, instrument, recorded, catalog)
    return found


def _of_facts(series: RecordedSeries, instrument: Instrument) -> list[DataDifference]:
    if series.facts is None:
        return []
    before, now = series.facts, facts_of(instrument)
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    if not names:
        return []
    texts = [f"{name} was {_said(before.get(name))}, is {_said(now.get(name))}" for name in names]
    text = f"{series.symbol} ({series.asset_type.name}): {'; '.join(texts)}"
    first = {"time": None, "column": names[0], "before": _said(before.get(names[0])), "after": _said(now.get(names[0]))}
    return [DataDifference("INSTRUMENT_CHANGED", series.title, text, changed=len(names), first=first)]


def _said(fact: object) -> str:
    return "not told" if fact is None else str(fact)


def _of_actions(
    series: RecordedSeries, instrument: Instrument, catalog: Catalog, there: dict[str, int]
) -> list[DataDifference]:
    if series.actions is False or series.actions == (now := actions_hash(catalog.files, instrument, there)):
        return []
    what = "the catalog knew of none then" if series.actions is None else "others than the run read"
    if now is None:
        what = "the catalog knows of none any more"
    text = f"{series.symbol} ({series.asset_type.name}): splits, dividends and tickers changed: {what}"
    return [DataDifference("CORPORATE_ACTIONS_CHANGED", series.title, text)]


def _of_bars(
    series: RecordedSeries, instrument: Instrument, recorded: Recorded, catalog: Catalog
) -> list[DataDifference]:
    current = catalog.current_files(series.name)
    now = [file for file in current if file.last >= recorded.start and file.first < recorded.end]
    hashes = {file.sha256 for file in series.files}
    if hashes == {file.sha256 for file in now} or (
        not series.is_stream and hashes <= {file.sha256 for file in current}
    ):
        return []
    files_before, files_now = _names(series.files), tuple(file.file for file in now)
    try:
        stored = recorded_files(catalog, series)
    except VersionGoneError as error:
        text = f"{error}. So it can't be said which bars changed; now they are in {_listed(files_now)}"
        return [
            DataDifference("VERSION_GONE", series.title, text, files_before=files_before, files_now=files_now),
        ]
    start, end = recorded.start, recorded.end
    if not series.is_stream:
        start, end = min(file.first for file in stored), min(end, max(file.until for file in stored))
    before, after = (
        _rows(version, series, instrument, start, end, recorded.extended)
        for version in (catalog.with_files({series.name: stored}), catalog)
    )
    difference = row_difference(before, after)
    if difference.first is None:
        return []
    first = _first(difference.first, series.kind, instrument)
    text = f"{series.title}: {_counted(difference)}; the first at {_place(difference.first, first)}"
    return [
        DataDifference(
            code="BARS_CHANGED",
            series=series.title,
            message=f"{text}. The run read {_listed(files_before)}; now it is {_listed(files_now)}",
            added=difference.added,
            removed=difference.removed,
            changed=difference.changed,
            first=first,
            files_before=files_before,
            files_now=files_now,
        )
    ]


def _rows(
    catalog: Catalog, series: RecordedSeries, instrument: Instrument, start: int, end: int, extended: bool
) -> Iterator[Columns]:
    """The rows of a series that the run could have read: of a stream those in its hours."""
    rows = catalog.rows(series.kind, instrument, series.span, start, end)
    return in_sessions(rows, instrument, series.span, extended=extended) if series.is_stream else rows


def _first(found: FirstDifference, kind: type[Columns], instrument: Instrument) -> dict[str, str | None]:
    def text(value: int | None) -> str | None:
        if value is None or found.column is None:
            return None
        if found.column == "end":
            return time_text(value)
        if is_missing(kind, found.column, value):
            return "unknown"
        scale = instrument.price_scale if found.column in kind.PRICES else instrument.volume_scale
        return format(unscaled(value, scale), "f")

    return {
        "time": time_text(found.start),
        "column": found.column,
        "before": text(found.before),
        "after": text(found.after),
    }


def _counted(found: RowDifference) -> str:
    parts = [(found.changed, "changed"), (found.added, "added"), (found.removed, "removed")]
    return ", ".join(f"{count} {what}" for count, what in parts if count > 0)


def _place(found: FirstDifference, first: dict[str, str | None]) -> str:
    if found.column is None:
        return f"{first['time']}, which was {'not there' if found.added else 'there'} then"
    return f"{first['time']}: {found.column} was {first['before']}, is {first['after']}"


def _names(files: Iterable[RecordedFile | BarFile]) -> tuple[str, ...]:
    return tuple(file.file for file in files)


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "no file"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
