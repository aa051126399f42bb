"""Windows of the bars that a run read: as it saw them, merged into whole candles where they would be too many."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np

from periscope.market.adjustment import Adjustment
from periscope.market.bar_files import joined
from periscope.market.candles import DAY_SECONDS, Candles, merged, rows_of_mark, up_to_any_length
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.report.bars import SPAN_SECONDS, DataEntry, SeriesBars, data_entries
from periscope.report.catalog_bars import CatalogBars
from periscope.runs.recorded import VersionGoneError, as_recorded, read_recorded

_SECOND = 1_000_000
_LONGEST_CLOSED = 10 * DAY_SECONDS
"""No trading day is longer, with all that is closed before it."""
_KEPT_OPEN = 16


@dataclass(frozen=True, slots=True)
class ReadBars:
    """The bars of a run's streams. `as_read` says that they are the very files that the run read."""

    source: CatalogBars
    entries: dict[str, DataEntry]
    as_read: bool


@dataclass(frozen=True, slots=True)
class BarWindow:
    """Bars of a stream in a window: `seconds` is what each covers, `stored` how many there are without merging."""

    bars: BarColumns
    seconds: int
    stored: int
    price_scale: int
    volume_scale: int
    zone: str


class OpenBars:
    """Keeps open what was looked at last, so that a file of bars is compared with its hash once and not each time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: OrderedDict[str, ReadBars] = OrderedDict()

    def of(self, result: str, document: dict[str, Any], catalog: Catalog) -> ReadBars:
        """The bars of the run whose result has that name among the contents."""
        with self._lock:
            if result in self._open:
                self._open.move_to_end(result)
                return self._open[result]
        found = read_bars(document, catalog)
        with self._lock:
            if found.as_read:
                self._open[result] = found
                if len(self._open) > _KEPT_OPEN:
                    self._open.popitem(last=False)
        return found


def read_bars(document: dict[str, Any], catalog: Catalog) -> ReadBars:
    """The bars behind a result: of the files that its run read, or of today's where those are gone."""
    recorded = read_recorded(document)
    try:
        catalog, as_read = as_recorded(catalog, recorded), True
    except VersionGoneError:
        as_read = False
    core = (document.get("config") or {}).get("core") or {}
    source = CatalogBars(
        catalog,
        (recorded.start, recorded.end),
        adjustment=Adjustment(core.get("adjustment") or Adjustment.RAW),
        extended=recorded.extended,
    )
    entries = {f"{each.symbol}:{each.asset_type}:{each.span}": each for each in data_entries(document)}
    return ReadBars(source, entries, as_read)


def bar_window(read: ReadBars, entry: DataEntry, start: int, end: int, most: int) -> BarWindow | None:
    """The bars that start at or after `start` and before `end` (microseconds UTC), at most `most`.

    Where there are more, they are merged into the shortest candles that are few enough, and the first and the last of
    these are whole: they have all their bars, also those outside the window. None where the series is gone.
    """
    candles = Candles(SPAN_SECONDS[entry.span], most, up_to_any_length)
    series = _part(read, entry, start, end)
    if series is None:
        return None
    for piece in series.pieces:
        candles.add(piece, series.day_numbers(piece.start))
    if candles.stored == 0:
        bars = BarColumns(*(np.empty(0, dtype=np.int64) for _ in BarColumns.NAMES))
    else:
        bars, days = candles.finish()
        if candles.is_merged:
            margin = candles.seconds if candles.seconds < DAY_SECONDS else candles.seconds + _LONGEST_CLOSED
            first, last = ((int(bars.start[row]), int(days[row])) for row in (0, -1))
            before = _of_candle(_part(read, entry, start - margin * _SECOND, start), candles.seconds, first)
            after = _of_candle(_part(read, entry, end, end + margin * _SECOND), candles.seconds, last)
            bars = _completed(before, bars, after)
    return BarWindow(bars, candles.seconds, candles.stored, series.price_scale, series.volume_scale, series.zone)


def _part(read: ReadBars, entry: DataEntry, start: int, end: int) -> SeriesBars | None:
    return read.source(replace(entry, first=max(entry.first, start), last=min(entry.last, end - 1)))


def _of_candle(series: SeriesBars | None, seconds: int, like: tuple[int, int]) -> list[BarColumns]:
    """The bars of a series that belong to the candle of that length with a bar of that start and day."""
    if series is None:
        return []
    found = (rows_of_mark(each, series.day_numbers(each.start), seconds, like) for each in series.pieces if len(each))
    return [each for each in found if len(each)]


def _completed(before: list[BarColumns], bars: BarColumns, after: list[BarColumns]) -> BarColumns:
    """The candles with what belongs to the first and the last of them."""
    whole = joined([*before, bars, *after])
    early, late = sum(map(len, before)), sum(map(len, after))
    first = np.arange(len(whole) - early - late)
    first[1:] += early
    return merged(whole, first)
